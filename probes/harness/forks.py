"""Children of the supervisor that go on with our own code.

A fork of a process that is not dumpable is not dumpable either. So no moment is left in which the
app could reach such a child, as there is after ``exec``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import traceback

from harness import privileges
from harness.privileges import User

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that end the supervisor in good order, and end its children as ever."""


class Fork:
    """A child, with the few calls of ``Popen`` that are needed."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


def fork(act, user: User | None, stdin: int, stdout: int, *kept: int) -> Fork:
    """Have a child call ``act()`` as this user, in a session of its own.

    It keeps standard error and the named descriptors, and no other.
    """
    pid = os.fork()
    if pid:
        return Fork(pid)
    try:
        os.setsid()
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        _close_all_but(0, 1, 2, *kept)
        signal.set_wakeup_fd(-1)
        for number in (*ENDING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        privileges.become(user)
        privileges.seclude()
        privileges.die_with_parent(signal.SIGKILL)
        act()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(0)


def _close_all_but(*kept: int) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # That of the listing is closed already.
                os.close(int(name))

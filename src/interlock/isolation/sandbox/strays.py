"""End processes whose leash was killed. The kernel makes us their parent.

Processes that a command leaves behind go to its leash (``leash.py``), which ends them. But a
command may kill its leash, and a daemon may clear its environment, so that no run is known for it.
Then the kernel hands it to the next ancestor that asked for orphans: the orchestrator.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
PATIENCE_S = 10.0
"""How long killed processes may take to go."""

_PROC = Path("/proc")

Started = TypeVar("Started")


class _Children:
    """Our own children with a session of their own, in this process."""

    def __init__(self) -> None:
        self.known: set[int] = set()
        self.adopting = 0
        self.starting = threading.Lock()


_children = _Children()


@contextmanager
def adopted() -> Iterator[None]:
    """Meanwhile, have the kernel hand us every orphan below this process, if it can.

    Meanwhile no process of this user can open our descriptors: a command could write into its own
    output's reading end.
    """
    with _children.starting:
        _children.adopting += 1
        _ask_for_orphans(True)
    try:
        yield
    finally:
        with _children.starting:
            _children.adopting -= 1
            _ask_for_orphans(_children.adopting > 0)


def _ask_for_orphans(wanted: bool) -> None:
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)
        libc.prctl(PR_SET_DUMPABLE, int(not wanted), 0, 0, 0)


def started(start: Callable[[], Started], pid: Callable[[Started], int]) -> Started:
    """Start a child in a session of its own that does not count as a stray."""
    with _children.starting:
        child = start()
        _children.known.add(pid(child))
    return child


def ended(pid: int) -> None:
    """Forget a child, because another process may get its number."""
    _children.known.discard(pid)


def end_all() -> int:
    """Kill every stray and its children. Returns how many there were."""
    count = 0
    latest = time.monotonic() + PATIENCE_S
    while (found := list(_strays())) and time.monotonic() < latest:
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                count += os.waitpid(pid, os.WNOHANG)[0] == pid
        time.sleep(0.005)
    return count


def _strays() -> Iterator[int]:
    """Our children outside of our session, that we did not start."""
    us, session = os.getpid(), os.getsid(0)
    with _children.starting:
        for entry in _PROC.glob("[0-9]*"):
            try:
                # The name, in parentheses, may hold anything.
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parent, its_session = int(fields[1]), int(fields[3])
            if parent == us and its_session != session and int(entry.name) not in _children.known:
                yield int(entry.name)

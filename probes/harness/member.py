"""One process of the app: how it joins the trial, and how what it forks does.

All that fork from one process would share a pipe. So each process connects to the supervisor by
itself: once for its watcher, and once for its witness. It uses ``_socket`` and ``_thread``, which
nobody patches. A forked process joins again before any other code of the child runs.
"""

from __future__ import annotations

import _socket
import faulthandler
import os
import signal
import sys

from . import leaving, watcher

VARIABLE = "INTERLOCK_SUPERVISOR"
"""``ADDRESS ADDRESS SIGNAL``: where watchers meet, where witnesses do, and how those are called."""
CRASHES = tuple(
    getattr(signal, name) for name in ("SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL")
)
"""What ``faulthandler.enable`` takes."""

_getpid, _close, _dup2 = os.getpid, os.close, os.dup2


class Member:
    """This process of the app, seen from inside."""

    def __init__(self, told: str) -> None:
        watchers, witnesses, number = told.split()
        self._watchers = b"\0" + watchers.encode()
        self._witnesses = b"\0" + witnesses.encode()
        self._signal = int(number)

    def join(self) -> None:
        load_unwinder()
        self._witness = connect(self._witnesses)
        # Only the stack of the thread that gets the signal: that thread stands still meanwhile.
        # Reading the stacks of running threads has crashed processes.
        faulthandler.register(self._signal, file=self._witness, all_threads=False)
        # Never on top of a handler of a library: some libraries recover from a fault of their own,
        # and their handler would not be called.
        if not faulthandler.is_enabled() and are_free(CRASHES):
            faulthandler.enable(file=self._witness, all_threads=False)
        self._asks = connect(self._watchers)
        # Registered first, so that it is the last to run before a fork and the first after it.
        os.register_at_fork(
            before=leaving.look, after_in_parent=leaving.forget, after_in_child=self._join_again
        )
        watcher.announce(self._asks, forked=False)
        watcher.start(self._asks)

    def _join_again(self) -> None:
        try:
            _close(self._asks)
            witness = connect(self._witnesses)
            # Under the number that faulthandler knows: it writes there, and need not be told.
            _dup2(witness, self._witness, inheritable=False)
            _close(witness)
            self._asks = connect(self._watchers)
            # First of all: whatever becomes of it, it was there.
            watcher.announce(self._asks, forked=True)
            watcher.start(self._asks, leaving.settle())
        except (OSError, RuntimeError):
            # The supervisor is gone, or no thread can be started: nobody will ask.
            leaving.settle()


def join() -> None:
    """Join the trial, if there is one to join and this process has not."""
    told = os.environ.get(VARIABLE)
    if told is None or _joined:
        return
    _joined.append(Member(told))
    try:
        _joined[0].join()
    except OSError as error:
        sys.stderr.write(f"not watched: {error}\n")


_joined: list = []


def load_unwinder() -> None:
    """Load what glibc needs to end a thread, while it can still be opened.

    Before 3.14 the watcher is ended so when it is asked while the interpreter ends. glibc aborts
    the process if it can't load the library then: the app may have no descriptor left.
    """
    if sys.version_info >= (3, 14):
        return
    try:
        from _ctypes import dlopen

        dlopen("libgcc_s.so.1", os.RTLD_NOW)
    except (ImportError, OSError):
        pass  # Another C library, or a Python without it.


def connect(address: bytes) -> int:
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    connection.connect(address)
    return connection.detach()


def are_free(numbers) -> bool:
    """Whether each of the signals still does what the kernel has it do.

    Asked of the kernel: the module ``signal`` knows of handlers that were installed through it.
    """
    fd = os.open("/proc/self/status", os.O_RDONLY)
    try:
        status = os.read(fd, 1 << 14).decode()
    finally:
        _close(fd)
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return not any(caught >> (number - 1) & 1 for number in numbers)

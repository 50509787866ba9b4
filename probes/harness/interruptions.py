"""What may end the main thread's wait by a signal: a handler runs there, and it may raise."""

from __future__ import annotations

import _signal
import dis
import os
import types
from itertools import islice

from .releasers import MOST, is_handled, names_in, place, releaser, signal_name

INTERRUPTING = frozenset(["pthread_kill", "raise_signal", "interrupt_main"])
"""What has a handler run in the main thread; ``os.kill`` does so where it has ``os.getpid``."""
_DEEPEST = 3
"""Functions that are followed from a handler on, one calling the other."""

# As they are before anything is patched.
_listdir, _open, _read, _close = os.listdir, os.open, os.read, os.close
_getpid, _getsid, _getsignal = os.getpid, os.getsid, _signal.getsignal


def interruptions(frames_of, main) -> list:
    """Threads and processes that may send a signal which ends the main thread's wait."""
    return [*islice(_interrupters(frames_of, main), MOST), *_senders()]


def _interrupters(frames_of, main):
    for ident, frames in frames_of.items():
        for frame in frames if ident != main else ():
            if _interrupts(names_in(frame.f_code)):
                at = place(frame.f_code, frame.f_lineno)
                yield releaser(f"it may interrupt the main thread: {at}", thread=ident)


def _interrupts(names) -> bool:
    return not INTERRUPTING.isdisjoint(names) or names >= {"kill", "getpid"}


def _senders() -> list:
    """A signal that others may send, and whose handler raises.

    Another process may do so at any time. So may any thread that can run: by way of ``os.kill``, a
    timer, a program that it starts, or a file that tells of its changes.
    """
    raising = [n for n in range(1, _signal.NSIG) if is_handled(n) and _handler_raises(n)]
    if not raising:
        return []
    name = signal_name(raising[0])
    if _has_others():
        return [releaser("another process may send it, and its handler raises", signal=name)]
    return [releaser(f"any thread may send {name}, and its handler raises")]


def _handler_raises(number) -> bool:
    handler = _getsignal(number)
    function = handler.__func__ if type(handler) is types.MethodType else handler
    return _raises(function, _DEEPEST)


def _raises(function, deepest) -> bool:
    """Whether a function, or one that it calls by a global name, has a ``raise`` statement."""
    if type(function) is not types.FunctionType or not deepest:
        return False
    code = function.__code__
    if any(step.opname == "RAISE_VARARGS" for step in dis.get_instructions(code)):
        return True
    called = [dict.get(function.__globals__, name) for name in code.co_names]
    return any(_raises(other, deepest - 1) for other in called)


def _has_others() -> bool:
    """Whether another process of the app is there: in the session, or a child of this one."""
    me, session = _getpid(), _getsid(0)
    for entry in _listdir("/proc"):
        if not entry.isdigit() or int(entry) == me:
            continue
        try:
            fd = _open(f"/proc/{entry}/stat", os.O_RDONLY)
        except OSError:
            continue
        try:
            text = _read(fd, 4096).decode("utf-8", "replace")
        except OSError:
            continue  # It has just ended.
        finally:
            _close(fd)
        state, parent, _, its_session = text.rpartition(")")[2].split()[:4]
        if state not in "ZX" and (int(its_session) == session or int(parent) == me):
            return True
    return False


def timers() -> list:
    """The timers that are set: their handlers run in the main thread, and may end its wait."""
    return [
        releaser("a timer is set, and its handler may raise", signal=signal_name(number))
        for timer, number in _TIMERS
        if _signal.getitimer(timer)[0] and is_handled(number)
    ]


_TIMERS = (
    (_signal.ITIMER_REAL, _signal.SIGALRM),
    (_signal.ITIMER_VIRTUAL, _signal.SIGVTALRM),
    (_signal.ITIMER_PROF, _signal.SIGPROF),
)

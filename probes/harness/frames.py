"""From a thread's frames to what it waits for and what it is inside of.

A frame's function is parsed once. The statement of its current line shows whether it enters ``with
X``, calls ``X.acquire()``, or is in the body of one of them. ``X`` is then evaluated in that very
frame: two locks are the same only if they are one object.
"""

from __future__ import annotations

from .calls import wait_in_c
from .holds import find_holds, find_leaving
from .lockref import unwrap
from .waits import find_wait, is_condition_wait


class Looked:
    """What one thread's frames say: a wait or None, holds, what could not be resolved."""

    def __init__(self):
        self.waits = None
        self.enters = False
        """Whether what it waits for is that of a ``with`` statement."""
        self.holds = []
        self.leaving = []
        """Of a doubted lock: it is about to be released, or has just been."""
        self.unresolved = []
        self.locks = {}

    def note(self, raw, name, frame_index=None, expression=None, how=None):
        known, names = self.locks.setdefault(raw.id, (raw, []))
        if known.type == "_thread.lock":
            # Python's own RLock is first seen as the plain lock inside of it.
            self.locks[raw.id] = (raw, names)
        if name not in names:
            names.append(name)
        if how is not None and all(hold["lock"] != raw.id for hold in self.holds):
            self.holds.append(
                {"lock": raw.id, "frame": frame_index, "expression": expression, "how": how}
            )

    def doubt(self, frame_index, expression, why):
        self.unresolved.append({"frame": frame_index, "expression": expression, "why": str(why)})


def look(frames, ident, sources, threads, doubted=()):
    """Read one thread's frames, innermost first. ``threads`` is ``threading._active``.

    A lock that is free is entered, not waited for, unless its id is among the ``doubted``.
    """
    looked = Looked()
    find_wait(frames, looked, sources, threads, doubted)
    looked.waits = looked.waits or wait_in_c(frames[0], sources)
    released = set()
    waited = looked.waits["lock"] if looked.waits else None
    for index, frame in enumerate(frames):
        if is_condition_wait(frame):
            raw = unwrap(frame.f_locals["self"])
            if raw is not None:
                released.add(raw.id)
        find_holds(frames, index, ident, looked, sources, released, waited)
        if doubted:
            find_leaving(frame, index, ident, looked, sources, released)
    return looked

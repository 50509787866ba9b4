"""What a fork leaves behind: the locks that other threads are inside of.

In the child those threads do not exist, and nobody will ever release what they held. Only the
parent can read their frames, so it looks just before the fork; the child keeps what of it is still
locked when it begins. The locks themselves are kept as well, so that no id is used a second time.
"""

from __future__ import annotations

import _thread
import sys

from . import watcher
from .frames import look as look_at

_current_frames, _ident = sys._current_frames, _thread.get_ident
_get_interval, _set_interval = sys.getswitchinterval, sys.setswitchinterval
UNDISTURBED_S = 0.5
"""The switch interval while it looks; it is longer than nearly any look.

A switch that was asked for before may still let another thread run. Then the thread that forks
waits for at most this long, and looks again.
"""
LOOKS = 3
"""How often it looks at a thread that moves meanwhile. After that it believes nothing of it."""


class Left:
    """Threads that a fork left behind, and what they were inside of."""

    def __init__(self, threads=(), locks=None) -> None:
        self.threads = list(threads)
        self.locks = dict(locks or {})
        """Lock id to ``Raw`` and names, as ``Looked.locks``."""

    def without(self, released) -> Left:
        """The same without these locks."""
        threads = []
        for thread in self.threads:
            holds = [hold for hold in thread["holds"] if hold["lock"] not in released]
            if holds:
                threads.append({**thread, "holds": holds})
        held = {hold["lock"] for thread in threads for hold in thread["holds"]}
        return Left(threads, {lock: self.locks[lock] for lock in held})

    def without_threads(self, idents) -> Left:
        """The same without these threads."""
        threads = [thread for thread in self.threads if thread["ident"] not in idents]
        held = {hold["lock"] for thread in threads for hold in thread["holds"]}
        return Left(threads, {lock: self.locks[lock] for lock in held})

    def still_held(self) -> Left:
        """The same without the locks that were released or replaced meanwhile."""
        return self.without(
            {lock for lock, (raw, _) in self.locks.items() if raw.has_changed_hands()}
        )


class _Everything:
    def __contains__(self, lock) -> bool:
        return True


_inherited = Left()
_seen = Left()
_interval = None
"""The app's own switch interval, while it is set aside."""


def look() -> None:
    """Before a fork, in the thread that forks: what all others are inside of.

    From here to the fork no other thread should run. So each is forked where it was seen, and the
    fork would have met it there anyway. If one moved meanwhile, all are looked at again.
    """
    global _seen, _interval
    if _interval is None:  # Two threads may fork at once.
        _interval = _get_interval()
    _set_interval(UNDISTURBED_S)
    for last in range(1, LOOKS + 1):
        frames_of = _current_frames()
        before = _places(frames_of)
        seen = _look(frames_of)
        after = _places(_current_frames())
        moved = {ident for ident, place in before.items() if after.get(ident) != place}
        if not moved:
            break
        if last == LOOKS:
            seen = seen.without_threads(moved)
    _seen = seen


def _places(frames_of: dict) -> dict:
    """Where every other thread stands, to the instruction."""
    aside = (_ident(), watcher.ident())
    return {
        ident: (id(frame), frame.f_lasti)
        for ident, frame in frames_of.items()
        if ident not in aside
    }


def _look(frames_of: dict) -> Left:
    seen = Left()
    me, sources = _ident(), watcher.SOURCES
    active = watcher.active_threads()
    for ident, innermost in frames_of.items():
        if ident in (me, watcher.ident()):
            continue
        try:
            _note(seen, ident, watcher.stack(innermost), sources, active)
        except Exception:
            continue  # A thread that cannot be read proves nothing; the app goes on.
    if seen.locks:
        try:
            # What the forking thread holds it takes along, and can release.
            mine = look_at(watcher.stack(frames_of[me]), me, sources, active)
            seen = seen.without({hold["lock"] for hold in mine.holds})
        except Exception:
            seen = Left()
    return seen


def _note(seen: Left, ident: int, frames: list, sources, active: dict) -> None:
    if all(sources.is_plain(frame) for frame in frames):
        return
    looked = look_at(frames, ident, sources, active, doubted=_Everything())
    thread = watcher.described(ident, frames, looked, active)
    holds, wait = list(looked.holds), looked.waits
    # A thread that is just entering may have got the lock already, and is yet to get its turn.
    # A plain lock that is called, and not entered, may be released by anyone.
    if wait and (wait["kind"] == "rlock" or (wait["kind"] == "lock" and looked.enters)):
        parts = {key: wait[key] for key in ("lock", "frame", "expression")}
        holds.append({**parts, "how": "entering"})
    known = {hold["lock"] for hold in holds}
    holds.extend({**edge, "how": "leaving"} for edge in looked.leaving if edge["lock"] not in known)
    if holds:
        seen.threads.append({**thread, "holds": holds, "waits": None, "unresolved": []})
        seen.locks.update((hold["lock"], looked.locks[hold["lock"]]) for hold in holds)


def forget() -> None:
    """After a fork, in the parent."""
    global _seen
    _seen = Left()
    _go_on()


def settle() -> Left:
    """After a fork, in the child: what this fork and those before it left locked."""
    global _inherited, _seen
    _go_on()
    both = Left([*_inherited.threads, *_seen.threads], {**_inherited.locks, **_seen.locks})
    # Nobody else is there yet: what cannot be taken now is not to be had.
    free = {lock for lock, (raw, _) in both.locks.items() if raw.is_free()}
    _inherited, _seen = both.without(free), Left()
    return _inherited


def _go_on() -> None:
    global _interval
    if _interval is not None:
        _set_interval(_interval)
        _interval = None

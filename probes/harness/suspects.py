"""The threads that may wait for ever, by their innermost frames alone: cheap for every trial.

Any closed wait has a thread that takes a lock without a timeout, or threads that join each other.
Only such threads are suspects. A snapshot then shows what they wait for, and who holds it.
"""

from __future__ import annotations

import dis
import types

from .frames import Looked
from .sources import ACQUIRES
from .statements import is_unbound_acquire
from .waits import find_wait, is_import, is_join

_ENTERS = frozenset(
    dis.opmap[name]
    for name in (
        "SETUP_WITH",
        "SETUP_ASYNC_WITH",
        "BEFORE_WITH",
        "BEFORE_ASYNC_WITH",
        "LOAD_SPECIAL",  # 3.14
    )
    if name in dis.opmap
)
_TAKES: dict = {}
"""Whether a code object may take a lock by itself: found out once."""


def suspects(innermost: dict, sources, active: dict, doubted) -> list:
    """What each suspect waits for, and where. ``innermost`` has each thread's innermost frame."""
    found = {}
    for ident, frame in innermost.items():
        wait = _wait(frame, sources, active, doubted)
        if wait is not None:
            found[ident] = wait
    # Who joins a thread that is no suspect waits for one that is at work, or is idle.
    while True:
        idle = [i for i, wait in found.items() if wait["joins"] not in (None, *found)]
        if not idle:
            break
        for ident in idle:
            del found[ident]
    return [{"thread": ident, **wait} for ident, wait in sorted(found.items())]


def _wait(frame, sources, active: dict, doubted) -> dict | None:
    takes = _takes(frame.f_code) or is_join(frame) or is_import(frame) or _has_acquire(frame)
    if not takes:
        return None
    looked = Looked()
    find_wait([frame], looked, sources, active, doubted)
    wait = looked.waits
    if wait is None or wait["bounded"] or wait["kind"] in ("condition", "event"):
        return None
    if wait["lock"] is None and wait["thread"] is None and not wait["gives_back"]:
        return None  # What could not be resolved closes no wait, unless a ``with`` takes it.
    return {"lock": wait["lock"], "joins": wait["thread"], "at": max(0, frame.f_lasti)}


def _takes(code) -> bool:
    if code not in _TAKES:
        by_name = not ACQUIRES.isdisjoint(code.co_names)
        _TAKES[code] = by_name or not _ENTERS.isdisjoint(code.co_code[::2])
    return _TAKES[code]


def _has_acquire(frame) -> bool:
    """Whether a lock's own method is in a variable, as it is in a wrapper."""
    return any(
        (type(value) is types.BuiltinMethodType and value.__name__ in ACQUIRES)
        or is_unbound_acquire(value)
        for value in list(frame.f_locals.values())
    )

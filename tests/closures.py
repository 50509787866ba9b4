"""What the harness and the judge find in snapshots, and pairs of these."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from looks import HELLO, snapshot
from ours import PROBES

from interlock.evidence import dumps, events, sightings, waits
from interlock.evidence.history import History

Raw = dict[str, Any]
Pair = tuple[Raw, Raw]


sys.path.insert(0, str(PROBES))
try:
    from harness import sightings as of_harness
finally:
    sys.path.remove(str(PROBES))

CHILD = 8


def closed_waits(first: Raw, second: Raw, of_main: bool, third: Raw | None = None) -> bool:
    """Whether the harness sees the same closed wait in all of them."""
    seen = of_harness.Sightings(closed_s=0.0)
    taken = [raw for raw in (first, second, third) if raw is not None]
    for at, raw in enumerate(taken):
        seen.add(CHILD, raw, float(at))
    return seen.since(CHILD, of_main, least=len(taken)) is not None


def read(raw: Raw) -> dumps.Dump:
    return dumps.read(events.Snapshot.model_validate(raw))


def judged(*taken: Raw, of_main: bool) -> list[waits.Closed]:
    """What the judge believes, as ``signs`` asks it."""
    found = waits.closed(*map(read, taken))
    return [wait for wait in found if waits.keeps_main(wait) or not of_main]


LOCK, RLOCK = "_thread.lock", "_thread.RLock"


def of(raw: Raw, thread: str) -> Raw:
    (found,) = [t for t in (*raw["threads"], *raw["at_fork"]) if t["name"] == thread]
    return found


def lock_of(raw: Raw, name: str) -> Raw:
    (found,) = [lock for lock in raw["locks"].values() if lock["names"] == [name]]
    return found


def twice(text: str, **locks: Mapping[str, Any]) -> Pair:
    """The same snapshot twice; ``A={"owner": "T1"}`` changes the lock A."""
    raw = snapshot(text)
    for name, changed in locks.items():
        lock = lock_of(raw, name)
        lock.update(changed)
        if isinstance(lock["owner"], str):
            lock["owner"] = of(raw, lock["owner"])["ident"]
    return raw, deepcopy(raw)


LATER, SIGNALLED = {"thread": None, "signal": None}, {"thread": None, "signal": "signal 14"}


def may(text: str, lock: str, *who: Mapping[str, Any] | str) -> Pair:
    """The same snapshot twice; any of ``who`` could release a lock: a thread by its name, or so."""
    first, _ = twice(text)
    lock_of(first, lock)["could_release"] = [
        {
            "what": "give_back, m.py:9",
            **(
                {"thread": of(first, one)["ident"], "signal": None} if isinstance(one, str) else one
            ),
        }
        for one in who
    ]
    return first, deepcopy(first)


PROCESS = {"event": "process", "at": 0.1, "parent": 1, "forked": False, "command": []}
DRIVER = {**PROCESS, "process": 7, "app": True}
FORKED = {**PROCESS, "process": CHILD, "app": False, "forked": True}
STALL = {"phase": "serving", "silent_s": 1.0, "exposures": 9, "asked": None, "process": None}
Looks = Sequence[Sequence[tuple[float, Raw]]]


def found_by_harness(looks: Looks) -> bool:
    """Whether a third snapshot shows a wait that has lasted, whatever ended the looks."""
    seen, found = of_harness.Sightings(sightings.CLOSED_S), False
    for look in looks:
        for index, (at, raw) in enumerate(look):
            seen.add(CHILD, raw, at)
            found |= index == 2 and seen.has_lasted(CHILD, at, of_harness.LEAST)
    return found


def found_by_judge(looks: Looks, process: int = CHILD) -> bool:
    """The same, where each look is over because the driver goes on."""
    told: list[Raw] = [HELLO, DRIVER, FORKED]
    for number, look in enumerate(looks, 1):
        told.append({"event": "stall", "at": look[0][0], "number": number, **STALL})
        for index, (at, raw) in enumerate(look):
            numbered = {"number": number, "index": index, "process": process, "at": at}
            told.append({**raw, **numbered})
        told.append({"event": "resumed", "at": look[-1][0], "number": number, "silent_s": 1.0})
    return any(sightings.sighted(History(events.parse(told))))


def looks(raw: Raw, *at: Sequence[float]) -> Looks:
    return [[(moment, deepcopy(raw)) for moment in look] for look in at]

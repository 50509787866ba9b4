"""The check that stops an app early finds the same closed waits as the judge.

``probes/harness/closure.py`` and ``sightings.py`` run inside the container, and import nothing of
``interlock``. If they report a closed wait and the judge does not, the app is stopped early without
a verdict. So the two are compared on generated snapshots: of one look, and of several.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from looks import HELLO, snapshot
from ours import PROBES

from interlock.evidence import dumps, events, sightings, waits
from interlock.evidence.history import History

Raw = dict[str, Any]
Pair = tuple[Raw, Raw]
Three = tuple[Raw, Raw, Raw]


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


def rested(*taken: Raw, wait: waits.Closed) -> bool:
    dumped = [read(raw) for raw in taken]
    return all(waits.rested(*pair, wait.threads) for pair in pairwise(dumped))


# -- named examples: what the two disagreed about, with the answer that is right -------------------

LOCK, RLOCK = "_thread.lock", "_thread.RLock"


def of(raw: Raw, thread: str) -> Raw:
    (found,) = [t for t in (*raw["threads"], *raw["at_fork"]) if t["name"] == thread]
    return found


def task_of(raw: Raw, thread: str) -> Raw:
    (found,) = [t for t in raw["tasks"] if t["tid"] == of(raw, thread)["native_id"]]
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


def then(pair: Pair, change: Callable[[Raw], object]) -> Pair:
    """The same with the second snapshot changed."""
    change(pair[1])
    return pair


def counted(thread: str, *counters: str) -> Callable[[Raw], object]:
    """The kernel has counted something for the thread."""
    return lambda raw: task_of(raw, thread).update(dict.fromkeys(counters, 10**9 + 1))


def without_task(thread: str, pair: Pair) -> Pair:
    for raw in pair:
        raw["tasks"].remove(task_of(raw, thread))
    return pair


def beside(pair: Pair) -> Pair:
    """There is a task that belongs to no thread of Python's, such as one of a C library."""
    for raw in pair:
        raw["tasks"].append({**raw["tasks"][0], "tid": 9000})
    return pair


def unnumbered(thread: str, pair: Pair) -> Pair:
    """``threading`` does not know the thread, and so not its number."""
    for raw in pair:
        of(raw, thread)["native_id"] = None
    return pair


def owned_too(pair: Pair) -> Pair:
    """The lock that the main thread is inside of also has it as its owner."""
    for raw in pair:
        (hold,) = of(raw, "MainThread")["holds"]
        hold["frame"] = 0
        of(raw, "MainThread")["holds"] = [{**hold, "expression": "", "how": "owner"}, hold]
    return pair


def to_another_function(raw: Raw) -> None:
    raw["threads"][0]["frames"][0]["function"] = "another"


def to_another_task(raw: Raw) -> None:
    raw["threads"][0]["native_id"] += 500
    raw["tasks"][0]["tid"] += 500


def turn_around(raw: Raw) -> None:
    """Each waits for the same lock as before, and another one is inside of it."""
    one, two, three = raw["threads"]
    one["holds"], two["holds"], three["holds"] = three["holds"], one["holds"], two["holds"]


def orphan_then_inside() -> Pair:
    """The fork left a thread behind with the number of the waiting thread."""
    first, second = twice(ORPHAN)
    left, waiting = first["at_fork"][0], second["threads"][0]
    left["ident"] = waiting["ident"]
    waiting["holds"], second["at_fork"] = [{**left["holds"][0], "frame": 0}], []
    return first, second


ONE_RING = "T1 has A wants B; T2 has B wants A"
RING_OF_THREE = "T1 has C wants A; T2 has A wants B; T3 has B wants C"
ORPHAN = "M wants A; gone W has A"

DISAGREED: Mapping[str, tuple[Pair, bool]] = {
    # A re-entrant lock that reads as held by two is a misreading: nothing is concluded.
    "two inside of one RLock": (twice("T1 has A* wants A*; T2 has A* wants A*"), False),
    "two inside of one RLock, joined": (twice("T1 has A* wants A*; T2 has A* joins T1"), False),
    # A lock is re-entrant by its type, whatever was read of the call that waits for it.
    "RLock awaited as a plain lock": (twice("T has A wants A", A={"type": RLOCK}), False),
    "plain lock awaited as an RLock": (twice("T has A* wants A*", A={"type": LOCK}), True),
    # No thread waits for a free lock.
    "free lock": (twice(ONE_RING, A={"locked": False}), False),
    # If a lock names its owner, no other thread is inside it.
    "owner that no frame shows": (
        twice("T1 has B* wants A*; T2 wants B*", A={"owner": "T2"}),
        True,
    ),
    "owner that is another thread": (twice(f"{ONE_RING}; T3 runs f", A={"owner": "T3"}), False),
    "owner that is not there": (twice(ONE_RING, A={"owner": 7}), False),
    # An orphan is a lock that one thread alone was inside of at the fork.
    "two inside at the fork": (twice("M wants A; gone V has A; gone W has A"), False),
    "inside of it by a frame, and its owner": (
        owned_too(twice("MainThread has A wants B; T wants A; gone W has A")),
        False,
    ),
    # The same wait is of the same thread in the same place, and for the same holder.
    "same line of another function": (then(twice("T has A wants A"), to_another_function), False),
    "another task under the same number": (then(twice("T has A wants A"), to_another_task), False),
    "ring in the other order": (then(twice(RING_OF_THREE), turn_around), False),
    "orphan first, then inside of it": (orphan_then_inside(), False),
    # A thread that waits for an orphan sleeps: the kernel counts nothing for it.
    "orphan, waited for a processor": (then(twice(ORPHAN), counted("M", "wait_ns")), False),
    "orphan, task unknown": (without_task("M", twice(ORPHAN)), False),
}

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


RELEASABLE: Mapping[str, tuple[Pair, bool]] = {
    "any thread, and none is left": (may("T has A wants A", "A", LATER), True),
    "any thread, and one is left": (may("T has A wants A; U runs f", "A", LATER), False),
    "any thread, and all others wait behind it": (
        may("T has A wants A; U has B wants A; V wants B", "A", LATER),
        True,
    ),
    "any thread, and one waits with a timeout": (
        may("T has A wants A; U wants A~", "A", LATER),
        False,
    ),
    "a handler": (may("T has A wants A", "A", SIGNALLED), False),
    "the waiting thread itself": (may("T has A wants A; U runs f", "A", "T"), True),
    "a thread that works": (may("T has A wants A; U runs f", "A", "U"), False),
    "a thread that waits behind it": (may("T has A wants A; U wants A", "A", "U"), True),
    "one lock of a cycle": (may(f"{ONE_RING}; U runs f", "B", "U"), False),
    "a lock that is not in it": (
        may("T has A, B wants A; U runs f; V wants B", "B", "U"),
        True,
    ),
    "an orphan": (may(f"{ORPHAN}; U runs f", "A", LATER), False),
    "an orphan that nobody is left to release": (may(ORPHAN, "A", LATER), True),
    "an orphan that all threads wait for": (
        may("M wants A; N wants A; gone W has A", "A", LATER),
        True,
    ),
    "an orphan, and a thread that waits with a timeout": (
        may("M wants A; N wants A~; gone W has A", "A", LATER),
        False,
    ),
    # A task of C code began after the fork, and knows nothing of the parent's locks.
    "an orphan beside a task that is no thread of Python's": (
        beside(may(ORPHAN, "A", LATER)),
        True,
    ),
    "a task that is no thread of Python's": (beside(may("T has A wants A", "A", LATER)), False),
    "such a task, where nothing releases": (beside(twice("T has A wants A")), True),
    "a task of the thread, which has no number": (
        unnumbered("T", may("T has A wants A", "A", LATER)),
        True,
    ),
}


@pytest.mark.parametrize(("pair", "closed"), RELEASABLE.values(), ids=RELEASABLE)
def test_what_something_else_may_release_is_not_closed(pair: Pair, closed: bool) -> None:
    check(pair, closed)


AGREED: Mapping[str, tuple[Pair, bool]] = {
    "lock that can not be asked": (twice(ONE_RING, A={"locked": None}), True),
    "owner beside one that reads as inside": (
        twice("T1 has A* wants B*; T2 has A*, B* wants A*", A={"owner": "T1"}),
        True,
    ),
    "two passing by at the fork": (twice("M wants A; gone V takes A; gone W frees A"), True),
    "free orphan": (twice("M wants A?; gone W has A?"), False),
    "orphan with the number of a live owner": (
        twice("M wants A*; T runs f; gone W has A*", A={"owner": "T"}),
        True,
    ),
    "orphan, ran": (then(twice(ORPHAN), counted("M", "run_ns")), False),
    "orphan, in another state": (
        then(twice(ORPHAN), lambda raw: task_of(raw, "M").update(state="R")),
        True,
    ),
}


@pytest.mark.parametrize(("pair", "closed"), DISAGREED.values(), ids=DISAGREED)
def test_what_the_two_disagreed_about_has_one_answer(pair: Pair, closed: bool) -> None:
    check(pair, closed)


@pytest.mark.parametrize(("pair", "closed"), AGREED.values(), ids=AGREED)
def test_what_is_nearly_the_same_keeps_its_answer(pair: Pair, closed: bool) -> None:
    check(pair, closed)


def check(pair: Pair, closed: bool) -> None:
    assert bool(judged(*pair, of_main=False)) is closed
    assert closed_waits(*pair, False) is closed


@pytest.mark.parametrize(
    "pair",
    [
        then(twice(ONE_RING), counted("T2", "run_ns", "voluntary")),
        without_task("T2", twice(ONE_RING)),
    ],
    ids=["ran", "task unknown"],
)
def test_a_cycle_that_may_have_run_is_left_to_the_judge(pair: Pair) -> None:
    """The app is not stopped for it, because it may resume and so did not hang."""
    assert judged(*pair, of_main=False)
    assert not closed_waits(*pair, False)


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("MainThread wants A; T has A wants A", True),
        ("MainThread joins T; T wants A; gone W has A", True),
        ("MainThread runs f; T has A wants A", False),
        ("MainThread runs f; T wants A; gone W has A", False),
        ("T has A wants A", False),
    ],
)
def test_of_the_main_thread_counts_what_it_ends_up_in(text: str, closed: bool) -> None:
    pair = twice(text)
    assert judged(*pair, of_main=False)
    assert closed_waits(*pair, False)
    assert bool(judged(*pair, of_main=True)) is closed
    assert closed_waits(*pair, True) is closed


# -- generated pairs -------------------------------------------------------------------------------

THREADS, LEFT, NOBODY = (101, 102, 103), (101, 104), 105
LOCKS = (1, 2, 3)
COUNTED = ("run_ns", "wait_ns", "voluntary", "involuntary")
Draw = st.DrawFn


def mostly(often: Any, *seldom: Any) -> st.SearchStrategy[Any]:
    """One value in most draws, and seldom another."""
    return st.sampled_from((often,) * (3 * len(seldom)) + seldom)


def a_hold(lock: st.SearchStrategy[int], how: st.SearchStrategy[str]) -> st.SearchStrategy[Raw]:
    frame = st.integers(0, 2)
    return st.builds(
        lambda *v: dict(zip(("lock", "how", "frame"), v, strict=True)), lock, how, frame
    )


a_releaser = st.builds(
    lambda thread, signal: {"thread": thread, "signal": signal, "what": "f, m.py:1"},
    st.sampled_from((*THREADS, NOBODY, None)),
    mostly(None, "signal 14"),
)


@st.composite
def a_wait(draw: Draw, usual: int) -> Raw | None:
    of_lock = mostly("lock", "join", "event", "condition", "unresolved", None)
    kind = draw(st.sampled_from(("lock", "rlock")) if draw(st.booleans()) else of_lock)
    if kind is None:
        return None
    return {
        "kind": kind,
        "lock": draw(mostly(usual, *LOCKS, None)) if kind != "join" else None,
        "thread": draw(st.sampled_from((*THREADS, NOBODY, None))) if kind == "join" else None,
        "frame": 0,
        "expression": "x",
        "bounded": draw(mostly(False, True)),
    }


@st.composite
def a_thread(draw: Draw, ident: int, name: str, hows: st.SearchStrategy[str]) -> Raw:
    """One that most often is inside of a lock of its own, and wants the next one's."""
    own = LOCKS[ident % 3]
    holds = draw(
        st.lists(a_hold(mostly(own, *LOCKS), hows), min_size=draw(mostly(1, 0)), max_size=2)
    )
    return {
        "ident": ident,
        "native_id": draw(mostly(ident + 1000, None)),
        "name": name,
        "frames": [
            {"file": "f", "function": "g", "qualname": "g", "module": "m", "line": line}
            for line in range(3)
        ],
        "waits": draw(a_wait(LOCKS[(ident + draw(st.integers(0, 1))) % 3])),
        "holds": [{**hold, "expression": "x"} for hold in holds],
        "unresolved": [],
    }


@st.composite
def a_snapshot(draw: Draw) -> Raw:
    count = draw(st.integers(1, 3))
    names = (draw(mostly("MainThread", "T0")), "T1", "T2")
    hows = mostly("with", "finally", "owner", "entering", "leaving")
    threads = [draw(a_thread(*who, hows)) for who in zip(THREADS[:count], names, strict=False)]
    gone = draw(st.lists(st.sampled_from(LEFT), max_size=2))
    passing = mostly("with", "finally", "entering", "leaving", "entering", "leaving")
    at_fork = [{**draw(a_thread(ident, "W", passing)), "waits": None} for ident in gone]
    owners = mostly(None, *THREADS, NOBODY)
    return {
        "event": "snapshot",
        "number": 1,
        "index": 0,
        "threads": threads,
        "at_fork": at_fork,
        "locks": {
            str(lock): {
                "type": draw(st.sampled_from((LOCK, RLOCK))),
                "locked": draw(mostly(True, None, False)),
                "owner": draw(owners),
                "names": [f"L{lock}"],
                "could_release": draw(st.lists(a_releaser, max_size=draw(mostly(0, 2)))),
            }
            for lock in LOCKS
        },
        "tasks": [
            {"tid": ident + 1000, "state": "S", **dict.fromkeys(COUNTED, 1)}
            for ident in THREADS
            if draw(mostly(True, False))
        ],
    }


CHANGES = (
    "line", "file", "function", "native_id", "thread", "task", "counted", "state", "left", "lock",
    "owner", "holds", "waits", "name", "releasers",
)  # fmt: skip


@st.composite
def pairs(draw: Draw) -> Pair:
    """A snapshot, and the same again with at most two things changed."""
    first = draw(a_snapshot())
    second = deepcopy(first)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=2)):
        thread = draw(st.sampled_from(second["threads"])) if second["threads"] else None
        alter(draw, change, second, thread)
    return first, second


def alter(draw: Draw, change: str, raw: Raw, thread: Raw | None) -> None:
    lock = raw["locks"][str(draw(st.sampled_from(LOCKS)))]
    if change == "lock":
        lock["locked"] = draw(st.sampled_from((True, None, False)))
    elif change == "releasers":
        lock["could_release"] = draw(st.lists(a_releaser, max_size=1))
    elif change == "owner":
        lock["owner"] = draw(st.sampled_from((None, *THREADS)))
    elif change in ("task", "counted", "state") and raw["tasks"]:
        task = draw(st.sampled_from(raw["tasks"]))
        if change == "task":
            raw["tasks"].remove(task)
        elif change == "state":
            task["state"] = "R"
        else:
            task[draw(st.sampled_from(COUNTED))] += 1
    elif change == "left" and raw["at_fork"]:
        raw["at_fork"].pop()
    elif thread is not None:
        alter_thread(draw, change, raw, thread)


def alter_thread(draw: Draw, change: str, raw: Raw, thread: Raw) -> None:
    if change == "line":
        thread["frames"][0]["line"] += 1
    elif change in ("file", "function"):
        thread["frames"][0][change] += "x"
    elif change == "native_id":
        thread["native_id"] = draw(st.sampled_from((None, thread["ident"] + 1000, 2000)))
    elif change == "name":
        thread["name"] = draw(st.sampled_from(("MainThread", "T9")))
    elif change == "thread":
        raw["threads"].remove(thread)
    elif change == "waits":
        thread["waits"] = draw(a_wait(LOCKS[thread["ident"] % 3]))
    elif change == "holds":
        other = draw(st.sampled_from(raw["threads"]))
        thread["holds"], other["holds"] = other["holds"], thread["holds"]


@st.composite
def threes(draw: Draw) -> Three:
    """A pair and a third snapshot, which most often shows the same."""
    first, second = draw(pairs())
    third = deepcopy(second)
    if draw(mostly(False, True)):
        thread = draw(st.sampled_from(third["threads"])) if third["threads"] else None
        alter(draw, draw(st.sampled_from(CHANGES)), third, thread)
    return first, second, third


@settings(max_examples=300)
@given(st.one_of(pairs(), threes()), st.booleans())
def test_the_app_is_stopped_early_exactly_for_what_the_judge_believes_and_has_not_run(
    taken: Pair | Three, of_main: bool
) -> None:
    """Stricter than the judge in one point alone: no thread of a cycle has run either."""
    believed = judged(*taken, of_main=of_main)
    stopped = closed_waits(*taken[:2], of_main, *taken[2:])
    assert stopped == any(rested(*taken, wait=wait) for wait in believed)
    assert all(rested(*taken, wait=wait) for wait in believed if isinstance(wait, waits.Orphan))


# -- over several looks ----------------------------------------------------------------------------

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


ORPHANED = "MainThread wants A; gone W has A"
SEEN_AGAIN: Mapping[str, tuple[Looks, bool]] = {
    "three times in one look, for too short": (
        looks(snapshot(ORPHANED), (5.0, 5.2, 5.4)),
        False,
    ),
    "three times in one look": (looks(snapshot(ORPHANED), (5.0, 5.2, 9.0)), True),
    "once, and later closely": (looks(snapshot(ORPHANED), (5.0,), (9.0, 9.2, 9.3)), True),
    "often, but never closely": (looks(snapshot(ORPHANED), (5.0, 5.2), (9.0, 9.2)), False),
    "closely, and then for longer": (
        looks(snapshot(ORPHANED), (5.0, 5.2, 5.4), (12.0, 12.2)),
        False,
    ),
    "no wait in between": (
        [
            *looks(snapshot(ORPHANED), (5.0,)),
            *looks(snapshot("MainThread runs f"), (7.0,)),
            *looks(snapshot(ORPHANED), (9.0, 9.2, 9.3)),
        ],
        False,
    ),
    "another thread than the main one": (
        looks(snapshot("MainThread runs f; T wants A; gone W has A"), (5.0,), (9.0, 9.2, 9.3)),
        False,
    ),
    "what the last snapshot shows may be released": (
        [
            *looks(snapshot(ORPHANED), (5.0, 5.2)),
            [
                *looks(snapshot(ORPHANED), (9.0, 9.2))[0],
                (9.3, may(ORPHANED, "A", SIGNALLED)[0]),
            ],
        ],
        False,
    ),
}


@pytest.mark.parametrize(("seen", "found"), SEEN_AGAIN.values(), ids=SEEN_AGAIN)
def test_a_wait_is_judged_by_how_long_it_was_seen_over_all_looks(seen: Looks, found: bool) -> None:
    assert found_by_judge(seen) is found
    assert found_by_harness(seen) is found


def test_of_the_driver_only_one_look_counts() -> None:
    seen, _ = SEEN_AGAIN["once, and later closely"]
    assert not found_by_judge(seen, process=7)


@st.composite
def many_looks(draw: Draw) -> Looks:
    """One to three looks at a process, of one to three snapshots; few things change."""
    raw, at, drawn = draw(a_snapshot()), 5.0, []
    for _ in range(draw(st.integers(1, 3))):
        look = []
        for _ in range(draw(mostly(3, 1, 2))):
            look.append((at, raw))
            at += draw(st.sampled_from((0.2, 1.9, 4.1)))
            if draw(mostly(False, False, False, True)):
                raw = deepcopy(raw)
                thread = draw(st.sampled_from(raw["threads"])) if raw["threads"] else None
                alter(draw, draw(st.sampled_from(CHANGES)), raw, thread)
        drawn.append(look)
    return drawn


@settings(max_examples=300, deadline=None)
@given(many_looks())
def test_over_looks_the_harness_and_the_judge_find_the_same(seen: Looks) -> None:
    assert found_by_harness(seen) == found_by_judge(seen)

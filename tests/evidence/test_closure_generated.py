"""Generated snapshots: the harness and the judge find the same closed waits."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise
from typing import Any

from closures import (
    LOCK,
    RLOCK,
    Looks,
    Pair,
    Raw,
    closed_waits,
    found_by_harness,
    found_by_judge,
    judged,
    read,
)
from hypothesis import given, settings, strategies as st

from interlock.evidence import waits

Three = tuple[Raw, Raw, Raw]


def rested(*taken: Raw, wait: waits.Closed) -> bool:
    dumped = [read(raw) for raw in taken]
    return all(waits.rested(*pair, wait.threads) for pair in pairwise(dumped))


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

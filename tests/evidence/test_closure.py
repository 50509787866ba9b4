"""The check that stops an app early finds the same closed waits as the judge.

``probes/harness/closure.py`` and ``sightings.py`` run inside the container, and import nothing of
``interlock``. If they report a closed wait and the judge does not, the app is stopped early without
a verdict. So the two are compared on generated snapshots: of one look, and of several.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from closures import LATER, LOCK, RLOCK, SIGNALLED, Pair, Raw, closed_waits, judged, may, of, twice


def task_of(raw: Raw, thread: str) -> Raw:
    (found,) = [t for t in raw["tasks"] if t["tid"] == of(raw, thread)["native_id"]]
    return found


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

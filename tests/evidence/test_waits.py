"""The wait-for graph closes on lock objects, and names what it was read from."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, strategies as st
from looks import HELLO, snapshot, waits

from interlock.evidence import dumps, events, waits as graph_of
from interlock.evidence.dumps import Dump
from interlock.evidence.waits import (
    Edge,
    Node,
    chain,
    closed,
    concerned,
    cycles,
    describe,
    orphans,
    stuck_at,
    unresolved,
)
from interlock.model import LEFT_BEHIND, ProtocolError, Reason


def check(text: str, expected: str) -> None:
    """Every cycle's reason and signature, parted by ``; ``."""
    found = closed(waits(text, index=0), waits(text, index=1))
    assert "; ".join(f"{cycle.reason} {cycle.signature}" for cycle in found) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T1 has A wants A", "self-deadlock A → A"),
        ("T1 has B, A wants B", "self-deadlock B → B"),
        ("T1 has A wants A; T2 wants A; T3 wants A", "self-deadlock A → A"),
        #
        ("T1 has A wants B; T2 has B wants A", "lock-cycle A → B → A"),
        ("T1 has B wants A; T2 has A wants B", "lock-cycle A → B → A"),
        (
            "T1 has C wants A; T2 has A wants B; T3 has B wants C",
            "lock-cycle A → B → C → A",
        ),
        (
            "T1 has A wants C; T2 has C wants B; T3 has B wants A",
            "lock-cycle A → C → B → A",
        ),
        ("T1 has A* wants B*; T2 has B* wants A*", "lock-cycle A → B → A"),
        #
        ("T1 has A joins T2; T2 wants A", "lock-cycle A → Thread.join → A"),
        ("T1 joins T2; T2 joins T1", "lock-cycle Thread.join → Thread.join → Thread.join"),
        ("T1 joins T2; T2 has A wants A", "self-deadlock A → A"),
        #
        (
            "T1 has C wants D; T2 has D wants C; T3 has B wants B",
            "self-deadlock B → B; lock-cycle C → D → C",
        ),
        #
        ("T1 has A wants B; T2 has B", ""),
        ("T1 has A; T2 wants A", ""),
        ("T1 has A wants B; T2 has C wants A", ""),
        ("T1 has A joins T2; T2 runs f", ""),
        ("T1 has A awaits E; T2 wants A", ""),
        ("T1 has A* wants A*", ""),
        #
        ("M wants A; gone W has A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A*; gone W has A*", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A; gone W takes A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A; gone W frees A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A; gone V takes A; gone W has A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A; gone V takes A; gone W frees A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants A; gone V takes A; gone W takes A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M wants B; T has B wants A; gone W has A", f"orphaned-lock A → {LEFT_BEHIND}"),
        ("M has A wants B; T has B wants A; gone W has C", "lock-cycle A → B → A"),
        (
            "M has B wants B; T wants A; gone W has A",
            f"self-deadlock B → B; orphaned-lock A → {LEFT_BEHIND}",
        ),
        #
        ("M wants A; T has A; gone W has A", ""),
        ("M runs f; gone W has A", ""),
        ("M wants A?; gone W has A?", ""),
        ("M wants A; gone W has A'", ""),
        ("M wants A; gone V has A; gone W has A", ""),
        ("M has A* wants A*; gone W has A*", ""),
        ("T1 has A? wants A?", ""),
        ("", ""),
    ],
)
def test_a_closed_wait_is_found_and_named_after_its_locks(text: str, expected: str) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    "text",
    [
        "T1 has A wants A~",
        "T1 has A wants B~; T2 has B wants A",
        "T1 has A joins T2~; T2 wants A",
        "M wants A~; gone W has A",
    ],
)
def test_a_wait_that_gives_up_closes_nothing(text: str) -> None:
    assert closed(waits(text.replace("~", "")), waits(text.replace("~", "")))
    assert not closed(waits(text), waits(text))


def test_a_wait_that_gives_up_is_told_as_such() -> None:
    dump = waits("T1 has A wants A~")
    (said,) = describe(dump, dump.threads)
    assert said.startswith("T1 waits for a limited time (`A`, ")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("T1 has A wants A", "T1 has A runs f"),
        ("T1 has A wants B; T2 has B wants A", "T1 has A wants B; T2 has B"),
        ("T1 has A wants A; T2 runs f", "T1 runs f; T2 has A wants A"),
        ("M wants A; T runs f; gone W has A", "M runs f; T runs f; gone W has A"),
        ("M wants A; T runs f; gone W has A", "M runs f; T wants A; gone W has A"),
    ],
)
def test_a_wait_that_is_closed_only_once_is_no_deadlock(first: str, second: str) -> None:
    assert any(cycles(waits(text)) or orphans(waits(text)) for text in (first, second))
    assert not closed(waits(first), waits(second))


def test_threads_that_moved_between_the_snapshots_are_not_deadlocked() -> None:
    text = "T1 has A wants B; T2 has B wants A"
    assert not closed(waits(text, line=100), waits(text, line=101))


def test_other_threads_may_move_while_a_cycle_stands() -> None:
    assert closed(waits("T1 has A wants A; T2 runs f"), waits("T1 has A wants A; T2 runs g"))


def test_locks_of_one_name_are_told_apart() -> None:
    assert not cycles(waits("T1 has A wants A'; T2 has B wants A"))
    check("T1 has A wants A'; T2 has A' wants A", "lock-cycle A → A → A")


def test_a_cycle_on_other_objects_of_the_same_names_is_another_one() -> None:
    text = "T1 has A wants B; T2 has B wants A"
    assert not closed(waits(text), waits(text, salt=1))


def test_two_threads_inside_of_one_lock_close_nothing_and_are_reported() -> None:
    dump = waits("T1 has A wants A; T2 has A")
    assert not cycles(dump)
    assert unresolved(dump) == ("A: T1, T2 all read as being inside of it",)


def test_an_edge_is_told_with_the_frames_that_show_it() -> None:
    dump = waits("T1 has A wants B; T2 has B wants A")
    (cycle,) = closed(dump, dump)
    assert cycle.explain() == (
        "T2 waits for A (`A`, lib/app.py:101 in wants_A), "
        "which T1 holds since `with A`, lib/app.py:100 in has_A.",
        "T1 waits for B (`B`, lib/app.py:100 in wants_B), "
        "which T2 holds since `with B`, lib/app.py:101 in has_B.",
    )


def test_a_thread_that_waits_for_itself_is_told_so() -> None:
    dump = waits("MainThread has A wants A")
    (cycle,) = closed(dump, dump)
    assert cycle.reason is Reason.SELF_DEADLOCK
    (sentence,) = cycle.explain()
    assert "which it holds itself since `with A`, lib/app.py:100 in has_A" in sentence


def test_an_orphan_is_told_with_who_waits_and_who_was_inside_of_it_at_the_fork() -> None:
    dump = waits("M has B wants A; T wants B; gone W has A")
    (orphan,) = closed(dump, dump)
    assert orphan.explain() == (
        "M of a forked child waits for A (`A`, lib/app.py:100 in wants_A); it was locked when the "
        "child began, and no thread of the child is inside of it.",
        "At the fork W of the parent was inside of A (`with A`, lib/app.py:102 in has_A); a fork "
        "copies the lock as it is, and only the thread that forks.",
        "T waits for B (`B`, lib/app.py:101 in wants_B), "
        "which M holds since `with B`, lib/app.py:100 in has_B.",
    )


def test_a_thread_that_had_almost_taken_the_orphan_is_told_so() -> None:
    dump = waits("M wants A; gone W takes A")
    (orphan,) = closed(dump, dump)
    assert (
        "W of the parent was just taking A (`A`, lib/app.py:101 in takes_A)"
        in (orphan.explain()[1])
    )


def test_what_the_main_thread_waits_for_comes_before_other_orphans() -> None:
    text = "T wants A; MainThread wants B; gone V has A; gone W has B"
    assert [found.signature.locks[0] for found in closed(waits(text), waits(text))] == ["B", "A"]


def test_a_thread_that_woke_between_the_snapshots_does_not_wait_for_an_orphan() -> None:
    dump = waits("M wants A; gone W has A")
    woken = tuple(task.model_copy(update={"voluntary": task.voluntary + 1}) for task in dump.tasks)
    assert not closed(dump, replace(dump, tasks=woken))


def test_a_lock_is_named_by_who_waits_in_the_child_not_by_a_wrapper_at_the_fork() -> None:
    raw = snapshot("M wants mutex; gone W has inner")
    wanted, _ = raw["locks"].values()
    wanted["names"] = ["wrapper.acquire.inner", "Queue.mutex"]
    (ident,) = {wait["waits"]["lock"] for wait in raw["threads"]}
    raw["at_fork"][0]["holds"][0]["lock"] = ident
    (event,) = (e for e in events.parse([HELLO, raw]) if isinstance(e, events.Snapshot))
    dump = dumps.read(event)
    assert [found.signature.locks[0] for found in closed(dump, dump)] == ["Queue.mutex"]


def test_an_owner_s_number_that_a_new_thread_has_got_makes_it_no_holder() -> None:
    dump = waits("M wants A*; T runs f; gone W has A*")
    (lock,) = dump.locks.values()
    owned = replace(lock, owner=dump.main.ident if dump.main else list(dump.threads)[1])
    dump = replace(dump, locks={lock.ident: owned})
    assert [found.reason for found in closed(dump, dump)] == [Reason.ORPHANED_LOCK]


def test_an_event_that_nobody_is_known_to_set_is_described_not_closed() -> None:
    dump = waits("MainThread has A awaits E; T2 wants A")
    assert not cycles(dump)
    assert describe(dump, dump.threads) == (
        "MainThread waits for an event that nobody is known to set (`E`, lib/app.py:100 in "
        "awaits_E), while it is inside of A (`A`, lib/app.py:100 in has_A).",
        "T2 waits for A (`A`, lib/app.py:101 in wants_A), "
        "which MainThread holds since `with A`, lib/app.py:100 in has_A.",
    )


def test_an_edge_without_evidence_is_refused() -> None:
    (thread,) = waits("T1 runs f").threads.values()
    with pytest.raises(ProtocolError, match="without evidence"):
        Edge(
            source=Node("thread", thread.ident),
            target=Node("lock", 1),
            thread=thread,
            frame=None,
            expression="self._lock",
            how="lock",
        )


def test_the_chain_of_a_thread_is_whom_it_waits_for_in_turn() -> None:
    dump = waits("T1 has A wants B; T2 has B wants C; T3 has C awaits E; T4 wants A")
    names = [dump.threads[ident].name for ident in chain(dump, next(iter(dump.threads)))]
    assert names == ["T1", "T2", "T3"]


def test_whoever_waits_for_a_stuck_thread_is_concerned() -> None:
    dump = waits("T1 has A awaits E; T2 has B wants A; T3 wants B; T4 wants C; T5 runs f")
    first = next(iter(dump.threads))
    assert [dump.threads[i].name for i in concerned(dump, [first])] == ["T1", "T2", "T3"]


def test_what_is_stuck_is_named_without_lines() -> None:
    text = "MainThread joins T2; T2 runs spin"
    here, there = waits(text, line=1), waits(text, line=999)
    assert str(stuck_at(here, here.threads)) == "stuck in lib.app.joins_T2, lib.app.runs_spin"
    assert stuck_at(here, here.threads) == stuck_at(there, there.threads)


names = st.sampled_from("ABCDE")
clause = st.tuples(st.sets(names, max_size=2), st.one_of(st.none(), names))


@st.composite
def graphs(draw: st.DrawFn) -> list[tuple[list[str], str | None]]:
    """Threads with their locks and the one they want.

    A lock belongs to one thread at most.
    """
    threads, taken = [], set()
    for has, wants in draw(st.lists(clause, min_size=1, max_size=5)):
        threads.append((sorted(has - taken), wants))
        taken |= has
    return threads


def in_words(threads: list[tuple[list[str], str | None]]) -> str:
    return "; ".join(
        f"T{number}"
        + (f" has {', '.join(has)}" if has else "")
        + (f" wants {wants}" if wants else " runs f")
        for number, (has, wants) in enumerate(threads)
    )


def rings(threads: list[tuple[list[str], str | None]]) -> set[frozenset[int]]:
    """By brute force: every ring of threads in which each wants a lock of the next."""
    return {
        frozenset(ring)
        for size in range(1, len(threads) + 1)
        for ring in permutations(range(len(threads)), size)
        if all(threads[ring[i]][1] in threads[ring[(i + 1) % size]][0] for i in range(size))
    }


def in_cycles(dump: Dump) -> set[frozenset[int]]:
    return {
        frozenset(int(dump.threads[ident].name[1:]) for ident in cycle.threads)
        for cycle in cycles(dump)
    }


@given(graphs())
def test_a_cycle_is_found_exactly_where_brute_force_finds_a_ring(
    threads: list[tuple[list[str], str | None]],
) -> None:
    assert in_cycles(waits(in_words(threads))) == rings(threads)


@given(graphs(), st.integers(1, 10**6), st.integers(1, 10**4), st.randoms())
def test_signatures_depend_on_neither_identities_nor_lines_nor_order(
    threads: list[tuple[list[str], str | None]], salt: int, line: int, random: object
) -> None:
    shuffled = list(threads)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    here = waits(in_words(threads))
    there = waits(in_words(shuffled), salt=salt, line=line)
    assert [c.signature for c in closed(here, here)] == [c.signature for c in closed(there, there)]


def test_who_else_waits_is_not_asked_where_nothing_could_release_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dump = waits("T has A wants A; U runs f")
    monkeypatch.setattr(graph_of, "concerned", lambda *_: pytest.fail("it was asked"))
    assert len(closed(dump, dump)) == 1

"""A campaign that searches: its rounds, its budget, its audit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from grids import AXES, LEFT, NOON, RIGHT, matrix, published, verdict
from packaging.version import Version

from interlock.campaign.exploring import Audit, Exploration, surveys_of
from interlock.campaign.planning import Rerun
from interlock.campaign.survey import Survey
from interlock.matrix.selector import Block
from interlock.model import AuditedCell, Cell, Outcome, Pin, PythonVersion, Verdict

MATRIX = matrix()
RELEASES = {
    LEFT.name: published(LEFT, "1.0.0 1.1.0 2.0.0 2.1.0"),
    RIGHT.name: published(RIGHT, "1.0.0 1.0.1 1.0.2 1.0.3 1.0.4 1.1.0 1.1.1 2.0.0"),
}
BLOCK = Block(
    pins=tuple(
        tuple(Pin(axis=a.name, package=a.package, version=r.version) for r in RELEASES[a.name])
        for a in AXES
    ),
    pythons=(PythonVersion(3, 10), PythonVersion(3, 12)),
    probe="restart",
    config="stock",
)
NAMED = [Version("1.1.0")]
Told = dict[tuple[str, ...], Verdict]


def surveys() -> list[Survey]:
    found = surveys_of([BLOCK], NAMED, matrix=MATRIX, releases=RELEASES, machine="x86_64")
    return [*found]


def exploration(
    known: Mapping[tuple[str, ...], Verdict],
    clock: Callable[[], datetime] = lambda: NOON,
    **settings: object,
) -> Exploration:
    return Exploration(
        surveys(),
        known,
        matrix=MATRIX,
        releases=RELEASES,
        now=clock,
        machine="x86_64",
        jobs=1,
        **settings,  # type: ignore[arg-type]
    )


def seen(cell: Cell, trials: int) -> Verdict:
    """What is true in this world: the releases from 1.0.2 to 1.1.0 hang."""
    right = cell.version("right")
    assert right is not None
    hangs = Version("1.0.2") <= right <= Version("1.1.0")
    return verdict(
        cell,
        "hang" if hangs else "pass",
        trials=trials,
        probe_digest=MATRIX.probes["restart"].digest,
        config_digest=MATRIX.configurations["stock"].digest,
        tested_at=NOON - timedelta(hours=1),
    )


def played(of: Exploration, told: Told, most: int = 100) -> int:
    """Run rounds until the search ends; return how many."""
    for number in range(most):
        plan = of.following(told)
        if plan.is_empty:
            return number
        for cell in plan.cells:
            before = told[cell.key].trials if cell.key in told else 0
            told[cell.key] = seen(cell, before + plan.more.get(cell, 1))
    return most


def test_every_window_is_found_and_no_cell_that_was_known_is_run_again() -> None:
    told: Told = {}
    of = exploration({})
    assert played(of, told) > 1
    (survey,) = of.surveys
    for python, found in survey.maps(of.counting(told)).items():
        for right in RELEASES[RIGHT.name]:
            known = found.of(Version("1.1.0"), right.version)
            assert known.observation is not None, (python, right.version)
            hangs = Version("1.0.2") <= right.version <= Version("1.1.0")
            assert str(known.observation.outcome) == ("hang" if hangs else "pass")
    assert exploration(told).following({}).is_empty


def test_a_search_of_many_hours_counts_what_it_ran_itself() -> None:
    """Each round takes an hour, and the clock of a verdict is never ahead of this one."""
    told: Told = {}
    hours = 0

    def clock() -> datetime:
        return NOON + timedelta(hours=hours)

    of = exploration({}, clock)
    while not (plan := of.following(told)).is_empty:
        hours += 1
        for cell in plan.cells:
            before = told[cell.key].trials if cell.key in told else 0
            made = seen(cell, before + plan.more.get(cell, 1))
            told[cell.key] = replace(made, tested_at=clock() - timedelta(minutes=30))
    at_once: Told = {}
    played(exploration({}), at_once)
    assert hours > 5
    assert set(told) == set(at_once)
    assert of.counting(told).keys() == told.keys()


def test_a_search_that_is_out_of_time_begins_no_round_and_says_so() -> None:
    over = exploration({}, is_over=lambda: True)
    assert over.following({}).is_empty
    assert over.stopped
    assert over.asked == ()


def test_a_round_of_a_search_with_a_budget_is_short_and_the_result_is_the_same() -> None:
    whole, parts = exploration({}), exploration({}, at_once=2)
    told: Told = {}
    played(whole, told)
    in_parts: Told = {}
    most = 0
    while not (plan := parts.following(in_parts)).is_empty:
        most = max(most, len(plan.cells))
        for cell in plan.cells:
            before = in_parts[cell.key].trials if cell.key in in_parts else 0
            in_parts[cell.key] = seen(cell, before + plan.more.get(cell, 1))
    assert most == 2
    assert {k: v.trials for k, v in in_parts.items()} == {k: v.trials for k, v in told.items()}


def test_a_search_that_is_done_is_not_stopped_by_its_budget() -> None:
    told: Told = {}
    played(exploration({}), told)
    done = exploration(told, is_over=lambda: True)
    assert done.following({}).is_empty
    assert not done.stopped


def test_a_cell_that_stays_open_is_not_asked_for_again() -> None:
    of = exploration({})
    first = set(of.following({}).cells)
    again = set(of.following({}).cells)
    assert first and first.isdisjoint(again)


@pytest.mark.parametrize(
    ("rerun", "age_days", "runs"),
    [
        (Rerun.STALE, 1, False),
        (Rerun.STALE, 30, True),
        (Rerun.MISSING, 30, False),
        (Rerun.ALL, 1, True),
        (Rerun.FAILED, 1, False),
    ],
)
def test_rerun_says_which_known_cells_run_again(rerun: Rerun, age_days: int, runs: bool) -> None:
    tested_at = NOON - timedelta(days=age_days)
    told = {key: replace(v, tested_at=tested_at) for key, v in searched().items()}
    of = exploration(told, rerun=rerun)
    assert of.following({}).is_empty is not runs
    if runs:
        again: Told = {}
        played(of, again)
        assert again


def test_an_edge_is_not_confirmed_until_both_sides_have_many_trials() -> None:
    told: Told = {}
    of = exploration({})
    (survey,) = of.surveys
    assert survey.unconfirmed_edges(of.counting(told)) == 0, "nothing is known yet"
    most = 0
    while not (plan := of.following(told)).is_empty:
        for cell in plan.cells:
            before = told[cell.key].trials if cell.key in told else 0
            told[cell.key] = seen(cell, before + plan.more.get(cell, 1))
        most = max(most, survey.unconfirmed_edges(of.counting(told)))
    assert most > 0
    assert survey.unconfirmed_edges(of.counting(told)) == 0


def audit(known: Told, drawn: list[AuditedCell], n: int = 5, **more: object) -> Exploration:
    """``drawn`` stands for the ledger: it keeps what the audit draws."""
    asked = Audit(cells=n, seed=1, before=[*drawn], keep=drawn.extend)
    return exploration(known, audit=asked, **more)


def searched() -> Told:
    told: Told = {}
    played(exploration({}), told)
    return told


def test_an_audit_runs_inferred_cells_once_and_counts_what_came_out() -> None:
    told = searched()
    before = set(told)
    drawn: list[AuditedCell] = []
    of = audit(told, drawn)
    more: Told = {}
    played(of, more)
    (survey,) = of.surveys
    rows = of.audited(survey, more)
    assert {row.cell.key for row in rows} == set(more) - before
    assert [row.is_wrong for row in rows] == [False] * 5


def test_an_interrupted_audit_goes_on_with_the_cells_that_it_drew() -> None:
    told = searched()
    drawn: list[AuditedCell] = []
    first, *_ = audit(told, drawn).following({}).cells
    assert len(drawn) == 5

    again = audit({**told, first.key: seen(first, 1)}, drawn)
    (survey,) = again.surveys
    left = {row.cell for row in again.audited(survey, {}) if row.seen is None}
    more: Told = {}
    played(again, more)

    assert left == {row.cell for row in drawn} - {first}
    assert {cell.key for cell in left} == set(more)
    assert len(drawn) == 5


def test_another_seed_draws_other_cells() -> None:
    told = searched()
    drawn: list[AuditedCell] = []
    played(audit(told, drawn), told)
    another = exploration(told, audit=Audit(cells=3, seed=2, before=[*drawn], keep=drawn.extend))
    played(another, told)
    assert [row.seed for row in drawn] == [1] * 5 + [2] * 3
    assert len({row.cell for row in drawn}) == 8


def test_without_an_audit_no_drawn_cell_is_run() -> None:
    told = searched()
    drawn: list[AuditedCell] = []
    audit(told, drawn).following({})
    assert exploration(told, audit=Audit(before=drawn)).following({}).is_empty


def test_a_wrong_cell_of_an_earlier_search_is_refined_around() -> None:
    told = searched()
    drawn: list[AuditedCell] = []
    audit(told, drawn, n=1).following({})
    (row,) = drawn
    other = "pass" if row.inferred is Outcome.HANG else "hang"
    wrong = replace(seen(row.cell, 20), outcome=Outcome(other))
    assert (
        not exploration({**told, row.cell.key: wrong}, audit=Audit(before=drawn))
        .following({})
        .is_empty
    )


def test_what_an_audit_showed_counts_after_its_verdict_is_too_old() -> None:
    told = searched()
    drawn: list[AuditedCell] = []
    played(audit(told, drawn, n=1), told)
    old = {k: replace(v, tested_at=NOON - timedelta(days=30)) for k, v in told.items()}
    rows = [replace(drawn[0], seen=Outcome.PASS, seen_as="")]
    of = audit(old, rows, n=1)
    assert of.audited(of.surveys[0], {}) == rows
    assert of.following({}).cells, "the search itself begins again"
    assert rows[0].cell not in of.following({}).cells


def test_the_python_with_most_releases_is_searched_first() -> None:
    right = (*RELEASES[RIGHT.name][:-1],)
    old = published(RIGHT, "3.0.0")[0]
    from packaging.specifiers import SpecifierSet

    wheels = tuple(replace(wheel, requires_python=SpecifierSet(">=3.12")) for wheel in old.wheels)
    new = replace(old, requires_python=SpecifierSet(">=3.12"), wheels=wheels)
    releases = {**RELEASES, RIGHT.name: (*right, new)}
    pins = (
        BLOCK.pins[0],
        tuple(
            Pin(axis=RIGHT.name, package=RIGHT.package, version=r.version)
            for r in releases[RIGHT.name]
        ),
    )
    block = Block(pins=pins, pythons=BLOCK.pythons, probe="restart", config="stock")
    (found,) = surveys_of([block], NAMED, matrix=MATRIX, releases=releases, machine="x86_64")
    assert found.pythons == [PythonVersion(3, 12), PythonVersion(3, 10)]
    assert not found.installs(PythonVersion(3, 10), Version("1.0.0"), Version("3.0.0"))

"""The rounds of a run: requested cells, follow-ups, and known verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from grids import NOON, cell, verdict
from matrices import WAYS, releases

from interlock.campaign.agenda import Agenda
from interlock.campaign.followups import Why
from interlock.campaign.planning import Plan, Rerun
from interlock.model import Cell, Phase, Verdict

WARNED = cell(config="warnings")
QUIET = cell(config="warnings+quiet")
STOCK = cell()
ALONE = cell(right="-", config="warnings")
ALL = {QUIET, STOCK, ALONE}
"""The follow-ups of a hang in `warnings`."""


def known(of: Cell, outcome: str = "pass", days: float = 1, **changes: object) -> Verdict:
    return verdict(
        of,
        outcome,
        **{
            "probe_digest": WAYS.probes[of.probe].digest,
            "config_digest": WAYS.configurations[of.config].digest,
            "tested_at": NOON - timedelta(days=days),
            **changes,
        },
    )


def agenda(
    *asked: Cell,
    knows: Sequence[Verdict] = (),
    rerun: Rerun = Rerun.STALE,
    follows: bool = True,
    now: Callable[[], datetime] = lambda: NOON,
) -> Agenda:
    return Agenda(
        asked=asked,
        known={of.cell.key: of for of in knows},
        matrix=WAYS,
        releases=releases(),
        now=now,
        machine="x86_64",
        rerun=rerun,
        jobs=1,
        follows=follows,
    )


def told(*verdicts: Verdict) -> Mapping[tuple[str, ...], Verdict]:
    """Judged in this run."""
    return {of.cell.key: replace(of, tested_at=NOON) for of in verdicts}


def runs(planned: Plan) -> set[Cell]:
    return set(planned.cells)


def test_first_is_what_was_asked_for_and_then_what_its_verdicts_call_for() -> None:
    of = agenda(WARNED)
    assert runs(of.first()) == {WARNED}
    assert runs(of.following(told(known(WARNED, "hang")))) == ALL
    assert runs(of.following(told(known(WARNED, "pass")))) == set()


@pytest.mark.parametrize("rerun", list(Rerun))
def test_a_verdict_of_the_third_hour_of_a_run_calls_for_follow_ups_too(rerun: Rerun) -> None:
    hours = 0
    of = agenda(WARNED, rerun=rerun, now=lambda: NOON + timedelta(hours=hours))
    assert runs(of.first()) == {WARNED}
    hours = 3
    late = replace(known(WARNED, "hang"), tested_at=NOON + timedelta(hours=2.9))
    assert runs(of.following({WARNED.key: late})) == ALL


@pytest.mark.parametrize(
    ("knows", "rerun", "first", "then"),
    [
        # a stopped run continues where it was
        ([known(WARNED, "hang")], Rerun.STALE, set(), ALL),
        ([known(WARNED, "hang"), known(QUIET)], Rerun.STALE, set(), {STOCK, ALONE}),
        (
            [known(WARNED, "hang"), known(QUIET), known(STOCK), known(ALONE)],
            Rerun.STALE,
            set(),
            set(),
        ),
        # a stale cell runs again, and has no follow-ups until it has a verdict
        ([known(WARNED, "hang", days=8)], Rerun.STALE, {WARNED}, set()),
        ([known(WARNED, "hang", days=8)], Rerun.MISSING, set(), ALL),
        ([known(WARNED, "hang"), known(QUIET, days=8)], Rerun.STALE, set(), ALL),
        ([known(WARNED, "hang")], Rerun.ALL, {WARNED}, set()),
    ],
)
def test_what_is_known_counts_for_what_follows_too(
    knows: list[Verdict], rerun: Rerun, first: set[Cell], then: set[Cell]
) -> None:
    of = agenda(WARNED, knows=knows, rerun=rerun)
    assert (runs(of.first()), runs(of.following({}))) == (first, then)


def test_where_everything_is_run_again_so_is_what_follows() -> None:
    before = [known(WARNED, "hang"), known(QUIET), known(STOCK), known(ALONE)]
    of = agenda(WARNED, knows=before, rerun=Rerun.ALL)
    assert runs(of.following(told(known(WARNED, "hang")))) == ALL
    assert runs(of.following(told(known(WARNED, "hang"), known(QUIET)))) == {STOCK, ALONE}


@pytest.mark.parametrize("rerun", [Rerun.STALE, Rerun.FAILED, Rerun.ALL])
def test_where_both_hang_both_get_what_is_missing_of_their_trials(rerun: Rerun) -> None:
    of = agenda(WARNED, rerun=rerun)
    now = told(known(WARNED, "hang", trials=2), known(ALONE, "hang"), known(QUIET), known(STOCK))
    planned = of.following(now)
    assert planned.more == {WARNED: 3, ALONE: 4}
    assert runs(planned) == {WARNED, ALONE}


def test_nothing_follows_where_that_was_asked_for() -> None:
    of = agenda(WARNED, follows=False)
    assert runs(of.following(told(known(WARNED, "hang")))) == set()
    assert of.at_most(of.first())[0].is_empty


def test_before_it_begins_it_says_what_may_follow() -> None:
    of = agenda(WARNED)
    planned, kinds = of.at_most(of.first())
    assert runs(planned) == {*ALL, cell(config="warnings@release")}
    assert kinds == {Why.WORKAROUND: 2, Why.BASELINE: 1, Why.AT_RELEASE: 1}


def test_what_is_known_of_what_may_follow_is_not_counted() -> None:
    of = agenda(WARNED, knows=[known(QUIET), known(ALONE)])
    planned, kinds = of.at_most(of.first())
    assert kinds == {Why.WORKAROUND: 1, Why.AT_RELEASE: 1}
    assert planned.seconds > 0


def test_a_failure_of_an_older_probe_calls_for_nothing() -> None:
    older = known(WARNED, "fail", phase=Phase.IMPORT, probe_digest="of yesterday")
    assert runs(agenda(WARNED, knows=[older]).following({})) == set()

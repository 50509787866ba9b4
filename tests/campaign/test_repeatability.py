"""The same cells again: which ones, and the report on those that disagree."""

from __future__ import annotations

from collections import Counter

import pytest
from grids import cell, verdict
from languages import CELL, PROBE, trials

from interlock.campaign.repeatability import choose, compare, lines
from interlock.model import Outcome, Verdict


def verdicts(text: str, *, config: str = "stock") -> list[Verdict]:
    """``"pass*20 hang*2"``: of left 1.0, 1.1, … in that order."""
    words = [
        name
        for word in text.split()
        for name, _, count in [word.partition("*")]
        for _ in range(int(count or 1))
    ]
    return [
        verdict(cell(f"1.{number}", config=config), outcome) for number, outcome in enumerate(words)
    ]


# --- which ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "count", "outcomes"),
    [
        ("pass*20 hang*2", 2, {"pass": 1, "hang": 1}),
        ("pass*20 hang*2", 4, {"pass": 2, "hang": 2}),
        ("pass*20 hang*2", 10, {"pass": 8, "hang": 2}),
        ("pass*3 hang fail unproven", 6, {"pass": 3, "hang": 1, "fail": 1, "unproven": 1}),
        ("pass*3", 7, {"pass": 3}),
        ("pass*3", 1, {"pass": 1}),
        ("", 5, {}),
    ],
)
def test_they_are_spread_over_the_outcomes(
    known: str, count: int, outcomes: dict[str, int]
) -> None:
    of = verdicts(known)
    by_cell = {one.cell: str(one.outcome) for one in of}
    chosen = choose(of, count)
    assert Counter(by_cell[one] for one in chosen) == outcomes
    assert len(set(chosen)) == len(chosen)


def test_they_are_spread_over_configurations_and_from_first_to_last() -> None:
    of = [*verdicts("pass*11"), *verdicts("pass*11", config="warnings")]
    assert [f"{one.version('left')} {one.config}" for one in choose(of, 6)] == [
        *("1.0 stock", "1.5 stock", "1.10 stock"),
        *("1.0 warnings", "1.5 warnings", "1.10 warnings"),
    ]


def test_they_are_the_same_whatever_the_order_in_which_they_are_known() -> None:
    of = verdicts("pass*9 hang*4")
    assert choose(of, 5) == choose(list(reversed(of)), 5)


def test_what_was_not_run_is_not_run_again() -> None:
    (one, other) = verdicts("unsupported pass")
    no_wheel = verdict(one.cell, "unsupported", environment_digest="")
    assert choose([no_wheel, other], 5) == (other.cell,)


# --- what they say -------------------------------------------------------------------------------


def test_each_trial_is_judged_by_itself() -> None:
    """Together, a pass settles a trial that proved nothing, and a hang outweighs all."""
    found = compare(CELL, trials("slow pass pass hang"), PROBE)
    assert found.outcomes == {Outcome.UNPROVEN: 1, Outcome.PASS: 2, Outcome.HANG: 1}
    assert (found.trials, found.odd, found.agrees) == (4, 2, False)


def test_trials_with_one_outcome_agree_even_where_they_hang_in_two_ways() -> None:
    found = compare(CELL, trials("hang hang cycle"), PROBE)
    assert found.agrees
    assert [(str(given), count) for given, count in found.given] == [
        ("hang (self-deadlock) A → A", 2),
        ("hang (lock-cycle) A → B → A", 1),
    ]


def test_the_report_names_what_disagrees_and_how_often_with_its_interval() -> None:
    same = compare(CELL, trials("pass*4"), PROBE)
    other = compare(CELL, trials("pass*3 hang"), PROBE)
    assert lines([same, other]) == [
        f"disagrees: {CELL}",
        "  3 of 4: pass",
        "  1 of 4: hang (self-deadlock) A → A",
        f"  {CELL.reproduce}",
        "1 of 2 cells had trials with different outcomes: 50 % (9.5 % to 91 % at 95 % confidence)",
        "1 of 8 trials had another outcome than most of their cell: 12 % (2.2 % to 47 % at 95 % "
        "confidence)",
    ]


def test_a_report_of_nothing_claims_no_rate() -> None:
    assert lines([])[0] == "0 of 0 cells had trials with different outcomes"

"""Advice from the published results; the output marks it as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timezone

import pytest
from grids import cell, grid, matrix, verdict

from interlock.console.moves import Moves
from interlock.console.summary import Summary
from interlock.findings.findings import Findings
from interlock.model import Outcome, Verdict

ASKED = verdict(cell("1.0", "1.0"), "hang")
"""All cells that ran."""


def published(text: str, day: str = "2026-11-26") -> list[Verdict]:
    at = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
    return [replace(one, tested_at=at) for one in grid(text)]


def moves(
    known: Sequence[Verdict] = (), ran: Sequence[Verdict] = (ASKED,), today: str = "2026-12-24"
) -> Moves:
    findings = Findings(matrix=matrix(), verdicts=ran)
    return Moves(findings=findings, published=known, today=date.fromisoformat(today))


@pytest.mark.parametrize(
    ("known", "says"),
    [
        ("1.0 2.0\n 1.0 hang pass", "2.0 (published, tested 26 November)"),
        (
            "1.0 2.0 3.0\n 1.0 hang pass pass",
            "2.0 (nearest) or 3.0 (both published, tested 26 November)",
        ),
        # For the cell that ran, this run's verdict counts.
        ("1.0 2.0\n 1.0 pass pass", "2.0 (published, tested 26 November)"),
    ],
)
def test_a_move_that_only_the_published_results_know_says_so_with_their_age(
    known: str, says: str
) -> None:
    assert moves(published(known)).lines(ASKED.cell, None)[0] == f"move to right {says}"


def test_what_this_run_knows_itself_is_no_publication() -> None:
    ran = grid("1.0 2.0\n 1.0 hang pass")
    known = published("1.0 2.0\n 1.0 hang hang")
    assert moves(known, ran).lines(ASKED.cell, None)[0] == "move to right 2.0"
    more = published("3.0\n 1.0 pass")
    assert moves(more, ran).lines(ASKED.cell, None)[0] == (
        "move to right 2.0 (nearest) or 3.0 (published, tested 26 November)"
    )


def test_targets_of_different_ages_each_say_theirs() -> None:
    known = [*published("2.0\n 1.0 pass"), *published("3.0\n 1.0 pass", "2026-11-20")]
    assert moves(known).lines(ASKED.cell, None)[0] == (
        "move to right 2.0 (nearest, published, tested 26 November) or "
        "3.0 (published, tested 20 November)"
    )


def test_another_years_date_has_its_year() -> None:
    known = published("2.0\n 1.0 pass")
    (line, _) = moves(known, today="2027-01-02").lines(ASKED.cell, None)
    assert line == "move to right 2.0 (published, tested 26 November 2026)"


def test_without_published_results_the_run_has_nothing_to_move_to() -> None:
    assert moves().lines(ASKED.cell, None)[0] == "no newer right-lib release was tested"


def test_what_is_published_is_never_a_verdict_of_the_run() -> None:
    known = published("1.0 2.0\n 1.0 pass hang")
    with_advice = moves(known)
    ran = {ASKED.cell.key: ASKED}
    told = Summary.of([ASKED.cell], ran, with_advice.findings, with_advice)
    assert [v.outcome for v in told.asked] == [Outcome.HANG]
    assert with_advice.findings.verdicts == (ASKED,)
    said = told.so_far()
    assert said[0] == f"✗ hang (lock-cycle)  {ASKED.cell}"
    assert said[-1] == "No release passed all its tests (1 hang)."

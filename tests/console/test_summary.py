"""What a run prints on the requested cells and their follow-ups."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from grids import LEVEL, cell, forking, grid, matrix, verdict
from matrices import WAYS

from interlock.campaign.planning import Rerun
from interlock.console import ask, options
from interlock.console.ground import how_to_go_on
from interlock.console.moves import Moves
from interlock.console.summary import Summary
from interlock.console.telling import how_to_ask, question
from interlock.findings.findings import Findings
from interlock.findings.question import answer
from interlock.matrix.definition import ProbeUse
from interlock.model import Reason, Verdict

ASKED = [
    *grid("   1.0  2.0\n 1.0  hang pass", config="warnings", python="3.9"),
    *grid("   1.0  2.0\n 1.0  unsupported pass", config="warnings", python="3.10"),
]
# The workaround that is a configuration of its own, on one Python alone; one that does not help;
# and a library alone.
FOLLOWED = [
    *grid("   1.0  2.0\n 1.0  pass pass", config="stock", python="3.9"),
    verdict(cell(python="3.9", config="warnings+quiet"), "hang"),
    verdict(cell(right="-", python="3.9", config="warnings"), "hang"),
]


def told(asked: Sequence[Verdict], followed: Sequence[Verdict] = ()) -> Summary:
    known = {v.cell.key: v for v in (*asked, *followed)}
    findings = Findings(matrix=WAYS, verdicts=list(known.values()))
    cells = [v.cell for v in asked]
    return Summary.of(cells, known, findings, follow_ups=[v.cell for v in followed])


def test_what_is_safe_is_said_of_what_was_asked_for_before_and_after_the_follow_ups() -> None:
    passed = (
        "Passed here: right-lib 2.0, with everything run with it (1 hang, 1 unsupported, 2 pass"
    )
    for summary in (told(ASKED), told(ASKED, FOLLOWED)):
        (said,) = summary.safe()
        assert said.startswith(passed)


def test_a_workaround_that_does_not_help_is_no_story_of_its_own() -> None:
    lines = told(ASKED, FOLLOWED).lines()
    assert [line for line in lines if line.startswith("✗")] == [
        f"✗ hang (lock-cycle)  {ASKED[0].cell}"
    ]
    assert any(line.startswith("  quiet: helps in 0 of 1 cell") for line in lines)


def test_what_was_asked_for_is_a_story_whatever_it_is() -> None:
    lines = told(FOLLOWED[2:3]).lines()
    assert [line for line in lines if line.startswith("✗")] == [
        f"✗ hang (lock-cycle)  {FOLLOWED[2].cell}"
    ]


def test_a_release_is_called_safe_by_the_published_results_too_and_it_says_so() -> None:
    alone = told(ASKED).safe()[0]
    published = FOLLOWED[:2]
    by_now = told(ASKED)
    moves = Moves(findings=by_now.findings, published=published)
    known = {v.cell.key: v for v in ASKED}
    wider = Summary.of([v.cell for v in ASKED], known, by_now.findings, moves).safe()[0]
    assert "published" not in alone
    assert "published results included, right-lib 2.0 is safe" in wider
    assert by_now.asked == tuple(ASKED)


def test_the_answer_so_far_is_short() -> None:
    kinds = [line.split()[0] for line in told(ASKED).so_far()]
    assert kinds == ["✗", "move", "no", "Passed"]


def test_a_run_ends_with_the_command_that_asks_about_its_verdicts() -> None:
    known = [
        *grid("1.0 2.0\n1.0 pass hang"),
        verdict(cell(right="-"), "hang"),
        verdict(cell("1.1"), "unsupported", reason=Reason.NO_WHEEL),
    ]
    findings = Findings(matrix=WAYS, verdicts=known)
    folder = Path("my results")
    asked = [v.cell for v in known]
    hangs = "interlock ask --left 1.0 --right 2.0 --python 3.10 --results 'my results'"
    passes = "interlock ask --left 1.0 --right 1.0 --python 3.10 --results 'my results'"

    assert question(asked, findings, folder) == hangs
    assert question(asked[:1], findings, folder) == passes
    assert question(asked[2:], findings, folder) is None
    assert question([cell("7.0")], findings, folder) is None


@pytest.mark.parametrize(
    ("known", "asks"),
    [
        (grid("1.0 2.0\n1.0 pass hang", config="warnings"), "--right 2.0 … --config warnings"),
        # nobody can choose what `calm` sets
        (grid("1.0 2.0\n1.0 pass hang", config="calm"), "--right 2.0 …"),
        (
            grid("1.0 2.0\n1.0 hang pass", probe="serve"),
            "--right 1.0 … --config stock --with forking",
        ),
        # a hang comes before what proved nothing
        (grid("1.0 2.0\n1.0 unproven hang"), "--right 2.0 … --config stock"),
        (grid("1.0 2.0\n1.0 pass unproven"), "--right 2.0 … --config stock"),
    ],
)
def test_the_command_names_the_settings_of_the_cell_that_it_asks_about(
    known: Sequence[Verdict], asks: str
) -> None:
    uses = {"serve": ProbeUse(choices={"forking": "yes"})}
    forks = matrix(uses=uses, choices={**LEVEL, **forking("it forks")})
    findings = Findings(matrix=forks, verdicts=known)
    told = question([v.cell for v in known], findings, Path("r"))
    expected = asks.replace("…", "--python 3.10")
    assert told == f"interlock ask --left 1.0 {expected} --results r"


def test_the_command_gives_the_move_that_the_run_printed() -> None:
    """Without its settings, the question is about ``stock`` too, which did not run with 3.0."""
    known = [
        *grid("1.0 2.0 3.0\n1.0 hang pass pass", config="warnings"),
        *grid("1.0 2.0\n1.0 pass pass"),
    ]
    findings = Findings(matrix=matrix(), verdicts=known)
    command = question([known[0].cell], findings, Path("r"))
    assert command
    typed = options.parser("ask", findings.matrix, options.everywhere())
    asked = ask.question_of(typed.parse_args(shlex.split(command)[1:]), findings.matrix)
    nearest, newest = (target.version for target in answer(asked, findings).moves[0].targets)
    (right, _) = Moves(findings=findings).lines(known[0].cell, None)
    assert right == f"move to right {nearest} (nearest) or {newest}"


def test_it_is_said_where_the_advice_above_the_command_counts_published_results() -> None:
    known = grid("1.0\n1.0 hang")
    findings, asked = Findings(matrix=matrix(), verdicts=known), [v.cell for v in known]
    command = f"ask:      {question(asked, findings, Path('r'))}"

    assert [*how_to_ask(asked, findings, Path("r"), [])] == [command]
    first, second = how_to_ask(asked, findings, Path("r"), known)
    assert first == command
    assert "Without --results it answers by the published ones." in second
    assert [*how_to_ask([], findings, Path("r"), known)] == []


@pytest.mark.parametrize("rerun", [*Rerun, None])
def test_after_an_interruption_only_what_goes_on_is_said_to_go_on(rerun: Rerun | None) -> None:
    goes_on = rerun in (Rerun.MISSING, Rerun.STALE)
    assert ("to continue" in how_to_go_on(rerun)) is goes_on
    assert ("from the beginning" in how_to_go_on(rerun)) is not goes_on

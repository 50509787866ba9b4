"""What a run prints at its end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import NOON, cell, forking, grid, matrix, rows as did, verdict
from matrices import WAYS
from packaging.version import Version
from reported import FORKS, findings

from interlock.campaign.controls import ControlRecord, ControlResult
from interlock.campaign.followups import Why
from interlock.campaign.planning import Plan
from interlock.campaign.progress import LeftOpen
from interlock.console import report
from interlock.findings.weighing import Excluded
from interlock.matrix.definition import Control, ProbeUse, Workaround
from interlock.model import (
    Cell,
    EngineUnavailable,
    Outcome,
    Phase,
    Reason,
    Signature,
    Unsupported,
    Verdict,
)

# The stories --------------------------------------------------------------------------------------


def test_every_kind_of_hang_is_told_once_with_the_command_that_shows_it_again() -> None:
    worker = ((Signature(locks=("Worker._lock",)), 1),)
    handler = ((Signature(locks=("Handler.lock", "Worker._lock")), 1),)
    verdicts = [
        verdict(cell("1.0"), "hang", reason=Reason.SELF_DEADLOCK, signatures=worker, detail="A."),
        verdict(cell("1.1"), "hang", reason=Reason.SELF_DEADLOCK, signatures=worker, detail="B."),
        verdict(cell("1.2"), "hang", reason=Reason.LOCK_CYCLE, signatures=handler, detail="C."),
        verdict(cell("1.3")),
    ]
    lines = report.stories(verdicts, findings(verdicts))
    told = [line for line in lines if line.startswith("✗")]
    assert len(told) == 2
    assert told[0].endswith("(and 1 more like it)")
    assert [line.strip() for line in lines if "nox -s matrix" in line] == [
        verdicts[0].cell.reproduce,
        verdicts[2].cell.reproduce,
    ]


def test_a_story_says_what_to_move_to() -> None:
    known = grid("  1.0 2.0 3.0\n 1.0 hang pass pass")
    lines = report.stories(known, findings(known))
    assert "  move to right 2.0 (nearest) or 3.0" in lines


def test_a_story_says_how_to_find_a_release_to_move_to() -> None:
    command = "  nox -s matrix -- --left 1.0 --python 3.10"
    for known, expected in (
        (grid("1.0\n1.0 hang"), True),
        (grid("1.0 2.0\n1.0 hang pass"), False),
    ):
        assert (command in report.stories(known, findings(known))) is expected


def test_a_story_of_several_pythons_says_where_to_move_to_on_each() -> None:
    table = "1.0 2.0 3.0\n1.0 hang pass "
    on = {"3.9": "unsupported", "3.10": "pass", "3.11": "pass"}
    known = [v for p, newest in on.items() for v in grid(table + newest, python=p)]
    assert report.stories(known, findings(known), in_short=True)[1:] == [
        "  on Python 3.9: move to right 2.0",
        "  on Python 3.10 and 3.11: move to right 2.0 (nearest) or 3.0",
        "  no newer left-lib release was tested",
    ]


def test_what_is_moved_to_on_every_python_names_none() -> None:
    known = [v for p in ("3.9", "3.10") for v in grid("1.0 2.0\n1.0 hang pass", python=p)]
    assert "  move to right 2.0" in report.stories(known, findings(known))


def test_a_story_says_whose_it_is_by_all_that_is_known() -> None:
    known = did("pair: hang A 1/30; left: hang A 1/30; right: pass 500")
    lines = report.stories(known[:1], findings(known))
    assert any(line.startswith("  Caused by left-lib: left-lib 1.0 alone hangs") for line in lines)
    assert "  moving right-lib changes nothing: it is left-lib alone" in lines


def test_a_story_never_names_a_release_that_was_withdrawn() -> None:
    withdrawn: Excluded = {"right": frozenset({Version("2.0")})}
    known = grid("  1.0 2.0 3.0\n 1.0 hang pass pass")
    lines = report.stories(known, findings(known, withdrawn))
    assert "  move to right 3.0" in lines


def test_in_short_a_story_is_what_happens_and_where_to_move_to() -> None:
    known = grid("  1.0 2.0 3.0\n 1.0 hang pass pass")
    assert report.stories(known, findings(known), in_short=True) == [
        f"✗ hang (lock-cycle)  {cell('1.0', '1.0')}",
        "  move to right 2.0 (nearest) or 3.0",
        "  no newer left-lib release was tested",
    ]


def test_what_was_not_run_is_told_with_the_reason_the_commonest_first() -> None:
    def without(reason: str, *versions: str) -> list[Verdict]:
        return [verdict(cell(v), "unsupported", detail=f"{reason}.") for v in versions]

    few = [*without("no wheel", "1.0"), *without("no Python", "1.1", "1.2"), verdict(cell())]
    assert report.not_installed(few) == [
        "",
        "– 2 cells not run: no Python",
        "– 1 cell not run: no wheel",
    ]
    many = [v for n in range(6) for v in without(f"reason {n}", f"2.{n}")]
    assert report.not_installed(many)[-1] == "– 3 cells not run for other reasons"
    assert report.not_installed([verdict(cell())]) == []


def test_passes_are_no_stories() -> None:
    known = grid("  1.0\n 1.0 pass")
    assert report.stories(known, findings(known)) == []


def test_a_story_draws_on_what_was_found_before() -> None:
    known = grid("  1.0 2.0 3.0\n 1.0 hang pass pass")
    asked = [one for one in known if str(one.outcome) == "hang"]
    lines = report.stories(asked, findings(known))
    assert "  move to right 2.0 (nearest) or 3.0" in lines


def test_the_command_of_a_story_runs_just_that_cell() -> None:
    of = cell("2.5.1", "2.14.2", "3.10", config="warnings")
    assert of.reproduce == (
        "nox -s matrix -- --left 2.5.1 --right 2.14.2 --python 3.10 "
        "--probe restart --config warnings --rerun all --no-follow-ups"
    )


def test_the_command_says_what_was_left_out() -> None:
    assert "--left 1.0 --right - --python" in cell("1.0", "-").reproduce


# The plan -----------------------------------------------------------------------------------------


def plan(run: int, decided: int = 0, known: int = 0, seconds: float = 90.0) -> Plan:
    why = Unsupported(phase=Phase.INSTALL, reason=Reason.NO_WHEEL, detail="no wheel")
    return Plan(
        cells=tuple(cell(f"1.{n}") for n in range(run)),
        unsupported={cell(f"2.{n}"): why for n in range(decided)},
        known=tuple(cell(f"3.{n}") for n in range(known)),
        seconds=seconds,
    )


def test_the_plan_is_one_line() -> None:
    said = "12 cells to run, 3 that can't be installed, 4 with a verdict that is still valid"
    assert report.planned(plan(12, 3, 4), 2) == f"{said}, about 1 min 30 s with 2 jobs"
    assert report.planned(plan(1), 1) == "1 cell to run, about 1 min 30 s with 1 job"


def test_a_plan_of_nothing_promises_no_time() -> None:
    assert (
        report.planned(plan(0, known=4), 2)
        == "nothing to run, 4 with a verdict that is still valid"
    )


CONTROL = Control(cell=cell("0.9"), expect=Outcome.HANG)


def test_the_plan_says_what_is_run_to_see_that_hangs_are_seen() -> None:
    of = replace(plan(12), controls=(CONTROL,) * 3, rounds=2)
    begins = "12 cells to run, 3 controls beside them (cells with known answers, each 2 times), "
    assert report.planned(of, 2).startswith(begins)
    one = replace(of, controls=(CONTROL,), rounds=1)
    assert "1 control beside them (a cell with a known answer)" in report.planned(one, 2)
    assert report.cells(of).startswith(f"control      {CONTROL.cell}: hang\n")


def test_what_may_follow_is_said_before_it_begins() -> None:
    kinds = {Why.WORKAROUND: 6, Why.BASELINE: 1}
    assert report.at_most(plan(7), kinds) == (
        "then follow-ups of what does not pass: at most 7 cells more, 6 with a workaround and "
        "1 with one library alone; about 1 min 30 s"
    )
    assert report.at_most(plan(0), {}) == ""


@pytest.mark.parametrize(
    ("for_all", "whose"), [(False, "restart on Python 3.10"), (True, "every probe on Python 3.10")]
)
def test_a_control_that_differs_says_which_passes_prove_nothing(for_all: bool, whose: str) -> None:
    passed = ControlResult(
        campaign="c", control=CONTROL, at=NOON, outcome=Outcome.PASS, exposures=9, load=0.0
    )
    differs, as_known = (ControlRecord(control=CONTROL, for_all=for_all) for _ in range(2))
    differs.add(passed)
    as_known.add(replace(passed, outcome=Outcome.HANG))
    (line,) = report.doubts([as_known, differs], "run it again")
    assert line.startswith(f"the passes of {whose}, and on Pythons without such a control, ")
    assert line.endswith(f"{differs}; run it again")


WARNED = "warnings"


def test_workarounds_are_counted_where_they_were_tried_on_what_did_not_pass() -> None:
    verdicts = [
        *grid("1.0 1.1 2.0\n1.0 hang hang pass", config=WARNED),
        *grid("1.0 1.1 2.0\n1.0 pass hang pass", config=f"{WARNED}+quiet"),
        *grid("1.0 1.1 2.0\n1.0 pass pass hang", config="stock"),
        verdict(cell(right="-", config=WARNED), "hang"),
    ]
    ways = {
        name: replace(way, title=f"title of {name}", costs=f"What {name} costs.")
        for name, way in WAYS.workarounds.items()
    }
    assert report.workarounds(verdicts, replace(WAYS, workarounds=ways)) == [
        "",
        "workarounds, tried where restart · warnings did not pass:",
        "  as-stock: helps in 2 of 2 cells (title of as-stock)",
        "    What as-stock costs.",
        "  quiet: helps in 1 of 2 cells (title of quiet)",
        "    What quiet costs.",
    ]
    assert report.workarounds(grid("1.0\n1.0 pass", config=WARNED), WAYS) == []


@pytest.mark.parametrize(
    ("of", "is_plain"),
    [
        (cell(), True),
        (cell(config="warnings"), True),
        (cell(config="warnings+quiet"), False),
        (cell(config="stock@release"), False),
        (cell(right="-"), False),
    ],
)
def test_what_is_safe_is_read_from_pairs_in_configurations_of_their_own(
    of: Cell, is_plain: bool
) -> None:
    assert report.is_plain(of, WAYS) is is_plain


def test_a_dry_run_lists_every_cell_with_what_becomes_of_it() -> None:
    lines = report.cells(plan(1, 1, 1)).splitlines()
    assert [line.split()[0] for line in lines] == ["run", "unsupported", "known"]
    assert lines[1].endswith("no wheel")


def test_what_stays_open_is_a_line_a_cause() -> None:
    events = [
        LeftOpen(cells=(cell("1.0"), cell("1.1")), trouble=EngineUnavailable("the engine is gone")),
        LeftOpen(cells=(cell("1.2"),), trouble=KeyError("x")),
    ]
    first, second = report.left_open(events).splitlines()
    assert first.startswith("2 cells left open: the engine is gone")
    assert second.startswith("1 cell left open: KeyError")


def test_what_is_about_one_kind_of_application_is_told_behind_all_else() -> None:
    known = matrix(
        uses={"serve": ProbeUse(choices={"forking": "yes"})}, choices=forking("it forks")
    )
    kind = known.applications["forking"]
    serve, restart = did("pair by serve: pass 9; pair: pass 9")

    assert report.by_application([serve, restart], known) == [
        (None, [restart]),
        (kind, [serve]),
    ]
    assert report.by_application([serve], known) == [(kind, [serve])]
    assert report.by_application([], known) == [(None, [])]


def test_for_a_kind_of_application_it_is_told_what_helps_and_no_release_to_move_to() -> None:
    known = grid("1.0 2.0\n1.0 hang pass")
    lines = report.stories(
        known, findings(known, choices=forking("it forks", instead=FORKS.instead)), kind=FORKS
    )
    assert "  Start it in the child." in lines
    assert not any("move to" in line for line in lines)
    assert any("move to" in line for line in report.stories(known, findings(known)))


def test_a_workaround_against_a_rare_hang_is_counted_by_exposures_and_not_called_a_help() -> None:
    quiet = Workaround(name="quiet", title="keep quiet", description="", costs="Nothing.")
    use = ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})
    known = matrix(uses={"serve": use}, choices=forking(), workarounds={"quiet": quiet})
    verdicts = did("pair by serve: hang A 1/30; pair+quiet by serve: pass 50")
    lines = report.workarounds(verdicts, known)
    assert "  quiet: hung in 0 of 50 starts (keep quiet)" in lines
    assert not any("helps" in line for line in lines)

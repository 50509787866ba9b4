"""What a run prints at its end."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import AXES, LEVEL, NOON, cell, forking, grid, matrix, rows as did, verdict
from languages import PROBE
from matrices import WAYS
from packaging.version import Version
from rich.console import Console

from interlock.campaign.controls import ControlRecord, ControlResult
from interlock.campaign.followups import Why
from interlock.campaign.planning import Plan
from interlock.campaign.progress import LeftOpen
from interlock.console import report, tables
from interlock.findings.findings import Findings
from interlock.findings.weighing import Excluded
from interlock.matrix.definition import Application, Control, ProbeUse, Workaround
from interlock.model import (
    Cell,
    Configuration,
    EngineUnavailable,
    Outcome,
    Phase,
    Reason,
    Signature,
    Unsupported,
    Verdict,
)
from interlock.publish import applications
from interlock.publish.context import PageContext
from interlock.record.results import Results

CONFIGURATIONS = {
    name: Configuration(name=name, title=title, description="")
    for name, title in (("stock", "as it comes"), ("warnings", "with warnings"))
}


def findings(
    verdicts: Sequence[Verdict], withdrawn: Excluded | None = None, **changes: object
) -> Findings:
    return Findings(matrix=matrix(**changes), verdicts=verdicts, withdrawn=withdrawn or {})


def drawn(verdicts: Sequence[Verdict], rare: tables.Rare = lambda _: None) -> list[str]:
    output = io.StringIO()
    console = Console(file=output, width=120)
    for part in tables.tables(verdicts, AXES, {"restart": PROBE}, CONFIGURATIONS, rare):
        console.print(part)
    return output.getvalue().splitlines()


def rows(verdicts: Sequence[Verdict], rare: tables.Rare = lambda _: None) -> list[list[str]]:
    """The cells of the tables' bodies."""
    return [
        [part.strip() for part in line.strip("│").split("│")]
        for line in drawn(verdicts, rare)
        if line.startswith("│")
    ]


def safe(text: str) -> str:
    verdicts = grid(text)
    return report.safe(verdicts, findings(verdicts))


# The tables ---------------------------------------------------------------------------------------


def test_a_table_has_a_row_for_the_releases_and_a_column_for_each_python() -> None:
    verdicts = [
        *grid("   1.0  2.0\n 1.0  hang pass", python="3.9"),
        *grid("   1.0  2.0\n 1.0  hang unproven", python="3.10"),
    ]
    assert rows(verdicts) == [["1.0", "1.0", "✗", "✗"], ["1.0", "2.0", "✓", "?"]]


def test_pythons_and_releases_stand_in_version_order() -> None:
    verdicts = [
        *grid("   2.10  2.9\n 1.0  pass hang", python="3.10"),
        *grid("   2.10  2.9\n 1.0  fail fail", python="3.9"),
    ]
    assert rows(verdicts) == [["1.0", "2.9", "!", "✗"], ["1.0", "2.10", "!", "✓"]]


def test_what_was_not_run_is_left_blank() -> None:
    verdicts = [
        *grid("   1.0\n 1.0  pass", python="3.9"),
        *grid("   2.0\n 1.0  pass", python="3.10"),
    ]
    assert rows(verdicts) == [["1.0", "1.0", "✓", ""], ["1.0", "2.0", "", "✓"]]


def test_a_library_that_was_left_out_is_a_dash() -> None:
    assert rows([verdict(cell("-", "1.0"), "unsupported")]) == [["-", "1.0", "–"]]


def test_each_configuration_has_a_table_that_names_it_in_words() -> None:
    lines = drawn([*grid("  1.0\n 1.0 pass"), *grid("  1.0\n 1.0 hang", config="warnings")])
    titles = [line for line in lines if "restart · " in line]
    assert titles == ["restart · stock: as it comes", "restart · warnings: with warnings"]


def test_signs_are_explained() -> None:
    text = "\n".join(drawn(grid("  1.0\n 1.0 pass")))
    for sign in ("✓ pass", "✗ hang", "! fail", "– unsupported", "? unproven"):
        assert sign in text


def test_the_sign_of_a_library_that_was_left_out_is_explained_where_it_is() -> None:
    explained = "- library left out"
    assert drawn([verdict(cell("-", "1.0"))])[-1].endswith(explained)
    assert explained not in "\n".join(drawn(grid("  1.0\n 1.0 pass")))


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn([]) == []


# What is safe -------------------------------------------------------------------------------------


def test_a_release_passed_here_with_everything_it_was_run_with() -> None:
    sentence = safe(
        """
               1.0   2.0
        1.0    hang  pass
        1.1    hang  pass
        """
    )
    assert sentence.startswith("Passed here: right-lib 2.0, with everything")
    assert "2 hang" in sentence
    assert "2 pass" in sentence


def test_one_hang_is_enough_for_a_release_not_to_pass() -> None:
    sentence = safe(
        """
               1.0   2.0
        1.0    hang  pass
        1.1    pass  fail
        """
    )
    assert not sentence.startswith("Passed")


def test_where_all_passed_it_says_so() -> None:
    assert safe("  1.0\n 1.0 pass\n 1.1 pass").startswith(
        "Passed here: everything that was run (2 pass)."
    )


def test_that_all_passed_makes_nothing_safe() -> None:
    """The probe ``serve`` and the configuration ``warnings`` did not run."""
    assert safe("  1.0\n 1.0 pass").endswith("That is too little to call a release safe.")


def test_what_is_safe_is_read_from_all_that_is_known() -> None:
    known = [
        verdict(cell(left, probe=probe, config=config))
        for left in ("1.0", "1.1")
        for probe in ("restart", "serve")
        for config in ("stock", "warnings")
    ]
    assert report.safe(known[:1], findings(known)).endswith(
        "By all known verdicts, right-lib 1.0 is safe."
    )


WHOLE = [
    verdict(cell(left, probe="restart", config=config))
    for left in ("1.0", "1.1")
    for config in ("stock", "warnings")
]
"""All that is asked of a release where ``serve`` is about one kind of application."""
FORKS_IN_SERVE = {"serve": ProbeUse(choices={"forking": "yes"})}


def forked(outcomes: str) -> list[Verdict]:
    return grid(f"1.0 2.0\n1.0 {outcomes}", probe="serve")


@pytest.mark.parametrize(
    ("serve", "says"),
    [
        ("pass pass", "right-lib 1.0 is safe."),
        ("hang pass", "right-lib 1.0 is safe. Not where it forks: it can hang there."),
    ],
)
def test_a_safe_release_is_called_safe_with_the_exception_that_the_page_names(
    serve: str, says: str
) -> None:
    known = findings(
        [*WHOLE, *forked(serve)], uses=FORKS_IN_SERVE, choices={**LEVEL, **forking("it forks")}
    )
    assert report.safe(WHOLE, known).endswith(f"By all known verdicts, {says}")
    context = PageContext(
        matrix=known.matrix,
        results=Results(verdicts=list(known.verdicts), signatures=[], yanked={}, controls=[]),
    )
    on_page = [f"{kind.where} {kind.says}" for kind in applications.warnings(context)]
    assert all(warning in says for warning in on_page)
    assert bool(on_page) is ("hang" in serve)


@pytest.mark.parametrize(
    ("rare", "says"),
    [
        ("pass pass", 'with everything run with it (2 "no hang seen", 1 pass in all).'),
        ("hang pass", '(1 hang, 1 "can hang, rarely", 1 pass in all).'),
    ],
)
def test_a_cell_without_a_rare_hang_counts_as_no_pass(rare: str, says: str) -> None:
    """Hangs of ``calm`` are rare: nothing makes the race likelier there."""
    verdicts = [verdict(cell("1.0", "2.0")), *grid(f"1.0 2.0\n1.0 {rare}", config="calm")]
    assert says in report.safe(verdicts, findings(verdicts))


def test_rare_hangs_that_were_not_seen_are_no_passed_tests() -> None:
    verdicts = grid("1.0 2.0\n1.0 pass pass", config="calm")
    assert report.safe(verdicts, findings(verdicts)) == (
        'No hang was seen, but a rare one is possible (2 "no hang seen").'
    )


def test_a_withdrawn_release_is_not_named() -> None:
    known = grid("  1.0\n 1.0 pass")
    withdrawn: Excluded = {"right": {Version("1.0")}}
    assert "right-lib 1.0" not in report.safe(known, findings(known, withdrawn))


def test_where_nothing_ran_nothing_is_safe() -> None:
    assert "nothing is known to be safe" in safe("  1.0\n 1.0 unsupported")
    assert "nothing is known to be safe" in report.safe([], findings([]))


def test_what_proves_nothing_is_not_safe() -> None:
    assert not safe("  1.0\n 1.0 unproven").startswith("Passed")


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


def test_what_one_library_does_alone_takes_no_safety_from_the_other() -> None:
    pair, *alone = did("pair: hang A 1/30; left: hang A 1/30; right: pass 500")
    passing = verdict(cell("1.0", "1.0", probe="serve"))
    said = report.safe([pair, passing], findings([pair, passing, *alone]))
    assert said.startswith("Passed here: right-lib 1.0, with everything run with it")


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


def test_counts_stand_worst_first() -> None:
    verdicts = grid("  1.0 2.0 3.0\n 1.0 pass hang fail\n 1.1 pass unproven unsupported")
    assert report.counted(verdicts) == "1 hang, 1 fail, 1 unproven, 1 unsupported, 2 pass"


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


FORKS = Application(
    name="forking", title="it forks", description="", instead="Start it in the `child`."
)


def test_for_a_kind_of_application_it_is_told_what_helps_and_no_release_to_move_to() -> None:
    known = grid("1.0 2.0\n1.0 hang pass")
    lines = report.stories(
        known, findings(known, choices=forking("it forks", instead=FORKS.instead)), kind=FORKS
    )
    assert "  Start it in the child." in lines
    assert not any("move to" in line for line in lines)
    assert any("move to" in line for line in report.stories(known, findings(known)))


@pytest.mark.parametrize(
    ("did", "says"),
    [
        (
            "hang pass",
            "Where it forks: 1 hang, 1 without a hang. A hang is rare there, so a pass proves "
            "little. By release line: can hang, rarely: 1 of 100 starts with right-lib 1.0.x, "
            "0.025 % to 5.4 %; can hang, rarely: 1 of 200 starts with left-lib 1.0.x, 0.013 % to "
            "2.8 %. Start it in the child.",
        ),
        (
            "unsupported unsupported",
            "Where it forks: nothing was run, so nothing is known to be safe.",
        ),
    ],
)
def test_of_a_kind_of_application_no_release_is_called_safe(did: str, says: str) -> None:
    verdicts = grid(f"1.0 2.0\n1.0 {did}", probe="serve")
    uses = {"serve": ProbeUse(choices={"forking": "yes"})}
    known = findings(verdicts, uses=uses, choices=forking())
    assert report.in_kind(verdicts, FORKS, known) == says


def test_the_tables_show_no_pass_of_a_rare_hang() -> None:
    verdicts = grid("1.0 2.0\n1.0 hang pass")
    known = findings(
        verdicts, uses={"restart": ProbeUse(choices={"forking": "yes"})}, choices=forking()
    )
    lines = drawn(verdicts, known.instead_of_pass)
    assert [row[-1] for row in rows(verdicts, known.instead_of_pass)] == ["✗", "◐"]
    assert lines[-1].endswith("◐ can hang, rarely")
    assert "can hang" not in drawn(verdicts)[-1]
    passed = grid("1.0 2.0\n1.0 pass pass")
    known = replace(known, verdicts=passed)
    assert [row[-1] for row in rows(passed, known.instead_of_pass)] == ["○", "○"]
    assert drawn(passed, known.instead_of_pass)[-1].endswith("○ no hang seen, which is no pass")


def test_a_workaround_against_a_rare_hang_is_counted_by_exposures_and_not_called_a_help() -> None:
    quiet = Workaround(name="quiet", title="keep quiet", description="", costs="Nothing.")
    use = ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})
    known = matrix(uses={"serve": use}, choices=forking(), workarounds={"quiet": quiet})
    verdicts = did("pair by serve: hang A 1/30; pair+quiet by serve: pass 50")
    lines = report.workarounds(verdicts, known)
    assert "  quiet: hung in 0 of 50 starts (keep quiet)" in lines
    assert not any("helps" in line for line in lines)

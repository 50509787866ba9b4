"""Where an answer says to move to, and what helps until then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import grids
import pytest
from grids import LEVEL, cell, grid, matrix, rows, verdict
from packaging.version import Version
from questions import FORKING, asked, levels, missing, one, says, targets

from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis
from interlock.findings.question import (
    Question,
    answer,
)
from interlock.matrix.definition import Only, ProbeUse, Workaround
from interlock.model import (
    Cell,
    Outcome,
    PythonVersion,
    Reason,
    Signature,
    Target,
    UsageError,
    Verdict,
)


def test_it_says_where_to_move_in_the_configuration_and_in_every_one() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 hang pass pass"),
        *grid("1.0 2.0 3.0\n1.0 pass hang pass", config="warnings"),
    ]
    found = asked(verdicts, chosen="every")

    no_left = "no newer left-lib release was tested"
    # 2.0 passes in stock, and hangs with warnings: the reader may have these
    assert targets(found.parts[0].moves) == ["right 3.0 3.0", no_left]
    assert other_settings(found.parts[0].moves) == ["2.0 hangs in WARNING"]
    assert targets(found.moves) == ["right 3.0 3.0", no_left]
    assert asked(verdicts, right="3.0").moves == ()


def test_nobody_moves_for_a_setting_that_nothing_is_run_with_here() -> None:
    """It would not be known of the next release either."""
    narrowed = {"only": {"warnings": Only(versions={"left": (Version("3.0"),)})}}
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 pass pass pass\n3.0 pass pass pass"),
        *grid("1.0 2.0 3.0\n3.0 pass pass pass", config="warnings"),
    ]
    found = asked(verdicts, chosen="every", **narrowed)
    assert [says(part) for part in found.parts] == ["pass, tested", "nothing, unknown"]
    assert [part.is_meant for part in found.parts] == [True, False]
    assert found.moves == () and found.smallest is None
    # where it is to be run, and was not, a release that passes is told
    wide = asked(verdicts, chosen="every")
    assert targets(wide.moves) == ["left 3.0 3.0"]


def test_only_a_workaround_that_passed_on_these_very_cells_is_offered() -> None:
    ways = {
        n: Workaround(name=n, title=n, description="", costs=f"{n}.") for n in ("quiet", "calm")
    }
    known = {
        "uses": {"restart": ProbeUse(workarounds={"stock": tuple(ways)})},
        "workarounds": ways,
    }
    verdicts = [
        *grid("1.0 2.0\n1.0 hang hang"),
        *grid("1.0 2.0\n1.0 pass pass", config="stock+quiet"),
        *grid("1.0 2.0\n1.0 hang pass", config="stock+calm"),
    ]
    found = one(verdicts, **known)
    assert [(o.way.name, o.way.costs) for o in found.workarounds] == [("quiet", "quiet.")]
    assert len(one(verdicts, right="2.0", **known).workarounds) == 2


def test_a_workaround_that_was_run_with_less_switched_on_is_not_offered() -> None:
    quiet = Workaround(name="quiet", title="quiet", description="", costs="Nothing.")
    known = {
        "uses": {"restart": ProbeUse(workarounds={"stock": ("quiet",)})},
        "workarounds": {"quiet": quiet},
    }
    verdicts = [verdict(cell(), "hang"), verdict(cell(config="stock+quiet"))]
    assert [o.way.name for o in one(verdicts, **known).workarounds] == ["quiet"]
    louder = one(verdicts, chosen="warnings", **known)
    assert (says(louder), louder.workarounds) == ("hang, tested", ())


def test_where_nothing_helps_with_all_switched_on_it_says_what_helps_with_less() -> None:
    quiet = Workaround(name="quiet", title="quiet", description="", costs="Nothing.")
    known = {
        "uses": {"restart": ProbeUse(workarounds={"stock": ("quiet",)})},
        "workarounds": {"quiet": quiet},
    }
    verdicts = [*grid("1.0 2.0\n1.0 hang pass"), verdict(cell(config="stock+quiet"))]
    (less,) = one(verdicts, chosen="warnings", **known).fewer
    assert less.situation["level"] == "ERROR"
    assert targets(less.moves)[0] == "right 2.0 2.0"
    assert [o.way.name for o in less.workarounds] == ["quiet"]
    # with a release that passes with all of it, nothing less is told
    helped = [*verdicts, verdict(cell("1.0", "2.0", config="warnings"))]
    assert one(helped, chosen="warnings", **known).fewer == ()
    assert one(verdicts, **known).fewer == ()


def test_no_release_for_every_setting_is_not_called_no_help_at_all() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 hang pass hang"),
        *grid("1.0 2.0 3.0\n1.0 hang hang pass", config="warnings"),
    ]
    found = asked(verdicts, chosen="every")
    assert targets(found.moves) == [
        "no right-lib release that was tested passes in every setting",
        "no newer left-lib release was tested",
    ]
    assert targets(found.parts[0].moves)[0] == "right 2.0 2.0"


def test_releases_that_cannot_be_installed_have_somewhere_to_move_to() -> None:
    refused = [
        verdict(cell(config=config), "unsupported", reason=Reason.NO_WHEEL)
        for config in ("stock", "warnings")
    ]
    found = asked([*refused, *HALF], chosen="every")
    assert {part.basis for part in found.parts} == {AnswerBasis.INDEX}
    assert targets(found.moves) == ["right 4.0 4.0"]
    assert [targets(part.passing) for part in found.parts] == [["right 4.0 4.0"]] * 2


@pytest.mark.parametrize(
    ("here", "expected"),
    [("pass", ["forking"]), ("fail", []), ("unsupported", []), ("hang", ["forking"])],
)
def test_a_kind_of_application_that_never_gets_to_hang_has_no_note(
    here: str, expected: list[str]
) -> None:
    """Other releases of the line hang, rarely, where the process forks."""
    forks = {"serve": ProbeUse(choices={"forking": "yes"})}
    known = {"choices": {**LEVEL, **grids.forking()}, "uses": forks}
    reason = {"reason": Reason.NO_WHEEL} if here == "unsupported" else {}
    hung = verdict(cell("1.1", probe="serve"), "hang")
    found = asked([verdict(cell(), here, **reason), hung], chosen="every", **known)
    assert [note.kind.name for note in found.kinds] == expected


LACKS = "moving right-lib does not help: left-lib 1.0 lacks the level"


@pytest.mark.parametrize(
    ("axis", "after", "expected"),
    [
        # the library that lacks the feature stays, and what hung passes after the move
        ("left", [verdict(cell(right="2.0")), missing()], "right 2.0 2.0"),
        # the move itself loses the feature
        ("right", [verdict(cell(right="2.0")), missing()], "no right-lib release"),
        ("left", [verdict(cell(right="2.0"), "hang"), missing()], "no right-lib release"),
        ("left", [missing()], "no right-lib release"),
    ],
)
def test_a_feature_that_another_library_lacks_is_no_reason_against_a_move(
    axis: str, after: list[Verdict], expected: str
) -> None:
    probes = matrix().probes
    serve = replace(probes["serve"], configs=("warnings",), needs=(axis,))
    restart = replace(probes["restart"], configs=("stock",))
    known = {"probes": {"restart": restart, "serve": serve}}
    here = cell(probe="serve", config="warnings")
    verdicts = [verdict(cell(), "hang"), verdict(here, "hang"), *after]
    assert targets(asked(verdicts, chosen="every", **known).moves)[0].startswith(expected)
    # where the very feature is asked for, no release helps that leaves it missing
    told = one(verdicts, chosen="warnings", **known)
    assert targets(told.moves)[0].startswith(LACKS if axis == "left" else expected)
    assert [seen.verdict.reason for seen in told.lacking] == (
        [Reason.NO_FEATURE] if axis == "left" else []
    )


HALF = [
    *grid("2.0 3.0 4.0\n1.0 pass pass pass"),
    *grid("2.0 3.0 4.0\n1.0 hang hang pass", config="warnings"),
]


def test_where_nothing_is_known_no_release_is_named_that_hangs_in_other_settings() -> None:
    found = asked(HALF, chosen="every")
    assert levels(found) == ["ERROR None", "WARNING None"]
    assert [targets(part.passing) for part in found.parts] == [["right 4.0 4.0"]] * 2
    assert targets(found.moves) == ["right 4.0 4.0"]


def test_where_settings_are_named_what_passes_in_all_of_them_comes_first() -> None:
    (move,) = one(HALF).passing
    assert targets([move]) == ["right 4.0 4.0"]
    assert other_settings([move]) == ["2.0 hangs in WARNING", "3.0 hangs in WARNING"]
    # without such a release, the target itself has the warning
    (alone,) = one(HALF[:-1]).passing
    assert (targets([alone]), alone.is_for_these_settings) == (["right 4.0 4.0"], False)
    (hanging,) = one([*HALF[:2], *HALF[3:5]]).passing
    assert (targets([hanging]), hanging.is_for_these_settings) == (["right 2.0 3.0"], True)
    # and an answer for every setting does not name it
    every = asked([*HALF[:2], *HALF[3:5]], chosen="every")
    assert [part.passing for part in every.parts] == [(), ()]


def other_settings(moves: Sequence[Move]) -> list[str]:
    found = [one for move in moves for one in move.other_settings]
    return [f"{one.version} {one.outcome}s in {one.situation['level']}" for one in found]


def test_settings_that_these_releases_were_not_run_with_do_not_hide_a_move() -> None:
    """A hang with less switched on concerns ``warnings``, which nothing was run with."""
    narrowed = {"only": {"warnings": Only(versions={"left": (Version("3.0"),)})}}
    elsewhere = verdict(cell("3.0", config="warnings"))
    verdicts = [*grid("1.0 2.0\n1.0 hang pass"), elsewhere]
    found = asked(verdicts, chosen="every", **narrowed)
    assert levels(found) == ["ERROR hang", "WARNING hang"]
    assert targets(found.moves)[0] == "right 2.0 2.0"


@pytest.mark.parametrize(
    ("elsewhere", "expected"),
    [
        ([cell(python="3.9"), cell(python="3.12")], ("3.9 3.12", True)),
        ([cell("2.0", python="3.9")], ("3.9", False)),
        # in another situation alone, and where a neighbour on the same Python is known
        ([cell(python="3.9", config="calm")], None),
        ([cell("2.0", python="3.9"), cell("2.0")], None),
    ],
)
def test_what_was_not_tested_names_the_pythons_that_were(
    elsewhere: list[Cell], expected: tuple[str, bool] | None
) -> None:
    found = one([verdict(of) for of in elsewhere]).elsewhere
    told = found and (" ".join(map(str, found.pythons)), found.with_these)
    assert told == expected


def test_a_python_without_a_wheel_is_no_place_where_it_was_tested() -> None:
    run = verdict(cell(python="3.9"))
    refused = verdict(cell(python="3.12"), "unsupported", reason=Reason.NO_WHEEL)
    found = one([run, refused]).elsewhere
    assert found and [*map(str, found.pythons)] == ["3.9"]


def test_of_a_rare_hang_no_single_pass_is_a_way_out() -> None:
    quiet = Workaround(name="quiet", title="quiet", description="", costs="Nothing.")
    use = ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})
    verdicts = [
        verdict(cell(probe="serve"), "hang"),
        verdict(cell("1.0", "2.0", probe="serve")),
        verdict(cell(probe="serve", config="stock+quiet")),
        *grid("1.0 2.0\n1.0 pass pass"),
    ]
    known = {**FORKING, "uses": {"serve": use}, "workarounds": {"quiet": quiet}}
    found = asked(verdicts, chosen="forking", **known)
    (part,) = found.parts
    assert says(part) == "hang, tested"
    assert part.moves == found.moves == part.workarounds == ()
    assert found.advice == ("Start it in the child.",)
    (rate,) = found.rates
    assert (rate.probe, rate.pool.hangs, rate.pool.exposures) == ("serve", 1, 200)
    # a hang that everybody has is not rare
    everybodys = [verdict(cell(), "hang"), verdict(cell("1.0", "2.0", probe="serve"))]
    common = asked(everybodys, chosen="forking", **known)
    assert (common.advice, common.rates) == ((), ())
    # beside the answer to a question that leaves the choice open
    unstated = asked(verdicts, chosen="every", **known)
    assert unstated.worst and unstated.worst.outcome is Outcome.PASS
    assert [(note.kind.name, note.hangs) for note in unstated.kinds] == [("forking", 1)]


def test_a_move_leads_to_a_pass_of_the_same_question() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0 4.0\n1.0 hang pass pass pass"),
        *grid("1.0 2.0 3.0 4.0\n1.0 pass hang pass unproven", config="warnings"),
    ]
    for chosen in ("every", "stock", "warnings"):
        found = asked(verdicts, chosen=chosen)
        led = [m.nearest.version for m in found.moves if isinstance(m.nearest, Target)]
        assert led, chosen
        for version in led:
            there = asked(verdicts, right=str(version), chosen=chosen)
            assert there.worst and there.worst.outcome is Outcome.PASS


def test_what_another_library_does_alone_keeps_nobody_from_a_release() -> None:
    alone = Signature(locks=("B",))
    own = {"signatures": ((alone, 3),), "trials": 3, "hangs": 3, "reason": Reason.SELF_DEADLOCK}
    verdicts = [
        *rows("pair: hang A 3/90; left: pass 500; right: pass 500"),
        *rows("pair by serve: hang B 3/90; left by serve: hang B 3/90; right by serve: pass 500"),
        verdict(cell("1.0", "2.0")),
        verdict(cell("1.0", "2.0", probe="serve"), "hang", **own),
    ]
    found = asked(verdicts)
    assert {t.attribution.whose for t in found.parts[0].troubles} == {"pair", "left"}
    assert targets(found.moves)[0] == "right 2.0 2.0"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({"gone": "yes"}, '"gone" is no choice: there is level'),
        ({"level": "LOUD"}, '"LOUD" is no value of level: there is ERROR and WARNING'),
    ],
)
def test_what_is_not_there_is_named(chosen: dict[str, str], expected: str) -> None:
    versions = {"left": Version("1.0"), "right": Version("1.0")}
    question = Question(versions=versions, python=PythonVersion(3, 10), chosen=chosen)
    with pytest.raises(UsageError) as problem:
        answer(question, Findings(matrix=matrix(), verdicts=[]))
    assert str(problem.value) == expected

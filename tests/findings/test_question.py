"""One question, and its answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grids
import pytest
from grids import LEVEL, NOON, cell, grid, matrix, rows, verdict
from packaging.version import Version

from interlock.findings import attribution, situation
from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import (
    Answer,
    AnswerBasis,
    Question,
    SituationAnswer,
    answer,
)
from interlock.matrix.definition import Only, ProbeUse, Workaround
from interlock.model import (
    Cell,
    NoTarget,
    Outcome,
    PythonVersion,
    Reason,
    Signature,
    Target,
    UsageError,
    Verdict,
)

CHOSEN: dict[str, dict[str, str]] = {
    "stock": {"level": "ERROR"},
    "warnings": {"level": "WARNING"},
    "forking": {"forking": "yes"},
    "every": {},
}


def asked(
    verdicts: list[Verdict],
    left: str = "1.0",
    right: str = "1.0",
    chosen: str = "stock",
    **changes: object,
) -> Answer:
    return answer(
        Question(
            versions={"left": Version(left), "right": Version(right)},
            python=PythonVersion(3, 10),
            chosen=CHOSEN[chosen],
        ),
        Findings(matrix=matrix(**changes), verdicts=verdicts),
    )


def one(verdicts: list[Verdict], **of: object) -> SituationAnswer:
    (found,) = asked(verdicts, **of).parts  # type: ignore[arg-type]
    return found


def says(found: SituationAnswer) -> str:
    return f"{found.outcome or 'nothing'}, {found.basis}"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ("1.0\n1.0 hang", "hang, tested"),
        ("1.0\n1.0 fail", "fail, tested"),
        ("1.0\n1.0 pass", "pass, tested"),
        ("1.0\n1.0 unproven", "unproven, tested"),
        # the releases around it are not it
        ("0.9 1.1\n1.0 pass pass", "nothing, unknown"),
        ("1.0\n1.1 hang", "nothing, unknown"),
    ],
)
def test_the_outcome_is_what_was_run_on_these_very_releases(verdicts: str, expected: str) -> None:
    assert says(one(grid(verdicts))) == expected


def test_what_the_index_decides_was_not_tested() -> None:
    lacks = verdict(cell(), "unsupported", reason=Reason.NO_WHEEL)
    assert says(one([lacks])) == "unsupported, index"


def test_the_worst_probe_speaks_and_a_feature_that_is_not_there_never_does() -> None:
    verdicts = [
        verdict(cell()),
        verdict(cell(probe="serve"), "hang"),
        verdict(cell(probe="logs"), "unsupported", reason=Reason.NO_FEATURE),
    ]
    found = one(verdicts)
    assert says(found) == "hang, tested"
    assert [v.cell.probe for v in found.verdicts] == ["serve", "restart"]
    assert says(one(verdicts[::2])) == "pass, tested"


def test_it_is_unknown_whether_it_passes_until_every_probe_that_was_meant_was_run() -> None:
    """``serve`` also ran elsewhere."""
    elsewhere = verdict(cell("2.0", probe="serve"))
    passing = one([verdict(cell()), elsewhere])
    hanging = one([verdict(cell(), "hang"), elsewhere])

    assert (says(passing), says(hanging)) == ("nothing, unknown", "hang, tested")
    assert [c.probe for c in passing.missing] == [c.probe for c in hanging.missing] == ["serve"]


def test_an_answer_says_whose_it_is_how_it_hangs_and_how_sure_that_is() -> None:
    verdicts = rows("pair: hang A,B 2/40; left: hang A 1/30; right: pass 500")
    older = verdict(cell(probe="serve"), trials=3, tested_at=NOON - timedelta(days=2))
    found = one([*verdicts, older])

    assert [t.attribution.whose for t in found.troubles] == ["left"]
    assert found.signatures == (Signature(locks=("A",)), Signature(locks=("B",)))
    assert (found.trials, found.exposures) == (2 + 3, 40 + 100)
    assert found.tested_at == NOON - timedelta(days=2)


def targets(moves: tuple[Move, ...]) -> list[str]:
    return [
        m.nearest.reason
        if isinstance(m.nearest, NoTarget)
        else f"{m.axis} {m.nearest.version} {getattr(m.newest, 'version', None)}"
        for m in moves
    ]


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


def test_what_these_releases_lack_is_told_where_it_would_be_switched_on() -> None:
    verdicts = [
        verdict(cell(), "hang"),
        verdict(cell(config="warnings", probe="serve"), "unsupported", reason=Reason.NO_FEATURE),
    ]
    lacking = one(verdicts, chosen="warnings").lacking
    assert [seen.verdict.cell.probe for seen in lacking] == ["serve"]
    assert one(verdicts).lacking == ()


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


def missing(right: str = "2.0") -> Verdict:
    """Of a probe whose library has no such feature."""
    of = cell(right=right, probe="serve", config="warnings")
    return verdict(of, "unsupported", reason=Reason.NO_FEATURE)


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


def test_a_probe_with_a_verdict_is_not_called_not_run() -> None:
    """It hangs with warnings; the same probe was not run with less switched on."""
    tracks = [(probe, config) for config in ("stock", "warnings") for probe in ("restart", "serve")]
    others = [verdict(cell("2.0", probe=probe, config=config)) for probe, config in tracks]
    found = one([verdict(cell(config="warnings"), "hang"), *others], chosen="warnings")
    assert ("restart", "stock") in [(c.probe, c.config) for c in found.missing]
    assert found.not_run == ("serve",)


LACKS = "moving right-lib does not help: left-lib 1.0 lacks what serve tests"


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


def needing_left() -> dict[str, object]:
    """``serve`` tests a feature of left, with warnings alone."""
    probes = matrix().probes
    serve = replace(probes["serve"], configs=("warnings",), needs=("left",))
    return {"probes": {"restart": replace(probes["restart"], configs=("stock",)), "serve": serve}}


def test_a_feature_that_is_missing_with_other_partners_is_missing_here() -> None:
    verdicts = [*grid("2.0 3.0\n1.0 pass pass"), missing("2.0"), missing("3.0")]
    (stock, warnings) = asked(verdicts, chosen="every", **needing_left()).parts
    assert (says(warnings), warnings.passing) == ("unsupported, inferred", ())
    assert [seen.verdict.cell for seen in warnings.lacking] == [missing("2.0").cell]
    # the passes are of other settings, so they count as evidence there alone
    assert targets(stock.passing) == ["right 2.0 3.0"]
    assert [one.trials for one in stock.passing[0].evidence] == [1, 1]
    assert one(verdicts, chosen="warnings", **needing_left()).passing == ()


def test_a_feature_that_passed_somewhere_is_not_missing() -> None:
    there = verdict(cell(right="3.0", probe="serve", config="warnings"))
    found = one([missing("2.0"), there], chosen="warnings", **needing_left())
    assert (says(found), found.lacking) == ("nothing, unknown", ())


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


def test_it_says_where_no_release_was_run_with_all_of_it_switched_on() -> None:
    verdicts = grid("1.0 2.0\n1.0 hang pass")
    assert targets(one(verdicts, chosen="warnings").moves)[0] == (
        "no right-lib release was tested with these settings"
    )


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1.0", "1.5", ["left: 1.0 to 1.0 with others", "right: 1.0 to 2.0"]),
        ("1.5", "1.0", ["left: 1.0 to 2.0", "right: 1.0 to 1.0 with others"]),
        ("0.5", "3.0", ["left: none to 1.0", "right: 3.0 to 3.0 with others"]),
        ("3.0", "2.0", ["left: 2.0 to none", "right: 2.0 to 2.0 with others"]),
        ("1.5", "1.5", ["left: 1.0 to 2.0 with others", "right: 1.0 to 2.0 with others"]),
    ],
)
def test_what_was_not_tested_names_the_nearest_that_were(
    left: str, right: str, expected: list[str]
) -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 pass hang pass\n2.0 pass pass pass"),
        verdict(cell("1.5", "1.4", python="3.11")),
        verdict(cell("1.4", "1.5", config="calm")),
    ]
    found = one(verdicts, left=left, right=right)

    assert says(found) == "nothing, unknown"
    assert [
        f"{n.axis}: {n.below or 'none'} to {n.above or 'none'}"
        + " with others" * (not n.with_the_others)
        for n in found.neighbours
    ] == expected
    assert found.moves == found.verdicts == found.troubles == ()


def levels(found: Answer) -> list[str]:
    return [f"{part.situation['level']} {part.outcome}" for part in found.parts]


def test_where_nothing_is_stated_every_choice_that_was_tested_is_answered_the_worst_named() -> None:
    verdicts = [
        *grid("1.0 2.0\n1.0 hang pass", config="warnings"),
        *grid("1.0 2.0\n1.0 pass pass"),
        verdict(cell(config="calm"), "hang"),
    ]
    found = asked(verdicts, chosen="every")

    assert levels(found) == ["ERROR pass", "WARNING hang"]
    assert found.worst is found.parts[1]
    missing = asked([*verdicts, *grid("1.0\n2.0 pass")], left="2.0", chosen="every")
    assert missing.worst and missing.worst.basis is AnswerBasis.UNKNOWN


def test_a_choice_that_these_releases_are_not_meant_to_be_run_with_is_no_headline() -> None:
    """``warnings`` is narrowed to another release, and 1.0 lacks a required feature."""
    narrowed = {"only": {"warnings": Only(versions={"right": (Version("2.0"),)})}}
    verdicts = [*grid("1.0 2.0\n1.0 pass pass"), verdict(cell("1.0", "2.0", config="warnings"))]
    found = asked(verdicts, chosen="every", **narrowed)
    assert levels(found) == ["ERROR pass", "WARNING None"]
    assert found.worst and found.worst.outcome is Outcome.PASS
    lacking = verdict(cell(config="warnings"), "unsupported", reason=Reason.NO_FEATURE)
    found = asked([verdict(cell()), lacking], chosen="every")
    assert levels(found) == ["ERROR pass", "WARNING unsupported"]
    assert found.worst and found.worst.outcome is Outcome.PASS


def test_what_is_stated_is_answered_with_the_defaults_of_the_rest() -> None:
    found = asked([verdict(cell(config="warnings"), "hang")], chosen="warnings", **FORKING)
    assert found.asked.chosen == (("level", "WARNING"), ("forking", "no"))
    assert levels(found) == ["WARNING hang"]


def test_a_hang_with_less_switched_on_is_told_to_those_with_more() -> None:
    verdicts = [verdict(cell(), "hang"), verdict(cell(config="warnings"))]
    found = one(verdicts, chosen="warnings")
    assert says(found) == "hang, tested"
    assert [(s.verdict.cell.config, str(s.verdict.outcome)) for s in found.rests_on] == [
        ("stock", "hang"),
        ("warnings", "pass"),
    ]


def test_it_names_the_patch_releases_that_it_was_seen_on() -> None:
    seen = [
        verdict(cell(), python_full="3.10.12"),
        verdict(cell(probe="serve"), python_full="3.10.4"),
    ]
    assert one(seen).pythons == ("3.10.4", "3.10.12")


FORKING = {
    "uses": {"serve": ProbeUse(choices={"forking": "yes"})},
    "choices": {**LEVEL, **grids.forking(instead="Start it in the `child`.")},
}


def test_a_kind_of_application_passes_where_a_probe_about_it_was_run() -> None:
    everybody = [verdict(cell()), verdict(cell(config="warnings"))]
    forked = [*everybody, verdict(cell(probe="serve"))]

    assert says(one(forked, **FORKING)) == "pass, tested"
    assert says(one(forked, chosen="forking", **FORKING)) == "pass, tested"
    assert says(one(everybody, chosen="forking", **FORKING)) == "nothing, unknown"
    # a hang in every application also counts there, whatever ran for it
    hung = [verdict(cell(), Outcome.HANG), verdict(cell(config="warnings"))]
    assert says(one(hung, chosen="forking", **FORKING)) == "hang, tested"


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


def test_every_axis_needs_a_version() -> None:
    question = Question(versions={"left": Version("1.0")}, python=PythonVersion(3, 10))
    with pytest.raises(UsageError, match="right"):
        answer(question, Findings(matrix=matrix(), verdicts=[]))


def test_a_question_works_out_no_trouble_far_from_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []
    attributed = attribution._attribution

    def noted(of: Verdict, *rest: Any) -> attribution.Attribution:
        worked_out.append(str(of.cell.pins[0].version) + " × " + str(of.cell.pins[1].version))
        return attributed(of, *rest)

    monkeypatch.setattr(attribution, "_attribution", noted)
    found = one(grid("1.0 2.0\n1.0 hang hang\n2.0 hang hang"))

    assert targets(found.moves)
    # its own, and what moving one library would lead to
    assert sorted(worked_out) == ["1.0 × 1.0", "1.0 × 2.0", "2.0 × 1.0"]


@pytest.mark.parametrize("outcome", ["pass", "hang", "."])
def test_a_question_looks_at_no_more_where_more_was_tested(
    monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """Counts, without timing, the verdicts that are compared with a situation."""
    counted = 0
    held = situation.concerns

    def noted(*of: Any) -> bool:
        nonlocal counted
        counted += 1
        return held(*of)

    monkeypatch.setattr(situation, "concerns", noted)
    looks = []
    for size in (4, 40):
        head = " ".join(f"{n}.0" for n in range(1, size))
        lines = [f"1.0 {outcome} " + "pass " * (size - 2)]
        lines += [f"{n}.0 " + "pass " * (size - 1) for n in range(2, size)]
        found = Findings(matrix=matrix(), verdicts=grid("\n".join([head, *lines])))
        found.tested.beside("left", next(iter(found.tested.places)))  # loaded
        counted = 0
        question = Question(
            versions={"left": Version("1.0"), "right": Version("1.0")},
            python=PythonVersion(3, 10),
            chosen={"level": "ERROR"},
        )
        answer(question, found)
        looks.append(counted)
    # along two lines of 39 releases where it hangs, and never at all the 1,521 pairs
    assert looks[1] <= (looks[0] if outcome != "hang" else 40 * looks[0])


def test_a_question_needs_neither_tables_nor_an_engine() -> None:
    program = (
        "import sys; from interlock.findings import Findings, Question, answer; "
        "print({'pandas', 'docker', 'rich', 'mkdocs'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.returncode, said.stdout.strip()) == (0, "set()"), said.stderr


def test_settings_that_nothing_was_tested_with_stay_in_the_answer_as_unknown() -> None:
    found = asked([*grid("1.0 2.0\n1.0 hang pass")], chosen="every")
    said = {dict(part.situation.chosen)["level"]: part for part in found.parts}
    # the hang concerns who has more switched on as well
    assert said["ERROR"].outcome is said["WARNING"].outcome is Outcome.HANG
    assert said["WARNING"].moves == ()
    assert [type(move.nearest) for move in found.moves] == [Target, NoTarget]
    (first, second) = asked([verdict(cell())], chosen="every").parts
    assert (first.outcome, second.outcome) == (Outcome.PASS, None)
    assert second.basis is AnswerBasis.UNKNOWN

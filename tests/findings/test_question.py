"""One question, and its answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from grids import NOON, cell, grid, matrix, rows, verdict
from packaging.version import Version
from questions import FORKING, asked, levels, missing, one, says, targets

from interlock.findings.inference import AnswerBasis
from interlock.matrix.definition import Only
from interlock.model import (
    NoTarget,
    Outcome,
    Reason,
    Signature,
    Target,
)


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


def test_what_these_releases_lack_is_told_where_it_would_be_switched_on() -> None:
    verdicts = [
        verdict(cell(), "hang"),
        verdict(cell(config="warnings", probe="serve"), "unsupported", reason=Reason.NO_FEATURE),
    ]
    lacking = one(verdicts, chosen="warnings").lacking
    assert [seen.verdict.cell.probe for seen in lacking] == ["serve"]
    assert one(verdicts).lacking == ()


def test_a_probe_with_a_verdict_is_not_called_not_run() -> None:
    """It hangs with warnings; the same probe was not run with less switched on."""
    tracks = [(probe, config) for config in ("stock", "warnings") for probe in ("restart", "serve")]
    others = [verdict(cell("2.0", probe=probe, config=config)) for probe, config in tracks]
    found = one([verdict(cell(config="warnings"), "hang"), *others], chosen="warnings")
    assert ("restart", "stock") in [(c.probe, c.config) for c in found.missing]
    assert found.not_run == ("serve",)


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


def test_a_kind_of_application_passes_where_a_probe_about_it_was_run() -> None:
    everybody = [verdict(cell()), verdict(cell(config="warnings"))]
    forked = [*everybody, verdict(cell(probe="serve"))]

    assert says(one(forked, **FORKING)) == "pass, tested"
    assert says(one(forked, chosen="forking", **FORKING)) == "pass, tested"
    assert says(one(everybody, chosen="forking", **FORKING)) == "nothing, unknown"
    # a hang in every application also counts there, whatever ran for it
    hung = [verdict(cell(), Outcome.HANG), verdict(cell(config="warnings"))]
    assert says(one(hung, chosen="forking", **FORKING)) == "hang, tested"


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

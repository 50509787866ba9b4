"""The verdict that stands for all probes of a combination."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grids import cell, forking, matrix, rows, verdict

from interlock.findings.attribution import OPEN, PAIR, Attribution
from interlock.findings.findings import Findings, ForApplication
from interlock.findings.likeness import intermittent
from interlock.findings.summary import Summary, summarize
from interlock.matrix.definition import ProbeUse
from interlock.model import Outcome, PythonVersion, Reason, Verdict

PYTHON = PythonVersion.parse("3.10")
PROBES = ("restart", "serve", "third")
LACKS = ("unsupported", {"reason": Reason.NO_FEATURE})
OFTEN = ("hang", {"trials": 3, "hangs": 3})
SELDOM = ("hang", {"trials": 3, "hangs": 1})


def of_probes(*said: tuple[str, dict[str, object]], whose: str = PAIR, about: str = "") -> Summary:
    """The verdicts of the probes, in order; ``whose`` is the cause of the first one's."""
    verdicts = [
        verdict(cell(probe=probe), outcome, **changes)
        for probe, (outcome, changes) in zip(PROBES, said, strict=False)
    ]
    troubled = {v.cell.key: PAIR for v in verdicts if v.outcome in (Outcome.HANG, Outcome.FAIL)}
    if verdicts[0].cell.key in troubled:
        troubled[verdicts[0].cell.key] = whose
    return summarize(
        verdicts,
        asked=[cell(probe=probe) for probe in PROBES],
        attributions={key: Attribution(whose=of, says="") for key, of in troubled.items()},
        is_about=lambda probe: probe == about,
        place={probe: place for place, probe in enumerate(PROBES)},
    )


@pytest.mark.parametrize(
    ("said", "speaks"),
    [
        (("pass", "hang"), "serve"),
        (("fail", "hang"), "serve"),
        (("unproven", "pass"), "restart"),
        (("pass", "unproven"), "serve"),
        # of equals the first in the order of the probes
        (("hang", "hang"), "restart"),
    ],
)
def test_the_worst_speaks_for_all_probes(said: tuple[str, str], speaks: str) -> None:
    assert of_probes(*((outcome, {}) for outcome in said)).worst.cell.probe == speaks


def test_what_has_no_wheel_speaks_before_what_passes() -> None:
    no_wheel = ("unsupported", {"reason": Reason.NO_WHEEL})

    assert of_probes(("pass", {}), no_wheel).worst.cell.probe == "serve"


def test_a_feature_that_a_release_lacks_speaks_last() -> None:
    assert of_probes(LACKS, ("pass", {})).worst.cell.probe == "serve"


@pytest.mark.parametrize(
    ("other", "speaks", "own"),
    [("hang", "serve", False), ("fail", "serve", False), ("pass", "restart", True)],
)
def test_what_one_library_does_alone_stands_behind_the_pairs_trouble_and_before_none(
    other: str, speaks: str, own: bool
) -> None:
    found = of_probes(OFTEN, (other, {}), whose="left")

    assert (found.worst.cell.probe, found.own) == (speaks, own)


def test_a_hang_of_unknown_cause_stands_behind_one_that_is_the_pairs() -> None:
    found = of_probes(OFTEN, OFTEN, whose=OPEN)

    assert (found.worst.cell.probe, found.own) == ("serve", False)


def test_a_hang_in_some_trials_stands_behind_one_in_all() -> None:
    assert of_probes(SELDOM, OFTEN).worst.cell.probe == "serve"


def test_of_equals_the_probe_that_is_about_the_kind_of_application_speaks() -> None:
    assert of_probes(OFTEN, OFTEN, about="serve").worst.cell.probe == "serve"
    assert of_probes(("pass", {}), ("pass", {}), about="serve").worst.cell.probe == "serve"


def test_a_probe_that_was_meant_and_not_run_is_missing() -> None:
    assert of_probes(OFTEN, OFTEN).missing == ("third",)


def findings(text: str, *more: Verdict) -> tuple[ForApplication, ForApplication]:
    """For any application, and for one that forks, which the probe ``serve`` is about."""
    known = matrix(uses={"serve": ProbeUse(choices={"forking": "yes"})}, choices=forking())
    found = Findings(matrix=known, verdicts=[*rows(text), *more]).by_application
    return found[None], found["forking"]


def test_each_kind_of_application_has_the_probes_that_concern_it() -> None:
    plain, forking = findings("pair: pass 500; pair by serve: pass 20")

    (alone,), (both,) = plain.summaries.values(), forking.summaries.values()
    assert [v.cell.probe for v in alone.verdicts] == ["restart"]
    assert [v.cell.probe for v in both.verdicts] == ["serve", "restart"]


def test_a_combination_passes_where_every_probe_that_was_meant_for_it_passes() -> None:
    plain, forking = findings("pair: pass 500; pair by serve: hang A 1/30; pair 2.0: pass 500")

    here, newer = cell().pins, cell("2.0").pins
    assert plain.passes(here, PYTHON, "stock")
    assert not forking.passes(here, PYTHON, "stock")
    # by serve it was not run
    assert not forking.passes(newer, PYTHON, "stock")
    assert not plain.passes(here, PYTHON, "warnings")


def test_tracks_are_in_the_order_of_the_matrix_and_baselines_have_none() -> None:
    plain, _ = findings(
        "pair in warnings: pass 9; pair by serve: pass 9; pair by old: pass 9; pair: pass 9; "
        "left by gone: pass 9; pair+quiet: pass 9"
    )

    assert plain.findings.tracks == (
        ("restart", "stock"),
        ("restart", "warnings"),
        ("serve", "stock"),
        ("old", "stock"),
    )
    assert plain.findings.probes == ("restart", "serve", "old")


@pytest.mark.parametrize(
    ("did", "expected"),
    [
        ({"trials": 10, "hangs": 3}, (3, 10)),
        ({"trials": 3, "hangs": 3}, None),
        ({"outcome": Outcome.FAIL, "trials": 5, "failed": 2}, (2, 5)),
        ({"outcome": Outcome.FAIL, "trials": 1, "failed": 1}, None),
        # A file of an earlier version need not say it.
        ({"outcome": Outcome.FAIL, "trials": 5, "failed": 0}, None),
        ({"trials": 10, "hangs": 3, "failed": 2}, (3, 10)),
        ({"outcome": Outcome.PASS, "trials": 5, "failed": 2}, None),
    ],
)
def test_intermittent_is_what_went_wrong_in_some_trials_and_not_in_others(
    did: dict[str, object], expected: tuple[int, int] | None
) -> None:
    assert intermittent(replace(verdict(cell(), "hang"), **did)) == expected  # type: ignore[arg-type]

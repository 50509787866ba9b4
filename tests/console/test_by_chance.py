"""What an answer and a search print of trouble that comes in some trials only."""

from __future__ import annotations

import pytest
from asked import data, findings, text
from grids import AXES, cell, matrix, verdict
from packaging.version import Version

from interlock.campaign.survey import Survey
from interlock.console.windows import windows_of
from interlock.findings.space import ReleaseAxis
from interlock.matrix.upstream import Change
from interlock.model import PythonVersion, Reason, Verdict

CRASHED = {"reason": Reason.CRASH, "cause": "SIGSEGV", "failed": 1}
VERSIONS = ("1.0", "1.0.1", "1.0.2", "1.0.3")


def tried(*crashing: str, along: str = "left") -> list[Verdict]:
    """Four releases, each in 8 trials of 50 starts; those that crash do so in one trial."""
    counted = {"trials": 8, "exposures": 400}
    return [
        verdict(cell(**{along: version}), "fail", **CRASHED, **counted)
        if version in crashing
        else verdict(cell(**{along: version}), **counted)
        for version in VERSIONS
    ]


WINDOW = "left-lib 1.0.1 to 1.0.2 fail now and then: in 2 of 1,600 starts"
"""Of the whole release line. By the quantiles of the beta distribution: 0.015 % to 0.45 %."""


def test_a_release_beside_one_that_crashes_now_and_then_is_no_safe_neighbour() -> None:
    said = " ".join(text(findings(tried("1.0.1", "1.0.2")), left="1.0").split())
    assert said.startswith("No hang was found: left-lib 1.0 ")
    assert (
        f"restart: pass; 8 trials, 400 starts, tested on 2026-03-01 Beside it, {WINDOW} of these "
        "release lines (0.015 % to 0.45 %). No failure seen in 400 starts here rules out a rate "
        "above 0.92 % only."
    ) in said


def test_a_crash_that_comes_now_and_then_says_so() -> None:
    said = " ".join(text(findings(tried("1.0.1", "1.0.2")), left="1.0.1").split())
    assert f"{WINDOW} of these release lines (0.015 % to 0.45 %). So a trial may pass." in said


def test_the_data_have_the_window_and_what_is_not_ruled_out() -> None:
    of = findings(tried("1.0.1", "1.0.2"))
    (beside,) = data(of, left="1.0")["by_chance"]
    assert beside.pop("low") == pytest.approx(0.000151, abs=1e-6)
    assert beside.pop("high") == pytest.approx(0.004508, abs=1e-6)
    # 1 - 0.025 ** (1 / 400)
    assert beside.pop("not_ruled_out") == pytest.approx(0.00918, abs=1e-5)
    assert beside == {
        "probe": "restart",
        "config": "stock",
        "package": "left-lib",
        "first": "1.0.1",
        "last": "1.0.2",
        "outcome": "fail",
        "now_and_then": True,
        "seen": 2,
        "tried": 1600,
        "per_exposure": True,
        "inside": False,
    }
    (inside,) = data(of, left="1.0.1")["by_chance"]
    assert (inside["inside"], inside["not_ruled_out"]) == (True, None)
    assert data(findings(tried()), left="1.0")["by_chance"] == []


SURVEY = Survey(
    axes=AXES,
    rows=ReleaseAxis.of("left-lib", [Version("1.0")]),
    columns=ReleaseAxis.of("right-lib", map(Version, VERSIONS)),
    pythons=[PythonVersion(3, 10)],
    probe="restart",
    config="stock",
    named=[Version("1.0")],
    installs=lambda *_: True,
)


def searched(verdicts: list[Verdict], **changes: object) -> list[str]:
    """What a search prints of left 1.0."""
    known = {v.cell.key: v for v in verdicts}
    ((python, of),) = SURVEY.maps(known).items()
    lines = windows_of(SURVEY, python, of, Version("1.0"), known, matrix(**changes))
    return [line.strip() for line in lines]


def test_a_search_prints_the_rate_and_why_an_edge_is_not_exact() -> None:
    doubt = "rules out a rate above 0.92 % only"
    assert searched(tried("1.0.1", "1.0.2", along="right")) == [
        "right-lib 1.0 passes "
        f"(1 tested; edge not exact: no failure seen in 400 starts with 1.0 {doubt})",
        "right-lib 1.0.1 to 1.0.2 fail now and then with serving, crash, SIGSEGV (2 tested; "
        "2 of 1,600 starts of its release lines, 0.015 % to 0.45 %; "
        f"edge not exact: no failure seen in 400 starts with 1.0.3 {doubt})",
        "right-lib 1.0.3 passes (1 tested)",
    ]


def test_a_search_prints_what_upstream_says_of_an_exact_edge_alone() -> None:
    url = "https://example.org/1"
    change = Change(axis="right", releases=(Version("1.0.2"),), title="a new lock", url=url)
    soon = {"trials": 10, "hangs": 10, "exposures": 20}
    hangs = [verdict(cell(right=version), "hang", **soon) for version in ("1.0.2", "1.0.3")]
    exact = [*tried(along="right")[:2], *hangs]
    assert searched(exact, changes=(change,)) == [
        "right-lib 1.0 to 1.0.1 pass (2 tested)",
        f"1.0.2: a new lock, {url}",
        "right-lib 1.0.2 to 1.0.3 hang (2 tested)",
    ]
    assert searched(exact)[1] == "1.0.2: no note of right-lib that we know explains it"
    assert searched([exact[0], *hangs], changes=(change,)) == [
        "right-lib 1.0 passes (1 tested; edge between 1.0 and 1.0.2: 1 release not decided)",
        "right-lib 1.0.1 is unknown (nothing is known)",
        "right-lib 1.0.2 to 1.0.3 hang (2 tested)",
    ]

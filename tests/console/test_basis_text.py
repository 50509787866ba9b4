"""What an answer rests on where nobody ran it, as text and as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import pytest
from grids import NOON, cell, grid, matrix, verdict
from packaging.version import Version

from interlock.console import answer_json, answer_text
from interlock.console.page import Page
from interlock.findings import (
    Answer,
    ErrorRate,
    Findings,
    Question,
    Seen,
    answer,
    expected,
)
from interlock.findings.inference import Rule
from interlock.findings.situation import Inferred
from interlock.model import Outcome, PythonVersion, Reason, Verdict
from interlock.record.releases import ListedRelease, ListedReleases

WIDE = Page(width=300)
HANGS = "1.0\n1.0.0 hang\n1.0.2 hang"
PASSES = "1.0\n1.0.0 pass\n1.0.2 pass"
CHOSEN: Mapping[str, Mapping[str, str]] = {"stock": {"level": "ERROR"}, "every": {}}


class Known(Findings):
    """With releases of both axes, and an audit of the probe ``restart``."""

    @cached_property
    def audits(self) -> Mapping[str, ErrorRate]:
        return {"restart": ErrorRate(wrong=3, run=300)}


def findings(verdicts: Sequence[Verdict]) -> Findings:
    refused = {PythonVersion(3, 10): Reason.NO_WHEEL}
    left = [
        *(ListedRelease(version=Version(f"1.0.{patch}")) for patch in range(3)),
        ListedRelease(version=Version("2.0.0"), refused=refused),
    ]
    releases = ListedReleases(
        pythons=(PythonVersion(3, 10),),
        by_axis={"left": left, "right": [ListedRelease(version=Version("1.0"))]},
    )
    return Known(matrix=matrix(), verdicts=verdicts, releases=releases)


def answered(of: Findings, left: str, chosen: str) -> Answer:
    question = Question(
        versions={"left": Version(left), "right": Version("1.0")},
        python=PythonVersion(3, 10),
        chosen=CHOSEN[chosen],
    )
    return answer(question, of)


def text(verdicts: Sequence[Verdict], left: str = "1.0.1", chosen: str = "stock") -> str:
    of = findings(verdicts)
    return answer_text.as_text(answered(of, left, chosen), of, WIDE)


def data(verdicts: Sequence[Verdict], left: str = "1.0.1", chosen: str = "stock") -> dict[str, Any]:
    found: dict[str, Any] = answer_json.as_data(answered(findings(verdicts), left, chosen))
    return found


# The text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (HANGS, "It is expected to hang, but was not tested: left-lib 1.0.1 with right-lib 1.0"),
        (
            "1.0\n1.0.0 fail\n1.0.2 fail",
            "It is expected to fail, but was not tested: left-lib 1.0.1 with right-lib 1.0",
        ),
        (PASSES, "It was not tested; tested releases around it pass: left-lib 1.0.1 with right-"),
    ],
)
def test_the_first_line_says_that_it_was_not_tested(verdicts: str, expected: str) -> None:
    assert text(grid(verdicts)).startswith(expected)


def test_an_inferred_hang_says_what_it_rests_on_and_how_to_test_it() -> None:
    said = text(grid(HANGS))
    assert (
        "\n  hang, inferred\n"
        "  restart: hang, inferred: left-lib 1.0.0 and 1.0.2 both hang with right-lib 1.0 (tested "
        "on 2026-03-01); 3 of 300 inferred cells came out otherwise when run (0.21 % to 2.9 %).\n"
    ) in said
    assert (
        "\n  To test it:\n"
        "  nox -s matrix -- --left 1.0.1 --right 1.0 --python 3.10 --probe restart --config stock"
    ) in said
    assert "0 trials" not in said


def test_an_inferred_pass_is_never_called_safe() -> None:
    said = text(grid(PASSES))
    assert "\n  pass, inferred\n" in said
    assert "\n  Nobody ran this combination, so it is not known to be safe.\n" in said
    for word in ("No hang was found", "is safe", "are safe"):
        assert word not in said


def test_an_inferred_pass_has_the_colour_of_what_is_unknown() -> None:
    of = findings(grid(PASSES))
    said = answer_text.as_text(answered(of, "1.0.1", "stock"), of, Page(width=99, colours=True))
    assert "\x1b[1;33m" in said and "\x1b[1;32m" not in said


def test_tested_and_inferred_situations_have_lines_of_their_own() -> None:
    warnings = "1.0\n1.0.0 hang\n1.0.1 hang\n1.0.2 hang"
    said = text([*grid(PASSES), *grid(warnings, config="warnings")], chosen="every")
    assert said.splitlines()[:2] == [
        "It hangs: left-lib 1.0.1 with right-lib 1.0 on Python 3.10, where warnings are events.",
        "It was not tested with the default settings; tested releases around it pass.",
    ]


def test_of_an_inferred_hang_whose_it_is_names_the_tested_releases() -> None:
    assert "As tested with left-lib 1.0.0 and right-lib 1.0: " in text(grid(HANGS))


def test_what_the_index_decides_needs_no_test() -> None:
    said = text(grid(HANGS), left="2.0.0")
    assert said.startswith("It cannot be run: left-lib 2.0.0 with right-lib 1.0 on Python 3.10")
    assert "\n  left-lib 2.0.0 has no wheel for CPython 3.10 on x86_64.\n" in f"{said}\n"
    assert "To test" not in said and "nox" not in said


def test_a_release_that_no_index_listed_is_named() -> None:
    said = text(grid(HANGS), left="1.0.9")
    assert said.startswith("It is not known whether it hangs")
    assert (
        "\n  The package index did not list left-lib 1.0.9 when these results were published.\n"
    ) in said


END = ("1.0.0", "1.0"), ("1.0.2", "1.0")
BOX = ("1.0.0", "1.0"), ("1.0.0", "2.0"), ("1.0.2", "2.0")


@pytest.mark.parametrize(
    ("outcome", "corners", "said"),
    [
        ("hang", END, "left-lib 1.0.0 and 1.0.2 both hang with right-lib 1.0 (tested on "),
        ("pass", END, "left-lib 1.0.0 and 1.0.2 both pass with right-lib 1.0 (tested on "),
        ("fail", END[::-1], "left-lib 1.0.2 and 1.0.0 both fail with right-lib 1.0 (tested on "),
        ("hang", BOX[:2], "right-lib 1.0 and 2.0 both hang with left-lib 1.0.0 (tested on "),
        ("hang", BOX[::2], "1.0.0 with right-lib 1.0 and left-lib 1.0.2 with right-lib 2.0 both h"),
        ("pass", BOX, "right-lib 2.0 and left-lib 1.0.2 with right-lib 2.0 all pass (tested on "),
        ("pass", BOX[:1], "left-lib 1.0.0 with right-lib 1.0 passes (tested on 2026-03-01); "),
        ("hang", BOX[:1], "left-lib 1.0.0 with right-lib 1.0 hangs (tested on 2026-03-01); "),
    ],
)
def test_the_tested_cells_are_named(
    outcome: str, corners: Sequence[tuple[str, str]], said: str
) -> None:
    tested = tuple(verdict(cell(*pair), outcome) for pair in corners)
    seen = Seen(
        verdict=verdict(cell("1.0.1"), outcome, trials=0),
        situation=matrix().situation({}),
        inferred=Inferred(rule=Rule.LINE, corners=tested),
    )
    assert said in expected.because(seen)


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (None, "its error rate is not measured yet"),
        (ErrorRate(wrong=0, run=0, unproven=3), "its error rate is not measured yet"),
        (
            ErrorRate(wrong=0, run=1),
            "0 of 1 inferred cell came out otherwise when run (0 % to 98 %)",
        ),
        (
            ErrorRate(wrong=3, run=300),
            "3 of 300 inferred cells came out otherwise when run (0.21 % to 2.9 %)",
        ),
        (ErrorRate(wrong=0, run=1200), "0 of 1,200 inferred cells came out otherwise when run"),
    ],
)
def test_how_often_it_is_wrong_is_said(rate: ErrorRate | None, said: str) -> None:
    assert expected.error_rate(rate).startswith(said)


# The data -----------------------------------------------------------------------------------------


def test_the_data_have_what_an_inferred_cell_rests_on() -> None:
    said = data(grid(HANGS))
    assert (said["outcome"], said["basis"], said["verdicts"]) == ("hang", "inferred", [])
    (inferred,) = said["inferred"]
    low, high = ErrorRate(wrong=3, run=300).interval
    assert inferred.pop("error_rate") == {"wrong": 3, "run": 300, "low": low, "high": high}
    assert [end.pop("repeat").split(" --python")[0] for end in inferred["rests_on"]] == [
        "nox -s matrix -- --left 1.0.0 --right 1.0",
        "nox -s matrix -- --left 1.0.2 --right 1.0",
    ]
    assert inferred.pop("repeat").startswith("nox -s matrix -- --left 1.0.1 --right 1.0")
    assert inferred == {
        "probe": "restart",
        "config": "stock",
        "situation": {"level": "ERROR"},
        "outcome": "hang",
        "rule": "line",
        "rests_on": [
            {
                "versions": {"left": left, "right": "1.0"},
                "outcome": "hang",
                "tested_at": NOON.isoformat(),
            }
            for left in ("1.0.0", "1.0.2")
        ],
    }


def test_an_error_rate_that_nobody_measured_is_null() -> None:
    said = data(grid(HANGS, probe="serve"))
    assert said["inferred"][0]["error_rate"] is None


def test_the_data_say_what_the_index_decides_and_what_it_does_not_list() -> None:
    said = data(grid(HANGS), left="2.0.0")
    assert (said["outcome"], said["basis"], said["inferred"]) == ("unsupported", "index", [])
    assert said["refused"] == [
        {
            "axis": "left",
            "version": "2.0.0",
            "reason": "no-wheel",
            "says": "left-lib 2.0.0 has no wheel for CPython 3.10 on x86_64",
        }
    ]
    said = data(grid(HANGS), left="1.0.9")
    assert (said["outcome"], said["basis"]) == ("unknown", "unknown")
    assert said["unlisted"] == [{"axis": "left", "version": "1.0.9"}]


def test_an_answer_rests_on_its_oldest_tested_cell() -> None:
    older = replace(verdict(cell("1.0.2"), Outcome.HANG), tested_at=NOON.replace(year=2025))
    said = data([verdict(cell("1.0.0"), Outcome.HANG), older])
    assert said["tested_at"] == "2025-03-01T12:00:00+00:00"
    assert said["trials"] == 0

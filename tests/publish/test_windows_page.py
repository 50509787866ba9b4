"""The page of windows, and the short table of README and start page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import MappingProxyType

import pytest
from grids import AXES, cell, grid, matrix
from packaging.version import Version

from interlock.findings.audit import ErrorRate
from interlock.matrix.upstream import Change
from interlock.model import AuditedCell, Outcome, PythonVersion
from interlock.publish import readme, windows
from interlock.publish.context import PageContext
from interlock.record.releases import ListedRelease, ListedReleases
from interlock.record.results import Results

GRID = """
       1.0.0 1.1.0 1.1.1 1.1.2 1.2.0 1.3.0 1.4.0 1.5.0
1.0.0  pass  pass  .     pass  pass  hang  hang  hang
"""
PYTHONS = ("3.10", "3.12")


def listed(text: str) -> list[ListedRelease]:
    return [ListedRelease(version=Version(word)) for word in text.split()]


def context(
    text: str = GRID,
    *audited: AuditedCell,
    hangs: int = 100,
    only: Mapping[str, str] = MappingProxyType({}),
) -> PageContext:
    """The same grid on two Pythons, but for ``only`` what is of one of them.

    A cell that hangs does so in each of its 100 starts.
    """
    releases = ListedReleases(
        pythons=tuple(map(PythonVersion.parse, PYTHONS)),
        by_axis={
            AXES[0].name: listed(" ".join(row.split()[0] for row in text.split("\n")[2:] if row)),
            AXES[1].name: listed(text.strip().splitlines()[0]),
        },
    )
    results = Results(
        verdicts=[
            replace(v, trials=100, hangs=hangs) if v.hangs else v
            for python in PYTHONS
            for v in grid(only.get(python, text), python)
        ],
        signatures=[],
        yanked={},
        controls=[],
        audited=audited,
        releases=releases,
    )
    return PageContext(matrix=matrix(), results=results)


def page(of: PageContext, folder: Path) -> list[str]:
    windows.publish(of, folder)
    return (folder / "windows.md").read_text(encoding="utf-8").splitlines()


def test_a_window_has_its_basis_and_how_exact_its_edge_is(tmp_path: Path) -> None:
    lines = page(context(), tmp_path)
    assert "### right-lib with left-lib 1.0.0" in lines
    assert [line for line in lines if line.startswith(("| ✓", "| ✗"))] == [
        "| ✓ right-lib 1.0.0 to 1.2.0 pass | 3.10 to 3.12 | 8 tested, 2 inferred "
        "| exact, with at least 100 starts on each side "
        "| 1.3.0: no note of right-lib that we know explains it |",
        "| ✗ right-lib 1.3.0 to 1.5.0 hang | 3.10 to 3.12 | 6 tested "
        "| exact, with at least 100 starts on each side "
        "| 1.3.0: no note of right-lib that we know explains it |",
    ]


def test_what_the_library_says_of_an_exact_edge_is_linked(tmp_path: Path) -> None:
    change = Change(
        axis="right",
        releases=(Version("1.3.0"),),
        title="wraps each lock",
        url="https://example.org/1.3.0",
    )
    of = context()
    linked = replace(of, matrix=replace(of.matrix, changes=(change,)))
    (hangs,) = (line for line in page(linked, tmp_path) if line.startswith("| ✗"))
    assert hangs.endswith("| 1.3.0: [wraps each lock](https://example.org/1.3.0) |")


def test_an_edge_that_nobody_narrowed_down_is_said_to_be_open(tmp_path: Path) -> None:
    lines = page(context(GRID.replace("pass  hang  hang", ".     hang  hang")), tmp_path)
    assert "| · right-lib 1.2.0 is unknown | 3.10 to 3.12 | nothing is known |  |  |" in lines
    (hangs,) = (line for line in lines if line.startswith("| ✗"))
    assert hangs.endswith("| between 1.1.2 and 1.3.0: 1 release not decided |  |")


def test_what_hangs_now_and_then_has_a_rate_and_no_exact_edge(tmp_path: Path) -> None:
    of = context(GRID.replace("1.3.0", "1.2.1"), hangs=1)
    (hangs,) = (line for line in page(of, tmp_path) if line.startswith("| ✗"))
    assert hangs == (
        "| ✗ right-lib 1.2.1 to 1.5.0 hang now and then | 3.10 to 3.12 "
        "| 6 tested, 6 of 800 starts of its release lines, 0.28 % to 1.6 % "
        "| not exact: no hang seen in 100 starts with 1.2.0 rules out a rate above 3.6 % only |  |"
    )
    assert windows.short(of) == []


def test_nothing_searched_is_said(tmp_path: Path) -> None:
    assert page(context(" 1.0.0 1.5.0\n1.0.0 pass hang"), tmp_path) == [
        "No window has been searched yet."
    ]
    assert (tmp_path / "windows-short.md").read_text(encoding="utf-8") == ""


def test_the_short_table_has_the_hangs_with_exact_edges(tmp_path: Path) -> None:
    assert windows.short(context()) == [
        "| window | with | settings | Python | basis |",
        "| --- | --- | --- | --- | --- |",
        "| right-lib 1.3.0 to 1.5.0 hang | left-lib 1.0.0 | as it is | 3.10 to 3.12 "
        "| 6 tested; only one end is known |",
    ]
    (_, _, both_ends) = windows.short(context(GRID.replace("hang\n", "pass\n")))
    assert both_ends.endswith("| 4 tested |")
    assert windows.short(context(GRID.replace("pass  hang  hang", ".     hang  hang"))) == []


PARTLY = """
       1.0.0 1.1.0 1.1.1 1.1.2 1.2.0 1.3.0 1.4.0 1.5.0
1.0.0  pass  .     .     .     pass  hang  .     hang
"""


WHATEVER_THE_PARTNER = """
       1.0.0 1.1.0
1.0.0  pass  hang
1.1.0  .     hang
1.2.0  .     hang
"""


def test_a_release_that_hangs_with_every_partner_is_in_the_short_table() -> None:
    """It has no edge, so nobody can say which partner helps: that is what a reader must know."""
    rows = [row for row in windows.short(context(WHATEVER_THE_PARTNER)) if "1.2.0" in row]
    assert rows == [
        "| left-lib 1.0.0 to 1.2.0 hang | right-lib 1.1.0 | as it is | 3.10 to 3.12 | "
        "6 tested; no release is known that does not |"
    ]


def test_what_is_predicted_on_a_python_says_so(tmp_path: Path) -> None:
    """With its tested edges, on the page and in the short table."""
    of = context(GRID, only={"3.12": PARTLY})
    assert [line for line in page(of, tmp_path) if line.startswith("| ✗")] == [
        "| ✗ right-lib 1.3.0 to 1.5.0 hang | 3.10 | 3 tested "
        "| exact, with at least 100 starts on each side "
        "| 1.3.0: no note of right-lib that we know explains it |",
        "| ✗ right-lib 1.3.0 to 1.5.0 hang | 3.12 | predicted: 2 tested, 1 inferred "
        "| exact, with at least 100 starts on each side "
        "| 1.3.0: no note of right-lib that we know explains it |",
    ]
    assert windows.short(of)[2:] == [
        "| right-lib 1.3.0 to 1.5.0 hang | left-lib 1.0.0 | as it is | 3.10 "
        "| 3 tested; only one end is known |",
        "| right-lib 1.3.0 to 1.5.0 hang | left-lib 1.0.0 | as it is | 3.12 "
        "| predicted: 2 tested, 1 inferred; only one end is known |",
    ]


def test_an_edge_that_is_not_exact_is_said_so_of_what_is_predicted() -> None:
    of = context(
        GRID, only={"3.12": PARTLY.replace("pass  hang  .     hang", ".     hang  .     hang")}
    )
    (*_, predicted) = windows.short(of)
    assert predicted == (
        "| right-lib 1.3.0 to 1.5.0 hang | left-lib 1.0.0 | as it is | 3.12 "
        "| predicted: 2 tested, 1 inferred; only one end is known; its edges are not exact |"
    )


def test_the_readme_has_the_short_table() -> None:
    assert "\n".join(windows.short(context())) in readme.tables(context())


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (None, "How often an inferred answer is wrong was not measured here yet."),
        (
            ErrorRate(wrong=0, run=0, unproven=3),
            "How often an inferred answer is wrong was not measured here yet.",
        ),
        (
            ErrorRate(wrong=3, run=300),
            "Of 300 inferred combinations that were drawn at random and run, 3 came out "
            "otherwise (0.21 % to 2.9 % with 95 % confidence).",
        ),
    ],
)
def test_the_error_rate_of_what_is_inferred_is_stated(
    rate: ErrorRate | None, expected: str
) -> None:
    assert windows.audited(rate) == expected


def test_the_error_rate_is_that_of_the_probe(tmp_path: Path) -> None:
    wrong = AuditedCell(
        seed=1,
        day=date(2026, 3, 1),
        cell=cell("1.0.0", "1.1.1"),
        rule="line",
        inferred=Outcome.PASS,
        seen=Outcome.HANG,
        seen_as="A.lock",
    )
    lines = page(context(GRID, wrong), tmp_path)
    assert any(line.startswith("Of 1 inferred combinations") for line in lines)

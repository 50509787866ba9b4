"""Long tables by release line: what a line says is what its releases say together."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from grids import cell, matrix, verdict

from interlock.matrix.definition import Matrix
from interlock.model import Verdict
from interlock.publish import coverage, grid, safety
from interlock.publish.context import PageContext
from interlock.publish.publishers import generate
from interlock.publish.release_lines import MANY, by_line
from interlock.record.results import Results, write_results

LEFT = ("1.0", "2.0")
RIGHT = [f"{minor}.{patch}" for minor in ("1.0", "1.1", "2.0") for patch in range(9)] + ["2.1.0"]
PER_LINE = 9


def outcome(left: str, right: str) -> str | None:
    """Odd patches hang with left 1.0, and 2.0.x was not tested with left 2.0."""
    if left == "2.0":
        return None if right.startswith("2.0.") else "pass"
    return "hang" if int(right[-1]) % 2 else "pass"


def verdicts() -> list[Verdict]:
    return [
        verdict(cell(left, right), said, trials=2, hangs=2 * (said == "hang"))
        for left, right in itertools.product(LEFT, RIGHT)
        if (said := outcome(left, right))
    ]


def known() -> Matrix:
    """One probe in one configuration."""
    made = matrix()
    return replace(made, probes={"restart": replace(made.probes["restart"], configs=("stock",))})


@pytest.fixture(scope="module")
def about() -> PageContext:
    found = Results(verdicts=verdicts(), signatures=[], yanked={}, controls=[])
    return PageContext(matrix=known(), results=found)


@pytest.mark.parametrize(
    ("number", "names"), [(MANY, [""] * MANY), (MANY + 1, ["1.0.x", "1.1.x", "2.0.x"])]
)
def test_only_a_long_table_has_a_row_for_each_line(number: int, names: list[str]) -> None:
    assert [line.name for line in by_line(RIGHT[:number], str)] == names


def test_a_release_alone_in_its_line_has_nothing_to_open() -> None:
    assert [(line.name, len(line.rows)) for line in by_line(RIGHT, str)][-1] == ("", 1)


def test_a_line_of_the_wide_grid_counts_the_cells_of_its_releases(about: PageContext) -> None:
    (panel,) = grid.of_probe(about, "restart")
    (of,) = panel.grids

    assert (of.corner, of.columns) == (["right-lib ↓", "left-lib →"], ["1.0", "2.0"])
    assert [line.name for line in of.lines] == ["1.0.x", "1.1.x", "2.0.x", ""]
    for line, start in zip(of.lines[:3], ("1.0.", "1.1.", "2.0."), strict=True):
        with_first, with_second = line.together
        assert with_first
        assert with_first.counted == [("✗", 4), ("✓", 5)]
        assert (with_first.look, with_first.says) == (
            "il-hang",
            f"{line.name} with 1.0: 4 hang and 5 pass",
        )
        assert (with_second is None) == (start == "2.0.")
        assert [head for head, _ in line.lines] == [r for r in RIGHT if r.startswith(start)]


def test_the_counts_of_a_line_are_those_of_its_releases(about: PageContext) -> None:
    (right,) = [one for one in about.about.recommendations if one.axis == "right"]
    lines = safety.by_release(about, right)

    assert {line.name for line in lines} == {"2.0.x", "1.1.x", "1.0.x", ""}
    for line in (one for one in lines if one.name):
        (name, [together, *_]), *releases = line.rows
        summed: Counter[str] = Counter()
        for _, [counts, *_] in releases:
            summed.update({one.mark.symbol: one.number for one in counts})
        assert name == line.name
        assert {one.mark.symbol: one.number for one in together} == dict(summed)
        assert len(releases) == PER_LINE


def test_a_line_of_the_coverage_counts_its_releases(about: PageContext) -> None:
    (of,) = [one for one in coverage.coverages(about) if one.package == "right-lib"]
    newest = next(line for line in of.lines if line.name == "2.0.x")

    assert [said for _, said in newest.counted] == ["4 hang or fail", "5 safe"]
    assert newest.trials == sum(row.trials for row in newest.rows) == 5 * 2
    assert [row for line in of.lines for row in line.rows] == of.rows


def test_each_line_is_a_row_before_those_of_its_releases(tmp_path: Path) -> None:
    write_results(verdicts(), {}, tmp_path / "results", known().axes)
    folder = generate(tmp_path / "results", tmp_path / "site", known())

    for name in ("releases.md", "probes/restart.md"):
        rows = re.findall(r'<tr(?: class="([^"]*)")?>', (folder / name).read_text(encoding="utf-8"))
        kinds = "".join({"il-line": "L", "il-in-line": "r"}.get(row, ".") for row in rows)
        assert re.search(r"(L" + "r" * PER_LINE + r"){3}", kinds), name

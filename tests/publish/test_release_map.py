"""The page of the matrix: what its script is told, and its table for readers without scripts."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from grids import AXES, cell, matrix, verdict
from packaging.version import Version
from random_worlds import context as world

from interlock.matrix import matrix_file
from interlock.model import Axis, Outcome
from interlock.publish import release_map
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS
from interlock.record import read_results
from interlock.record.results import Results

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def published() -> PageContext:
    """The results of this repository."""
    known = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    results = read_results(ROOT / "results", known.axes, known.renamed).within(known)
    return PageContext(matrix=known, results=results)


def written(context: PageContext, folder: Path) -> str:
    release_map.publish(context, folder)
    return (folder / "matrix.md").read_text(encoding="utf-8")


def told(page: str) -> dict[str, Any]:
    """What the page has for its script."""
    (said,) = re.findall(r'data-map="([^"]*)"', page)
    found: dict[str, Any] = json.loads(html.unescape(said))
    return found


def test_every_script_of_the_page_is_there(published: PageContext, tmp_path: Path) -> None:
    scripts = re.findall(r'<script src="([^"]*)"', written(published, tmp_path))
    hand_written = [script for script in scripts if not script.startswith("generated/")]

    assert hand_written
    assert [one for one in hand_written if not (ROOT / "site" / one).is_file()] == []
    folder = ROOT / "site" / "assets" / "matrix"
    assert {Path(one).name for one in scripts} >= {one.name for one in folder.glob("*.js")}


def test_the_script_has_the_words_and_the_settings(published: PageContext, tmp_path: Path) -> None:
    said = told(written(published, tmp_path))

    for outcome in Outcome:
        assert said["looks"][outcome.value]["symbol"] == WORDS[outcome].symbol
    assert said["looks"]["can-hang"]["symbol"] != said["looks"]["pass"]["symbol"]
    assert said["python"] in map(str, published.pythons)
    assert [one["says"] for one in said["settings"]][:3] == [
        "the worst of all tested settings, except where the process forks once both libraries are "
        "started",
        "with the default settings",
        "where warnings in the log become Sentry events",
    ]
    chosen = [one["chosen"] for one in said["settings"]]
    assert chosen[0] == {}
    assert {"forks": "yes", "structured-logs": "on"}.items() <= chosen[-1].items()
    assert all(one.keys() == published.matrix.choices.keys() for one in chosen[1:])


def test_without_scripts_a_table_has_the_known_window(
    published: PageContext, tmp_path: Path
) -> None:
    """ddtrace 2.10.2 to 2.19.4 hang with sentry-sdk 2.5.1; the page stays small."""
    page = written(published, tmp_path)
    rows = re.findall(r"<tr>(.*?)</tr>", page.partition("<noscript>")[2])
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    of = [row[3] for row in cells if row[:2] == ["3.9", "sentry-sdk 2.5.1"]]

    assert any("✗ 2.10.2 to 2.19.4" in windows for windows in of)
    assert any("✗" not in windows for windows in of), "the default settings do not hang"
    assert {row[1] for row in cells[1:]} == {"sentry-sdk 2.5.1", "sentry-sdk 2.75.0"}
    assert len(page) < 60_000


def test_windows_are_in_version_order() -> None:
    lengths = []
    for row in release_map.rows(world(4)):
        firsts = [Version(window.split()[1]) for window in row.windows.split(", ")]
        assert firsts == sorted(firsts)
        lengths.append(len(firsts))
    assert max(lengths) > 2


def test_before_the_first_campaign_the_page_says_so(tmp_path: Path) -> None:
    empty = Results(verdicts=[], signatures=[], yanked={}, controls=[])
    page = written(PageContext(matrix=matrix(), results=empty), tmp_path)

    assert "Nothing has been tested yet" in page
    assert "<script" not in page


def test_three_libraries_have_no_map(tmp_path: Path) -> None:
    found = Results(
        verdicts=[verdict(cell("1.0", "1.0"), "pass")], signatures=[], yanked={}, controls=[]
    )
    third = Axis(name="third", package="third-lib")
    known = replace(matrix(), axes=(*AXES, third))
    page = written(PageContext(matrix=known, results=found), tmp_path)

    assert "here there are 3" in page
    assert "data-map" not in page and "<script" not in page


def test_a_hostile_title_stays_a_value(tmp_path: Path) -> None:
    hostile = "\"><script>document.title = 'owned'</script>"
    about = world(1)
    choices = {
        name: replace(
            choice,
            levels={value: replace(of, title=hostile) for value, of in choice.levels.items()},
        )
        for name, choice in about.matrix.choices.items()
    }
    known = replace(about.matrix, choices=choices)
    page = written(PageContext(matrix=known, results=about.results), tmp_path)

    assert "<script>document" not in page
    assert any(hostile in one["says"] for one in told(page)["settings"])

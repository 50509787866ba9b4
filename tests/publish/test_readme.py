"""README's tables match results/, with one row for releases that behave alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from grids import forking, grid, matrix

from interlock.matrix.definition import ProbeUse
from interlock.model import UsageError
from interlock.publish import readme
from interlock.publish.context import PageContext
from interlock.record.results import Results

ROOT = Path(__file__).parent.parent.parent


def table(text: str, **uses: ProbeUse) -> list[str]:
    """The rows of the first table."""
    known = matrix(uses=uses, choices=forking()) if uses else matrix()
    results = Results(verdicts=grid(text), signatures=[], yanked={}, controls=[])
    lines = readme.tables(PageContext(matrix=known, results=results)).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| --- |"))
    return [line for line in lines[start + 1 :] if line.startswith("| ")]


def test_readme_has_the_tables_of_the_published_results() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    _, context = readme.load(ROOT)
    assert readme.written(text, readme.tables(context)) == text, f"run `{readme.COMMAND}`"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            """
                 1.0   2.0   3.0
            1.0  pass  pass  pass
            1.1  pass  pass  pass
            """,
            ["| 1.0 to 3.0 | ✓ 6 of 6 |"],
        ),
        (
            """
                 1.0   2.0   3.0
            1.0  pass  hang  pass
            1.1  pass  hang  pass
            """,
            ["| 1.0 | ✓ 2 of 2 |", "| 2.0 | ✗ 2 of 2 |", "| 3.0 | ✓ 2 of 2 |"],
        ),
        (
            """
                 1.0   2.0
            1.0  pass  pass
            1.1  pass  hang
            1.2  pass  hang
            """,
            ["| 1.0 | ✓ 3 of 3 |", "| 2.0 | ✓ 1 of 3<br>✗ 2 of 3, with left-lib 1.1 to 1.2 |"],
        ),
        (
            """
                 1.0   2.0
            1.0  pass  fail
            """,
            ["| 1.0 | ✓ 1 of 1 |", "| 2.0 | ! 1 of 1, on Python 3.10 |"],
        ),
    ],
)
def test_releases_that_behave_alike_share_a_row(found: str, expected: list[str]) -> None:
    assert table(found) == expected


def test_a_rare_hang_is_never_shown_as_a_pass() -> None:
    found = """
             1.0   2.0
        1.0  pass  hang
    """
    rows = table(found, restart=ProbeUse(choices={"forking": "yes"}))
    # by Clopper and Pearson; 1.0.x has too few exposures to be told apart from 2.0.x
    assert rows == ["| 1.0 to 2.0 | ◐ can hang, rarely<br>1 of 200 starts, 0.013 % to 2.8 % |"]
    assert table("1.0\n1.0 pass", restart=ProbeUse(choices={"forking": "yes"})) == [
        "| 1.0 | ○ no hang seen<br>0 of 100 starts, 3.6 % at most |"
    ]


def test_a_readme_without_a_place_for_them_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="put the tables between"):
        readme.written("# Interlock\n", "| a |")

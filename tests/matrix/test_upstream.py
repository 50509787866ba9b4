"""What the libraries themselves say about a release."""

from __future__ import annotations

from pathlib import Path

import pytest
from matrix_files import MATRIX, Load
from packaging.version import Version

from interlock.matrix.matrix_file import load
from interlock.matrix.upstream import Change, changes_at
from interlock.model import MatrixError

ROOT = Path(__file__).parents[2]

FIX = Change(
    axis="left",
    releases=(Version("1.4.2"), Version("2.0")),
    title="a fix",
    url="https://example.org/fix",
)


@pytest.mark.parametrize(
    ("axis", "before", "after", "there"),
    [
        ("left", "1.4.1", "1.4.2", True),
        ("left", "1.9", "2.0", True),
        ("left", "1.4", "1.5", True),  # the edge lies somewhere between them
        ("left", "1.4.2", "1.4.3", False),  # the release before the edge has it already
        ("left", "1.4.0", "1.4.1", False),
        ("right", "1.4.1", "1.4.2", False),
    ],
)
def test_a_change_is_at_an_edge_that_its_release_ends(
    axis: str, before: str, after: str, there: bool
) -> None:
    found = changes_at([FIX], axis, Version(before), Version(after))
    assert found == ((FIX,) if there else ())


CHANGE = """
changes:
  - {axis: left, releases: ["1.4.2", "2.0"], title: a fix, url: "https://example.org/fix"}
"""


def test_changes_are_read_from_the_file(loaded: Load) -> None:
    assert loaded(MATRIX + CHANGE).changes == (FIX,)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ('releases: ["1.4.2", "1.4.2"]', "twice"),
        ("releases: [latest]", "is not one release"),
        ('releases: [">=1"]', "is not one release"),
        ('releases: ["-"]', "is not one release"),
        ("releases: []", r"changes\[0\].releases"),
    ],
)
def test_a_change_names_releases(wrong: str, said: str, loaded: Load) -> None:
    text = MATRIX + CHANGE.replace('releases: ["1.4.2", "2.0"]', wrong)
    with pytest.raises(MatrixError, match=said):
        loaded(text)


def test_a_change_is_of_an_axis_of_the_file(loaded: Load) -> None:
    with pytest.raises(MatrixError, match="middle"):
        loaded(MATRIX + CHANGE.replace("axis: left", "axis: middle"))


def test_the_changes_of_the_project_come_with_an_edge_each() -> None:
    found = load(ROOT / "matrix.yaml", ROOT / "probes").changes
    assert found
    assert len({(c.axis, release) for c in found for release in c.releases}) == sum(
        len(c.releases) for c in found
    )

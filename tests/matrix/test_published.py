"""Versions that a ``matrix.yaml`` names although nobody published them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from grids import LEFT, RIGHT, published, release
from matrix_files import COMPOSED, MATRIX, Load, edited

from interlock.matrix.definition import check_published
from interlock.model import MatrixError

RIGHTS = published(RIGHT, "1.0 2.0 2.1 3.0rc1")


@pytest.mark.parametrize(
    ("lefts", "expected"),
    [
        ("1.0 1.1", None),
        (
            "0.8 0.9 1.1",
            'matrix.yaml:8: sets.core.left[0]: nobody published left-lib "1.0"; '
            "the nearest are 0.9 and 1.1",
        ),
        (
            "0.9 1.1rc1 1.2!",
            'matrix.yaml:8: sets.core.left[0]: nobody published left-lib "1.0"; the nearest is 0.9',
        ),
    ],
)
def test_a_version_nobody_published_names_the_nearest(
    loaded: Load, lefts: str, expected: str | None
) -> None:
    releases = {"left": published(LEFT, lefts), "right": RIGHTS}
    if expected is None:
        check_published(loaded(), releases)
        return
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(), releases)
    assert caught.value.mistakes[0] == expected
    assert len(caught.value.mistakes) == 3  # both sets, and the control


def test_a_version_of_a_control_is_looked_up_once_for_all_its_pythons(loaded: Load) -> None:
    listed = edited(MATRIX, 'python: "3.10", probe => python: ["3.8", "3.10"], probe')
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(listed), {"left": published(LEFT, "0.9"), "right": RIGHTS})
    assert [m for m in caught.value.mistakes if "controls" in m] == [
        'matrix.yaml:29: controls[0].left: nobody published left-lib "1.0"; the nearest is 0.9'
    ]


def test_a_version_that_a_probe_is_narrowed_to_must_have_been_published(loaded: Load) -> None:
    releases = {"left": published(LEFT, "1.0"), "right": published(RIGHT, "2.0")}
    found = loaded(edited(MATRIX, COMPOSED))
    with pytest.raises(MatrixError) as caught:
        check_published(found, releases)
    assert [m for m in caught.value.mistakes if "only" in m] == [
        "matrix.yaml:30: configurations.warnings.only.right[0]: nobody published right-lib "
        '"1.0"; the nearest is 2.0'
    ]


def test_latest_needs_a_final_release_in_its_range(loaded: Load) -> None:
    releases = {"left": published(LEFT, "1.0"), "right": published(RIGHT, "1.0 2.0rc1 2.1!")}
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(), releases)
    assert caught.value.mistakes == (
        "matrix.yaml:9: sets.core.right[1]: right-lib has no final release within ==2.*; "
        "the newest is 1.0",
    )


def test_a_specifier_needs_a_final_release_within_it(loaded: Load) -> None:
    releases = {"left": published(LEFT, "1.0"), "right": published(RIGHT, "1.0 2.0rc1 2.1!")}
    with pytest.raises(MatrixError) as caught:
        check_published(loaded(edited(MATRIX, '"latest:==2.*" => ">=2.0a1"')), releases)
    assert caught.value.mistakes == (
        "matrix.yaml:9: sets.core.right[1]: right-lib has no final release within >=2.0a1; "
        "the newest is 1.0",
    )


def test_a_release_that_is_too_young_was_published(loaded: Load) -> None:
    left = [replace(release(LEFT, "1.0"), uploaded_at=datetime.now(timezone.utc))]
    check_published(loaded(), {"left": left, "right": RIGHTS})

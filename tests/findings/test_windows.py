"""Runs of equal outcomes along an axis, and what lies between them."""

from __future__ import annotations

import itertools

import pytest
from grids import cell, grid, verdict
from hypothesis import given, strategies as st
from packaging.version import Version

from interlock.findings.attribution import OPEN, PAIR, Attribution
from interlock.findings.windows import along, hanging, lines, showing, windows
from interlock.model import Basis, Outcome

LETTERS = {
    "P": Outcome.PASS,
    "H": Outcome.HANG,
    "F": Outcome.FAIL,
    "?": Outcome.UNPROVEN,
    "-": Outcome.UNSUPPORTED,
}


def series(text: str) -> list[tuple[Version, Outcome]]:
    """``"1.0=H 2.0=P"``."""
    pairs = (word.split("=") for word in text.split())
    return [(Version(version), LETTERS[letter]) for version, letter in pairs]


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("", ""),
        ("1.0=P", "1.0..1.0 pass 1"),
        ("1.0=H 1.1=H 1.2=P", "1.0..1.1 hang 2, 1.2..1.2 pass 1"),
        ("1.0=H 1.1=P 1.2=H", "1.0..1.0 hang 1, 1.1..1.1 pass 1, 1.2..1.2 hang 1"),
        # an unproven cell is a window of its own, and is not bridged
        ("1.0=P 1.1=? 1.2=P", "1.0..1.0 pass 1, 1.1..1.1 unproven 1, 1.2..1.2 pass 1"),
        # version order, not the order given, and not that of text
        ("1.10=P 1.9=P 1.2=H", "1.2..1.2 hang 1, 1.9..1.10 pass 2"),
        ("2.0=P 2.0rc1=H", "2.0rc1..2.0rc1 hang 1, 2.0..2.0 pass 1"),
    ],
)
def test_windows_are_maximal_runs_in_version_order(given_text: str, expected: str) -> None:
    found = windows("left", series(given_text))
    assert ", ".join(f"{w.first}..{w.last} {w.outcome} {w.count}" for w in found) == expected


def test_a_version_with_two_outcomes_is_refused() -> None:
    with pytest.raises(ValueError, match=r"left 1\.0 is both hang and pass"):
        windows("left", series("1.0=H 1.0=P"))


@given(
    st.dictionaries(
        st.integers(0, 50).map(lambda n: Version(f"1.{n}")), st.sampled_from(list(Outcome))
    )
)
def test_windows_cover_every_version_once_and_neighbours_differ(
    outcomes: dict[Version, Outcome],
) -> None:
    found = windows("left", outcomes.items())
    assert sum(window.count for window in found) == len(outcomes)
    for window in found:
        inside = [outcomes[v] for v in outcomes if window.first <= v <= window.last]
        assert inside == [window.outcome] * window.count
    assert all(a.outcome is not b.outcome for a, b in itertools.pairwise(found))
    assert all(a.last < b.first for a, b in itertools.pairwise(found))


def test_everything_else_is_held_fixed() -> None:
    verdicts = grid(
        """
               1.0   2.0
        1.0    hang  pass
        1.1    hang  hang
        """
    )
    found = along("right", verdicts)
    assert {rest: [str(w.outcome) for w in many] for rest, many in found.items()} == {
        ("1.0", "*", "3.10", "restart", "stock"): ["hang", "pass"],
        ("1.1", "*", "3.10", "restart", "stock"): ["hang"],
    }


def test_what_was_inferred_or_left_out_is_no_point_of_the_axis() -> None:
    verdicts = [
        verdict(cell("1.0", "1.0"), "hang"),
        verdict(cell("1.0", "1.1"), "hang", basis=Basis.INFERRED),
        verdict(cell("1.0", "-"), "pass"),
    ]
    (found,) = along("right", verdicts).values()
    assert [window.count for window in found] == [1]


def test_a_release_that_hangs_in_another_way_ends_a_window_of_those_that_showed_a_signature() -> (
    None
):
    (line,) = lines("right", grid("     1.0 2.0 3.0 4.0\n1.0 hang hang hang hang")).values()
    seen = {v.cell.key for v in line if str(v.cell.version("right")) != "2.0"}

    found = showing("right", line, seen)

    assert [(str(w.first), str(w.last)) for w in found] == [("1.0", "1.0"), ("3.0", "4.0")]


@pytest.mark.parametrize(
    ("whose", "expected"),
    [(PAIR, ["2.0"]), (OPEN, ["2.0"]), ("right", ["2.0"]), ("left", [])],
)
def test_what_another_library_does_alone_is_no_window_of_hanging_releases(
    whose: str, expected: list[str]
) -> None:
    rows = grid("     1.0 2.0 3.0\n1.0 pass hang pass\n2.0 pass pass pass")
    (hung,) = [v.cell.key for v in rows if v.outcome is Outcome.HANG]

    found = hanging("right", rows, {hung: Attribution(whose=whose, says="")})

    assert [str(w.first) for w in found] == expected


def test_a_release_hangs_that_hangs_with_one_of_the_others() -> None:
    rows = grid("     1.0 2.0 3.0\n1.0 hang pass pass\n2.0 pass hang fail")

    (found,) = hanging("right", rows, {})

    assert (str(found.first), str(found.last), found.count) == ("1.0", "2.0", 2)


@pytest.mark.parametrize(
    ("told", "expected"),
    [(None, ["1.0-1.0", "3.0-3.0"]), ({"2.0"}, ["1.0-1.0", "3.0-3.0"]), ({"9.0"}, ["1.0-3.0"])],
)
def test_a_release_that_is_not_tested_enough_ends_no_window(
    told: set[str] | None, expected: list[str]
) -> None:
    rows = grid("     1.0 2.0 3.0 4.0\n1.0 hang pass hang pass")
    known = None if told is None else {*map(Version, told), Version("4.0")}

    found = hanging("right", rows, {}, known)

    assert [f"{w.first}-{w.last}" for w in found] == expected


def test_what_was_inferred_is_no_hanging_release() -> None:
    assert hanging("right", [verdict(cell(), "hang", basis=Basis.INFERRED)], {}) == []

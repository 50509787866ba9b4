"""What is inferred of pairs that were not tested, by small drawn grids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, strategies as st
from packaging.version import Version
from release_grids import LETTERS, drawn, shown, versions

from interlock.findings.inference import AnswerBasis, Known, Rule, TrackMap
from interlock.findings.space import Observation, Space, Spot


def row(of: TrackMap, number: int = 0) -> str:
    return " ".join(shown(of.at((number, column))) for column in range(len(of.space.columns)))


@pytest.mark.parametrize(
    ("head", "tested", "expected"),
    [
        # between two tested releases of a line that agree, and nowhere else
        ("1.0.0 1.0.1 1.0.2 1.0.3", "P . . P", "P p p P"),
        ("1.0.0 1.0.1 1.0.2 1.0.3", ". H . H", ". H h H"),
        ("1.0.0 1.0.1 1.0.2 1.0.3", "H . . P", "H . . P"),
        ("1.0.0 1.0.1 1.0.2 1.0.3", "H . P .", "H . P ."),
        # another line is another matter, although both ends agree
        ("1.0.0 1.0.1 1.1.0 1.1.1", "P . . P", "P . . P"),
        ("1.0.0 1.1.0 1.2.0", "P . P", "P . P"),
        ("1.9.0 1.10.0 1.10.1 1.10.2", "P P . P", "P P p P"),
        # the closest two count
        ("1.0.0 1.0.1 1.0.2 1.0.3 1.0.4", "P . H . H", "P . H h H"),
        # two hangs with different locks do not agree, nor do two causes of a failure
        ("1.0.0 1.0.1 1.0.2", "H . J", "H . J"),
        ("1.0.0 1.0.1 1.0.2", "F . E", "F . E"),
        ("1.0.0 1.0.1 1.0.2", "F . F", "F f F"),
        # what proves nothing is neither inferred nor the basis of anything, and is passed over
        ("1.0.0 1.0.1 1.0.2", "? . ?", "? . ?"),
        ("1.0.0 1.0.1 1.0.2", "- . -", "- . -"),
        ("1.0.0 1.0.1 1.0.2 1.0.3 1.0.4", "P . ? . P", "P p ? p P"),
        # what the index decides is not inferred
        ("1.0.0 1.0.1 1.0.2 1.0.3", "P x . P", "P x p P"),
    ],
)
def test_releases_are_inferred_inside_their_own_line(head: str, tested: str, expected: str) -> None:
    assert row(drawn(f"{head}\n5.0 {tested}")) == expected


def test_a_pair_is_inferred_along_either_axis() -> None:
    found = drawn(
        """
              1.0.0
        5.0.0 H
        5.0.1 .
        5.0.2 H
        """
    )
    known = found.of(Version("5.0.1"), Version("1.0.0"))
    assert (shown(known), known.rule, known.corners) == ("h", Rule.LINE, ((0, 0), (2, 0)))


def test_a_row_and_a_column_that_contradict_each_other_leave_a_pair_unknown() -> None:
    found = drawn(
        """
              1.0.0 1.0.1 1.0.2
        5.0.0 .     H     .
        5.0.1 P     .     P
        5.0.2 .     H     .
        """
    )
    assert shown(found.at((1, 1))) == "."


BOX = """
           1.0.0 1.1.0 1.2.0 1.3.0
    5.0.0  H     H     H     H
    5.1.0  H     .     .     .
    5.2.0  H     .     .     .
    5.3.0  H     .     .     {}
"""


@pytest.mark.parametrize(
    ("corner", "expected"),
    [("H", "H h h h"), ("P", "H . . ."), ("J", "H . . ."), ("?", "H . . ."), (".", "H . . .")],
)
def test_a_box_needs_two_known_sides_and_the_corner_opposite(corner: str, expected: str) -> None:
    assert row(drawn(BOX.format(corner)), 1) == expected


def test_a_box_says_what_it_is_inferred_from() -> None:
    known = drawn(BOX.format("H")).at((2, 2))
    assert known.rule is Rule.BOX
    assert set(known.corners) == {(0, 0), (0, 3), (3, 0), (3, 3)}


def test_a_box_ends_before_a_tested_cell_that_disagrees() -> None:
    found = drawn(
        """
               1.0.0 1.1.0 1.2.0 1.3.0 1.4.0 1.4.1 1.4.2
        5.0.0  P     P     P     P     P     .     P
        5.1.0  P     .     P     .     .     .     .
        5.2.0  P     .     .     F     .     .     .
        5.3.0  P     .     .     .     .     P     .
        """
    )
    assert row(found, 1) == "P p P . . . ."
    assert row(found, 2) == "P p p F . . ."


def test_what_was_tried_in_vain_on_a_side_of_a_box_is_not_inferred_beside_it() -> None:
    found = drawn(
        """
               1.0.0 1.1.0 1.1.1 1.2.0
        5.0.0  P     P     ?     P
        5.1.0  P     .     .     .
        5.2.0  P     .     .     P
        """
    )
    assert row(found, 1) == "P p . p"


def test_a_side_with_a_line_that_nobody_tested_is_no_side() -> None:
    found = drawn(
        """
               1.0.0 1.1.0 1.2.0 1.2.1 1.2.2
        5.0.0  P     .     P     .     P
        5.1.0  P     .     .     .     .
        5.2.0  P     .     .     P     .
        """
    )
    assert row(found, 1) == "P . . . ."


LINES = "1.0.0 1.1.0 1.2.0 1.3.0"


@pytest.mark.parametrize(
    ("elsewhere", "here", "expected"),
    [
        # another Python was tested line by line, and is the same all through
        ("H H H H", "H . . H", "H h h H"),
        ("H H H H", ". H . H", ". H h H"),
        # it predicts something else, or an edge in between
        ("H H H H", "P . . P", "P . . P"),
        ("H P H H", "H . . H", "H . . H"),
        # it lacks a line: nobody tested it, nobody could, or it proved nothing
        ("H . H H", "H . . H", "H . . H"),
        ("H x H H", "H . . H", "H . . H"),
        ("H ? H H", "H . . H", "H . h H"),
        # its own inferred releases vouch for nothing that was not tested here
        ("H H H H", "H . . .", "H . . ."),
        # releases that can be installed only here need no prediction if they are tested
        ("x H H H", "H . . H", "H h h H"),
    ],
)
def test_another_python_vouches_for_the_lines_between(
    elsewhere: str, here: str, expected: str
) -> None:
    reference = drawn(f"{LINES}\n5.0.0 {elsewhere}")
    assert row(drawn(f"{LINES}\n5.0.0 {here}", reference)) == expected


def test_an_inferred_release_vouches_for_nothing() -> None:
    first = drawn(f"{LINES}\n5.0.0 H H H H")
    second = drawn(f"{LINES}\n5.0.0 H . . H", first)
    assert row(second) == "H h h H"
    assert row(drawn(f"{LINES}\n5.0.0 H . . H", second)) == "H . . H"


@pytest.mark.parametrize(("between", "expected"), [("P", "p"), ("H", ".")])
def test_a_known_row_that_says_otherwise_outweighs_a_reference(between: str, expected: str) -> None:
    """1.2.1 passes at both ends, as 1.0.0 does all through. But row 5.1.0 says what it does."""
    found = drawn(
        f"""
               1.0.0 1.1.0     1.2.0     1.2.1 1.2.2     1.3.0
        5.0.0  P     .         .         P     .         .
        5.1.0  P     {between} {between} .     {between} {between}
        5.2.0  P     .         .         .     .         .
        5.3.0  P     .         .         P     .         .
        """
    )
    assert shown(found.at((2, 3))) == expected


CELLS = st.dictionaries(
    st.tuples(st.integers(0, 7), st.integers(0, 11)), st.sampled_from(list(LETTERS.values()))
)
ROWS = versions("5.0.0 5.0.1 5.1.0 5.2.0 5.2.1 5.2.2 5.3.0 6.0.0")
COLUMNS = versions("1.0.0 1.0.1 1.0.2 1.1.0 1.1.1 1.2.0 1.3.0 1.3.1 1.3.2 1.3.3 2.0.0 2.0.1")
HOLES = st.frozensets(st.tuples(st.integers(0, 7), st.integers(0, 11)), max_size=20)


@given(CELLS, CELLS, HOLES)
def test_nothing_is_inferred_against_a_test_or_the_index_or_from_nothing(
    tested: Mapping[Spot, Observation], elsewhere: Mapping[Spot, Observation], holes: set[Spot]
) -> None:
    def without_holes(cells: Mapping[Spot, Observation]) -> dict[Spot, Observation]:
        return {spot: seen for spot, seen in cells.items() if spot not in holes}

    space = Space(rows=ROWS, columns=COLUMNS, installs=lambda *spot: spot not in holes)
    here = without_holes(tested)
    found = TrackMap(space, here, [TrackMap(space, without_holes(elsewhere))])
    for spot in ((row, column) for row in range(8) for column in range(12)):
        known = found.at(spot)
        if spot in here:
            assert (known.basis, known.observation) == (AnswerBasis.TESTED, here[spot])
        elif spot in holes:
            assert known.basis is AnswerBasis.INDEX
        elif known.basis is AnswerBasis.INFERRED:
            assert known.observation is not None
            assert known.observation.is_usable
            _follows(known, spot, here, found)


def _follows(known: Known, spot: Spot, here: Mapping[Spot, Observation], of: TrackMap) -> None:
    """The cells that it is inferred from enclose it and agree; none in the box disagrees."""
    rows, columns = sorted({row for row, _ in known.corners}), sorted({c for _, c in known.corners})
    assert rows[0] <= spot[0] <= rows[-1] and columns[0] <= spot[1] <= columns[-1]
    for corner in known.corners:
        assert of.at(corner).observation == known.observation
    inside = [
        seen
        for (row, column), seen in here.items()
        if rows[0] <= row <= rows[-1] and columns[0] <= column <= columns[-1] and seen.is_usable
    ]
    assert set(inside) == {known.observation}
    if known.rule is not Rule.BOX:
        assert {of.at(corner).basis for corner in known.corners} == {AnswerBasis.TESTED}


@given(CELLS, CELLS, HOLES)
def test_pairs_are_counted_as_each_is_answered(
    tested: Mapping[Spot, Observation], elsewhere: Mapping[Spot, Observation], holes: set[Spot]
) -> None:
    space = Space(rows=ROWS, columns=COLUMNS, installs=lambda *spot: spot not in holes)
    found = TrackMap(space, tested, [TrackMap(space, elsewhere)])
    every = ((row, column) for row in range(8) for column in range(12))
    assert found.counts() == Counter(found.at(spot).basis for spot in every)

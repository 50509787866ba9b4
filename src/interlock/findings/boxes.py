"""Boxes of pairs that are inferred from two known sides and the corner opposite. Pure.

A row and a column cross in a cell, and both are known to agree around it. Then the row shows that
nothing changes along the columns, and the column that nothing changes along the rows. What neither
shows is a change that needs both. So the opposite corner has to be tested as well: the box between
is inferred if it agrees, and if no tested cell in the box disagrees.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from interlock.findings.space import Observation, Spot
from interlock.findings.strip import Run


class Box(NamedTuple):
    """Pairs that are inferred to agree, the sides included."""

    top: int
    bottom: int
    left: int
    right: int
    observation: Observation
    crossing: Spot
    """Where the known row and the known column cross: a corner of the box."""

    @property
    def corners(self) -> tuple[Spot, ...]:
        return tuple(
            (row, column)
            for row in dict.fromkeys((self.top, self.bottom))
            for column in dict.fromkeys((self.left, self.right))
        )


class Cross(NamedTuple):
    """A row and a column, each known to agree around the cell where they cross."""

    row: int
    column: int
    down: Run
    """The run of the column: positions of rows."""
    across: Run
    """The run of the row: positions of columns."""

    @property
    def observation(self) -> Observation:
        return self.down.observation

    @property
    def corners(self) -> Iterator[Spot]:
        """The far ends that the two runs predict to agree."""
        for row in dict.fromkeys((self.down.first, self.down.last)):
            for column in dict.fromkeys((self.across.first, self.across.last)):
                if row != self.row and column != self.column:
                    yield row, column

    @property
    def size(self) -> int:
        """The pairs between the ends of both runs."""
        height = self.down.last - self.down.first + 1
        return height * (self.across.last - self.across.first + 1)

    def is_within(self, other: Cross) -> bool:
        """Whether another cross predicts the same for all that this one does."""
        return (
            self.observation == other.observation
            and other.holds((self.down.first, self.across.first))
            and other.holds((self.down.last, self.across.last))
        )

    def is_filled_by(self, own: Iterable[Box]) -> bool:
        """Whether its boxes reach all far corners."""
        reached = {corner for box in own for corner in box.corners}
        return all(corner in reached for corner in self.corners)

    def holds(self, spot: Spot) -> bool:
        return spot[0] in self.down and spot[1] in self.across


def crosses(
    rows: Mapping[int, Sequence[Run]], columns: Mapping[int, Sequence[Run]]
) -> Iterator[Cross]:
    """Every crossing of a row's run with a column's run that agree; both by position."""
    by_column = sorted(columns)
    for row, runs in rows.items():
        for across in runs:
            first = bisect_right(by_column, across.first - 1)
            for column in by_column[first : bisect_right(by_column, across.last)]:
                for down in columns[column]:
                    if row in down and down.observation == across.observation:
                        yield Cross(row, column, down, across)


ALIKE = 4
"""Crosses of the same two windows that are used: those on the most tested rows and columns."""


def all_boxes(found: Iterable[Cross], tested: Mapping[Spot, Observation]) -> Iterator[Box]:
    """The boxes of these crosses; ``tested`` are the usable cells.

    Many crosses predict the same, for example those of all columns in one window. So the largest
    come first, a few of each kind, and none inside of what is filled already.
    """
    in_row, in_column = Counter(row for row, _ in tested), Counter(at for _, at in tested)
    cells = Cells(tested)
    used: Counter[tuple[Run, Run]] = Counter()
    filled: list[Cross] = []

    def rank(cross: Cross) -> tuple[int, int, int, int]:
        return -cross.size, -in_row[cross.row] - in_column[cross.column], cross.row, cross.column

    for cross in sorted(found, key=rank):
        kind = (cross.down, cross.across)
        used[kind] += 1
        if used[kind] > ALIKE or any(cross.is_within(other) for other in filled):
            continue
        own = list(boxes(cross, cells))
        if cross.is_filled_by(own):
            filled.append(cross)
        yield from own


class Cells:
    """The usable cells, row by row."""

    def __init__(self, tested: Mapping[Spot, Observation]) -> None:
        self._rows: dict[int, list[tuple[int, Observation]]] = {}
        for (row, column), seen in sorted(tested.items()):
            self._rows.setdefault(row, []).append((column, seen))
        self._order = list(self._rows)

    def within(self, down: Run, across: Run) -> Iterator[tuple[int, int, Observation]]:
        """Row, column and observation of each cell in both runs."""
        first = bisect_left(self._order, down.first)
        for row in self._order[first : bisect_right(self._order, down.last)]:
            cells = self._rows[row]
            start = bisect_left(cells, across.first, key=itemgetter(0))
            for column, seen in cells[start:]:
                if column > across.last:
                    break
                yield row, column, seen


def boxes(cross: Cross, tested: Cells) -> Iterator[Box]:
    """The largest boxes on each side of a cross; ``tested`` are the usable cells."""
    sides: dict[tuple[bool, bool], list[tuple[int, int, bool]]] = {}
    for row, column, seen in tested.within(cross.down, cross.across):
        down, right = row - cross.row, column - cross.column
        if down and right:
            side = sides.setdefault((down > 0, right > 0), [])
            side.append((abs(down), abs(right), seen == cross.observation))
    for (below, beyond), cells in sides.items():
        for height, width in _largest(cells):
            row = cross.row + (height if below else -height)
            column = cross.column + (width if beyond else -width)
            yield Box(
                top=min(row, cross.row),
                bottom=max(row, cross.row),
                left=min(column, cross.column),
                right=max(column, cross.column),
                observation=cross.observation,
                crossing=(cross.row, cross.column),
            )


def _largest(cells: Iterable[tuple[int, int, bool]]) -> Sequence[tuple[int, int]]:
    """The far corners that agree, have nothing before them that differs, and end no larger box."""
    narrowest = math.inf
    agreeing: list[tuple[int, int]] = []
    # Of cells at the same height, those that differ come first: they limit the others.
    for height, width, agrees in sorted(cells, key=lambda cell: (cell[0], cell[2])):
        if not agrees:
            narrowest = min(narrowest, width)
        elif width < narrowest:
            agreeing.append((height, width))
    found: list[tuple[int, int]] = []
    for height, width in reversed(agreeing):
        if not found or width > found[-1][1]:
            found.append((height, width))
    return found


class Piece(NamedTuple):
    """Columns of a slab that the same boxes cover."""

    first: int
    last: int
    box: Box | None
    """None where two boxes contradict each other."""


class Slabs:
    """Finds the box over a pair by bisection: rows first, then columns.

    Between two rows where a box begins or ends, the same boxes apply. Their columns are cut into
    pieces when somebody first asks.
    """

    def __init__(self, found: Iterable[Box]) -> None:
        self._boxes = sorted(set(found))
        cuts = {box.top for box in self._boxes} | {box.bottom + 1 for box in self._boxes}
        self._cuts = sorted(cuts)
        self._pieces: dict[int, Sequence[Piece]] = {}

    def at(self, spot: Spot) -> Piece | None:
        """The piece that holds the pair; None if no box does."""
        row, column = spot
        pieces = self._over(row)
        index = bisect_right(pieces, column, key=lambda piece: piece.first) - 1
        return pieces[index] if index >= 0 and column <= pieces[index].last else None

    def along(self, row: int) -> Mapping[int, Box]:
        """The box over each pair of a row, by column. Without those that no box holds, or that
        two boxes contradict each other about."""
        return {
            column: piece.box
            for piece in self._over(row)
            if piece.box
            for column in range(piece.first, piece.last + 1)
        }

    def _over(self, row: int) -> Sequence[Piece]:
        """The pieces of the slab that a row is in."""
        slab = bisect_right(self._cuts, row) - 1
        if slab < 0:
            return ()
        if slab not in self._pieces:
            top = self._cuts[slab]
            over = [box for box in self._boxes if box.top <= top <= box.bottom]
            self._pieces[slab] = list(_cut(over))
        return self._pieces[slab]


def _cut(over: Sequence[Box]) -> Iterator[Piece]:
    edges = sorted({box.left for box in over} | {box.right + 1 for box in over})
    for first, end in itertools.pairwise(edges):
        here = [box for box in over if box.left <= first <= box.right]
        if here:
            agree = len({box.observation for box in here}) == 1
            yield Piece(first, end - 1, here[0] if agree else None)

"""What is known of any pair of releases: tested, inferred, decided by the index, or unknown.

Pure. One ``TrackMap`` is one probe in one configuration on one Python. Three rules infer, the
closest first:

- **line**: the pair lies between two tested releases of one release line that agree, on its row or
  its column;
- **reference**: it lies between two tested releases that agree, and somewhere else every release
  line between them was tested, and is the same: on another Python, or beside another partner;
- **box**: a known row and a known column cross, and the opposite corner is tested and agrees
  (``boxes.py``).

The first rule that says something counts. Where it contradicts itself, on the row and on the
column, the pair is unknown. What the index decides is never inferred. ``unproven`` and
``unsupported`` are no basis for anything. Nothing is stored for a pair that was not tested.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from packaging.version import Version

from interlock.findings.boxes import Box, Slabs, all_boxes, crosses
from interlock.findings.space import Observation, ReleaseAxis, Space, Spot
from interlock.findings.strip import Between, Run, Strip


class AnswerBasis(str, Enum):
    """What is known rests on this: of one pair by one probe, and of an answer by all of them."""

    TESTED = "tested"
    """It was run on these very releases."""
    INFERRED = "inferred"
    """It was not run, and tested releases around it agree. That can be wrong."""
    INDEX = "index"
    """The package index decides: there is no wheel, or the release excludes this Python."""
    UNKNOWN = "unknown"
    """It was not run, or not by every probe that it was meant for, and nothing around it agrees."""

    def __str__(self) -> str:
        return self.value


class Rule(str, Enum):
    """Which rule inferred a pair."""

    LINE = "line"
    REFERENCE = "reference"
    BOX = "box"
    FEATURE = "feature"
    """It lies in no map: a release that lacks a feature lacks it with every partner."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one pair, and from what."""

    basis: AnswerBasis
    observation: Observation | None = None
    rule: Rule | None = None
    corners: tuple[Spot, ...] = ()
    """The cells that it is inferred from. Two ends, or the corners of a box."""


UNKNOWN = Known(basis=AnswerBasis.UNKNOWN)
BY_INDEX = Known(basis=AnswerBasis.INDEX)


KnownBoxes = Callable[[], "Sequence[Box] | None"]


class TrackMap:
    """One probe in one configuration on one Python. Cells are given by their positions.

    ``references`` are maps of other Pythons with the same axes. Only what was tested there counts,
    so that no error is passed on from one Python to the next.

    A question costs a few bisections, once the boxes are known. They are computed when somebody
    first asks about a pair that neither its row nor its column decides.
    """

    def __init__(
        self,
        space: Space,
        tested: Mapping[Spot, Observation],
        references: Sequence[TrackMap] = (),
        known: KnownBoxes = lambda: None,
    ) -> None:
        """``known``: the boxes, where they are known already."""
        self._known = known
        self.space = space
        self.tested = tested
        self._references = references
        self._by_row: dict[int, dict[int, Observation]] = {}
        self._by_column: dict[int, dict[int, Observation]] = {}
        for (row, column), seen in tested.items():
            self._by_row.setdefault(row, {})[column] = seen
            self._by_column.setdefault(column, {})[row] = seen
        self._rows: dict[int, Strip] = {}
        self._columns: dict[int, Strip] = {}

    def of(self, row: Version, column: Version) -> Known:
        """The same as ``at``, by version. Raises ``KeyError`` for a release not on the axis."""
        return self.at((self.space.rows.position[row], self.space.columns.position[column]))

    def at(self, spot: Spot) -> Known:
        """What is known of the pair at that position."""
        if spot in self.tested:
            return Known(basis=AnswerBasis.TESTED, observation=self.tested[spot])
        row, column = spot
        if not self.space.installs(row, column):
            return BY_INDEX
        by_line: list[Known] = []
        by_reference: list[Known] = []
        if found := self.row(row).at(column):
            ends = ((row, found.low), (row, found.high))
            of_one_line = _are_of_one_line(self.space.columns, found)
            (by_line if of_one_line else by_reference).append(_between(found, ends, of_one_line))
        if found := self.column(column).at(row):
            ends = ((found.low, column), (found.high, column))
            of_one_line = _are_of_one_line(self.space.rows, found)
            (by_line if of_one_line else by_reference).append(_between(found, ends, of_one_line))
        closest = by_line or by_reference
        if not closest:
            return self._in_a_box(spot)
        agree = len({one.observation for one in closest}) == 1
        return closest[0] if agree else UNKNOWN

    def row(self, row: int) -> Strip:
        """The cells with that release of the rows, along the columns."""
        if row not in self._rows:
            self._rows[row] = Strip(
                axis=self.space.columns,
                tested=self._by_row.get(row, {}),
                installs=lambda column: self.space.installs(row, column),
                elsewhere=[of.row(row) for of in self._references],
                beside=lambda: self._rows_beside(row),
                contradicts=lambda low, high, seen: any(
                    self.column(at).differs_at(row, seen)
                    for at in _within(self._known_columns, low, high)
                ),
            )
        return self._rows[row]

    def column(self, column: int) -> Strip:
        """The cells with that release of the columns, along the rows."""
        if column not in self._columns:
            self._columns[column] = Strip(
                axis=self.space.rows,
                tested=self._by_column.get(column, {}),
                installs=lambda row: self.space.installs(row, column),
                elsewhere=[of.column(column) for of in self._references],
                beside=lambda: self._columns_beside(column),
                contradicts=lambda low, high, seen: any(
                    self.row(at).differs_at(column, seen)
                    for at in _within(self._known_rows, low, high)
                ),
            )
        return self._columns[column]

    @cached_property
    def infers(self) -> bool:
        """Whether any pair may be inferred: boxes, too, have known rows and columns as sides."""
        strips = (*map(self.row, self._by_row), *map(self.column, self._by_column))
        return any(map(_sides, strips))

    @property
    def searched_rows(self) -> Sequence[int]:
        """The rows that were tested line by line, here."""
        return sorted(self._full_rows)

    @property
    def searched_columns(self) -> Sequence[int]:
        """The columns that were tested line by line, here."""
        return sorted(self._full_columns)

    def is_predicted(self, at: int, *, is_column: bool) -> bool:
        """Whether a row or column was tested in part, and searched ones vouch for the rest."""
        there = self._by_column if is_column else self._by_row
        return at in there and (self.column(at) if is_column else self.row(at)).is_predicted

    def _rows_beside(self, row: int) -> Sequence[Strip]:
        """All other rows that were tested line by line, here or on another Python."""
        every = (one for of in (self, *self._references) for one in of._full_rows.items())
        return [strip for at, strip in every if at != row]

    def _columns_beside(self, column: int) -> Sequence[Strip]:
        every = (one for of in (self, *self._references) for one in of._full_columns.items())
        return [strip for at, strip in every if at != column]

    @cached_property
    def _known_rows(self) -> Sequence[int]:
        """The rows that were tested line by line, here or on another Python."""
        return sorted({row for of in (self, *self._references) for row in of._full_rows})

    @cached_property
    def _known_columns(self) -> Sequence[int]:
        return sorted({at for of in (self, *self._references) for at in of._full_columns})

    @cached_property
    def _full_rows(self) -> Mapping[int, Strip]:
        strips = {row: self.row(row) for row in sorted(self._by_row)}
        return {row: strip for row, strip in strips.items() if strip.crosses_lines}

    @cached_property
    def _full_columns(self) -> Mapping[int, Strip]:
        strips = {column: self.column(column) for column in sorted(self._by_column)}
        return {column: strip for column, strip in strips.items() if strip.crosses_lines}

    def counts(self, lacking: Container[int] = ()) -> Counter[AnswerBasis]:
        """How many pairs each basis decides. Takes time in proportion to all pairs.

        ``lacking`` are the rows whose release lacks the feature that is tested: it lacks it with
        every partner. Each strip is looked through once, and not for each of its pairs.
        """
        down: dict[int, dict[int, _Said]] = {}
        for column in self._by_column:
            for row, said in _said(self.column(column)):
                down.setdefault(row, {})[column] = said
        found: Counter[AnswerBasis] = Counter()
        installs, every = self.space.installs, range(len(self.space.columns))
        for row in range(len(self.space.rows)):
            across = dict(_said(self.row(row))) if row in self._by_row else {}
            above, tested = down.get(row, {}), self._by_row.get(row, {})
            found[AnswerBasis.TESTED] += len(tested)
            there = [at for at in every if at not in tested and installs(row, at)]
            found[AnswerBasis.INDEX] += len(every) - len(tested) - len(there)
            boxes = self._slabs.along(row)
            open_ones = AnswerBasis.INFERRED if row in lacking else AnswerBasis.UNKNOWN
            for at in there:
                if at in across or at in above:
                    found[_agreed(across.get(at), above.get(at))] += 1
                elif at in boxes and self._is_filled(boxes[at], row, at):
                    found[AnswerBasis.INFERRED] += 1
                else:
                    found[open_ones] += 1
        return +found

    def _in_a_box(self, spot: Spot) -> Known:
        piece = self._slabs.at(spot)
        if piece is None or piece.box is None:
            return UNKNOWN
        box = piece.box
        if not self._is_filled(box, *spot):
            return UNKNOWN
        return Known(
            basis=AnswerBasis.INFERRED,
            observation=box.observation,
            rule=Rule.BOX,
            corners=box.corners,
        )

    def _is_filled(self, box: Box, row: int, column: int) -> bool:
        """What was tried on one of the two sides and proved nothing is not inferred beside it."""
        return not self._proving_nothing or self._proving_nothing.isdisjoint(
            ((box.crossing[0], column), (row, box.crossing[1]))
        )

    @cached_property
    def _proving_nothing(self) -> frozenset[Spot]:
        return frozenset(spot for spot, seen in self.tested.items() if not seen.is_usable)

    @cached_property
    def _slabs(self) -> Slabs:
        return Slabs(self.all_boxes)

    @cached_property
    def all_boxes(self) -> Sequence[Box]:
        """The boxes, each once, in the order in which the first over a pair decides it."""
        known = self._known()
        return sorted(set(self.boxes() if known is None else known))

    def boxes(self) -> Iterator[Box]:
        """All boxes of pairs that are inferred to agree."""
        usable = {spot: seen for spot, seen in self.tested.items() if seen.is_usable}
        found = crosses(
            {row: _sides(self.row(row)) for row in self._by_row},
            {column: _sides(self.column(column)) for column in self._by_column},
        )
        return all_boxes(found, usable)


_Said = tuple[bool, Observation]
"""What a strip infers of a pair, and whether its two ends are of one release line."""


def _said(strip: Strip) -> Iterator[tuple[int, _Said]]:
    for found, positions in strip.inferred():
        said = _are_of_one_line(strip.axis, found), found.observation
        yield from ((at, said) for at in positions)


def _agreed(across: _Said | None, down: _Said | None) -> AnswerBasis:
    """The basis of a pair: unknown if its row and its column contradict each other."""
    if across and down and across[0] == down[0] and across[1] != down[1]:
        return AnswerBasis.UNKNOWN
    return AnswerBasis.INFERRED


def _are_of_one_line(axis: ReleaseAxis, found: Between) -> bool:
    return axis.line_number[found.low] == axis.line_number[found.high]


def _between(found: Between, ends: tuple[Spot, Spot], of_one_line: bool) -> Known:
    return Known(
        basis=AnswerBasis.INFERRED,
        observation=found.observation,
        rule=Rule.LINE if of_one_line else Rule.REFERENCE,
        corners=ends,
    )


def _sides(strip: Strip) -> Sequence[Run]:
    """The runs that may be the side of a box. Those of one cell span none."""
    return [run for run in strip.runs if run.first < run.last]


def _within(positions: Sequence[int], low: int, high: int) -> Sequence[int]:
    """Those of the sorted positions that lie strictly between two others."""
    return positions[bisect_right(positions, low) : bisect_left(positions, high)]

"""All pairs of releases of two axes, and what verdicts say about any of them. Pure.

Search and answers use the same maps: what a search infers is what an answer says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

from packaging.version import Version

from interlock.findings.boxes import Box
from interlock.findings.inference import KnownBoxes, TrackMap
from interlock.findings.space import Observation, ReleaseAxis, Space, Spot, observations
from interlock.model import Axis, Cell, Outcome, Pin, PythonVersion, Verdict

Installs = Callable[[PythonVersion, Version, Version], bool]
"""Whether the index lets two releases be installed on a Python: rows first, then columns."""

Tested = Mapping[PythonVersion, Mapping[Spot, Observation]]
"""What one probe in one configuration showed on each Python."""


class NotedMaps:
    """What the maps of a track are made of, in plain values."""

    def __init__(self, plain: Any) -> None:
        told, self._tested, self._boxes = plain
        self._told = [Observation(Outcome(outcome), key) for outcome, key in told]

    @classmethod
    def of(cls, maps: Mapping[PythonVersion, TrackMap]) -> tuple[Any, ...]:
        """The maps as plain values."""
        told: dict[Observation, int] = {}
        tested = {
            str(python): {spot: told.setdefault(o, len(told)) for spot, o in of.tested.items()}
            for python, of in maps.items()
        }
        boxes = {
            str(python): [
                (*box[:4], told.setdefault(box.observation, len(told)), box.crossing)
                for box in of.boxes()
            ]
            for python, of in maps.items()
        }
        return [(one.outcome.value, one.key) for one in told], tested, boxes

    def tested(self, pythons: Iterable[PythonVersion]) -> Tested:
        """What was seen on each of these Pythons, in this order."""
        return {
            python: {spot: self._told[number] for spot, number in self._tested[str(python)].items()}
            for python in pythons
        }

    def boxes(self, python: PythonVersion) -> Sequence[Box]:
        """The boxes of pairs on a Python that are inferred to agree."""
        return [
            Box(top, bottom, left, right, self._told[number], crossing)
            for top, bottom, left, right, number, crossing in self._boxes[str(python)]
        ]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """The pairs of releases of two axes, on any Python. None is listed."""

    axes: tuple[Axis, Axis]
    """In the order of ``Cell.pins``: rows, then columns."""
    rows: ReleaseAxis
    columns: ReleaseAxis
    installs: Installs

    def spot(self, cell: Cell) -> Spot | None:
        """The positions of a cell's releases; None if one is left out, or is on no axis."""
        row, column = (
            axis.position.get(pin.version) if pin.version else None
            for axis, pin in zip((self.rows, self.columns), cell.pins, strict=True)
        )
        return None if row is None or column is None else (row, column)

    def pins(self, spot: Spot) -> tuple[Pin, ...]:
        """The releases at a position."""
        versions = self.rows.versions[spot[0]], self.columns.versions[spot[1]]
        return tuple(
            Pin(axis=axis.name, package=axis.package, version=version)
            for axis, version in zip(self.axes, versions, strict=True)
        )

    def space(self, python: PythonVersion) -> Space:
        """The pairs on one Python."""
        rows, columns = self.rows.versions, self.columns.versions

        def installs(row: int, column: int) -> bool:
            return self.installs(python, rows[row], columns[column])

        return Space(rows=self.rows, columns=self.columns, installs=installs)

    def maps(
        self, verdicts: Iterable[Verdict], pythons: Sequence[PythonVersion]
    ) -> Mapping[PythonVersion, TrackMap]:
        """What verdicts of one probe in one configuration say about any pair, by Python.

        Each Python has those before it as references.
        """
        return self.maps_of(self.tested(verdicts, pythons))

    def tested(self, verdicts: Iterable[Verdict], pythons: Sequence[PythonVersion]) -> Tested:
        """What verdicts of one probe in one configuration show, by Python and position."""
        own = [verdict for verdict in verdicts if verdict.cell.is_whole]
        seen = observations(own)
        tested: dict[PythonVersion, dict[Spot, Observation]] = {python: {} for python in pythons}
        for verdict in own:
            spot = self.spot(verdict.cell)
            if spot is not None and verdict.cell.python in tested:
                tested[verdict.cell.python][spot] = seen[verdict.cell.key]
        return tested

    def maps_of(
        self,
        tested: Tested,
        boxes: Callable[[PythonVersion], Sequence[Box] | None] = lambda _: None,
    ) -> Mapping[PythonVersion, TrackMap]:
        """The map of each Python, with those before it as references.

        ``boxes`` are those of a map, where they are known already.
        """
        tracks = ((self.space(python), of) for python, of in tested.items())
        found = track_maps(tracks, (partial(boxes, python) for python in tested))
        return dict(zip(tested, found, strict=True))


def track_maps(
    tracks: Iterable[tuple[Space, Mapping[Spot, Observation]]],
    boxes: Iterable[KnownBoxes] = repeat(lambda: None),
) -> list[TrackMap]:
    """The map of each track, with the tracks before it as references."""
    maps: list[TrackMap] = []
    for (space, tested), known in zip(tracks, boxes, strict=False):
        maps.append(TrackMap(space, tested, tuple(maps), known))
    return maps


def in_order(
    pythons: Iterable[PythonVersion], installing: Callable[[PythonVersion], int]
) -> list[PythonVersion]:
    """The Python on which most releases install first: it is a reference for the others."""
    return sorted(pythons, key=lambda python: (-installing(python), python))

"""What was tested, track by track, and what is inferred from it, as numbers.

A track is a probe in a configuration. A pair of releases is one number: the position of the first
release times the number of second releases, plus the position of the second. Of sorted pairs, the
first is kept and then each step to the next.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

from interlock.findings import (
    Bounds,
    Box,
    Findings,
    Observation,
    Strip,
    TrackMap,
    hangs_rarely,
)
from interlock.model import Outcome, PythonVersion, Verdict
from interlock.publish.facts_releases import ListedAxis, ranges

Track = tuple[str, str]


class Numbers:
    """Values that repeat, each with a number."""

    def __init__(self) -> None:
        self._found: dict[Hashable, int] = {}

    def of(self, value: Hashable) -> int:
        return self._found.setdefault(value, len(self._found))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._found)


def steps(numbers: Iterable[int]) -> list[int]:
    """The first of sorted numbers, and then how far each next one is away."""
    known = sorted(numbers)
    return [*known[:1], *(after - before for before, after in pairwise(known))]


class Tracks:
    """The tracks of ``facts.json``, and the lists that their numbers stand for."""

    def __init__(
        self, findings: Findings, axes: Sequence[ListedAxis], pythons: Sequence[PythonVersion]
    ) -> None:
        self._findings = findings
        self._rows, self._columns = axes
        self._pythons = {python: at for at, python in enumerate(pythons)}
        self._observations, self._told, self._counted = Numbers(), Numbers(), Numbers()
        self._days, self._signatures = Numbers(), Numbers()
        self._ways = {name: at for at, name in enumerate(findings.matrix.workarounds)}

    def facts(self, limits: Mapping[Track, Bounds | None]) -> dict[str, Any]:
        """What ``facts.json`` holds of them; ``limits`` are those of the tracks of a pair."""
        by_track = self._by_track()
        listed = self._listed([*by_track], [*limits])
        number = {track: at for at, track in enumerate(listed)}
        made = [self._track(track, by_track[track], limits.get(track), number) for track in listed]
        left_out = [row for track, rows in by_track.items() if track not in number for row in rows]
        records = [*self._records(number)]
        return {
            "tracks": made,
            "also_run": self._also_run(left_out),
            "workarounds": [*self._ways],
            "records": records,
            "observations": [[str(one.outcome), one.key] for one in self._observations],
            "told": [[*one] for one in self._told],
            "counted": [[*one] for one in self._counted],
            "days": [date.fromordinal(day).isoformat() for day in self._days],
            "signatures": [str(one) for one in self._signatures],
        }

    def _by_track(self) -> dict[Track, list[int]]:
        """The rows that were tested of a pair."""
        every = self._findings.rows
        *_, probes, configs = every.parts
        found: dict[Track, list[int]] = {}
        for row in every.answers:
            probe, config = every.cells[row][-2:]
            found.setdefault((probes[probe], configs[config]), []).append(row)
        return found

    def _listed(self, tested: Sequence[Track], asked: Sequence[Track]) -> list[Track]:
        """Those that an answer can need: a reader's, and those with a workaround.

        Those that are meant to be run come first, in the order of ``matrix.yaml``.
        """
        matrix = self._findings.matrix
        ways = {
            (probe, matrix.workarounds[name].on(config))
            for probe in matrix.probes
            for config, names in matrix.use(probe).workarounds.items()
            for name in names
        }
        every = dict.fromkeys((*(one for one in asked if one in {*tested}), *sorted(tested)))
        return [one for one in every if matrix.situation_of(*one) or one in ways]

    def _track(
        self, track: Track, rows: list[int], limits: Bounds | None, number: Mapping[Track, int]
    ) -> dict[str, Any]:
        probe, config = track
        matrix = self._findings.matrix
        there, is_general = matrix.situation_of(*track), matrix.is_about(None, probe)
        is_asked = there is not None and limits is not None
        maps = self._maps(track) if is_asked and is_general else {}
        named = matrix.use(probe).workarounds.get(config, ())
        ways = [
            (self._ways[n], number.get((probe, matrix.workarounds[n].on(config)))) for n in named
        ]
        return {
            "probe": probe,
            "config": config,
            "levels": [*there.levels] if there else None,
            "meant": self._meant(limits) if is_asked and limits else None,
            "is_general": is_general,
            "workarounds": [[way, other] for way, other in ways if other is not None],
            "lacks": self._lacks(track),
            "lines": self._lines(track) if hangs_rarely(matrix, *track) else None,
            "on": [self._on(python, of, maps.get(python)) for python, of in self._by_python(rows)],
        }

    def _maps(self, track: Track) -> Mapping[PythonVersion, TrackMap]:
        untested = self._findings.untested
        return untested.maps_of(track) if untested.pairs else {}

    def _meant(self, limits: Bounds) -> dict[str, Any]:
        """Where it is meant to be run; null is everywhere."""
        pythons = limits.pythons
        return {
            "pythons": pythons
            if pythons is None
            else sorted(at for python, at in self._pythons.items() if python in pythons),
            "releases": [
                ranges(map(axis.position.__getitem__, limits.versions[axis.axis.name]))
                if axis.axis.name in limits.versions
                else None
                for axis in (self._rows, self._columns)
            ],
        }

    def _by_python(self, rows: list[int]) -> list[tuple[PythonVersion, list[int]]]:
        every = self._findings.rows
        found: dict[PythonVersion, list[int]] = {}
        for row in rows:
            found.setdefault(every.parts[-3][every.cells[row][-3]], []).append(row)
        return sorted(found.items())

    def _pair(self, row: int) -> int:
        """The number of the pair of a row."""
        every = self._findings.rows
        first, second = (
            of[number].version
            for of, number in zip(every.parts, every.cells[row][:-3], strict=False)
        )
        return self._rows.position[first] * len(self._columns) + self._columns.position[second]

    def _on(self, python: PythonVersion, rows: list[int], known: TrackMap | None) -> dict[str, Any]:
        """What was run on one Python, and what follows of the pairs between."""
        by_pair = {self._pair(row): row for row in rows}
        pairs = sorted(by_pair)
        seen = self._seen(known)
        verdicts = [self._findings.rows[by_pair[pair]] for pair in pairs]
        counted = [(v.trials, v.hangs, v.failed, v.exposures) for v in verdicts]
        found = {
            "python": self._pythons[python],
            "pairs": steps(pairs),
            "told": [self._say(v, seen.get(p)) for p, v in zip(pairs, verdicts, strict=True)],
            "counted": [*map(self._counted.of, counted)],
            "days": [self._days.of(v.tested_at.date().toordinal()) for v in verdicts],
        }
        return {**found, **self._inferred(known, pairs)} if known else found

    def _seen(self, known: TrackMap | None) -> dict[int, Observation]:
        """By pair, what its test shows."""
        return {self._at(*spot): seen for spot, seen in known.tested.items()} if known else {}

    def _at(self, row: int, column: int) -> int:
        """The number of the pair at a position of the searched releases."""
        first, second = self._rows.searched[row], self._columns.searched[column]
        return first * len(self._columns) + second

    def _say(self, verdict: Verdict, seen: Observation | None) -> int:
        """The number of all that a verdict says, but for its counts."""
        findings, outcome = self._findings, verdict.outcome
        whose = findings.attributions.get(verdict.cell.key)
        is_pass = outcome is Outcome.PASS
        return self._told.of(
            (
                self._observations.of(seen or Observation(outcome)),
                str(verdict.reason or ""),
                whose.whose if whose else "",
                int(is_pass and findings.by_chances.is_in_doubt(verdict)),
                *(self._signatures.of(signature) for signature, _ in verdict.signatures),
            )
        )

    def _inferred(self, known: TrackMap, pairs: Sequence[int]) -> dict[str, Any]:
        """From which tested pairs to the next everything between is inferred.

        ``ends`` has a number a pair: 1 along its row, 2 along its column, 3 for both.
        """
        ends: dict[int, int] = {}
        left_open: set[int] = set()
        for row in {row for row, _ in known.tested}:
            for low, open_ones in _between(known.row(row)):
                ends[self._at(row, low)] = 1
                left_open.update(self._at(row, at) for at in open_ones)
        for column in {column for _, column in known.tested}:
            for low, open_ones in _between(known.column(column)):
                start = self._at(low, column)
                ends[start] = ends.get(start, 0) + 2
                left_open.update(self._at(at, column) for at in open_ones)
        return {
            "ends": [ends.get(pair, 0) for pair in pairs],
            "open": steps(left_open),
            "boxes": [number for box in known.all_boxes for number in self._box(box)],
        }

    def _box(self, box: Box) -> tuple[int, ...]:
        """Its sides, what it shows, and which of its corners is the crossing."""
        below, beyond = box.crossing[0] == box.bottom, box.crossing[1] == box.right
        rows, columns = self._rows.searched, self._columns.searched
        sides = rows[box.top], rows[box.bottom], columns[box.left], columns[box.right]
        return *sides, self._observations.of(box.observation), 2 * below + beyond

    def _lacks(self, track: Track) -> list[Any]:
        """The releases that lack the feature: the axes that it needs, and then where it was seen.

        Each entry has the releases, and then Python by Python the pair; the first holds on any.
        """
        found = self._findings.tested.features.by_track.get(track, {})
        axes = {axis.axis.name: axis for axis in (self._rows, self._columns)}
        return [
            [
                [[*axes].index(pin.axis) for pin in pins],
                [axes[pin.axis].position[pin.version] for pin in pins if pin.version],
                [
                    [self._pythons[python], self._pair(row)]
                    for python, row in rows.items()
                    if python is not None
                ],
            ]
            for pins, rows in found.items()
        ]

    def _lines(self, track: Track) -> list[dict[str, list[Any]]]:
        """By axis, the rate of each release line where hangs are rare."""
        names = frozenset(axis.name for axis in self._findings.matrix.axes)
        return [
            {
                line: [str(one.state), one.pool.hangs, one.tried, int(one.pool.per_exposure)]
                for line, one in self._findings.rare_hangs.lines(track, names, axis).items()
            }
            for axis in (self._rows.axis.name, self._columns.axis.name)
        ]

    def _records(self, number: Mapping[Track, int]) -> Iterator[list[Any]]:
        """What each workaround did against each hang, over all cells that needed it."""
        for kind, one in self._findings.workaround_records.items():
            name, probe, config, signature = kind
            if (probe, config) in number:
                which = -1 if signature is None else self._signatures.of(signature)
                of = self._ways[name], number[probe, config], which
                yield [*of, one.hangs, one.tried, int(one.tells)]

    def _also_run(self, rows: Iterable[int]) -> list[list[int]]:
        """The pairs of all other rows, by Python: what was run there is no answer to a reader."""
        found: dict[int, set[int]] = {}
        for python, of in self._by_python([*rows]):
            found.setdefault(self._pythons[python], set()).update(map(self._pair, of))
        return [[python, *steps(pairs)] for python, pairs in found.items()]


def _between(strip: Strip) -> Iterator[tuple[int, Sequence[int]]]:
    """The lower ends of what is inferred, and what is left open before the upper one."""
    for between, positions in strip.inferred():
        inside = range(between.low + 1, between.high)
        is_whole = len(positions) == len(inside)
        yield between.low, [] if is_whole else sorted({*inside} - {*positions})

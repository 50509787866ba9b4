"""Untested pairs that are inferred from the same tested ones, as rectangles of releases. Pure.

Every pair of a rectangle has the same answer. So a page can publish the answers of all pairs
without a list of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, product

from packaging.version import Version

from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis, TrackMap
from interlock.findings.maps import Pairs
from interlock.findings.space import ReleaseAxis, Spot
from interlock.findings.tested import Place
from interlock.findings.weighing import version_of
from interlock.matrix import Matrix
from interlock.model import Axis, PythonVersion


@dataclass(frozen=True, kw_only=True)
class Region:
    """Neighbouring releases of both axes. Positions are those of ``Pairs``."""

    rows: range
    columns: range
    place: Place
    """Its first pair. The others have the same answer."""


@dataclass(frozen=True, kw_only=True)
class Regions:
    """The rectangles of one Python."""

    told: tuple[Region, ...]
    """In the order of their rows."""
    left_out: tuple[range, ...]
    """The rows of those that were too many."""


def inferred_regions(findings: Findings, python: PythonVersion, most: int) -> Regions:
    """The rectangles in which some probe is inferred, at most so many of them.

    Releases that were tested are alone in theirs. Between them, an answer changes only where the
    release line does, or what the index says of a release. Where there are too many, the rows that
    were tested most are told, and of two alike the newer.
    """
    pairs, maps = findings.untested.pairs, _maps(findings, python)
    if pairs is None or not maps:
        return Regions(told=(), left_out=())
    rows, columns = (
        _alike(findings, axis, of)
        for axis, of in zip(pairs.axes, (pairs.rows, pairs.columns), strict=True)
    )
    tested = set(_spots(findings, pairs, python))
    counts = Counter(row for row, _ in tested)
    told: dict[int, list[Region]] = {}
    left_out: list[range] = []
    room = most
    for row in sorted(rows, key=lambda row: (counts[row[0]], row[0]), reverse=True):
        open_spots = ((column, (row[0], column[0])) for column in columns)
        inferred = (
            (column, spot)
            for column, spot in open_spots
            if spot not in tested and any(_is_inferred(of, spot) for of in maps)
        )
        found = [
            Region(rows=row, columns=column, place=(pairs.pins(spot), python))
            for column, spot in islice(inferred, room + 1)
        ]
        if len(found) > room:
            left_out.append(row)
        else:
            told[row[0]] = found
            room -= len(found)
    return Regions(
        told=tuple(one for row in sorted(told) for one in told[row]),
        left_out=tuple(sorted(left_out, key=lambda row: row[0])),
    )


def _maps(findings: Findings, python: PythonVersion) -> Sequence[TrackMap]:
    """The maps of that Python that infer something of what a reader asks about."""
    known, matrix = findings.untested.maps, findings.matrix
    of_readers = (track for track in findings.tracks if matrix.is_about(None, track[0]))
    found = (known[track].get(python) for track in of_readers if track in known)
    return [one for one in found if one and one.infers]


def _is_inferred(of: TrackMap, spot: Spot) -> bool:
    return of.at(spot).basis is AnswerBasis.INFERRED


def _spots(findings: Findings, pairs: Pairs, python: PythonVersion) -> Iterator[Spot]:
    """Where something was run on that Python."""
    for pins, there in findings.tested.places:
        row, column = (
            axis.position.get(version_of(pins, pin.axis))
            for axis, pin in zip((pairs.rows, pairs.columns), pins, strict=True)
        )
        if there == python and row is not None and column is not None:
            yield row, column


def _alike(findings: Findings, axis: Axis, of: ReleaseAxis) -> Sequence[range]:
    """The positions of an axis, with neighbours together that no answer tells apart."""
    alone = {version_of(pins, axis.name) for pins, _ in findings.tested.places}
    alone |= set(_named(findings.matrix, axis.name))

    def kind(at: int) -> Hashable:
        version = of.versions[at]
        listed = findings.releases.of(axis.name, version)
        assert listed, "the axis has the listed releases"
        refused = frozenset(listed.refused.items())
        return at if version in alone else of.lines[at], refused, listed.vulnerabilities

    together = (list(one) for _, one in groupby(range(len(of)), key=kind))
    return [range(one[0], one[-1] + 1) for one in together]


def _named(matrix: Matrix, axis: str) -> Iterator[Version]:
    """The releases that ``only`` names, whether or not they were run."""
    for probe, config in product(matrix.probes, matrix.configurations):
        for only in matrix.only_there(probe, config):
            for choice in only.versions.get(axis, ()):
                if isinstance(choice, Version):
                    yield choice

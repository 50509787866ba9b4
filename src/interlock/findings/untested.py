"""What is known of releases that nobody ran: the index decides, or tested pairs around agree. Pure.

The maps of a probe are made when somebody first asks about it, and once. Nothing is stored for a
pair that was not tested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from packaging.version import Version

from interlock.findings.audit import ErrorRate
from interlock.findings.inference import AnswerBasis, Known, TrackMap
from interlock.findings.maps import NotedMaps, Pairs, Tested, in_order
from interlock.findings.situation import Asked, Inferred, Seen
from interlock.findings.space import Observation, ReleaseAxis
from interlock.findings.tested import Place
from interlock.findings.weighing import Track
from interlock.matrix import Matrix
from interlock.model import Basis, Cell, Outcome, Pin, PythonVersion, Reason, Verdict
from interlock.record import MACHINE, ListedReleases


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A release that the index does not let anybody install on a Python."""

    pin: Pin
    python: PythonVersion
    reason: Reason

    @property
    def says(self) -> str:
        """One sentence for a reader, without its full stop."""
        return refusal(self.pin.package, str(self.pin.version), self.python, self.reason)


def refusal(package: str, version: str, python: PythonVersion, reason: Reason) -> str:
    """Why a release does not install on a Python, without a full stop."""
    if reason is Reason.NO_WHEEL:
        return f"{package} {version} has no wheel for CPython {python} on {MACHINE}"
    return f"{package} {version} excludes Python {python} (requires-python)"


class Untested:
    """What the published releases and the tested pairs say about all other pairs."""

    def __init__(
        self,
        matrix: Matrix,
        by_track: Mapping[Track, Sequence[Verdict]],
        by_cell: Mapping[tuple[str, ...], Verdict],
        releases: ListedReleases,
        audits: Callable[[], Mapping[str, ErrorRate]],
        noted: Callable[[Track], NotedMaps | None] = lambda _: None,
    ) -> None:
        """``audits`` has, by probe, how often an inferred answer is wrong.

        ``noted``: what the maps of a track are made of, where that is known already.
        """
        self._noted = noted
        self._matrix = matrix
        self._by_track = by_track
        self._by_cell = by_cell
        self._releases = releases
        self._audits = audits
        self._maps: dict[Track, Mapping[PythonVersion, TrackMap]] = {}
        self._last: tuple[Place, object, object, Sequence[Seen]] | None = None
        """What ``at`` was asked and found last: each situation of a reader asks the same."""

    def refusals(self, place: Place) -> tuple[Refusal, ...]:
        """The releases that can't be installed there, by what was published of the index."""
        pins, python = place
        found = ((pin, self._releases.of(pin.axis, _version(pin))) for pin in pins)
        return tuple(
            Refusal(pin=pin, python=python, reason=one.refused[python])
            for pin, one in found
            if one and python in one.refused
        )

    def unlisted(self, place: Place) -> tuple[Pin, ...]:
        """The releases that the index did not list; none where no index was asked."""
        if not self._releases:
            return ()
        pins, _ = place
        return tuple(p for p in pins if self._releases.of(p.axis, _version(p)) is None)

    def at(self, place: Place, meant: Iterable[Asked], seen: Sequence[Seen]) -> Sequence[Seen]:
        """What is inferred of the cells that are ``meant`` to be run there, and were not.

        ``seen`` is what was tested there. Nothing is inferred that contradicts it. A probe about
        one kind of application finds rare hangs: they have rates, and no edges.
        """
        last = self._last
        if last and last[0] == place and last[1] is meant and last[2] is seen:
            return last[3]
        found = self._at(place, meant, seen)
        self._last = place, meant, seen, found
        return found

    def _at(self, place: Place, meant: Iterable[Asked], seen: Sequence[Seen]) -> Sequence[Seen]:
        there = {one.verdict.cell.key for one in seen}
        open_cells = (
            one
            for one in meant
            if one.cell.key not in there and self._matrix.is_about(None, one.cell.probe)
        )
        found = (self._inferred(one) for one in open_cells) if self._has_pairs(place) else ()
        return [one for one in found if one and not any(_contradict(one, other) for other in seen)]

    @property
    def maps(self) -> Mapping[Track, Mapping[PythonVersion, TrackMap]]:
        """By probe and configuration, then by Python. Empty where the releases are not known."""
        if self.pairs is None:
            return {}
        return {track: self.maps_of(track) for track in self._by_track}

    def known(self, cell: Cell) -> Known | None:
        """What is known of a cell, as a search knows it; None for releases that it never tries."""
        pairs = self.pairs
        spot = pairs.spot(cell) if pairs and cell.is_whole else None
        if spot is None or cell.python not in self._pythons:
            return None
        return self._map_of((cell.probe, cell.config), cell.python).at(spot)

    def observed(
        self, place: Place, tracks: Iterable[Track]
    ) -> tuple[tuple[AnswerBasis, Observation | None], ...]:
        """What is known of a place in each of these tracks; nothing of releases on no axis."""
        pins, python = place
        pairs = self.pairs
        if pairs is None or python not in self._pythons:
            return ()
        of = zip((pairs.rows, pairs.columns), pins, strict=True)
        row, column = (axis.position.get(_version(pin)) for axis, pin in of)
        if row is None or column is None:
            return ()
        there = (self._map_of(track, python).at((row, column)) for track in tracks)
        return tuple((known.basis, known.observation) for known in there)

    def _inferred(self, asked: Asked) -> Seen | None:
        cell, pairs = asked.cell, self.pairs
        known = self.known(cell)
        if pairs is None or known is None or known.basis is not AnswerBasis.INFERRED:
            return None
        assert known.rule and known.observation, "an inferred pair has a rule and an outcome"
        cells = (replace(cell, pins=pairs.pins(spot)) for spot in known.corners)
        found = (self._by_cell.get(each.key) for each in cells)
        corners = tuple(one for one in found if one and one.basis is Basis.TESTED)
        inferred = Inferred(
            rule=known.rule, corners=corners, error_rate=self._audits().get(cell.probe)
        )
        return Seen(
            verdict=inferred_verdict(cell, corners), situation=asked.situation, inferred=inferred
        )

    def _has_pairs(self, place: Place) -> bool:
        return self.pairs is not None and not self.refusals(place)

    def _map_of(self, track: Track, python: PythonVersion) -> TrackMap:
        return self.maps_of(track)[python]

    def maps_of(self, track: Track) -> Mapping[PythonVersion, TrackMap]:
        """The maps of a probe in a configuration, by Python."""
        if track not in self._maps:
            pairs, noted = self.pairs, self._noted(track)
            assert pairs, "there is a map only of two axes whose releases are known"
            tested = self.tested(track) if noted is None else noted.tested(self._pythons)
            self._maps[track] = pairs.maps_of(tested, noted.boxes if noted else lambda _: None)
        return self._maps[track]

    def tested(self, track: Track) -> Tested:
        """What was seen of a track, by Python and position. Empty without known releases."""
        rows = (v for v in self._by_track.get(track, ()) if v.basis is Basis.TESTED)
        return self.pairs.tested(rows, self._pythons) if self.pairs else {}

    @cached_property
    def pairs(self) -> Pairs | None:
        """All pairs that a search tries.

        None where the releases are not known, or the matrix has another number of axes.
        """
        if not self._releases or len(self._matrix.axes) != 2:
            return None
        rows, columns = self._matrix.axes
        refused = {
            axis.name: {
                one.version: frozenset(one.refused)
                for one in self._releases.by_axis.get(axis.name, ())
            }
            for axis in self._matrix.axes
        }
        by_row, by_column = refused[rows.name], refused[columns.name]

        def installs(python: PythonVersion, row: Version, column: Version) -> bool:
            return python not in by_row[row] and python not in by_column[column]

        return Pairs(
            axes=(rows, columns),
            rows=ReleaseAxis.of(rows.package, self._searched(rows.name)),
            columns=ReleaseAxis.of(columns.package, self._searched(columns.name)),
            installs=installs,
        )

    def _searched(self, axis: str) -> Iterator[Version]:
        """The releases that a search tries: final ones that are not yanked."""
        for one in self._releases.by_axis.get(axis, ()):
            if not one.yanked and not one.version.is_prerelease:
                yield one.version

    @cached_property
    def _pythons(self) -> Sequence[PythonVersion]:
        columns = self._releases.by_axis.get(self._matrix.axes[-1].name, ())

        def installing(python: PythonVersion) -> int:
            return sum(python not in one.refused for one in columns)

        return in_order(self._releases.pythons, installing)


def _version(pin: Pin) -> Version:
    assert pin.version, "a question is about whole combinations"
    return pin.version


def inferred_verdict(cell: Cell, corners: Sequence[Verdict]) -> Verdict:
    """What is inferred, in the form of a verdict that no trial stands behind."""
    like = corners[0]
    return replace(
        like,
        cell=cell,
        basis=Basis.INFERRED,
        signatures=tuple((signature, 0) for signature, _ in like.signatures),
        detail=like.detail if like.reason is Reason.NO_FEATURE else "",
        evidence=(),
        trials=0,
        hangs=0,
        exposures=0,
        failed=0,
        measured=(),
        python_full="",
        tested_at=min(corner.tested_at for corner in corners),
    )


def _contradict(one: Seen, tested: Seen) -> bool:
    """Whether what is inferred can't be, by what was tested of the same probe in the same place.

    Trouble with less switched on contradicts a pass with at least that switched on.
    """
    if one.verdict.cell.probe != tested.verdict.cell.probe:
        return False
    if one.is_trouble:
        passes = tested.verdict.outcome is Outcome.PASS
        return passes and one.situation <= tested.situation
    return tested.is_trouble and tested.situation <= one.situation

"""The verdicts about whole combinations of releases, found by releases. Pure.

Each index is made once, and is linear in the verdicts. What one question reads of them is what was
run with its releases, and along each axis beside them.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from packaging.version import Version

from interlock.findings.criteria import Meant
from interlock.findings.situation import Asked, Conclusion, Seen, concerns, conclude
from interlock.findings.weighing import Pins, Track, version_of, without
from interlock.matrix import Matrix, Situation
from interlock.model import Basis, Cell, PythonVersion, Verdict

Place = tuple[Pins, PythonVersion]
"""Releases on a Python."""


class Tested:
    """What was run of each combination, and what that comes to in a situation."""

    def __init__(
        self, verdicts: Iterable[Verdict], matrix: Matrix, tracks: Iterable[Track], meant: Meant
    ) -> None:
        self._matrix = matrix
        self._meant = meant
        self._situations: dict[Track, Situation | None] = {}
        self._tracks = [track for track in tracks if self._situation(*track) is not None]
        self._exact: dict[Situation, Mapping[str, str]] = {}
        self._found: dict[Place, list[Verdict]] = {}
        for verdict in verdicts:
            if verdict.basis is Basis.TESTED and verdict.cell.is_whole:
                place = verdict.cell.pins, verdict.cell.python
                self._found.setdefault(place, []).append(verdict)

    def at(self, place: Place) -> list[Seen]:
        """What was seen there of what a reader can have."""
        found = ((v, self._situation(v.cell.probe, v.cell.config)) for v in self._of(place))
        return [Seen(verdict=v, situation=situation) for v, situation in found if situation]

    def meant_at(self, place: Place) -> list[Asked]:
        """What is to be run there."""
        pins, python = place
        found = (
            (Cell(pins=pins, python=python, probe=probe, config=config), situation)
            for probe, config in self._tracks
            if (situation := self._situation(probe, config))
        )
        return [Asked(cell=cell, situation=s) for cell, s in found if self._meant(cell)]

    def conclude(self, asked: Situation, place: Place) -> Conclusion:
        """What is known there of that situation."""
        return conclude(asked, self.at(place), self.meant_at(place), self._just(asked))

    def covers(self, asked: Situation, place: Place) -> bool:
        """Whether something is meant to be run there with all of it switched on, or was."""
        meant = (one.situation for one in self.meant_at(place))
        seen = (one.situation for one in self.at(place))
        return any(asked <= there for there in (*meant, *seen))

    @cached_property
    def situations(self) -> Sequence[Situation]:
        """Those that something was meant to be run in, in the order of ``matrix.yaml``: each
        configuration once, and without the kinds of application that only some probes are about."""
        order = [*self._matrix.configurations]
        tracks = sorted(self._tracks, key=lambda track: order.index(track[1]))
        of_all = [
            self._situation(probe, config)
            for probe, config in tracks
            if self._matrix.use(probe).application is None
            and not self._matrix.configurations[config].is_composed
        ]
        return list(dict.fromkeys(situation for situation in of_all if situation))

    def beside(self, axis: str, place: Place) -> Sequence[Version]:
        """Releases of that axis that were run with the others of the place, in version order."""
        pins, python = place
        return self._by_beside.get((axis, without(pins, axis), python), ())

    def about(
        self, asked: Situation, axis: str, place: Place, *, with_the_others: bool
    ) -> tuple[Version | None, Version | None]:
        """The nearest releases of the axis, below and above, of which something is known in that
        situation: run with the others of the place, or, where nothing was, with any."""
        pins, python = place
        present = version_of(pins, axis)
        if with_the_others:
            versions = self.beside(axis, place)
            places = {v: [(moved(pins, axis, v), python)] for v in versions}
        else:
            places = {**self._by_release.get((axis, python), {})}
            versions = sorted(places)

        def first(listed: Iterable[Version]) -> Version | None:
            known = (v for v in listed if any(self._concern(asked, p) for p in places[v]))
            return next(known, None)

        # With other partners, the very release that was asked for is on both sides of itself.
        below = bisect_left(versions, present) if with_the_others else bisect(versions, present)
        return first(reversed(versions[:below])), first(versions[bisect_left(versions, present) :])

    def _concern(self, asked: Situation, place: Place) -> bool:
        return any(concerns(one, asked) for one in self.at(place))

    def _of(self, place: Place) -> Sequence[Verdict]:
        return self._found.get(place, ())

    def _situation(self, probe: str, config: str) -> Situation | None:
        track = probe, config
        if track not in self._situations:
            self._situations[track] = self._matrix.situation_of(probe, config)
        return self._situations[track]

    def _just(self, asked: Situation) -> Mapping[str, str]:
        """By probe, the configuration that is that very situation."""
        if asked not in self._exact:
            self._exact[asked] = {
                probe: config
                for probe in self._matrix.probes
                for config in self._matrix.judged_in(probe)
                if self._situation(probe, config) == asked
            }
        return self._exact[asked]

    @cached_property
    def _by_beside(self) -> Mapping[tuple[str, Pins, PythonVersion], Sequence[Version]]:
        found: dict[tuple[str, Pins, PythonVersion], list[Version]] = {}
        for axis, version, (pins, python) in self._each():
            found.setdefault((axis, without(pins, axis), python), []).append(version)
        return {key: sorted(versions) for key, versions in found.items()}

    @cached_property
    def _by_release(self) -> Mapping[tuple[str, PythonVersion], Mapping[Version, list[Place]]]:
        found: dict[tuple[str, PythonVersion], dict[Version, list[Place]]] = {}
        for axis, version, place in self._each():
            found.setdefault((axis, place[1]), {}).setdefault(version, []).append(place)
        return found

    def _each(self) -> Iterator[tuple[str, Version, Place]]:
        for place in self._found:
            for pin in place[0]:
                yield pin.axis, version_of(place[0], pin.axis), place


def moved(pins: Pins, axis: str, version: Version) -> Pins:
    """The same releases, but for one axis."""
    return tuple(
        type(pin)(axis=pin.axis, package=pin.package, version=version) if pin.axis == axis else pin
        for pin in pins
    )

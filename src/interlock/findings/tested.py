"""The verdicts about whole combinations of releases, found by releases. Pure.

Each index is made once, and is linear in the verdicts. What one question reads of them is what was
run with its releases, and along each axis beside them.
"""

from __future__ import annotations

from bisect import bisect, bisect_left
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from packaging.version import Version

from interlock.findings.criteria import Meant
from interlock.findings.features import MissingFeatures
from interlock.findings.inference import AnswerBasis
from interlock.findings.likeness import TROUBLE
from interlock.findings.situation import Asked, Conclusion, Drawn, Levels, Seen, conclude, required
from interlock.findings.weighing import Pins, Track, version_of, without
from interlock.matrix import Matrix, Situation
from interlock.model import Cell, Outcome, PythonVersion, Reason, Verdict
from interlock.record import Columns

Place = tuple[Pins, PythonVersion]
"""Releases on a Python."""


_TELLING = (Reason.NO_FEATURE, Reason.NO_WHEEL, Reason.REQUIRES_PYTHON)
"""The reasons that ``conclude`` reads: nothing was run, or a feature is missing."""

Shape = tuple[tuple[tuple[object, ...], ...], tuple[Track, ...]]
"""All that ``conclude`` reads of a place: what each verdict says, and what is meant there."""


class Known(NamedTuple):
    """The releases of which it is known what they do, by their numbers in ``Columns``."""

    with_others: dict[tuple[int, ...], list[int]]
    """By the place of an axis, and the numbers of the other releases."""
    with_any: dict[int, list[int]]
    """By the place of an axis, whatever the other releases are."""


class Tested:
    """What was run of each combination, and what that comes to in a situation."""

    def __init__(
        self,
        verdicts: Iterable[Verdict],
        matrix: Matrix,
        tracks: Iterable[Track],
        meant: Meant,
        noted: Callable[[Levels, PythonVersion], Known | None] = lambda *_: None,
    ) -> None:
        """``noted``: what ``known_on`` returns, where it is known already."""
        self._matrix = matrix
        self._noted = noted
        self._meant = meant
        self._situations: dict[Track, Situation | None] = {}
        self._tracks = [track for track in tracks if self._situation(*track) is not None]
        self._exact: dict[Situation, Mapping[str, str]] = {}
        self._seen: dict[Place, Sequence[Seen]] = {}
        self._asked: dict[Place, Sequence[Asked]] = {}
        self._shapes: dict[Shape, int] = {}
        self._shape_at: dict[Place, int] = {}
        self._drawn: dict[tuple[int, int, frozenset[int]], Drawn] = {}
        self._relations: dict[Hashable, int] = {}
        self._relation_of: dict[tuple[int, ...], int] = {}
        self._covered: dict[tuple[tuple[int, ...], int], bool] = {}
        self._known: dict[tuple[tuple[int, ...], PythonVersion], Known] = {}
        self._rows = Columns.of(verdicts)
        self._rows_by: dict[tuple[int, ...], list[int]] = {}
        for row in self._rows.answers:
            self._rows_by.setdefault(self._rows.cells[row][:-2], []).append(row)
        self.features = MissingFeatures(self._rows, matrix, self._situation)
        self._rows_at: dict[Place, Sequence[int]] = {}
        self._on_python: dict[PythonVersion, Sequence[Pins]] = {}
        self._beside: dict[tuple[str, Pins, PythonVersion], Sequence[Version]] = {}

    def at(self, place: Place) -> Sequence[Seen]:
        """What was seen there of what a reader can have."""
        if place not in self._seen:
            rows = (self._rows[row] for row in self.rows_at(place))
            found = ((v, self._situation(v.cell.probe, v.cell.config)) for v in rows)
            self._seen[place] = [Seen(verdict=v, situation=s) for v, s in found if s]
        return self._seen[place]

    def rows_at(self, place: Place) -> Sequence[int]:
        """The rows that were run there."""
        if place not in self._rows_at:
            pins, python = place
            numbers = self._rows.numbers((*pins, python))
            self._rows_at[place] = self._rows_by.get(numbers, ()) if numbers else ()
        return self._rows_at[place]

    def has_trouble(self, place: Place) -> bool:
        """Whether something hangs or fails there, also where no reader can have it."""
        outcomes = self._rows.outcomes
        return any(outcomes[row] in TROUBLE for row in self.rows_at(place))

    def meant_at(self, place: Place) -> Sequence[Asked]:
        """What is to be run there."""
        if place not in self._asked:
            pins, python = place
            found = (
                (Cell(pins=pins, python=python, probe=probe, config=config), situation)
                for probe, config in self._tracks
                if (situation := self._situation(probe, config))
            )
            self._asked[place] = [Asked(cell=c, situation=s) for c, s in found if self._meant(c)]
        return self._asked[place]

    def conclude(
        self, asked: Situation, place: Place, beside: Callable[[Verdict], bool] | None = None
    ) -> Conclusion:
        """What is known there of that situation; trouble that is ``beside`` is left out."""
        drawn, seen = self.drawn(asked, place, beside), self.at(place)
        pins, python = place
        return Conclusion(
            outcome=drawn.outcome,
            basis=drawn.basis,
            rests_on=tuple(seen[number] for number in drawn.rests_on),
            missing=tuple(
                Cell(pins=pins, python=python, probe=probe, config=config)
                for probe, config in drawn.missing
            ),
        )

    def conclude_with(self, asked: Situation, place: Place, inferred: Sequence[Seen]) -> Conclusion:
        """The same, with inferred cells in the place of those that nobody ran."""
        seen = [*self.at(place), *inferred]
        return conclude(asked, seen, self.meant_at(place), self._just(asked))

    def outcome(self, asked: Situation, place: Place) -> Outcome | None:
        """The outcome that ``conclude`` finds."""
        return self.drawn(asked, place).outcome if self.rows_at(place) else None

    def was_run(self, asked: Situation, place: Place) -> bool:
        """Whether that outcome is known from a run, and not from what the index decides."""
        known = self.outcome(asked, place) is not None
        return known and self.drawn(asked, place).basis is not AnswerBasis.INDEX

    def drawn(
        self, asked: Situation, place: Place, beside: Callable[[Verdict], bool] | None = None
    ) -> Drawn:
        """The conclusion, which is drawn once for all places of one shape."""
        out = frozenset[int]()
        if beside and self.has_trouble(place):
            troubles = ((n, one) for n, one in enumerate(self.at(place)) if one.is_trouble)
            out = frozenset(number for number, one in troubles if beside(one.verdict))
        key = self._relation(asked), self.shape(place), out
        if key not in self._drawn:
            self._drawn[key] = self._draw(asked, place, out)
        return self._drawn[key]

    def _relation(self, asked: Situation) -> int:
        """A number that situations share which stand alike to everything that can be run."""
        if asked.levels not in self._relation_of:
            relation = (
                tuple((one <= asked, asked <= one) for one in self._of_rows),
                tuple(self._just(asked).items()),
            )
            number = self._relations.setdefault(relation, len(self._relations))
            self._relation_of[asked.levels] = number
        return self._relation_of[asked.levels]

    @cached_property
    def _of_rows(self) -> Sequence[Situation]:
        """Every situation that a row can be about, also of a probe that the matrix lost."""
        matrix = self._matrix
        found = {
            self._situation(probe, config)
            for probe in (*matrix.probes, *matrix.uses, "")
            for config in matrix.configurations
        }
        return [one for one in found if one]

    def _draw(self, asked: Situation, place: Place, out: frozenset[int]) -> Drawn:
        every, meant = self.at(place), self.meant_at(place)
        seen = [one for number, one in enumerate(every) if number not in out]
        if out:
            left_out = {every[number].verdict.cell.key for number in out}
            meant = [one for one in meant if one.cell.key not in left_out]
        found = conclude(asked, seen, meant, self._just(asked))
        number_of = {id(one): number for number, one in enumerate(every)}
        return Drawn(
            outcome=found.outcome,
            basis=found.basis,
            rests_on=tuple(number_of[id(one)] for one in found.rests_on),
            missing=tuple((cell.probe, cell.config) for cell in found.missing),
        )

    def shape(self, place: Place) -> int:
        """A number that places share where the same was seen and the same is meant."""
        if place not in self._shape_at:
            shape = (
                tuple(self._shapes_of(self.rows_at(place))),
                tuple((one.cell.probe, one.cell.config) for one in self.meant_at(place)),
            )
            self._shape_at[place] = self._shapes.setdefault(shape, len(self._shapes))
        return self._shape_at[place]

    def _shapes_of(self, rows: Iterable[int]) -> Iterator[tuple[object, ...]]:
        """What each row says that a reader can have, without reading its verdict."""
        every = self._rows
        *_, probes, configs = every.parts
        for row in rows:
            probe, config = (
                of[number]
                for of, number in zip((probes, configs), every.cells[row][-2:], strict=True)
            )
            told = every.reasons[row] if every.reasons[row] in _TELLING else None
            if self._situation(probe, config):
                yield probe, config, every.outcomes[row], told

    def covers(self, asked: Situation, place: Place) -> bool:
        """Whether something is meant to be run there with all of it switched on, or was."""
        key = asked.levels, self.shape(place)
        if key not in self._covered:
            meant = (one.situation for one in self.meant_at(place))
            seen = (one.situation for one in self.at(place))
            self._covered[key] = any(asked <= there for there in (*meant, *seen))
        return self._covered[key]

    def lacking(self, asked: Situation, place: Place, moving: Collection[str] = ()) -> list[Seen]:
        """The features whose lack keeps all of it from being switched on there.

        Every probe that has all of it on lacks one. Those of the axes that are ``moving`` are left
        out.
        """
        found = [
            one.seen for one in self.features.at(asked, place) if {*one.needs}.isdisjoint(moving)
        ]
        if not found:
            return []
        with_all = {
            one.cell.probe
            for one in required(asked, self.meant_at(place))
            if asked <= one.situation
        }
        lacking = {seen.verdict.cell.probe for seen in found}
        return found if with_all and with_all <= lacking else []

    @property
    def places(self) -> Iterable[Place]:
        """The combinations that were run."""
        return [self._place(numbers) for numbers in self._rows_by]

    def _place(self, numbers: tuple[int, ...]) -> Place:
        *pins, python = (
            part[number] for part, number in zip(self._rows.parts, numbers, strict=False)
        )
        return tuple(pins), python

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
        line = axis, without(pins, axis), python
        if line not in self._beside:
            at = [pin.axis for pin in pins].index(axis)
            parts = [part for part in range(len(pins) + 1) if part != at]
            numbers = self._rows.numbers((*line[1], python), parts)
            found = () if numbers is None else self._by_beside.get((at, *numbers), ())
            self._beside[line] = self._versions(at, found)
        return self._beside[line]

    def around(
        self, asked: Situation, axis: str, place: Place
    ) -> tuple[Version | None, Version | None]:
        """The nearest releases of the axis, below and above, of which it is known what they do in
        that situation with the others of the place."""
        pins, python = place
        present, at = version_of(pins, axis), [pin.axis for pin in pins].index(axis)
        others = self._rows.numbers(without(pins, axis), [n for n in range(len(pins)) if n != at])
        known = self.known_on(asked, python).with_others
        versions = self._versions(at, known.get((at, *others), ()) if others is not None else ())
        return _neighbours(versions, bisect_left(versions, present), bisect(versions, present))

    def around_with_others(
        self, asked: Situation, axis: str, place: Place
    ) -> tuple[Version | None, Version | None]:
        """The same with any others: the very release of the place, where its answer is known."""
        pins, python = place
        present, at = version_of(pins, axis), [pin.axis for pin in pins].index(axis)
        versions = self._versions(at, self.known_on(asked, python).with_any.get(at, ()))
        return _neighbours(versions, bisect(versions, present), bisect_left(versions, present))

    def known_on(self, asked: Situation, python: PythonVersion) -> Known:
        """The releases on that Python of which it is known what they do in that situation."""
        key = asked.levels, python
        if key not in self._known:
            self._known[key] = self._noted(*key) or self._find_known(asked, python)
        return self._known[key]

    def _find_known(self, asked: Situation, python: PythonVersion) -> Known:
        with_others: dict[tuple[int, ...], list[int]] = {}
        with_any: dict[int, dict[int, None]] = {}
        for numbers in self._numbers_on(python):
            if self.outcome(asked, self._place(numbers)):
                pins = numbers[:-1]
                for at, number in enumerate(pins):
                    line = (at, *pins[:at], *pins[at + 1 :])
                    with_others.setdefault(line, []).append(number)
                    with_any.setdefault(at, {})[number] = None
        return Known(with_others, {at: [*every] for at, every in with_any.items()})

    def _versions(self, at: int, numbers: Iterable[int]) -> Sequence[Version]:
        """The releases of an axis with these numbers, in version order."""
        return sorted(self._rows.parts[at][number].version for number in numbers)

    def _numbers_on(self, python: PythonVersion) -> Iterator[tuple[int, ...]]:
        part = self._rows.parts[-3]
        return (numbers for numbers in self._rows_by if part[numbers[-1]] == python)

    def on(self, python: PythonVersion) -> Sequence[Pins]:
        """The combinations that were run on that Python."""
        if python not in self._on_python:
            self._on_python[python] = [self._place(one)[0] for one in self._numbers_on(python)]
        return self._on_python[python]

    @cached_property
    def pythons(self) -> Sequence[PythonVersion]:
        numbers = {numbers[-1] for numbers in self._rows_by}
        return sorted(self._rows.parts[-3][number] for number in numbers)

    def pythons_with(self, asked: Situation) -> frozenset[PythonVersion]:
        """The Pythons that something was run on with all of it switched on."""
        return frozenset(
            python
            for track, pythons in self._by_track.items()
            if (there := self._situation(*track)) and asked <= there
            for python in pythons
        )

    @cached_property
    def _by_track(self) -> Mapping[Track, set[PythonVersion]]:
        found: dict[Track, set[PythonVersion]] = {}
        *_, pythons, probes, configs = self._rows.parts
        for python, probe, config in {self._rows.cells[row][-3:] for row in self._rows.answers}:
            found.setdefault((probes[probe], configs[config]), set()).add(pythons[python])
        return found

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
    def _by_beside(self) -> Mapping[tuple[int, ...], Sequence[int]]:
        """By the place of an axis, and the numbers of all else: the numbers of its releases."""
        found: dict[tuple[int, ...], list[int]] = {}
        for numbers in self._rows_by:
            for at in range(len(numbers) - 1):
                rest = (at, *numbers[:at], *numbers[at + 1 :])
                found.setdefault(rest, []).append(numbers[at])
        return found


def _neighbours(
    versions: Sequence[Version], below: int, above: int
) -> tuple[Version | None, Version | None]:
    """The version before one number in the list, and the one at the other."""
    return (
        versions[below - 1] if below else None,
        versions[above] if above < len(versions) else None,
    )

"""Which releases to move to in some situations, along each axis. Pure.

A target was run, and passes the same question. What another library does alone is no reason against
it (``weighing``).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from packaging.version import Version

from interlock.findings.advice import Move, by_preference
from interlock.findings.attribution import PYTHON
from interlock.findings.bars import Bars
from interlock.findings.chances import ByChances
from interlock.findings.likeness import TROUBLE
from interlock.findings.scopes import (
    Barred,
    Evidence,
    OnEveryPython,
    SmallestMove,
    in_scopes,
    why_barred,
)
from interlock.findings.situation import Conclusion, Seen, concerns, lacks_feature
from interlock.findings.smallest import smallest_of, smallest_together
from interlock.findings.tested import Place, Tested, moved
from interlock.findings.weighing import Pins, Trouble, version_of, without
from interlock.index import Objection
from interlock.matrix import Matrix, Situation
from interlock.model import Axis, NoTarget, Outcome, PythonVersion, Target, Verdict

Situations = tuple[Situation, ...]
Objections = tuple[Objection, ...]


class Targets:
    """The releases to move to. What is found along a line of releases is kept for the next."""

    def __init__(
        self,
        matrix: Matrix,
        tested: Tested,
        bars: Bars,
        counts_against: Callable[[Verdict, str], bool],
        by_chances: ByChances,
    ) -> None:
        """``counts_against``: whether a hang or failure is a reason to avoid that axis."""
        self._matrix = matrix
        self._tested = tested
        self._bars = bars
        self._counts_against = counts_against
        self._by_chances = by_chances
        self._lines: dict[tuple[object, ...], _Line] = {}
        self._pythons: dict[tuple[object, ...], tuple[PythonVersion, ...]] = {}
        self._axes = by_preference(matrix.axes, matrix.policy)

    def moves(
        self, asked: Sequence[Situation], place: Place, troubles: Sequence[Trouble]
    ) -> tuple[Move, ...]:
        """Along each axis, the releases that pass in each of the situations; none without
        trouble."""
        every = tuple(asked)
        return tuple(self._move(axis, every, place, troubles) for axis in self._axes if troubles)

    def passing(self, asked: Situation, place: Place) -> tuple[Move, ...]:
        """Where nothing is known: along each axis, the newer releases that were tested and pass."""
        found = (self._along(axis, (asked,), place) for axis in self._axes)
        return tuple(move for move in found if move.helps)

    def smallest(
        self, asked: Sequence[Situation], place: Place, moves: Sequence[Move]
    ) -> SmallestMove | None:
        """The smallest change that helps, of one release or else of several."""
        if any(move.helps for move in moves):
            return smallest_of(moves, place[0])
        every = tuple(asked)
        hurt = self._hurt(every, place)

        def passes(pins: Pins) -> bool:
            there = pins, place[1]
            if any(self._tested.outcome(one, there) in TROUBLE for one in hurt):
                return False
            return self._all_pass([pin.axis for pin in pins], every, hurt, there)

        order = [axis.name for axis in self._axes]
        together = self._tested.together(place)
        return smallest_together(place[0], together, order, self._bars, passes)

    def _move(
        self, axis: Axis, asked: Situations, place: Place, troubles: Sequence[Trouble]
    ) -> Move:
        if not any(one.counts_against(axis.name) for one in troubles):
            return _none(axis, _not_its_own(axis, place, troubles))
        return self._along(axis, asked, place)

    def _along(self, axis: Axis, asked: Situations, place: Place) -> Move:
        hurt = self._hurt(asked, place)
        line, present = self._line(axis, asked, hurt, place), version_of(place[0], axis.name)
        ends, barred = line.ends(present, lambda v: self._bars.against(axis.name, v, present))
        if ends:
            nearest, newest = (Target(axis=axis.name, version=version) for version in ends)
            evidence = (self._evidence(axis, v, asked, place) for v in dict.fromkeys(ends))
            move = Move(nearest=nearest, newest=newest, barred=barred, evidence=tuple(evidence))
            everywhere = self._on_every_python(axis, asked, hurt, place)
            return replace(self._measured(move, line, place), everywhere=everywhere)
        reason = self._why_none(axis, asked, hurt, place, barred)
        is_open = not barred and not line.goes_on(present)
        move = _none(axis, reason, is_open=is_open)
        return self._measured(replace(move, barred=barred), line, place)

    def _why_none(
        self,
        axis: Axis,
        asked: Situations,
        hurt: Situations,
        place: Place,
        barred: Sequence[Barred],
    ) -> str:
        line, present = self._line(axis, asked, hurt, place), version_of(place[0], axis.name)
        if barred:
            return why_barred(axis.package, barred)
        alone = (self._line(axis, (one,), (one,), place) for one in hurt if len(asked) > 1)
        if any(one.ends(present)[0] for one in alone):
            return f"no {axis.package} release that was tested passes in every setting"
        if line.is_covered(present):
            return f"no {axis.package} release that was tested helps"
        if line.goes_on(present):
            return f"no {axis.package} release was tested with these settings"
        return f"no newer {axis.package} release was tested"

    def _measured(self, move: Move, line: _Line, place: Place) -> Move:
        """The move with what is known of each scope, and what was not tested."""
        pins, python = place
        present = version_of(pins, move.axis)
        tested = [version for version in line.above(present) if line.is_known(version)]
        newer = self._bars.newer(move.axis, present, python)
        known = set(tested)
        untested = [version for version in newer if version not in known]
        nearest = move.nearest if isinstance(move.nearest, Target) else None
        before = (v for v in untested if nearest is None or v < nearest.version)
        scopes = tuple(in_scopes(present, nearest, tested, untested))
        return replace(move, scopes=scopes, untested=tuple(before))

    def _evidence(self, axis: Axis, version: Version, asked: Situations, place: Place) -> Evidence:
        there = moved(place[0], axis.name, version), place[1]
        seen = [one for a in asked for one in self._tested.conclude(a, there).rests_on]
        passes = {s.verdict.cell.key: s.verdict for s in seen if s.verdict.outcome is Outcome.PASS}
        passes = passes or {
            s.verdict.cell.key: s.verdict
            for s in self._tested.at(there)
            if s.verdict.outcome is Outcome.PASS
        }
        return Evidence(
            version=version,
            trials=sum(verdict.trials for verdict in passes.values()),
            exposures=sum(verdict.exposures for verdict in passes.values()),
            tested_at=min(verdict.tested_at for verdict in passes.values()),
        )

    def _on_every_python(
        self, axis: Axis, asked: Situations, hurt: Situations, place: Place
    ) -> OnEveryPython | None:
        """The nearest and the newest that pass wherever they were tested and can be installed."""
        line, present = self._line(axis, asked, hurt, place), version_of(place[0], axis.name)

        def fits(version: Version) -> bool:
            barred = self._bars.against(axis.name, version, present)
            return not barred and bool(self._pythons_with(axis, version, asked, hurt, place[0]))

        ends = line.that_pass(present, fits)
        if ends is None:
            return None
        nearest, newest = (Target(axis=axis.name, version=version) for version in ends)
        first, last = (self._pythons_with(axis, v, asked, hurt, place[0]) for v in ends)
        return OnEveryPython(nearest=nearest, newest=newest, pythons=first, newest_pythons=last)

    def _pythons_with(
        self, axis: Axis, version: Version, asked: Situations, hurt: Situations, pins: Pins
    ) -> tuple[PythonVersion, ...]:
        """The Pythons on which it passes; none where it does not pass on one that has it."""
        levels = tuple(one.levels for one in asked), tuple(one.levels for one in hurt)
        there = moved(pins, axis.name, version)
        key = axis.name, there, levels
        if key not in self._pythons:
            found: list[PythonVersion] = []
            for python in self._tested.pythons:
                if not self._can_be_run(there, python, hurt):
                    continue
                here = tuple(one for one in hurt if self._tested.covers(one, (there, python)))
                if not self._all_pass([axis.name], asked, here, (there, python)):
                    found = []
                    break
                found.append(python)
            self._pythons[key] = tuple(found)
        return self._pythons[key]

    def _can_be_run(self, pins: Pins, python: PythonVersion, hurt: Situations) -> bool:
        """Whether these releases can be installed there, and something is to be run of them."""
        place = pins, python
        if any(
            self._bars.installs(p.axis, version_of(pins, p.axis), python) is False for p in pins
        ):
            return False
        if not any(self._tested.covers(one, place) for one in hurt):
            return False
        seen = self._tested.at(place)
        return not seen or any(one.verdict.was_run for one in seen)

    def _hurt(self, asked: Situations, place: Place) -> Situations:
        """The situations that go wrong here, and have to pass after the move.

        Of several, one that is not run with these releases only repeats the trouble of others.
        """
        hurt = [one for one in asked if self._tested.outcome(one, place) in TROUBLE]
        hurt = hurt or [*asked]  # nothing was run here: the trouble is inferred
        run = [one for one in hurt if self._tested.covers(one, place)]
        return tuple(run or hurt)

    def _line(self, axis: Axis, asked: Situations, hurt: Situations, place: Place) -> _Line:
        pins, python = place
        levels = tuple(one.levels for one in asked), tuple(one.levels for one in hurt)
        key = axis.name, without(pins, axis.name), python, levels
        if key not in self._lines:

            def passes(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                return self._all_pass([axis.name], asked, hurt, there)

            def covers(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                return any(self._tested.covers(one, there) for one in hurt)

            def is_known(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                outcomes = [self._tested.outcome(one, there) for one in hurt]
                return None not in outcomes or any(one in TROUBLE for one in outcomes)

            versions = self._tested.beside(axis.name, place)
            self._lines[key] = _Line(versions, passes, covers, is_known)
        return self._lines[key]

    def _all_pass(
        self, axes: Collection[str], asked: Situations, hurt: Situations, place: Place
    ) -> bool:
        """Whether the same question about that place would be answered with a pass, and what goes
        wrong here passes there. What another library does alone is no reason against it. Nor is a
        feature that another library lacks there, which stays as it is: then less switched on has
        to pass."""

        def beside(verdict: Verdict) -> bool:
            return not any(self._counts_against(verdict, axis) for axis in axes)

        passing: list[Sequence[Seen]] = []
        for one in asked:
            lacks = False
            if not self._goes_wrong(one, place, beside):
                found = self._tested.conclude(one, place, beside)
                if found.outcome is Outcome.PASS:
                    passing.append(found.rests_on)
                    continue
                lacks = lacks_feature(found.outcome, found.rests_on)
                if lacks and one in hurt and self._is_kept(axes, found):
                    passing.append(self._with_less(one, place))
                    continue
            if one in hurt or (self._tested.covers(one, place) and not lacks):
                return False
        return bool(passing) and all(self._often_enough(some) for some in passing)

    def _is_kept(self, axes: Collection[str], found: Conclusion) -> bool:
        """Whether the feature that is missing belongs to a library that does not move."""
        probes = (s.verdict.cell.probe for s in found.rests_on if s.lacks_feature)
        known = [self._matrix.probes.get(probe) for probe in probes]
        return all(one and one.needs and not {*axes} & {*one.needs} for one in known)

    def _with_less(self, asked: Situation, place: Place) -> Sequence[Seen]:
        """The passes with less switched on, for releases that can't have all of it."""
        return [one for one in self._tested.at(place) if one.situation <= asked]

    def _goes_wrong(
        self, asked: Situation, place: Place, beside: Callable[[Verdict], bool]
    ) -> bool:
        """Whether trouble there settles the answer. Then nobody asks whose the rest of it is."""
        seen = self._tested.at(place)
        return any(
            one.is_trouble and concerns(one, asked) and not beside(one.verdict) for one in seen
        )

    def _often_enough(self, seen: Iterable[Seen]) -> bool:
        """Whether something passes, and every pass rests on the least trials of the policy.

        And on enough to rule out what comes now and then in the releases beside it.
        """
        passes = [s.verdict for s in seen if s.verdict.outcome is Outcome.PASS]
        least = self._matrix.policy.least_trials
        return bool(passes) and all(
            verdict.trials >= least and not self._by_chances.is_in_doubt(verdict)
            for verdict in passes
        )


class _Line:
    """The releases of one axis that were tested with the same others, for one question.

    A release is looked at when it is first asked for, and once.
    """

    def __init__(
        self,
        versions: Sequence[Version],
        passes: Callable[[Version], bool],
        covers: Callable[[Version], bool],
        is_known: Callable[[Version], bool],
    ) -> None:
        self._versions = versions
        self._look = passes
        self._covers = covers
        self.is_known = is_known
        self._seen: dict[Version, bool] = {}

    def ends(
        self, present: Version, against: Callable[[Version], Objections] = lambda _: ()
    ) -> tuple[tuple[Version, Version] | None, tuple[Barred, ...]]:
        """The nearest and the newest release above that pass, and those left out on the way.

        From both ends: what lies between them is not looked at.
        """
        above = self.above(present)
        nearest, nearer = self._first(above, against)
        if nearest is None:
            return None, nearer
        newest, newer = self._first(list(reversed(above)), against)
        return (nearest, newest or nearest), (*nearer, *reversed(newer))

    def _first(
        self, versions: Iterable[Version], against: Callable[[Version], Objections]
    ) -> tuple[Version | None, tuple[Barred, ...]]:
        """The first that passes with nothing against it, and those that pass before it."""
        barred: list[Barred] = []
        for version in filter(self._passes, versions):
            objections = against(version)
            if not objections:
                return version, tuple(barred)
            barred.append(Barred(version=version, objections=objections))
        return None, tuple(barred)

    def that_pass(
        self, present: Version, fits: Callable[[Version], bool]
    ) -> tuple[Version, Version] | None:
        """The nearest and the newest above that pass, and also fit."""
        above = self.above(present)
        nearest = next((v for v in above if self._passes(v) and fits(v)), None)
        newest = next((v for v in reversed(above) if self._passes(v) and fits(v)), None)
        return (nearest, newest) if nearest and newest else None

    def goes_on(self, present: Version) -> bool:
        """Whether some release is above."""
        return bool(self.above(present))

    def is_covered(self, present: Version) -> bool:
        """Whether some release above was, or is to be, tested with all of it switched on."""
        return self._last_covered is not None and self._last_covered > present

    @cached_property
    def _last_covered(self) -> Version | None:
        return next(filter(self._covers, reversed(self._versions)), None)

    def above(self, present: Version) -> Sequence[Version]:
        return self._versions[bisect(self._versions, present) :]

    def _passes(self, version: Version) -> bool:
        if version not in self._seen:
            self._seen[version] = self._look(version)
        return self._seen[version]


def _none(axis: Axis, reason: str, *, is_open: bool = False) -> Move:
    none = NoTarget(axis=axis.name, reason=reason, is_open=is_open)
    return Move(nearest=none, newest=none)


def _not_its_own(axis: Axis, place: Place, troubles: Iterable[Trouble]) -> str:
    """Nothing of what goes wrong is a reason to move along this axis."""
    pins, python = place
    owners = {one.attribution.whose for one in troubles}
    names = [pin.package for pin in pins if pin.axis in owners]
    names += [f"Python {python}"] if PYTHON in owners else []
    return f"moving {axis.package} changes nothing: it is {' and '.join(names)} alone"

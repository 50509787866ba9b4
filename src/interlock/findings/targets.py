"""Which releases to move to in some situations, along each axis. Pure.

A target was run, and passes the same question. What another library does alone is no reason against
it (``weighing``).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.attribution import PYTHON
from interlock.findings.likeness import TROUBLE
from interlock.findings.situation import Conclusion, Seen, concerns, lacks_feature
from interlock.findings.tested import Place, Tested, moved
from interlock.findings.weighing import Excluded, Trouble, version_of, without
from interlock.matrix import Matrix, Situation
from interlock.model import Axis, NoTarget, Outcome, Target, Verdict

Situations = tuple[Situation, ...]


class Targets:
    """The releases to move to. What is found along a line of releases is kept for the next."""

    def __init__(
        self,
        matrix: Matrix,
        tested: Tested,
        withdrawn: Excluded,
        counts_against: Callable[[Verdict, str], bool],
    ) -> None:
        """``counts_against``: whether a hang or failure is a reason to avoid that axis."""
        self._matrix = matrix
        self._tested = tested
        self._withdrawn = withdrawn
        self._counts_against = counts_against
        self._lines: dict[tuple[object, ...], _Line] = {}
        prefer = matrix.policy.prefer
        self._axes = sorted(
            matrix.axes,
            key=lambda axis: prefer.index(axis.name) if axis.name in prefer else len(prefer),
        )

    def moves(
        self, asked: Sequence[Situation], place: Place, troubles: Sequence[Trouble]
    ) -> tuple[Move, ...]:
        """Along each axis, the releases that pass in each of the situations; none without
        trouble."""
        every = tuple(asked)
        return tuple(self._move(axis, every, place, troubles) for axis in self._axes if troubles)

    def _move(
        self, axis: Axis, asked: Situations, place: Place, troubles: Sequence[Trouble]
    ) -> Move:
        if not any(one.counts_against(axis.name) for one in troubles):
            return _none(axis, _not_its_own(axis, place, troubles))
        hurt = self._hurt(asked, place)
        line, present = self._line(axis, asked, hurt, place), version_of(place[0], axis.name)
        excluded = self._withdrawn.get(axis.name, ())
        if final := line.ends(present, lambda v: not v.is_prerelease and v not in excluded):
            nearest, newest = (Target(axis=axis.name, version=version) for version in final)
            return Move(nearest=nearest, newest=newest)
        if passing := line.passing(present):
            named = ", ".join(map(str, passing))
            return _none(
                axis, f"only yanked releases or pre-releases of {axis.package} help: {named}"
            )
        alone = (self._line(axis, (one,), (one,), place) for one in hurt if len(asked) > 1)
        if any(one.ends(present) for one in alone):
            return _none(axis, f"no {axis.package} release that was tested passes in every setting")
        if line.is_covered(present):
            return _none(axis, f"no {axis.package} release that was tested helps")
        if line.goes_on(present):
            return _none(axis, f"no {axis.package} release was tested with these settings")
        return _none(axis, f"no newer {axis.package} release was tested", is_open=True)

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
                return self._all_pass(axis.name, asked, hurt, there)

            def covers(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                return any(self._tested.covers(one, there) for one in hurt)

            self._lines[key] = _Line(self._tested.beside(axis.name, place), passes, covers)
        return self._lines[key]

    def _all_pass(self, axis: str, asked: Situations, hurt: Situations, place: Place) -> bool:
        """Whether the same question about that place would be answered with a pass, and what goes
        wrong here passes there. What another library does alone is no reason against it. Nor is a
        feature that another library lacks there, which stays as it is: then less switched on has
        to pass."""

        def beside(verdict: Verdict) -> bool:
            return not self._counts_against(verdict, axis)

        passing: list[Sequence[Seen]] = []
        for one in asked:
            lacks = False
            if not self._goes_wrong(one, place, beside):
                found = self._tested.conclude(one, place, beside)
                if found.outcome is Outcome.PASS:
                    passing.append(found.rests_on)
                    continue
                lacks = lacks_feature(found.outcome, found.rests_on)
                if lacks and one in hurt and self._is_kept(axis, found):
                    passing.append(self._with_less(one, place))
                    continue
            if one in hurt or (self._tested.covers(one, place) and not lacks):
                return False
        return bool(passing) and all(self._often_enough(some) for some in passing)

    def _is_kept(self, axis: str, found: Conclusion) -> bool:
        """Whether the feature that is missing belongs to a library that does not move."""
        probes = (s.verdict.cell.probe for s in found.rests_on if s.lacks_feature)
        known = [self._matrix.probes.get(probe) for probe in probes]
        return all(one and one.needs and axis not in one.needs for one in known)

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
        """Whether something passes, and every pass rests on the least trials of the policy."""
        passes = [s.verdict for s in seen if s.verdict.outcome is Outcome.PASS]
        least = self._matrix.policy.least_trials
        return bool(passes) and all(verdict.trials >= least for verdict in passes)


class _Line:
    """The releases of one axis that were tested with the same others, for one question.

    A release is looked at when it is first asked for, and once.
    """

    def __init__(
        self,
        versions: Sequence[Version],
        passes: Callable[[Version], bool],
        covers: Callable[[Version], bool],
    ) -> None:
        self._versions = versions
        self._look = passes
        self._covers = covers
        self._seen: dict[Version, bool] = {}

    def ends(
        self, present: Version, fits: Callable[[Version], bool] = lambda _: True
    ) -> tuple[Version, Version] | None:
        """The nearest and the newest release above that fit and pass.

        From both ends: what lies between them is not looked at.
        """
        above = [v for v in self._above(present) if fits(v)]
        nearest = next(filter(self._passes, above), None)
        newest = next(filter(self._passes, reversed(above)), None)
        return (nearest, newest) if nearest and newest else None

    def passing(self, present: Version) -> list[Version]:
        return [version for version in self._above(present) if self._passes(version)]

    def goes_on(self, present: Version) -> bool:
        """Whether some release is above."""
        return bool(self._above(present))

    def is_covered(self, present: Version) -> bool:
        """Whether some release above was, or is to be, tested with all of it switched on."""
        return self._last_covered is not None and self._last_covered > present

    @cached_property
    def _last_covered(self) -> Version | None:
        return next(filter(self._covers, reversed(self._versions)), None)

    def _above(self, present: Version) -> Sequence[Version]:
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

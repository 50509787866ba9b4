"""Which releases to move to in some situations, along each axis. Pure.

A target was run, and passes the same question. What another library does alone is no reason against
it (``weighing``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from packaging.version import Version

from interlock.findings.above import ReleasesAbove
from interlock.findings.advice import Move, by_preference, not_its_own
from interlock.findings.bars import Bars
from interlock.findings.chances import ByChances
from interlock.findings.features import lack_in_words
from interlock.findings.likeness import TROUBLE
from interlock.findings.scopes import (
    Barred,
    Evidence,
    OnEveryPython,
    OtherSettings,
    SmallestMove,
    in_scopes,
    why_barred,
)
from interlock.findings.situation import Seen, concerns, lacks_feature
from interlock.findings.smallest import Changes, smallest_of
from interlock.findings.tested import Place, Tested
from interlock.findings.weighing import Pins, Trouble, moved, version_of, without
from interlock.matrix import Matrix, Situation
from interlock.model import Axis, NoTarget, Outcome, PythonVersion, Target, Verdict

Situations = tuple[Situation, ...]


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
        self._lines: dict[tuple[object, ...], ReleasesAbove] = {}
        self._pythons: dict[tuple[object, ...], tuple[PythonVersion, ...]] = {}
        self._together: dict[PythonVersion, Changes] = {}
        self._pass_at: dict[tuple[object, ...], bool] = {}
        self._wrong: dict[tuple[object, ...], Sequence[tuple[Situation, Outcome]]] = {}
        self._run: dict[tuple[object, ...], Evidence] = {}
        self._axes = by_preference(matrix.axes, matrix.policy)

    def moves(
        self, asked: Sequence[Situation], place: Place, troubles: Sequence[Trouble]
    ) -> tuple[Move, ...]:
        """Along each axis, the releases that pass in each of the situations; none without
        trouble."""
        every = tuple(asked)
        return tuple(self._move(axis, every, place, troubles) for axis in self._axes if troubles)

    def passing(self, asked: Sequence[Situation], place: Place) -> tuple[Move, ...]:
        """Where nothing is known: along each axis, the newer releases that were tested and pass."""
        beside = (axis for axis in self._axes if self._tested.beside(axis.name, place))
        found = (self._along(axis, tuple(asked), place) for axis in beside)
        return tuple(move for move in found if move.helps)

    def smallest(
        self, asked: Sequence[Situation], place: Place, moves: Sequence[Move]
    ) -> SmallestMove | None:
        """The smallest change that helps, of one release or else of several."""
        if any(move.helps for move in moves):
            return smallest_of(moves, place[0])
        every = tuple(asked)
        hurt, python = self._hurt(every, place), place[1]
        for change in self._changes(python).of(place[0]):
            barred = any(
                self._bars.against(one.axis, one.version, old) for one, old in change.steps
            )
            if not barred and self._pass_together(change.pins, python, every, hurt):
                return change.as_move
        return None

    def _changes(self, python: PythonVersion) -> Changes:
        """The changes of several releases to what was run on that Python."""
        if python not in self._together:
            order = [axis.name for axis in self._axes]
            self._together[python] = Changes(self._tested.on(python), order)
        return self._together[python]

    def _pass_together(
        self, pins: Pins, python: PythonVersion, asked: Situations, hurt: Situations
    ) -> bool:
        """Whether these releases pass, and go wrong in no other settings either."""
        key = pins, python, _levels(asked), _levels(hurt)
        if key not in self._pass_at:
            there, axes = (pins, python), [pin.axis for pin in pins]
            self._pass_at[key] = (
                not any(self._tested.outcome(one, there) in TROUBLE for one in hurt)
                and not self._wrong_elsewhere(axes, asked, there)
                and self._all_pass(axes, asked, hurt, there)
            )
        return self._pass_at[key]

    def _move(
        self, axis: Axis, asked: Situations, place: Place, troubles: Sequence[Trouble]
    ) -> Move:
        if not any(one.counts_against(axis.name) for one in troubles):
            return _none(axis, not_its_own(axis, *place, troubles))
        return self._along(axis, asked, place)

    def _along(self, axis: Axis, asked: Situations, place: Place) -> Move:
        """The releases that pass, and do not go wrong in other settings either.

        Where there is none, those that pass in the settings that are asked for.
        """
        hurt, present = self._hurt(asked, place), version_of(place[0], axis.name)
        safe = self._line(axis, asked, hurt, place, everywhere=True)
        some = self._line(axis, asked, hurt, place)
        for line in (safe, some):
            ends, barred = line.ends(present, lambda v: self._bars.against(axis.name, v, present))
            if ends:
                return self._to(axis, ends, barred, asked, place)
        reason = self._why_none(axis, asked, hurt, place, barred)
        is_open = not barred and not some.goes_on(present)
        move = _none(axis, reason, is_open=is_open)
        return self._measured(replace(move, barred=barred), some, place)

    def _to(
        self,
        axis: Axis,
        ends: tuple[Version, Version],
        barred: tuple[Barred, ...],
        asked: Situations,
        place: Place,
    ) -> Move:
        """The move to the nearest and the newest release, with all that is known of it."""
        hurt, present = self._hurt(asked, place), version_of(place[0], axis.name)
        line = self._line(axis, asked, hurt, place)
        nearest, newest = (Target(axis=axis.name, version=version) for version in ends)
        evidence = (self._evidence(axis, v, asked, place) for v in dict.fromkeys(ends))
        nearer = (
            v
            for v in line.before(present, ends[0])
            if not self._bars.against(axis.name, v, present)
        )
        move = Move(
            nearest=nearest,
            newest=newest,
            barred=barred,
            evidence=tuple(evidence),
            other_settings=tuple(
                one
                for version in dict.fromkeys((*nearer, *ends))
                for one in self._in_other_settings(axis, version, asked, place)
            ),
        )
        everywhere = self._on_every_python(axis, asked, hurt, place)
        return replace(self._measured(move, line, place), everywhere=everywhere)

    def _in_other_settings(
        self, axis: Axis, version: Version, asked: Situations, place: Place
    ) -> Iterable[OtherSettings]:
        there = moved(place[0], axis.name, version), place[1]
        for situation, outcome in self._wrong_elsewhere([axis.name], asked, there):
            yield OtherSettings(version=version, situation=situation, outcome=outcome)

    def _wrong_elsewhere(
        self, axes: Collection[str], asked: Situations, place: Place
    ) -> Sequence[tuple[Situation, Outcome]]:
        """The settings that nobody asks for and that a reader may have, where it goes wrong."""
        key = tuple(axes), _levels(asked), place
        if key not in self._wrong:
            beside = self._beside(axes)
            others = (one for one in self._tested.situations if one not in asked)
            found = ((one, self._tested.drawn(one, place, beside).outcome) for one in others)
            self._wrong[key] = [(one, of) for one, of in found if of and of in TROUBLE]
        return self._wrong[key]

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
        if len(asked) == 1 and (lacking := self._tested.lacking(asked[0], place, [axis.name])):
            why = lack_in_words(lacking[0], self._matrix)
            return f"moving {axis.package} does not help: {why}"
        alone = (self._line(axis, (one,), (one,), place) for one in hurt if len(asked) > 1)
        if any(one.ends(present)[0] for one in alone):
            return f"no {axis.package} release that was tested passes in every setting"
        if line.is_covered(present):
            return f"no {axis.package} release that was tested helps"
        if line.goes_on(present):
            return f"no {axis.package} release was tested with these settings"
        return f"no newer {axis.package} release was tested"

    def _measured(self, move: Move, line: ReleasesAbove, place: Place) -> Move:
        """The move with what is known of each scope, and what was not tested."""
        pins, python = place
        present = version_of(pins, move.axis)
        tested = line.known(present)
        newer = self._bars.newer(move.axis, present, python)
        known = set(tested)
        untested = [version for version in newer if version not in known]
        nearest = move.nearest if isinstance(move.nearest, Target) else None
        before = (v for v in untested if nearest is None or v < nearest.version)
        scopes = tuple(in_scopes(present, nearest, tested, untested))
        return replace(move, scopes=scopes, untested=tuple(before))

    def _evidence(self, axis: Axis, version: Version, asked: Situations, place: Place) -> Evidence:
        """What was run of a target in the very situations that are asked for."""
        there, hurt = (moved(place[0], axis.name, version), place[1]), self._hurt(asked, place)
        key = axis.name, there, _levels(asked), _levels(hurt)
        if key not in self._run:
            every = [one for some in self._passes([axis.name], asked, hurt, there) for one in some]
            once = {one.verdict.cell.key: one.verdict for one in every}
            passes = [verdict for verdict in once.values() if verdict.outcome is Outcome.PASS]
            self._run[key] = Evidence(
                version=version,
                trials=sum(verdict.trials for verdict in passes),
                exposures=sum(verdict.exposures for verdict in passes),
                tested_at=min(verdict.tested_at for verdict in passes),
            )
        return self._run[key]

    def _on_every_python(
        self, axis: Axis, asked: Situations, hurt: Situations, place: Place
    ) -> OnEveryPython | None:
        """The nearest and the newest that pass wherever they were tested and can be installed."""
        line = self._line(axis, asked, hurt, place, everywhere=True)
        present = version_of(place[0], axis.name)

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
        there = moved(pins, axis.name, version)
        key = axis.name, there, _levels(asked), _levels(hurt)
        if key not in self._pythons:
            found: list[PythonVersion] = []
            for python in self._tested.pythons:
                if not self._can_be_run(there, python, hurt):
                    continue
                here = tuple(one for one in hurt if self._tested.covers(one, (there, python)))
                if not self._all_pass([axis.name], asked, here, (there, python)) or (
                    self._wrong_elsewhere([axis.name], asked, (there, python))
                ):
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

    def _line(
        self,
        axis: Axis,
        asked: Situations,
        hurt: Situations,
        place: Place,
        *,
        everywhere: bool = False,
    ) -> ReleasesAbove:
        """The releases along an axis; ``everywhere``: none passes that goes wrong in settings
        that are not asked for."""
        pins, python = place
        others = without(pins, axis.name)
        key = axis.name, others, python, _levels(asked), _levels(hurt), everywhere
        if key not in self._lines:

            def passes(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                if not self._all_pass([axis.name], asked, hurt, there):
                    return False
                return not (everywhere and self._wrong_elsewhere([axis.name], asked, there))

            def covers(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                return any(self._tested.covers(one, there) for one in hurt)

            def is_known(version: Version) -> bool:
                there = moved(pins, axis.name, version), python
                outcomes = [self._tested.outcome(one, there) for one in hurt]
                return None not in outcomes or any(one in TROUBLE for one in outcomes)

            versions = self._tested.beside(axis.name, place)
            self._lines[key] = ReleasesAbove(versions, passes, covers, is_known)
        return self._lines[key]

    def _all_pass(
        self, axes: Collection[str], asked: Situations, hurt: Situations, place: Place
    ) -> bool:
        """Whether the same question about that place would be answered with a pass, and what goes
        wrong here passes there. What another library does alone is no reason against it. Nor is a
        feature that another library lacks there, which stays as it is."""
        passing = self._passes(axes, asked, hurt, place)
        return bool(passing) and all(self._often_enough(some) for some in passing)

    def _passes(
        self, axes: Collection[str], asked: Situations, hurt: Situations, place: Place
    ) -> Sequence[Sequence[Seen]]:
        """What each situation rests on that passes there; none where one of them does not."""
        beside = self._beside(axes)
        passing: list[Sequence[Seen]] = []
        for one in asked:
            lacks = False
            if not self._goes_wrong(one, place, beside):
                found = self._tested.conclude(one, place, beside)
                if found.outcome is Outcome.PASS:
                    passing.append([seen for seen in found.rests_on if concerns(seen, one)])
                    continue
                if self._tested.lacking(one, place, axes):
                    continue
                lacks = lacks_feature(found.outcome, found.rests_on)
            if one in hurt or (self._tested.covers(one, place) and not lacks):
                return []
        return passing

    def _beside(self, axes: Collection[str]) -> Callable[[Verdict], bool]:
        """Whether trouble is no reason against releases of these axes."""
        return lambda verdict: not any(self._counts_against(verdict, axis) for axis in axes)

    def _goes_wrong(
        self, asked: Situation, place: Place, beside: Callable[[Verdict], bool]
    ) -> bool:
        """Whether trouble there settles the answer. Then nobody asks whose the rest of it is."""
        return self._tested.has_trouble(place) and any(
            one.is_trouble and concerns(one, asked) and not beside(one.verdict)
            for one in self._tested.at(place)
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


def _levels(situations: Situations) -> tuple[tuple[int, ...], ...]:
    """What tells some situations from others, and is quick to look up."""
    return tuple(one.levels for one in situations)


def _none(axis: Axis, reason: str, *, is_open: bool = False) -> Move:
    none = NoTarget(axis=axis.name, reason=reason, is_open=is_open)
    return Move(nearest=none, newest=none)

"""Verdicts → what to move to: ``Target`` or ``NoTarget`` for every axis. Pure, without pandas.

Only what was tested and passed is recommended, never a yanked release, never a pre-release. A
release passes when every probe passes that is asked of it, in every configuration; a reader who
knows his own configuration may ask for that one alone. What another library does alone is listed
beside it, and weighs nothing (``weighing.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.attribution import PYTHON
from interlock.findings.criteria import EVERYTHING, Scope
from interlock.findings.weighing import BAD, TOGETHER, Tested, Trouble, version_of, without
from interlock.findings.weighing import Excluded as Excluded
from interlock.matrix import Policy
from interlock.model import Axis, NoTarget, Outcome, Pin, PythonVersion, Release, Target, Verdict


@dataclass(frozen=True, kw_only=True)
class Move:
    """Where to go along one axis, everything else as the reader has it."""

    nearest: Target | NoTarget
    newest: Target | NoTarget

    @property
    def axis(self) -> str:
        return self.nearest.axis

    @property
    def helps(self) -> bool:
        return isinstance(self.nearest, Target)


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What becomes of one combination that hangs or fails."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    config: str | None
    """Whose passes count; None counts every configuration."""
    outcome: Outcome
    """The worst of ``troubles``, or, where there are none, of those ``beside``."""
    moves: tuple[Move, ...]
    """One an axis, the one to prefer first."""
    troubles: tuple[Trouble, ...]
    """What comes of the combination, or can't be told from that."""
    beside: tuple[Trouble, ...]
    """What one library does alone, or the Python does to each: it stays when the other moves."""

    @property
    def recommended(self) -> Move | None:
        """The first move that helps; None where no single one does."""
        return next((move for move in self.moves if move.helps), None)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One release of one axis, over everything it was tested with."""

    axis: str
    version: Version
    config: str | None
    passes: tuple[PythonVersion, ...]
    """Pythons on which it passes with every partner that installs there, oldest first."""
    breaks: tuple[PythonVersion, ...]
    """Pythons on which some partner makes it hang or fail."""
    unproven: tuple[PythonVersion, ...]
    """Pythons on which nothing broke, but not everything passed, or was not even run that was with
    most of the others."""
    partners: int
    """Combinations of the other axes that it passes with on some Python."""
    recommendable: bool
    """Neither yanked nor a pre-release."""
    beside: tuple[Trouble, ...]
    """What other libraries do alone where it was tested with them: no reason against it."""

    @property
    def is_safe(self) -> bool:
        """Passes wherever it installs, with everything that most of the others were run with."""
        return bool(self.passes) and not self.breaks and not self.unproven


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the start page says about one axis."""

    axis: str
    config: str | None
    standings: tuple[Standing, ...]
    """In version order."""
    safe_from: Version | None
    """The oldest release from which on every tested one is safe; None if the newest is not."""
    by_python: Mapping[PythonVersion, Target | NoTarget]
    """The newest release that passes there with every partner tested."""


def advise(
    verdicts: Iterable[Verdict],
    axes: Sequence[Axis],
    policy: Policy,
    excluded: Excluded | None = None,
    scope: Scope = EVERYTHING,
) -> tuple[Advice, ...]:
    """For every combination that hangs or fails: advice for every configuration together, and for
    each configuration in which it does.

    ``verdicts`` are all that there are, baselines too: they say whose the trouble is.
    """
    tested = Tested(verdicts, policy, excluded or {}, scope)
    order = sorted(axes, key=lambda axis: _rank(policy, axis.name))
    found = []
    for pins, python in tested.combinations:
        for config in (None, *tested.configs):
            if found_here := tested.troubles(pins, python, config):
                moves = tuple(_move(tested, axis, pins, python, config) for axis in order)
                found.append(_advice(pins, python, config, found_here, moves))
    return tuple(found)


def answer(
    axis: Axis,
    verdicts: Iterable[Verdict],
    policy: Policy,
    excluded: Excluded | None = None,
    config: str | None = None,
    scope: Scope = EVERYTHING,
) -> Answer:
    """What is safe along one axis, over all that was tested; ``config`` None is all of them."""
    tested = Tested(verdicts, policy, excluded or {}, scope)
    standings = tuple(
        _standing(tested, axis.name, version, config) for version in tested.versions(axis.name)
    )
    safe_from = None
    for standing in reversed([s for s in standings if s.recommendable]):
        if not standing.is_safe:
            break
        safe_from = standing.version
    by_python: dict[PythonVersion, Target | NoTarget] = {}
    for python in tested.pythons:
        passing = [s.version for s in standings if python in s.passes and s.recommendable]
        by_python[python] = (
            Target(axis=axis.name, version=max(passing))
            if passing
            else NoTarget(
                axis=axis.name,
                reason=f"no {axis.package} release that was tested passes on Python {python}",
            )
        )
    return Answer(
        axis=axis.name,
        config=config,
        standings=standings,
        safe_from=safe_from,
        by_python=by_python,
    )


def answers(
    verdicts: Iterable[Verdict],
    axes: Sequence[Axis],
    policy: Policy,
    excluded: Excluded | None = None,
    config: str | None = None,
    scope: Scope = EVERYTHING,
) -> tuple[Answer, ...]:
    """``answer`` for every axis, the one to prefer first."""
    verdicts = tuple(verdicts)
    order = sorted(axes, key=lambda axis: _rank(policy, axis.name))
    return tuple(answer(axis, verdicts, policy, excluded, config, scope) for axis in order)


def yanked(releases: Mapping[str, Iterable[Release]]) -> Excluded:
    """What the index says must not be recommended, by axis."""
    return {
        axis: frozenset(release.version for release in of if release.yanked)
        for axis, of in releases.items()
    }


def _advice(
    pins: tuple[Pin, ...],
    python: PythonVersion,
    config: str | None,
    found: Sequence[Trouble],
    moves: tuple[Move, ...],
) -> Advice:
    troubles = tuple(one for one in found if one.attribution.whose in TOGETHER)
    beside = tuple(one for one in found if one.attribution.whose not in TOGETHER)
    outcomes = {one.verdict.outcome for one in troubles or beside}
    return Advice(
        pins=pins,
        python=python,
        config=config,
        outcome=next(bad for bad in BAD if bad in outcomes),
        moves=moves,
        troubles=troubles,
        beside=beside,
    )


def _move(
    tested: Tested,
    axis: Axis,
    pins: tuple[Pin, ...],
    python: PythonVersion,
    config: str | None,
) -> Move:
    found = tested.troubles(pins, python, config)
    if not any(one.counts_against(axis.name) for one in found):
        none = NoTarget(axis=axis.name, reason=_not_its_own(axis, pins, python, found))
        return Move(nearest=none, newest=none)
    present = version_of(pins, axis.name)
    above = [v for v in tested.versions(axis.name) if present is not None and v > present]
    tried = [v for v in above if (_at(pins, axis.name, v), python) in tested]
    passing = [
        v for v in tried if tested.passes(_at(pins, axis.name, v), python, config, axis.name)
    ]
    final = [v for v in passing if tested.recommendable(axis.name, v)]
    if final:
        return Move(
            nearest=Target(axis=axis.name, version=min(final)),
            newest=Target(axis=axis.name, version=max(final)),
        )
    none = NoTarget(axis=axis.name, reason=_why_none(axis, tried, passing))
    return Move(nearest=none, newest=none)


def _not_its_own(
    axis: Axis, pins: tuple[Pin, ...], python: PythonVersion, found: Sequence[Trouble]
) -> str:
    """Nothing of what goes wrong is a reason to move along this axis."""
    owners = {one.attribution.whose for one in found}
    names = [pin.package for pin in pins if pin.axis in owners]
    names += [f"Python {python}"] if PYTHON in owners else []
    return f"moving {axis.package} changes nothing: it is {' and '.join(names)} alone"


def _why_none(axis: Axis, tried: Sequence[Version], passing: Sequence[Version]) -> str:
    if passing:
        named = ", ".join(map(str, passing))
        return f"only yanked releases or pre-releases of {axis.package} help: {named}"
    if tried:
        return f"no {axis.package} release that was tested helps"
    return f"no newer {axis.package} release was tested"


def _at(pins: tuple[Pin, ...], axis: str, version: Version) -> tuple[Pin, ...]:
    return tuple(
        Pin(axis=pin.axis, package=pin.package, version=version) if pin.axis == axis else pin
        for pin in pins
    )


def _standing(tested: Tested, axis: str, version: Version, config: str | None) -> Standing:
    passes, breaks, unproven = [], [], []
    partners: set[tuple[Pin, ...]] = set()
    beside: list[Trouble] = []
    for python in tested.pythons:
        here = [
            pins
            for pins, on in tested.combinations
            if on == python and version_of(pins, axis) == version
        ]
        installable = [pins for pins in here if tested.installs(pins, python, config)]
        telling = [pins for pins in installable if tested.tells(pins, python, config, axis)]
        good = [pins for pins in telling if tested.passes(pins, python, config, axis)]
        partners |= {without(pins, axis) for pins in good}
        for pins in installable:
            troubles = tested.troubles(pins, python, config)
            beside += [one for one in troubles if not one.counts_against(axis)]
        run_with = {without(pins, axis) for pins in here}
        if any(tested.breaks(pins, python, config, axis) for pins in installable):
            breaks.append(python)
        elif len(good) < len(telling) or tested.usual(axis, python) - run_with:
            unproven.append(python)
        elif good:
            passes.append(python)
    return Standing(
        axis=axis,
        version=version,
        config=config,
        passes=tuple(passes),
        breaks=tuple(breaks),
        unproven=tuple(unproven),
        partners=len(partners),
        recommendable=tested.recommendable(axis, version),
        beside=tuple(beside),
    )


def _rank(policy: Policy, axis: str) -> int:
    return policy.prefer.index(axis) if axis in policy.prefer else len(policy.prefer)

"""Verdicts → what to move to: ``Target`` or ``NoTarget`` for every axis. Pure, without pandas.

Only what was tested and passed is recommended, never a yanked release, never a pre-release. A
release passes when every probe passes that is asked of it, in every configuration; a reader who
knows his own configuration may ask for that one alone. What another library does alone is listed
beside it, and weighs nothing (``weighing.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.attribution import PYTHON
from interlock.findings.likeness import TROUBLE
from interlock.findings.weighing import (
    TOGETHER,
    Combination,
    Combinations,
    Excluded as Excluded,
    Trouble,
    version_of,
    without,
)
from interlock.matrix import Policy
from interlock.model import Axis, NoTarget, Outcome, Pin, PythonVersion, Release, Target


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


def advise(tested: Combinations, axes: Sequence[Axis]) -> tuple[Advice, ...]:
    """For every combination that hangs or fails: advice for every configuration together, and for
    each configuration in which it does."""
    return tuple(
        found
        for here in tested
        for config in (None, *tested.configs)
        if (found := advice_for(tested, axes, here, config))
    )


def advice_for(
    tested: Combinations, axes: Sequence[Axis], here: Combination, config: str | None
) -> Advice | None:
    """What becomes of one combination; None where nothing there hangs or fails."""
    found = tested.troubles(here, config)
    if not found:
        return None
    troubles = tuple(one for one in found if one.attribution.whose in TOGETHER)
    beside = tuple(one for one in found if one.attribution.whose not in TOGETHER)
    outcomes = {one.verdict.outcome for one in troubles or beside}
    return Advice(
        pins=here.pins,
        python=here.python,
        config=config,
        outcome=next(outcome for outcome in TROUBLE if outcome in outcomes),
        moves=tuple(
            _move(tested, axis, here, config, found) for axis in by_preference(axes, tested.policy)
        ),
        troubles=troubles,
        beside=beside,
    )


def by_preference(axes: Sequence[Axis], policy: Policy) -> Sequence[Axis]:
    """The axis to move first comes first."""
    ranks = {name: rank for rank, name in enumerate(policy.prefer)}
    return sorted(axes, key=lambda axis: ranks.get(axis.name, len(ranks)))


def yanked(releases: Mapping[str, Iterable[Release]]) -> Excluded:
    """What the index says must not be recommended, by axis."""
    return {
        axis: frozenset(release.version for release in of if release.yanked)
        for axis, of in releases.items()
    }


def _move(
    tested: Combinations,
    axis: Axis,
    here: Combination,
    config: str | None,
    found: Sequence[Trouble],
) -> Move:
    if not any(one.counts_against(axis.name) for one in found):
        reason = _not_its_own(axis, here.pins, here.python, found)
        none = NoTarget(axis=axis.name, reason=reason)
        return Move(nearest=none, newest=none)
    line = tested.line(axis.name, without(here.pins, axis.name), here.python, config)
    present = version_of(here.pins, axis.name)
    final = _above(line.recommendable, present)
    if final:
        return Move(
            nearest=Target(axis=axis.name, version=final[0]),
            newest=Target(axis=axis.name, version=final[-1]),
        )
    reason = _why_none(axis, _above(line.tested, present), _above(line.passing, present))
    none = NoTarget(axis=axis.name, reason=reason)
    return Move(nearest=none, newest=none)


def _above(versions: Sequence[Version], present: Version) -> Sequence[Version]:
    """Of versions in order."""
    return versions[bisect_right(versions, present) :]


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

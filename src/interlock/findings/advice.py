"""Verdicts → what to move to: ``Target`` or ``NoTarget`` for every axis. Pure.

A target was tested and passed. It is neither yanked nor a pre-release. A release passes when every
probe that is asked of it passes, in every configuration. A reader who knows the configuration can
ask for that one alone. What another library does alone is listed beside the advice, and does not
count (``weighing.py``).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.attribution import PYTHON
from interlock.findings.likeness import TROUBLE
from interlock.findings.scopes import Barred, Evidence, InScope, OnEveryPython, OtherSettings
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
    """What to move to along one axis; everything else stays as the reader has it."""

    nearest: Target | NoTarget
    newest: Target | NoTarget
    evidence: tuple[Evidence, ...] = ()
    """Of the nearest and of the newest, where they differ."""
    scopes: tuple[InScope, ...] = ()
    """The smallest first; only those that have a newer release."""
    barred: tuple[Barred, ...] = ()
    """What passes too, nearer or newer than the targets, and is not recommended."""
    other_settings: tuple[OtherSettings, ...] = ()
    """Where a target goes wrong, or what passes before the nearest: with settings that were not
    asked for. It is a target only where no other release passes."""
    everywhere: OnEveryPython | None = None
    """The same on every Python; ``nearest`` and ``newest`` are about the reader's own."""
    untested: tuple[Version, ...] = ()
    """What could be recommended, and was not tested: before the nearest, or all that is newer."""

    @property
    def axis(self) -> str:
        return self.nearest.axis

    @property
    def helps(self) -> bool:
        return isinstance(self.nearest, Target)

    @property
    def targets(self) -> tuple[Target, ...]:
        """The nearest and the newest."""
        return tuple(one for one in (self.nearest, self.newest) if isinstance(one, Target))

    @property
    def was_tried(self) -> bool:
        """Whether it is known of some newer release whether it helps."""
        return any(one.tested for one in self.scopes)

    @property
    def is_for_these_settings(self) -> bool:
        """Whether a target goes wrong in other settings."""
        versions = {target.version for target in self.targets}
        return any(one.version in versions for one in self.other_settings)

    @property
    def is_open(self) -> bool:
        """Whether a test of newer releases may find one that helps."""
        return isinstance(self.nearest, NoTarget) and self.nearest.is_open


def to_find(
    moves: Sequence[Move], releases: Mapping[str, Version], python: PythonVersion
) -> str | None:
    """The command that tests newer releases; None where a move helps or all is tested.

    ``releases`` are what the reader has, by axis.
    """
    if any(move.helps for move in moves):
        return None
    axis = next((move.axis for move in moves if move.is_open), None)
    kept = [f"--{name} {version}" for name, version in releases.items() if name != axis]
    return f"nox -s matrix -- {' '.join([*kept, f'--python {python}'])}" if axis else None


@dataclass(frozen=True, kw_only=True)
class Advice:
    """What to do about one combination that hangs or fails."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    config: str | None
    """The configuration in which a release has to pass; None is every one."""
    outcome: Outcome
    """The worst of ``troubles``; where there are none, the worst of ``beside``."""
    moves: tuple[Move, ...]
    """One an axis, the one to prefer first."""
    troubles: tuple[Trouble, ...]
    """Caused by the combination, or possibly so."""
    beside: tuple[Trouble, ...]
    """Caused by one library alone, or by the Python. It stays when the other library moves."""

    @property
    def recommended(self) -> Move | None:
        """The first move that helps; None where no single one does."""
        return next((move for move in self.moves if move.helps), None)


def advise(tested: Combinations, axes: Sequence[Axis]) -> tuple[Advice, ...]:
    """Advice for every combination that hangs or fails.

    One for all configurations together, and one for each configuration in which it does.
    """
    return tuple(
        found
        for here in tested
        for config in (None, *tested.configs)
        if (found := advice_for(tested, axes, here, config))
    )


def advice_for(
    tested: Combinations, axes: Sequence[Axis], here: Combination, config: str | None
) -> Advice | None:
    """Advice for one combination; None where nothing there hangs or fails."""
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
    """The axes, the one to move first at the front."""
    ranks = {name: rank for rank, name in enumerate(policy.prefer)}
    return sorted(axes, key=lambda axis: ranks.get(axis.name, len(ranks)))


def yanked(releases: Mapping[str, Iterable[Release]]) -> Excluded:
    """The yanked releases, by axis."""
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
        reason = not_its_own(axis, here.pins, here.python, found)
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
    tried = _above(line.tested, present)
    reason = _why_none(axis, tried, _above(line.passing, present))
    none = NoTarget(axis=axis.name, reason=reason, is_open=not tried)
    return Move(nearest=none, newest=none)


def _above(versions: Sequence[Version], present: Version) -> Sequence[Version]:
    """Those of the sorted versions that are newer."""
    return versions[bisect_right(versions, present) :]


def not_its_own(
    axis: Axis, pins: tuple[Pin, ...], python: PythonVersion, found: Iterable[Trouble]
) -> str:
    """Why moving along an axis does not help: nothing of what goes wrong is its own."""
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

"""Which releases are safe along an axis, by what the policy requires. Pure.

A release passes when every probe that is asked of it passes, in every configuration. What another
library does alone is listed beside it, and does not count (``weighing.py``). The rules for each
Python are in ``coverage.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.advice import by_preference
from interlock.findings.coverage import Coverage, State, coverage
from interlock.findings.weighing import Combinations, Trouble
from interlock.model import Axis, NoTarget, PythonVersion, Target


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One release of one axis, over everything that it was tested with."""

    axis: str
    version: Version
    config: str | None
    by_python: Mapping[PythonVersion, Coverage]
    """Every Python with a verdict, and every one that is required; oldest first."""
    required: frozenset[PythonVersion] | None
    """The Pythons on which it has to pass; None where the policy does not list its line."""
    recommendable: bool
    """Neither yanked nor a pre-release."""
    beside: tuple[Trouble, ...]
    """What other libraries do alone where it was tested with them: no reason against it."""

    @property
    def passes(self) -> tuple[PythonVersion, ...]:
        """Pythons on which it is safe, oldest first."""
        return self._where(State.PASSES)

    @property
    def breaks(self) -> tuple[PythonVersion, ...]:
        """Pythons on which some partner makes it hang or fail."""
        return self._where(State.BREAKS)

    @property
    def unproven(self) -> tuple[PythonVersion, ...]:
        """Pythons on which a verdict proved nothing, or on which it was not tested enough."""
        return self._where(State.UNPROVEN, State.SPARSE)

    @property
    def lacking(self) -> tuple[PythonVersion, ...]:
        """Pythons on which it has to pass and does not, though nothing breaks."""
        open_there = (State.SPARSE, State.CANNOT)
        return tuple(
            python
            for python, found in self.by_python.items()
            if found.state is State.UNPROVEN
            or (
                python in (self.required or ())
                and found.state in open_there
                and not found.is_refused
            )
        )

    @property
    def trials(self) -> int:
        """Passing trials on the Pythons on which it is safe."""
        return sum(self.by_python[python].trials for python in self.passes)

    @property
    def is_safe(self) -> bool:
        """Whether it passes on every required Python, and breaks on none."""
        return (
            self.required is not None and bool(self.passes) and not self.breaks and not self.lacking
        )

    def _where(self, *states: State) -> tuple[PythonVersion, ...]:
        return tuple(p for p, found in self.by_python.items() if found.state in states)


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What is safe along one axis."""

    axis: str
    config: str | None
    standings: tuple[Standing, ...]
    """In version order."""
    safe_from: Version | None
    """The oldest release from which on every tested one is safe; None if the newest is not."""
    by_python: Mapping[PythonVersion, Target | NoTarget]
    """The newest release that is safe there."""

    @property
    def always_breaks(self) -> bool:
        """Whether every release that was tested enough to tell hangs or fails with something.

        If so, moving along this axis alone is not enough. A release that was hardly tested does not
        change that.
        """
        told = [one for one in self.standings if one.breaks or one.is_safe]
        return bool(told) and all(one.breaks for one in told)

    @property
    def targets(self) -> list[tuple[Target, list[PythonVersion]]]:
        """The releases to run, and on which Pythons; the one for the newest Python first."""
        found: dict[Target, list[PythonVersion]] = {}
        for python in sorted(self.by_python, reverse=True):
            target = self.by_python[python]
            if isinstance(target, Target):
                found.setdefault(target, []).append(python)
        return [(target, sorted(where)) for target, where in found.items()]


def recommend(tested: Combinations, axis: Axis, config: str | None = None) -> Recommendation:
    """What is safe along one axis, over all that was tested; ``config`` None is all of them."""
    standings = tuple(
        _standing(tested, axis.name, version, config) for version in tested.versions(axis.name)
    )
    safe_from = None
    for standing in reversed([s for s in standings if s.recommendable]):
        if not standing.is_safe:
            break
        safe_from = standing.version
    return Recommendation(
        axis=axis.name,
        config=config,
        standings=standings,
        safe_from=safe_from,
        by_python={python: _newest(axis, standings, python) for python in tested.pythons},
    )


def recommendations(
    tested: Combinations, axes: Sequence[Axis], config: str | None = None
) -> tuple[Recommendation, ...]:
    """``recommend`` for every axis, the one to prefer first."""
    return tuple(recommend(tested, axis, config) for axis in by_preference(axes, tested.policy))


def _newest(axis: Axis, standings: Sequence[Standing], python: PythonVersion) -> Target | NoTarget:
    passing = [s.version for s in standings if python in s.passes and s.recommendable]
    if passing:
        return Target(axis=axis.name, version=max(passing))
    sparse = [s for s in standings if python in s.unproven and s.recommendable]
    reason = (
        f"no {axis.package} release is tested enough on Python {python} to be called safe there"
        if sparse
        else f"no {axis.package} release that was tested passes on Python {python}"
    )
    return NoTarget(axis=axis.name, reason=reason)


def _standing(tested: Combinations, axis: str, version: Version, config: str | None) -> Standing:
    required = tested.policy.safe.pythons(axis, version)
    pythons = sorted({*tested.pythons, *(required or ())})
    return Standing(
        axis=axis,
        version=version,
        config=config,
        by_python={python: coverage(tested, axis, version, python, config) for python in pythons},
        required=required,
        recommendable=tested.recommendable(axis, version),
        beside=tuple(
            trouble
            for python in tested.pythons
            for here in tested.of_release(axis, version, python)
            if here.installs(config)
            for trouble in tested.troubles(here, config)
            if not trouble.counts_against(axis)
        ),
    )

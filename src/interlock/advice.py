"""Verdicts → what to move to: ``Target`` or ``NoTarget`` for every axis. Pure, without pandas.

Only what was tested and passed is recommended, never a yanked release, never a pre-release. A
release passes when every probe passes in every configuration that the verdicts know; a reader who
knows his own configuration may ask for that one alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.matrix import Policy
from interlock.model import (
    Axis,
    Basis,
    NoTarget,
    Outcome,
    Pin,
    PythonVersion,
    Release,
    Target,
    Verdict,
)

Excluded = Mapping[str, Collection[Version]]
"""Versions that are never recommended (yanked ones), by axis; pre-releases never are."""

BAD = (Outcome.HANG, Outcome.FAIL)
"""What one moves away from, the worst first."""


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
    """The worst of the verdicts that count: ``hang`` or ``fail``."""
    moves: tuple[Move, ...]
    """One an axis, the one to prefer first."""

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
    """Pythons on which nothing broke, and not everything passed."""
    partners: int
    """Combinations of the other axes that it passes with on some Python."""
    recommendable: bool
    """Neither yanked nor a pre-release."""

    @property
    def is_safe(self) -> bool:
        """Passes wherever it installs, with every partner that was tested."""
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
) -> tuple[Advice, ...]:
    """For every combination that hangs or fails: advice for every configuration together, and for
    each configuration in which it does."""
    tested = _Tested(verdicts, policy, excluded or {})
    order = sorted(axes, key=lambda axis: _rank(policy, axis.name))
    found = []
    for pins, python in tested.combinations:
        for config in (None, *tested.configs):
            outcome = tested.worst(pins, python, config)
            if outcome is not None:
                moves = tuple(_move(tested, axis, pins, python, config) for axis in order)
                found.append(
                    Advice(pins=pins, python=python, config=config, outcome=outcome, moves=moves)
                )
    return tuple(found)


def answer(
    axis: Axis,
    verdicts: Iterable[Verdict],
    policy: Policy,
    excluded: Excluded | None = None,
    config: str | None = None,
) -> Answer:
    """What is safe along one axis, over all that was tested; ``config`` None is all of them."""
    tested = _Tested(verdicts, policy, excluded or {})
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
) -> tuple[Answer, ...]:
    """``answer`` for every axis, the one to prefer first."""
    verdicts = tuple(verdicts)
    order = sorted(axes, key=lambda axis: _rank(policy, axis.name))
    return tuple(answer(axis, verdicts, policy, excluded, config) for axis in order)


def yanked(releases: Mapping[str, Iterable[Release]]) -> Excluded:
    """What the index says must not be recommended, by axis."""
    return {
        axis: frozenset(release.version for release in of if release.yanked)
        for axis, of in releases.items()
    }


class _Tested:
    """The tested verdicts of whole combinations, by combination: a cell that leaves a library out
    says what the other one does alone."""

    def __init__(self, verdicts: Iterable[Verdict], policy: Policy, excluded: Excluded) -> None:
        self._policy = policy
        self._excluded = excluded
        self._found: dict[tuple[tuple[Pin, ...], PythonVersion], dict[tuple[str, str], Verdict]]
        self._found = {}
        for verdict in verdicts:
            cell = verdict.cell
            if verdict.basis is Basis.TESTED and all(pin.version for pin in cell.pins):
                here = self._found.setdefault((cell.pins, cell.python), {})
                here[cell.probe, cell.config] = verdict
        self.tracks = sorted({track for here in self._found.values() for track in here})
        self.configs = sorted({config for _, config in self.tracks})
        self.pythons = sorted({python for _, python in self._found})

    @property
    def combinations(self) -> list[tuple[tuple[Pin, ...], PythonVersion]]:
        return list(self._found)

    def __contains__(self, combination: tuple[tuple[Pin, ...], PythonVersion]) -> bool:
        return combination in self._found

    def versions(self, axis: str) -> list[Version]:
        found = {version_of(pins, axis) for pins, _ in self._found}
        return sorted(version for version in found if version is not None)

    def outcomes(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
    ) -> list[Outcome | None]:
        """What each probe says in each configuration that counts; None is untested."""
        verdicts = self._counted(pins, python, config)
        return [verdict.outcome if verdict else None for verdict in verdicts]

    def worst(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
    ) -> Outcome | None:
        """``hang`` or ``fail``, if any verdict that counts says so."""
        outcomes = self.outcomes(pins, python, config)
        return next((bad for bad in BAD if bad in outcomes), None)

    def passes(self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None) -> bool:
        """Every probe in every configuration that counts, often enough; nothing untested."""
        verdicts = self._counted(pins, python, config)
        return bool(verdicts) and all(
            verdict is not None
            and verdict.outcome is Outcome.PASS
            and verdict.trials >= self._policy.least_trials
            for verdict in verdicts
        )

    def _counted(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
    ) -> list[Verdict | None]:
        here = self._found.get((pins, python), {})
        return [here.get(track) for track in self.tracks if config in (None, track[1])]

    def recommendable(self, axis: str, version: Version) -> bool:
        return not version.is_prerelease and version not in self._excluded.get(axis, ())


def version_of(pins: Iterable[Pin], axis: str) -> Version | None:
    """The version that the pins hold the axis at; None where the library is left out."""
    return next(pin.version for pin in pins if pin.axis == axis)


def _move(
    tested: _Tested,
    axis: Axis,
    pins: tuple[Pin, ...],
    python: PythonVersion,
    config: str | None,
) -> Move:
    present = version_of(pins, axis.name)
    above = [v for v in tested.versions(axis.name) if present is not None and v > present]
    tried = [v for v in above if (_at(pins, axis.name, v), python) in tested]
    passing = [v for v in tried if tested.passes(_at(pins, axis.name, v), python, config)]
    final = [v for v in passing if tested.recommendable(axis.name, v)]
    if final:
        return Move(
            nearest=Target(axis=axis.name, version=min(final)),
            newest=Target(axis=axis.name, version=max(final)),
        )
    none = NoTarget(axis=axis.name, reason=_why_none(axis, tried, passing))
    return Move(nearest=none, newest=none)


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


def _standing(tested: _Tested, axis: str, version: Version, config: str | None) -> Standing:
    passes, breaks, unproven = [], [], []
    partners: set[tuple[Pin, ...]] = set()
    for python in tested.pythons:
        here = [
            pins
            for pins, on in tested.combinations
            if on == python and version_of(pins, axis) == version
        ]
        installable = [pins for pins in here if not _unsupported(tested, pins, python, config)]
        good = [pins for pins in installable if tested.passes(pins, python, config)]
        partners |= {tuple(pin for pin in pins if pin.axis != axis) for pins in good}
        if any(tested.worst(pins, python, config) for pins in installable):
            breaks.append(python)
        elif len(good) < len(installable):
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
    )


def _unsupported(
    tested: _Tested, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
) -> bool:
    """Nothing of it could be run there: that says nothing against either library."""
    said = [outcome for outcome in tested.outcomes(pins, python, config) if outcome is not None]
    return all(outcome is Outcome.UNSUPPORTED for outcome in said)


def _rank(policy: Policy, axis: str) -> int:
    return policy.prefer.index(axis) if axis in policy.prefer else len(policy.prefer)

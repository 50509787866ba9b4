"""What each verdict says about a release: for it, against it, or nothing. Pure.

What another library does alone, or the Python does to each of them, is no reason to avoid a
release: it counts neither for nor against it. What a library does by itself counts against its own
releases; what nobody has told apart counts against all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.version import Version

from interlock.findings import attribution
from interlock.findings.attribution import DEPENDENCIES, OPEN, PAIR, Attribution, attribute
from interlock.findings.criteria import Scope, everything
from interlock.matrix import Policy
from interlock.model import Basis, Cell, Outcome, Pin, PythonVersion, Reason, Verdict

Excluded = Mapping[str, Collection[Version]]
"""Versions that are never recommended (yanked ones), by axis; pre-releases never are."""

BAD = attribution.TROUBLE
"""What one moves away from, the worst first."""

TOGETHER = (PAIR, OPEN, DEPENDENCIES)
"""Whose trouble comes of the combination, or can't be told from that."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """A verdict that one would move away from, and whose it is."""

    verdict: Verdict
    attribution: Attribution

    def counts_against(self, axis: str) -> bool:
        """Whether it is a reason to avoid a release of that axis."""
        return self.attribution.whose in (*TOGETHER, axis)


class Weight(Enum):
    """What one verdict says about a release of one axis."""

    GOOD = "it passes, often enough"
    BAD = "it is a reason to avoid the release"
    BESIDE = "it goes wrong, and is no reason to avoid the release"
    OPEN = "it was not tested, or proved nothing"
    CANNOT = "it can't be installed"
    NEUTRAL = "it is not asked of the release, or the release lacks the feature"


class Tested:
    """The tested verdicts of whole combinations, by combination: a cell that leaves a library out
    says what the other one does alone, and a composed configuration is run beside a plain one."""

    def __init__(
        self,
        verdicts: Iterable[Verdict],
        policy: Policy,
        excluded: Excluded,
        scope: Scope,
    ) -> None:
        self._policy = policy
        self._excluded = excluded
        self._meant = scope.meant
        self._found: dict[tuple[tuple[Pin, ...], PythonVersion], dict[tuple[str, str], Verdict]]
        self._found = {}
        verdicts = tuple(verdicts)
        self._whose = attribute(verdicts, scope.needs)
        for verdict in verdicts:
            cell = verdict.cell
            if verdict.basis is Basis.TESTED and everything(cell) and scope.concerns(cell.probe):
                here = self._found.setdefault((cell.pins, cell.python), {})
                here[cell.probe, cell.config] = verdict
        self._found = {
            combination: here
            for combination, here in self._found.items()
            if any(scope.speaks_for(probe) for probe, _ in here)
        }
        self.tracks = sorted({track for here in self._found.values() for track in here})
        self.configs = sorted({config for _, config in self.tracks})
        self.pythons = sorted({python for _, python in self._found})
        versions: dict[str, set[Version]] = {}
        for pins, _ in self._found:
            for pin in pins:
                if pin.version is not None:
                    versions.setdefault(pin.axis, set()).add(pin.version)
        self._versions = {axis: sorted(known) for axis, known in versions.items()}
        self._usual: dict[tuple[str, PythonVersion], frozenset[tuple[Pin, ...]]] = {}

    @property
    def combinations(self) -> list[tuple[tuple[Pin, ...], PythonVersion]]:
        return list(self._found)

    def __contains__(self, combination: tuple[tuple[Pin, ...], PythonVersion]) -> bool:
        return combination in self._found

    def usual(self, axis: str, python: PythonVersion) -> frozenset[tuple[Pin, ...]]:
        """With what more than half of the releases of that axis were run on that Python: one that
        was not has still to show that it passes there."""
        if (axis, python) not in self._usual:
            run_with: dict[tuple[Pin, ...], int] = {}
            releases = set()
            for pins, on in self._found:
                if on == python and self.installs(pins, python, None):
                    releases.add(version_of(pins, axis))
                    beside = without(pins, axis)
                    run_with[beside] = run_with.get(beside, 0) + 1
            self._usual[axis, python] = frozenset(
                beside for beside, count in run_with.items() if 2 * count > len(releases)
            )
        return self._usual[axis, python]

    def versions(self, axis: str) -> list[Version]:
        return self._versions.get(axis, [])

    def troubles(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
    ) -> list[Trouble]:
        """All that hangs or fails, asked of the releases or not."""
        return [
            Trouble(verdict=verdict, attribution=self._whose[verdict.cell.key])
            for verdict in self._said(pins, python, config).values()
            if verdict and verdict.outcome in BAD
        ]

    def breaks(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None, axis: str
    ) -> bool:
        """Something is a reason to avoid the release of that axis."""
        return Weight.BAD in self._weights(pins, python, config, axis)

    def passes(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None, axis: str
    ) -> bool:
        """All that is asked of the release of that axis, often enough; nothing untested."""
        weights = self._weights(pins, python, config, axis)
        return Weight.GOOD in weights and not weights & {
            Weight.BAD,
            Weight.OPEN,
            Weight.CANNOT,
        }

    def installs(self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None) -> bool:
        """Something of it could be run: that it could not says nothing against either library."""
        said = self._said(pins, python, config).values()
        return any(verdict.outcome is not Outcome.UNSUPPORTED for verdict in said if verdict)

    def tells(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None, axis: str
    ) -> bool:
        """Something of it is more than what another library does alone there."""
        beside = {Weight.BESIDE, Weight.NEUTRAL}
        return not self._weights(pins, python, config, axis) <= beside

    def _weights(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None, axis: str
    ) -> set[Weight]:
        said = self._said(pins, python, config)
        return {self._weight(cell, verdict, axis) for cell, verdict in said.items()}

    def _weight(self, cell: Cell, verdict: Verdict | None, axis: str) -> Weight:
        if verdict and verdict.outcome in BAD:
            trouble = Trouble(verdict=verdict, attribution=self._whose[cell.key])
            return Weight.BAD if trouble.counts_against(axis) else Weight.BESIDE
        if not self._meant(cell):
            return Weight.NEUTRAL
        if verdict is None or verdict.outcome is Outcome.UNPROVEN:
            return Weight.OPEN
        if verdict.outcome is Outcome.PASS:
            enough = verdict.trials >= self._policy.least_trials
            return Weight.GOOD if enough else Weight.OPEN
        lacks = verdict.reason is Reason.NO_FEATURE
        return Weight.NEUTRAL if lacks else Weight.CANNOT

    def _said(
        self, pins: tuple[Pin, ...], python: PythonVersion, config: str | None
    ) -> dict[Cell, Verdict | None]:
        """By cell, what each probe says in each configuration that counts; None is untested."""
        here = self._found.get((pins, python), {})
        return {
            Cell(pins=pins, python=python, probe=probe, config=name): here.get((probe, name))
            for probe, name in self.tracks
            if config in (None, name)
        }

    def recommendable(self, axis: str, version: Version) -> bool:
        return not version.is_prerelease and version not in self._excluded.get(axis, ())


def version_of(pins: Iterable[Pin], axis: str) -> Version | None:
    """The version that the pins hold the axis at; None where the library is left out."""
    return next(pin.version for pin in pins if pin.axis == axis)


def without(pins: tuple[Pin, ...], axis: str) -> tuple[Pin, ...]:
    """What the release of that axis is run with."""
    return tuple(pin for pin in pins if pin.axis != axis)

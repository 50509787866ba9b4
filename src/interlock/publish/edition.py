"""What one edition of the site is made from: the data set, and ``matrix.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from interlock.matrix import Matrix
from interlock.model import Axis, Outcome, PythonVersion, Verdict
from interlock.signatures import version_key
from interlock.table import Results


@dataclass(frozen=True, kw_only=True)
class Edition:
    """Handed to every publisher; nothing in it is written to."""

    matrix: Matrix
    results: Results

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.matrix.axes

    @property
    def verdicts(self) -> list[Verdict]:
        return self.results.verdicts

    @cached_property
    def by_cell(self) -> Mapping[tuple[str, ...], Verdict]:
        return {verdict.cell.key: verdict for verdict in self.verdicts}

    @cached_property
    def pythons(self) -> tuple[PythonVersion, ...]:
        """That have a verdict, oldest first."""
        return tuple(sorted({verdict.cell.python for verdict in self.verdicts}))

    @cached_property
    def default_python(self) -> PythonVersion | None:
        """The one to show first: where most pairs could be run; of equals the newest."""
        ran = (Outcome.PASS, Outcome.HANG)
        runs = [v.cell.python for v in self.verdicts if v.outcome in ran]
        return max(self.pythons, key=lambda p: (runs.count(p), p), default=None)

    @cached_property
    def tracks(self) -> tuple[tuple[str, str], ...]:
        """The probes and configurations that have a verdict, in the order of ``matrix.yaml``."""
        known = [*self.matrix.configurations]
        place = {name: number for number, name in enumerate(known)}
        found = {(v.cell.probe, v.cell.config) for v in self.verdicts}
        return tuple(sorted(found, key=lambda t: (t[0], place.get(t[1], len(known)), t[1])))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that have a verdict, in the order of ``matrix.yaml``."""
        return tuple(dict.fromkeys(config for _, config in self.tracks))

    @property
    def tested_at(self) -> datetime | None:
        """When the newest trial began."""
        return max((verdict.tested_at for verdict in self.verdicts), default=None)

    def versions(self, axis: Axis) -> list[str]:
        """Of one axis, those with a verdict, in version order."""
        found = {verdict.cell.version(axis.name) for verdict in self.verdicts}
        return [str(version or "-") for version in sorted(found, key=version_key)]

    def title(self, config: str) -> str:
        """A configuration in words; its name where ``matrix.yaml`` no longer has it."""
        known = self.matrix.configurations.get(config)
        return known.title if known else config

    def unit(self, probe: str) -> str:
        """What the probe counts as an exposure."""
        known = self.matrix.probes.get(probe)
        return known.exposure_unit if known else "exposures"

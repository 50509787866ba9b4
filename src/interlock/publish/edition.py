"""What one edition of the site is made from: the data set, and ``matrix.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from interlock import advice
from interlock.attribution import Attribution, attribute
from interlock.matrix import Matrix
from interlock.model import Axis, Basis, Cell, Outcome, Pin, PythonVersion, Verdict
from interlock.scope import Meant, meant_by
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

    @cached_property
    def attributions(self) -> Mapping[tuple[str, ...], Attribution]:
        """By cell key, whose each hang and failure is."""
        return attribute(self.verdicts)

    @cached_property
    def meant(self) -> Meant:
        """What is asked of a release."""
        return meant_by(self.matrix, self.verdicts)

    @cached_property
    def answers(self) -> tuple[advice.Answer, ...]:
        """What is safe along each axis in every configuration, the one to move first at first."""
        return advice.answers(
            self.verdicts,
            self.axes,
            self.matrix.policy,
            self.results.yanked,
            meant=self.meant,
        )

    @cached_property
    def advice(self) -> Mapping[tuple[tuple[Pin, ...], PythonVersion, str | None], advice.Advice]:
        """For each combination that hangs or fails, in all configurations (None) and in each."""
        policy, yanked = self.matrix.policy, self.results.yanked
        found = advice.advise(self.verdicts, self.axes, policy, yanked, self.meant)
        return {(one.pins, one.python, one.config): one for one in found}

    @property
    def tested_at(self) -> datetime | None:
        """When the newest trial began."""
        return max((verdict.tested_at for verdict in self.verdicts), default=None)

    def versions(self, axis: Axis) -> list[str]:
        """Of one axis, those with a verdict, in version order."""
        found = {verdict.cell.version(axis.name) for verdict in self.verdicts}
        return [str(version or "-") for version in sorted(found, key=version_key)]

    def package(self, axis: str) -> str:
        """What an axis is called in the index."""
        return self.matrix.axis(axis).package

    def passes(self, pins: tuple[Pin, ...], python: PythonVersion, config: str) -> bool:
        """Whether these releases were tested in a configuration and pass, by every probe."""
        probes = [probe for probe, track in self.tracks if track == config]
        said = [
            self.by_cell.get(Cell(pins=pins, python=python, probe=probe, config=config).key)
            for probe in probes
        ]
        return all(v and v.outcome is Outcome.PASS and v.basis is Basis.TESTED for v in said)

    def title(self, config: str) -> str:
        """A configuration in words; its name where ``matrix.yaml`` no longer has it."""
        known = self.matrix.configurations.get(config)
        return known.title if known else config

    def unit(self, probe: str) -> str:
        """What the probe counts as an exposure."""
        known = self.matrix.probes.get(probe)
        return known.exposure_unit if known else "exposures"

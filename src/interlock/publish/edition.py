"""What one edition of the site is made from: the data set, and ``matrix.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from interlock.findings import (
    Advice,
    Attribution,
    Findings,
    ForApplication,
    Recommendation,
    WorkaroundKind,
    WorkaroundRecord,
    Workarounds,
    everything,
)
from interlock.matrix import Application, Matrix
from interlock.model import (
    Axis,
    Basis,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Reason,
    Verdict,
    version_key,
)
from interlock.record import Results


@dataclass(frozen=True, kw_only=True)
class Edition:
    """Handed to every publisher; nothing in it is written to."""

    matrix: Matrix
    results: Results
    application: Application | None = None
    """The kind of application that is answered for; None is one of no kind that is named."""
    shared: Findings | None = None
    """Those of the edition that this one was made from."""

    @cached_property
    def findings(self) -> Findings:
        """What the verdicts say: one value for every kind of application."""
        return self.shared or Findings(
            matrix=self.matrix, verdicts=self.results.verdicts, withdrawn=self.results.yanked
        )

    @property
    def _about(self) -> ForApplication:
        return self.findings.by_application[self._name]

    @cached_property
    def kinds(self) -> tuple[tuple[Application, Edition], ...]:
        """The kinds of application that some probe was run for, each with an edition about it."""
        known = self.matrix.applications.values() if self.application is None else ()
        made = ((kind, replace(self, application=kind, shared=self.findings)) for kind in known)
        return tuple((kind, edition) for kind, edition in made if edition.pairs)

    @property
    def by_application(self) -> tuple[Edition, ...]:
        """This one, and that of each kind."""
        return (self, *(edition for _, edition in self.kinds))

    @property
    def _name(self) -> str | None:
        return self.application.name if self.application else None

    def concerns(self, probe: str) -> bool:
        """Whether what the probe finds is about this kind of application."""
        return self.matrix.concerns(self._name, probe)

    def is_about(self, probe: str) -> bool:
        """Whether it is about this kind and no other."""
        return self.matrix.is_about(self._name, probe)

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.matrix.axes

    @property
    def verdicts(self) -> list[Verdict]:
        return self.results.verdicts

    @property
    def by_cell(self) -> Mapping[tuple[str, ...], Verdict]:
        return self.findings.by_cell

    @property
    def by_track(self) -> Mapping[tuple[str, str], Sequence[Verdict]]:
        """By probe and configuration, baselines too."""
        return self.findings.by_track

    @cached_property
    def pythons(self) -> tuple[PythonVersion, ...]:
        """That have a verdict, oldest first."""
        return tuple(sorted({verdict.cell.python for verdict in self.verdicts}))

    @property
    def pairs(self) -> tuple[Verdict, ...]:
        """Those that a reader of this kind chooses among."""
        return self._about.pairs

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
        found = {(v.cell.probe, v.cell.config) for v in self.verdicts if everything(v.cell)}
        probes = {name: number for number, name in enumerate(self.matrix.probes)}

        def rank(track: tuple[str, str]) -> tuple[object, ...]:
            probe, config = track
            return probes.get(probe, len(probes)), probe, place.get(config, len(known)), config

        return tuple(sorted(found, key=rank))

    @cached_property
    def probes(self) -> tuple[str, ...]:
        """The probes that have a verdict about a pair, in the order of ``matrix.yaml``."""
        return tuple(dict.fromkeys(probe for probe, _ in self.tracks))

    def in_order(self, configs: Iterable[str]) -> tuple[str, ...]:
        """Configurations in the order of ``matrix.yaml``, and what it no longer has."""
        place = {name: number for number, name in enumerate(self.matrix.configurations)}
        return tuple(sorted(configs, key=lambda name: (place.get(name, len(place)), name)))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that a reader chooses among, in the order of ``matrix.yaml``."""
        return self.in_order({verdict.cell.config for verdict in self.pairs})

    @property
    def by_combination(self) -> Mapping[tuple[tuple[Pin, ...], PythonVersion], Sequence[Verdict]]:
        """Of ``pairs``, those about the same releases and Python."""
        return self._about.by_combination

    @property
    def ways_out(self) -> Workarounds:
        """What became of each workaround, by the key of the cell without it."""
        return self.findings.workarounds

    @property
    def way_out_records(self) -> Mapping[WorkaroundKind, WorkaroundRecord]:
        """What each workaround did against each hang, over all cells that needed it."""
        return self.findings.workaround_records

    @property
    def attributions(self) -> Mapping[tuple[str, ...], Attribution]:
        """By cell key, whose each hang and failure is."""
        return self.findings.attributions

    @property
    def answers(self) -> tuple[Recommendation, ...]:
        """What is safe along each axis in every configuration, the one to move first at first."""
        return self._about.recommendations

    @property
    def advice(self) -> Mapping[tuple[tuple[Pin, ...], PythonVersion, str | None], Advice]:
        """For each combination that hangs or fails, in all configurations (None) and in each."""
        return self._about.advice

    @property
    def tested_at(self) -> datetime | None:
        """When the newest trial began."""
        return max((verdict.tested_at for verdict in self.verdicts), default=None)

    def versions(self, axis: Axis) -> list[str]:
        """Of one axis, those with a verdict, in version order."""
        found = {verdict.cell.version(axis.name) for verdict in self.pairs}
        return [str(version or "-") for version in sorted(found, key=version_key)]

    def package(self, axis: str) -> str:
        """What an axis is called in the index."""
        return self.matrix.axis(axis).package

    def asked(self, pins: tuple[Pin, ...], python: PythonVersion, config: str) -> list[Cell]:
        """What is meant to be run of these releases in a configuration, a cell a probe."""
        probes = [p for p, track in self.tracks if track == config and self.concerns(p)]
        cells = (Cell(pins=pins, python=python, probe=p, config=config) for p in probes)
        return [cell for cell in cells if self._about.criteria.meant(cell)]

    def passes(self, pins: tuple[Pin, ...], python: PythonVersion, config: str) -> bool:
        """Whether these releases were tested in a configuration and pass, by every probe that was
        meant for them."""
        said = [self.by_cell.get(cell.key) for cell in self.asked(pins, python, config)]
        counted = [v for v in said if v is None or v.reason is not Reason.NO_FEATURE]
        return bool(counted) and all(
            v and v.outcome is Outcome.PASS and v.basis is Basis.TESTED for v in counted
        )

    def title(self, config: str) -> str:
        """A configuration in words; its name where ``matrix.yaml`` no longer has it."""
        title = self.config_title(config)
        return f"{title}; {self.application.title}" if self.application else title

    def config_title(self, config: str) -> str:
        """The same without the kind of application."""
        known = self.matrix.configurations.get(config)
        return known.title if known else config

    def choice(self, config: str) -> str:
        """What stands for the configuration of this kind of application: ``forking:stock``."""
        return f"{self.application.name}:{config}" if self.application else config

    def probe_title(self, probe: str) -> str:
        """A probe in words; its name where ``matrix.yaml`` no longer has it."""
        known = self.matrix.probes.get(probe)
        return known.title if known else probe

    def unit(self, probe: str) -> str:
        """What the probe counts as an exposure."""
        known = self.matrix.probes.get(probe)
        return known.exposure_unit if known else "exposures"

"""What a page is made from: the findings for one kind of application, and what was published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from interlock.findings import Findings, ForApplication, Recommendation, is_own
from interlock.matrix import Application, Matrix, Situation
from interlock.model import Axis, Cell, Outcome, PythonVersion, Verdict, version_key
from interlock.record import Results


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """Handed to every publisher; nothing in it is written to."""

    matrix: Matrix
    results: Results
    application: Application | None = None
    """The kind of application that is answered for; None is one of no kind that is named."""
    shared: Findings | None = None
    """Those of the same verdicts, where they are known already."""

    @cached_property
    def findings(self) -> Findings:
        """What the verdicts say: one value for every kind of application."""
        return self.shared or Findings(
            matrix=self.matrix, verdicts=self.results.verdicts, withdrawn=self.results.yanked
        )

    @property
    def about(self) -> ForApplication:
        """What the verdicts say to this kind of application."""
        return self.findings.by_application[self.application.name if self.application else None]

    @cached_property
    def kinds(self) -> tuple[tuple[Application, PageContext], ...]:
        """The kinds of application that some probe was run for, each with a context about it."""
        known = self.matrix.applications.values() if self.application is None else ()
        made = ((kind, replace(self, application=kind, shared=self.findings)) for kind in known)
        return tuple((kind, context) for kind, context in made if context.about.pairs)

    @property
    def by_application(self) -> tuple[PageContext, ...]:
        """This one, and that of each kind."""
        return (self, *(context for _, context in self.kinds))

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.matrix.axes

    @property
    def verdicts(self) -> list[Verdict]:
        return self.results.verdicts

    @property
    def first(self) -> Recommendation:
        """What is safe along the axis that one moves first."""
        return self.about.recommendations[0]

    @cached_property
    def pythons(self) -> tuple[PythonVersion, ...]:
        """That have a verdict, oldest first."""
        return tuple(sorted({verdict.cell.python for verdict in self.verdicts}))

    @property
    def tested_at(self) -> datetime | None:
        """When the newest trial began."""
        return max((verdict.tested_at for verdict in self.verdicts), default=None)

    @cached_property
    def default_python(self) -> PythonVersion | None:
        """The one to show first: where most pairs could be run; of equals the newest."""
        ran = (Outcome.PASS, Outcome.HANG)
        runs = Counter(v.cell.python for v in self.verdicts if v.outcome in ran)
        return max(self.pythons, key=lambda p: (runs[p], p), default=None)

    def in_order(self, configs: Iterable[str]) -> tuple[str, ...]:
        """Configurations in the order of ``matrix.yaml``, and what it no longer has."""
        place = {name: number for number, name in enumerate(self.matrix.configurations)}
        return tuple(sorted(configs, key=lambda name: (place.get(name, len(place)), name)))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that a reader chooses among, in the order of ``matrix.yaml``."""
        return self.in_order({verdict.cell.config for verdict in self.about.pairs})

    def versions(self, axis: Axis) -> list[str]:
        """Of one axis, those with a verdict, in version order."""
        found = {verdict.cell.version(axis.name) for verdict in self.about.pairs}
        return [str(version or "-") for version in sorted(found, key=version_key)]

    def package(self, axis: str) -> str:
        """What an axis is called in the index."""
        return self.matrix.axis(axis).package

    def others(self, axis: str) -> list[str]:
        """The packages of the other axes."""
        return [other.package for other in self.axes if other.name != axis]

    def is_own(self, verdict: Verdict) -> bool:
        """Whether what goes wrong there is nothing that the combination does."""
        return is_own(verdict, self.findings.attributions)

    def kinds_of(self, situation: Situation) -> list[Application]:
        """The kinds of application that somebody in the situation has."""
        default = self.matrix.situation({})
        every = self.matrix.applications
        return [kind for name, kind in every.items() if situation[name] != default[name]]

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

    def choices(self, cell: Cell) -> tuple[str, ...]:
        """What a reader chooses by: everything but the probe."""
        *versions, python, _, config = cell.key
        return (*versions, python, self.choice(config))

    def probe_title(self, probe: str) -> str:
        """A probe in words; its name where ``matrix.yaml`` no longer has it."""
        known = self.matrix.probes.get(probe)
        return known.title if known else probe

    def unit(self, probe: str) -> str:
        """What the probe counts as an exposure."""
        known = self.matrix.probes.get(probe)
        return known.exposure_unit if known else "exposures"

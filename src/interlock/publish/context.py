"""The input of a page: what was published, and the findings from it.

The findings are for one kind of application.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from interlock.findings import (
    Findings,
    ForApplication,
    RareHang,
    Recommendation,
    counts,
    is_own,
)
from interlock.matrix import Application, Matrix
from interlock.model import Axis, Cell, Outcome, PythonVersion, Verdict, version_key
from interlock.publish.wording import Mark, mark, together
from interlock.record import Results


@dataclass(frozen=True, kw_only=True)
class PageContext:
    """The input of every publisher; read only."""

    matrix: Matrix
    results: Results
    application: Application | None = None
    """The kind of application to answer for; None for applications in general."""
    shared: Findings | None = None
    """The findings of the same verdicts, if they exist already."""

    @cached_property
    def findings(self) -> Findings:
        """The findings from the verdicts: one value for every kind of application."""
        return self.shared or Findings(
            matrix=self.matrix,
            verdicts=self.results.verdicts,
            withdrawn=self.results.yanked,
            audited=self.results.audited,
            releases=self.results.releases,
            now=self.tested_at,
        )

    @property
    def about(self) -> ForApplication:
        """The findings for this kind of application."""
        return self.findings.by_application[self.application.name if self.application else None]

    @cached_property
    def kinds(self) -> tuple[tuple[Application, PageContext], ...]:
        """The kinds of application with verdicts, each with its context."""
        known = self.matrix.applications.values() if self.application is None else ()
        made = ((kind, replace(self, application=kind, shared=self.findings)) for kind in known)
        return tuple((kind, context) for kind, context in made if context.about.pairs)

    @property
    def by_application(self) -> tuple[PageContext, ...]:
        """This context, and that of each kind."""
        return (self, *(context for _, context in self.kinds))

    @property
    def axes(self) -> tuple[Axis, ...]:
        return self.matrix.axes

    @property
    def verdicts(self) -> list[Verdict]:
        return self.results.verdicts

    @property
    def first(self) -> Recommendation:
        """The safe releases along the axis that one moves first."""
        return self.about.recommendations[0]

    @cached_property
    def pythons(self) -> tuple[PythonVersion, ...]:
        """The Pythons that have a verdict, oldest first."""
        return tuple(sorted({verdict.cell.python for verdict in self.verdicts}))

    @property
    def tested_at(self) -> datetime | None:
        """When the newest trial began."""
        return max((verdict.tested_at for verdict in self.verdicts), default=None)

    @cached_property
    def default_python(self) -> PythonVersion | None:
        """The Python to show first: the one with most runs; of equals, the newest."""
        ran = (Outcome.PASS, Outcome.HANG)
        runs = Counter(v.cell.python for v in self.verdicts if v.outcome in ran)
        return max(self.pythons, key=lambda p: (runs[p], p), default=None)

    def in_order(self, configs: Iterable[str]) -> tuple[str, ...]:
        """Configurations in the order of ``matrix.yaml``, then those it no longer has."""
        place = {name: number for number, name in enumerate(self.matrix.configurations)}
        return tuple(sorted(configs, key=lambda name: (place.get(name, len(place)), name)))

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that a reader chooses among, in the order of ``matrix.yaml``."""
        return self.in_order({verdict.cell.config for verdict in self.about.pairs})

    def versions(self, axis: Axis) -> list[str]:
        """The releases of one axis that have a verdict, in version order."""
        found = {verdict.cell.version(axis.name) for verdict in self.about.pairs}
        return [str(version or "-") for version in sorted(found, key=version_key)]

    def package(self, axis: str) -> str:
        """The name of an axis in the package index."""
        return self.matrix.axis(axis).package

    def others(self, axis: str) -> list[str]:
        """The packages of the other axes."""
        return [other.package for other in self.axes if other.name != axis]

    def is_own(self, verdict: Verdict) -> bool:
        """Whether the trouble there is not caused by the combination."""
        return is_own(verdict, self.findings.attributions)

    def rare(self, verdict: Verdict) -> RareHang | None:
        """What a reader is told where hangs are rare, instead of a pass."""
        return self.findings.instead_of_pass(verdict)

    def line_rate(self, verdict: Verdict) -> str:
        """The rate of its release line where hangs are rare; else empty."""
        of = self.findings.rare_hangs.of(verdict.cell) if counts(verdict) else None
        return together(of) if of else ""

    def mark(self, verdict: Verdict, *, part: bool = False) -> Mark:
        """The sign of a verdict, as it is shown to readers."""
        return mark(verdict, own=self.is_own(verdict), part=part, rare=self.rare(verdict))

    def title(self, config: str) -> str:
        """The title of a configuration, or its name if ``matrix.yaml`` no longer has it."""
        title = self.config_title(config)
        return f"{title}; {self.application.title}" if self.application else title

    def config_title(self, config: str) -> str:
        """The same without the kind of application."""
        known = self.matrix.configurations.get(config)
        return known.title if known else config

    def choice(self, config: str) -> str:
        """The key of a configuration for this kind of application: ``forking:stock``."""
        return f"{self.application.name}:{config}" if self.application else config

    def choices(self, cell: Cell) -> tuple[str, ...]:
        """Everything that a reader chooses by; that is all but the probe."""
        *versions, python, _, config = cell.key
        return (*versions, python, self.choice(config))

    def probe_title(self, probe: str) -> str:
        """The title of a probe, or its name if ``matrix.yaml`` no longer has it."""
        known = self.matrix.probes.get(probe)
        return known.title if known else probe

    def unit(self, probe: str) -> str:
        """What the probe counts as an exposure."""
        known = self.matrix.probes.get(probe)
        return known.exposure_unit if known else "exposures"

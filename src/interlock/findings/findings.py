"""What a set of verdicts says. Each part is computed once, when it is first read. Pure.

Site, report, ``ask`` and data files read one ``Findings``:

    findings = Findings(matrix=matrix, verdicts=results.verdicts, withdrawn=results.yanked)
    findings.attributions[cell.key].whose
    findings.by_application[None].advice[pins, python, "stock"].moves
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from interlock.findings.advice import Advice, Recommendation, advise, recommendations
from interlock.findings.attribution import Attributions, attribute
from interlock.findings.criteria import (
    Criteria,
    Meant,
    criteria_for,
    everything,
    is_amplified,
    meant_by,
    needs_of,
)
from interlock.findings.weighing import Combinations, Excluded, Pins, Track
from interlock.findings.windows import Rest, along
from interlock.findings.workarounds import (
    WorkaroundKind,
    WorkaroundRecord,
    Workarounds,
    records,
    tried,
)
from interlock.matrix import Matrix
from interlock.model import Cell, PythonVersion, Verdict, Window


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the verdicts say, whichever kind of application asks."""

    matrix: Matrix
    verdicts: Sequence[Verdict]
    withdrawn: Excluded = field(default_factory=dict)
    """Yanked releases, by axis."""

    @cached_property
    def by_cell(self) -> Mapping[tuple[str, ...], Verdict]:
        """By ``Cell.key``."""
        return {verdict.cell.key: verdict for verdict in self.verdicts}

    @cached_property
    def by_track(self) -> Mapping[Track, Sequence[Verdict]]:
        """By probe and configuration, baselines too."""
        found: dict[Track, list[Verdict]] = {}
        for verdict in self.verdicts:
            found.setdefault((verdict.cell.probe, verdict.cell.config), []).append(verdict)
        return found

    @cached_property
    def attributions(self) -> Attributions:
        """By ``Cell.key``, whose each hang and failure is."""
        return attribute(self.verdicts, needs_of(self.matrix))

    @cached_property
    def meant(self) -> Meant:
        """Whether a cell is asked of its releases."""
        return meant_by(self.matrix, self.verdicts)

    @cached_property
    def windows(self) -> Mapping[str, Mapping[Rest, tuple[Window, ...]]]:
        """By axis, and by what is held fixed."""
        return {axis.name: along(axis.name, self.verdicts) for axis in self.matrix.axes}

    @cached_property
    def workarounds(self) -> Workarounds:
        """What became of each workaround, by the key of the cell without it."""
        return tried(self.verdicts, self.matrix)

    @cached_property
    def workaround_records(self) -> Mapping[WorkaroundKind, WorkaroundRecord]:
        """What each workaround did against each hang, over all cells that needed it."""
        return records(self.workarounds)

    @cached_property
    def by_application(self) -> Mapping[str | None, ForApplication]:
        """What is safe for each kind of application; None is one of no kind that is named."""
        return {
            name: ForApplication(findings=self, application=name)
            for name in (None, *self.matrix.applications)
        }


@dataclass(frozen=True, kw_only=True)
class ForApplication:
    """What the verdicts say to one kind of application."""

    findings: Findings
    application: str | None
    """None is one of no kind that is named."""

    @cached_property
    def criteria(self) -> Criteria:
        """What is asked of a release."""
        return criteria_for(self.findings.matrix, self.findings.meant, self.application)

    @cached_property
    def pairs(self) -> tuple[Verdict, ...]:
        """Those that a reader chooses among: no library left out, nothing composed, the race as
        likely as its probe makes it. For a kind of application those alone for which a probe that
        is about it was run."""
        matrix = self.findings.matrix
        found = [
            v
            for v in self.findings.verdicts
            if self.criteria.concerns(v.cell.probe)
            and everything(v.cell)
            and is_amplified(matrix, v.cell.config)
        ]
        if self.application is None:
            return tuple(found)
        tested = {_choice(v.cell) for v in found if self.criteria.speaks_for(v.cell.probe)}
        return tuple(v for v in found if _choice(v.cell) in tested)

    @cached_property
    def configs(self) -> tuple[str, ...]:
        """The configurations that a reader chooses among, in the order of ``matrix.yaml``."""
        found = {verdict.cell.config for verdict in self.pairs}
        return tuple(name for name in self.findings.matrix.configurations if name in found)

    @cached_property
    def by_combination(self) -> Mapping[tuple[Pins, PythonVersion], Sequence[Verdict]]:
        """Of ``pairs``, those about the same releases and Python."""
        found: dict[tuple[Pins, PythonVersion], list[Verdict]] = {}
        for verdict in self.pairs:
            found.setdefault((verdict.cell.pins, verdict.cell.python), []).append(verdict)
        return found

    @cached_property
    def tested(self) -> Combinations:
        return self.tested_among(self.findings.verdicts)

    def tested_among(self, verdicts: Iterable[Verdict]) -> Combinations:
        """The same of some of the verdicts alone, with whose trouble it is by all of them."""
        return Combinations(
            verdicts,
            self.findings.attributions,
            self.findings.matrix.policy,
            self.findings.withdrawn,
            self.criteria,
        )

    @cached_property
    def recommendations(self) -> tuple[Recommendation, ...]:
        """What is safe along each axis in every configuration, the one to move first at first."""
        return recommendations(self.tested, self.findings.matrix.axes)

    @cached_property
    def advice(self) -> Mapping[tuple[Pins, PythonVersion, str | None], Advice]:
        """For each combination that hangs or fails, in all configurations (None) and in each."""
        found = advise(self.tested, self.findings.matrix.axes)
        return {(one.pins, one.python, one.config): one for one in found}


def _choice(cell: Cell) -> tuple[str, ...]:
    """What a reader chooses by: everything but the probe."""
    *releases, _, config = cell.key
    return (*releases, config)

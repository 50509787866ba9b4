"""What a set of verdicts says. Each part is computed once, when it is first read. Pure.

Site, report, ``ask`` and data files read one ``Findings``:

    findings = Findings(matrix=matrix, verdicts=results.verdicts, withdrawn=results.yanked)
    findings.by_application[None].advice[pins, python, "stock"].moves
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from interlock.findings.advice import Advice, advice_for, advise
from interlock.findings.attribution import Attributions, attribute
from interlock.findings.audit import ErrorRate, rates_by_probe
from interlock.findings.bars import Bars
from interlock.findings.baselines import but_probe, plain
from interlock.findings.chances import ByChances
from interlock.findings.criteria import (
    Criteria,
    Meant,
    criteria_for,
    everything,
    is_amplified,
    meant_by,
    needs_of,
)
from interlock.findings.noted import NOTHING_NOTED, Noted
from interlock.findings.rare import RareHang, RareHangs
from interlock.findings.rates import HangsAlone, KindRate, Rates, hang_alone, kind_rates, rates
from interlock.findings.searched import SearchedWindow, searched_windows
from interlock.findings.standing import Recommendation, recommendations
from interlock.findings.summary import Summary, summarize
from interlock.findings.targets import Targets
from interlock.findings.tested import Tested
from interlock.findings.untested import Untested
from interlock.findings.weighing import Combinations, Excluded, Pins, Track, counts_against
from interlock.findings.windows import Rest, along, hanging, lines
from interlock.findings.workarounds import (
    WorkaroundKind,
    WorkaroundRecord,
    Workarounds,
    records,
    tried,
)
from interlock.matrix import Matrix
from interlock.model import (
    AuditedCell,
    Basis,
    Cell,
    Outcome,
    PythonVersion,
    Reason,
    Verdict,
    Window,
)
from interlock.record import NONE_LISTED, Columns, ListedReleases


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the verdicts say, whichever kind of application asks."""

    matrix: Matrix
    verdicts: Sequence[Verdict]
    withdrawn: Excluded = field(default_factory=dict)
    """Yanked releases, by axis; for an axis of which no release is listed."""
    releases: ListedReleases = NONE_LISTED
    """What the package index lists. Without it, nothing is inferred."""
    now: datetime | None = None
    """When somebody asks, in UTC. Without it, no release is too young to be recommended."""
    audited: Sequence[AuditedCell] = ()
    """The inferred cells that were run to see how often that is wrong."""
    noted: Noted = NOTHING_NOTED
    """What an earlier question noted about these very verdicts and this matrix."""

    @cached_property
    def rows(self) -> Columns:
        """The verdicts, grouped without reading each."""
        return Columns.of(self.verdicts)

    @cached_property
    def audits(self) -> Mapping[str, ErrorRate]:
        """By probe: how often an inferred answer is wrong. Without a probe that was not audited."""
        return rates_by_probe(self.audited)

    @cached_property
    def by_cell(self) -> Mapping[tuple[str, ...], Verdict]:
        """By ``Cell.key``."""
        return self.rows.by_key

    @cached_property
    def by_probe(self) -> Mapping[str, Sequence[Verdict]]:
        """By probe, baselines too."""
        return self.rows.grouped(-2)

    @cached_property
    def by_track(self) -> Mapping[Track, Sequence[Verdict]]:
        """By probe and configuration, baselines too."""
        return self.rows.grouped(-2, -1)

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """Those of a verdict about a pair, in the order of ``matrix.yaml``; unknown ones last."""
        probes = {name: place for place, name in enumerate(self.matrix.probes)}
        configs = {name: place for place, name in enumerate(self.matrix.configurations)}

        def rank(track: Track) -> tuple[object, ...]:
            probe, config = track
            places = probes.get(probe, len(probes)), probe
            return *places, configs.get(config, len(configs)), config

        *_, probe_names, config_names = self.rows.parts
        rows = zip(self.rows.cells, self.rows.is_whole, strict=True)
        there = {cell[-2:] for cell, is_whole in rows if is_whole}
        named = ((probe_names[probe], config_names[config]) for probe, config in there)
        return tuple(sorted((one for one in named if plain(one[1]) == one[1]), key=rank))

    @cached_property
    def probes(self) -> tuple[str, ...]:
        """The probes that have a verdict about a pair, in the same order."""
        return tuple(dict.fromkeys(probe for probe, _ in self.tracks))

    @cached_property
    def attributions(self) -> Attributions:
        """By ``Cell.key``, whose each hang and failure is."""
        titles = {name: one.title for name, one in self.matrix.configurations.items()}
        return attribute(self.rows, needs_of(self.matrix), titles)

    @cached_property
    def meant(self) -> Meant:
        """Whether a cell is asked of its releases."""
        return meant_by(self.matrix, self.rows)

    @cached_property
    def tested(self) -> Tested:
        """What was run of whole combinations, and in which situation of a reader's."""
        return Tested(self.rows, self.matrix, self.tracks, self.meant, self.noted.known)

    @cached_property
    def untested(self) -> Untested:
        """What is known of releases that nobody ran."""
        of = self.by_track, self.by_cell, self.releases
        return Untested(self.matrix, *of, lambda: self.audits, self.noted.maps)

    @cached_property
    def searched(self) -> Sequence[SearchedWindow]:
        """The windows along releases that were tested line by line, in the tracks' order."""
        maps = self.untested.maps
        known = {track: maps[track] for track in self.tracks if track in maps}
        return searched_windows(known, self.by_cell, self.matrix.axes)

    @cached_property
    def targets(self) -> Targets:
        """Which releases to move to from a combination, in a situation of a reader's."""

        def is_reason(verdict: Verdict, axis: str) -> bool:
            noted = self.noted.whose(verdict)
            return counts_against(noted or self.attributions[verdict.cell.key].whose, axis)

        return Targets(self.matrix, self.tested, self.bars, is_reason, self.by_chances)

    @cached_property
    def bars(self) -> Bars:
        """What the index has against each release as a target."""
        return Bars(
            self.releases, self.withdrawn, cool_down=self.matrix.policy.cool_down, now=self.now
        )

    @cached_property
    def excluded(self) -> Excluded:
        """The tested releases that are recommended to nobody, whatever they have now, by axis."""
        names = [axis.name for axis in self.matrix.axes]
        tested = {name: {v.cell.version(name) for v in self.verdicts} - {None} for name in names}
        return {
            name: frozenset(v for v in versions if v and self.bars.against(name, v, v))
            for name, versions in tested.items()
        }

    @cached_property
    def windows(self) -> Mapping[str, Mapping[Rest, tuple[Window, ...]]]:
        """By axis, and by what is held fixed."""
        return {axis.name: along(axis.name, self.verdicts) for axis in self.matrix.axes}

    @cached_property
    def lines(self) -> Mapping[str, Mapping[Rest, Sequence[Verdict]]]:
        """By axis, and by what is held fixed: the tested verdicts along the axis."""
        return {axis.name: lines(axis.name, self.verdicts) for axis in self.matrix.axes}

    @cached_property
    def workarounds(self) -> Workarounds:
        """What became of each workaround, by the key of the cell without it."""
        return tried(self.rows, self.matrix)

    @cached_property
    def workaround_records(self) -> Mapping[WorkaroundKind, WorkaroundRecord]:
        """What each workaround did against each hang, over all cells that needed it."""
        return records(self.workarounds, self.noted.record)

    @cached_property
    def kind_rates(self) -> Mapping[str, tuple[KindRate, ...]]:
        """By kind of application, how often the probes that are about it hang at all."""
        return {
            name: tuple(kind_rates(name, self.by_probe, self.matrix))
            for name in self.matrix.applications
        }

    @cached_property
    def rare_hangs(self) -> RareHangs:
        """The rate of each release line where hangs are rare."""
        return RareHangs(self.by_track, self.matrix, self.noted.lines)

    def instead_of_pass(self, verdict: Verdict) -> RareHang | None:
        """What a reader is told where hangs are rare, instead of a pass. None for all else."""
        is_pass = verdict.outcome is Outcome.PASS
        return self.rare_hangs.of(verdict.cell) if is_pass else None

    @cached_property
    def by_chances(self) -> ByChances:
        """Of a cell: the windows of trouble that comes by chance which it is in, or too near to."""
        return ByChances(self.tested, self.by_cell, self.matrix, self.noted.in_doubt)

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
        tested = {but_probe(v.cell) for v in found if self.criteria.speaks_for(v.cell.probe)}
        return tuple(v for v in found if but_probe(v.cell) in tested)

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

    def asked(self, pins: Pins, python: PythonVersion, config: str) -> list[Cell]:
        """What is meant to be run of these releases in a configuration, a cell a probe."""
        cells = (
            Cell(pins=pins, python=python, probe=probe, config=config)
            for probe in self._probes_in.get(config, ())
        )
        return [cell for cell in cells if self.criteria.meant(cell)]

    @cached_property
    def _probes_in(self) -> Mapping[str, Sequence[str]]:
        """By configuration, the probes that concern the application."""
        found: dict[str, list[str]] = {}
        for probe, config in self.findings.tracks:
            if self.criteria.concerns(probe):
                found.setdefault(config, []).append(probe)
        return found

    def passes(self, pins: Pins, python: PythonVersion, config: str) -> bool:
        """Whether these releases were tested in a configuration and pass, often enough, by every
        probe that was meant for them."""
        by_cell = self.findings.by_cell
        said = [by_cell.get(cell.key) for cell in self.asked(pins, python, config)]
        counted = [v for v in said if v is None or v.reason is not Reason.NO_FEATURE]
        return bool(counted) and all(
            v
            and v.outcome is Outcome.PASS
            and v.basis is Basis.TESTED
            and v.trials >= self.findings.matrix.policy.least_trials
            for v in counted
        )

    @cached_property
    def summaries(self) -> Mapping[tuple[Pins, PythonVersion, str], Summary]:
        """By releases, Python and configuration: all that a reader can choose."""
        found: dict[tuple[Pins, PythonVersion, str], list[Verdict]] = {}
        for verdict in self.pairs:
            cell = verdict.cell
            found.setdefault((cell.pins, cell.python, cell.config), []).append(verdict)
        place = {probe: number for number, probe in enumerate(self.findings.probes)}
        whose, is_about = self.findings.attributions, self.criteria.speaks_for
        rare = self.findings.instead_of_pass
        return {
            of: summarize(verdicts, self.asked(*of), whose, is_about, place, rare)
            for of, verdicts in found.items()
        }

    def hanging(self, axis: str) -> list[Window]:
        """Windows of releases that hang with something, in some configuration.

        A release that is not tested enough ends none.
        """
        (said,) = (one for one in self.recommendations if one.axis == axis)
        told = {s.version for s in said.standings if s.is_safe or s.breaks}
        return hanging(axis, self.pairs, self.findings.attributions, told)

    def own_troubles(self) -> Mapping[tuple[str, str, Outcome], Sequence[Cell]]:
        """By axis, probe and outcome, the cells in which that library does it alone."""
        axes = {axis.name for axis in self.findings.matrix.axes}
        found: dict[tuple[str, str, Outcome], list[Cell]] = {}
        for verdict in self.pairs:
            whose = self.findings.attributions.get(verdict.cell.key)
            if whose and whose.whose in axes:
                of = whose.whose, verdict.cell.probe, verdict.outcome
                found.setdefault(of, []).append(verdict.cell)
        return found

    @cached_property
    def rates(self) -> tuple[Rates, ...]:
        """Of the probes that are about this kind alone, by release of the axis to move first."""
        first, of = self.recommendations[0].axis, self.findings
        return tuple(
            rates(track, of.by_track, of.matrix, first)
            for track in of.tracks
            if self.criteria.speaks_for(track[0])
        )

    @property
    def can_hang(self) -> bool:
        """Whether a probe that is about this kind alone saw a hang."""
        return any(
            v.outcome is Outcome.HANG and self.criteria.speaks_for(v.cell.probe) for v in self.pairs
        )

    def hang_alone(self) -> Iterator[HangsAlone]:
        """By the probes that are about this kind alone: what hangs without another library."""
        by_probe = self.findings.by_probe
        rows = (v for probe in by_probe if self.criteria.speaks_for(probe) for v in by_probe[probe])
        return hang_alone(rows, [axis.name for axis in self.findings.matrix.axes])

    @cached_property
    def tested(self) -> Combinations:
        return self.tested_among(self.findings.verdicts)

    def tested_among(self, verdicts: Iterable[Verdict]) -> Combinations:
        """The same of some of the verdicts alone, with whose trouble it is by all of them."""
        return Combinations(
            verdicts,
            self.findings.attributions,
            self.findings.matrix.policy,
            self.findings.excluded,
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

    def advice_on(self, pins: Pins, python: PythonVersion) -> Advice | None:
        """The advice for one combination, in all configurations together."""
        same = (one for one in self.tested if (one.pins, one.python) == (pins, python))
        here = next(same, None)
        if here is None:
            return None
        return advice_for(self.tested, self.findings.matrix.axes, here, None)

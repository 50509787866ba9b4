"""The search in terms of cells and verdicts: a round for ``Agenda.following``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from packaging.version import Version

from interlock.campaign.along import Rules, Sought
from interlock.campaign.search import SearchTrack, Tried, next_cells, track_maps, unconfirmed_edges
from interlock.findings import (
    Installs,
    Observation,
    Pairs,
    ReleaseAxis,
    Space,
    Spot,
    TrackMap,
    draw,
    keys_today,
    observations,
)
from interlock.model import AuditedCell, Axis, Cell, Outcome, PythonVersion, Verdict, audit_key

LEFT_OPEN = Tried(Observation(Outcome.UNPROVEN), 0)
"""What the search takes a cell for that has no verdict."""


@dataclass(frozen=True, kw_only=True)
class SearchRound:
    """What to run next, in the form that follow-ups have."""

    cells: Mapping[Cell, Sought] = field(default_factory=dict)
    """The cells to run, and why."""
    trials: Mapping[Cell, int] = field(default_factory=dict)
    """How many trials a verdict needs, for cells beside an edge."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All releases of two axes, on some Pythons, for one probe in one configuration."""

    axes: tuple[Axis, Axis]
    """In the order of ``Cell.pins``: rows, then columns."""
    rows: ReleaseAxis
    columns: ReleaseAxis
    pythons: Sequence[PythonVersion]
    """In the order in which they are searched. The first should install most releases."""
    probe: str
    config: str
    named: Sequence[Version]
    """The releases of the rows that are searched along all columns."""
    installs: Installs
    trials_per_cell: int = 1
    """``Rules.confirm_trials`` is in units of these."""
    rules: Rules = field(default_factory=Rules)
    audited: Sequence[AuditedCell] = ()
    """The cells that audits drew. They are run, and refined around if they come out otherwise."""

    def following(
        self, verdicts: Mapping[tuple[str, ...], Verdict], left_open: Iterable[Cell] = ()
    ) -> SearchRound:
        """The next round, from all verdicts that count, by ``Cell.key``. Empty at the end.

        ``left_open`` are cells that have no verdict because trouble of our own stopped them. The
        search goes round them, as it does round cells that prove nothing. Otherwise it would wait
        for them.
        """
        cells: dict[Cell, Sought] = {}
        trials: dict[Cell, int] = {}
        rounds = next_cells(self.tracks(verdicts, left_open), self._rules)
        for python, wanted in zip(self.pythons, rounds, strict=True):
            for spot, (why, needed) in wanted.items():
                cell = self.cell(python, spot)
                cells[cell] = why
                if why is Sought.CONFIRM:
                    trials[cell] = needed
        return SearchRound(cells=cells, trials=trials)

    def maps(self, verdicts: Mapping[tuple[str, ...], Verdict]) -> Mapping[PythonVersion, TrackMap]:
        """What these verdicts say about any pair, by Python."""
        return dict(zip(self.pythons, track_maps(self.tracks(verdicts)), strict=True))

    def unconfirmed_edges(self, verdicts: Mapping[tuple[str, ...], Verdict]) -> int:
        """How many edges are not exact yet, or have too few trials on one side."""
        return sum(unconfirmed_edges(self.tracks(verdicts), self._rules))

    def draw(
        self, verdicts: Mapping[tuple[str, ...], Verdict], n: int, seed: int, day: date
    ) -> list[AuditedCell]:
        """``n`` new cells for an audit, each inferred one of all Pythons as likely as any other."""
        maps = list(self.maps(verdicts).values())
        before = {row.cell for row in self.audited}
        found = []
        for one in draw(maps, n + len(before), seed):
            cell, known = self.cell(self.pythons[one.track], one.spot), one.inferred
            if cell not in before and known.observation and known.rule:
                row = AuditedCell(
                    seed=seed,
                    day=day,
                    cell=cell,
                    rule=known.rule.value,
                    inferred=known.observation.outcome,
                    inferred_as=audit_key(known.observation.key),
                )
                found.append(row)
        return found[:n]

    def holds(self, cell: Cell) -> bool:
        """Whether the cell is one of those that are surveyed."""
        return self._is_of_it(cell) and self._spot(cell) is not None

    def tracks(
        self, verdicts: Mapping[tuple[str, ...], Verdict], left_open: Iterable[Cell] = ()
    ) -> list[SearchTrack]:
        """One for each Python, in their order."""
        own = [v for v in verdicts.values() if self._is_of_it(v.cell)]
        seen = observations(own)
        audited = self._audited(own, seen.values())
        known: dict[PythonVersion, dict[Spot, Tried]] = {python: {} for python in self.pythons}
        for verdict in own:
            spot = self._spot(verdict.cell)
            if spot is not None:
                tried = Tried(seen[verdict.cell.key], verdict.trials)
                known[verdict.cell.python][spot] = tried
        for cell in left_open:
            if self._is_of_it(cell) and (spot := self._spot(cell)):
                known[cell.python].setdefault(spot, LEFT_OPEN)
        return [
            SearchTrack(
                space=self._spaces[python],
                known=of,
                named_rows=[self.rows.position[version] for version in self.named],
                audited=audited[python],
            )
            for python, of in known.items()
        ]

    def _audited(
        self, own: Iterable[Verdict], seen: Iterable[Observation]
    ) -> Mapping[PythonVersion, Mapping[Spot, Observation]]:
        """By Python, what was inferred of the audited cells, in the keys of these verdicts."""
        keys = {audit_key(one.key): one.key for one in seen} | {**keys_today(own)}
        found: dict[PythonVersion, dict[Spot, Observation]] = {p: {} for p in self.pythons}
        for row in self.audited:
            if spot := self._spot(row.cell):
                key = keys.get(row.inferred_as, row.inferred_as)
                found[row.cell.python][spot] = Observation(row.inferred, key)
        return found

    def cell(self, python: PythonVersion, spot: Spot) -> Cell:
        """The cell of a pair, by its positions."""
        return Cell(
            pins=self._pairs.pins(spot), python=python, probe=self.probe, config=self.config
        )

    def _spot(self, cell: Cell) -> Spot | None:
        return self._pairs.spot(cell)

    def _is_of_it(self, cell: Cell) -> bool:
        return (
            (cell.probe, cell.config) == (self.probe, self.config)
            and cell.python in self.pythons
            and cell.is_whole
        )

    @cached_property
    def _rules(self) -> Rules:
        """With the trials of a confirmation in trials, not in verdicts of a cell."""
        return replace(self.rules, confirm_trials=self.rules.confirm_trials * self.trials_per_cell)

    @cached_property
    def _spaces(self) -> Mapping[PythonVersion, Space]:
        return {python: self._pairs.space(python) for python in self.pythons}

    @cached_property
    def _pairs(self) -> Pairs:
        return Pairs(axes=self.axes, rows=self.rows, columns=self.columns, installs=self.installs)

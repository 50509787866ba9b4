"""A campaign that searches for windows: from the verdicts so far to the next plan.

``following`` fits ``loop.Follow``. The search itself is pure (``survey.py``); what is kept here is
which cells were asked for, and when the time is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import accumulate

from packaging.version import Version

from interlock.campaign.planning import (
    Installable,
    Plan,
    Rerun,
    by_cell,
    is_fresh,
    is_open,
    is_same,
    plan,
)
from interlock.campaign.survey import SearchRound, Survey
from interlock.findings import Installs, ReleaseAxis, in_order, with_results
from interlock.matrix import Block, Matrix
from interlock.model import AuditedCell, Axis, Cell, Pin, PythonVersion, Release, Verdict

Verdicts = Mapping[tuple[str, ...], Verdict]
"""By ``Cell.key``."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """How many inferred cells are run when a survey is done, and what earlier audits drew."""

    cells: int = 0
    """Of each survey."""
    seed: int = 0
    """Draws them. The cells that it drew before count."""
    before: Sequence[AuditedCell] = ()
    """From earlier searches. Those that were not run are run, and what came out otherwise is
    refined around."""
    keep: Callable[[Sequence[AuditedCell]], object] = lambda drawn: None
    """Gets what is drawn, before it runs."""


class Exploration:
    """One search: some surveys side by side, and how far they are."""

    def __init__(
        self,
        surveys: Sequence[Survey],
        known: Verdicts,
        *,
        matrix: Matrix,
        releases: Mapping[str, Sequence[Release]],
        now: Callable[[], datetime],
        machine: str,
        jobs: int,
        rerun: Rerun = Rerun.STALE,
        is_over: Callable[[], bool] = lambda: False,
        at_once: int | None = None,
        audit: Audit | None = None,
    ) -> None:
        """``is_over`` says whether the time for new rounds is up. A round has ``at_once`` trials
        or few more, so that it ends soon. ``rerun`` says which ``known`` verdicts do not count.
        """
        self._audit = audit or Audit()
        self._audited = list(self._audit.before)
        self._drawn: set[int] = set()
        """The surveys, by position, whose audit has begun."""
        began = now()
        self._known = {
            key: verdict
            for key, verdict in known.items()
            if is_same(verdict, matrix) and not is_open(verdict, matrix, began, rerun)
        }
        self._matrix = matrix
        self._releases = releases
        self._now = now
        self._machine = machine
        self._jobs = jobs
        self._is_over = is_over
        self._at_once = at_once
        counting = self.counting({})
        self.surveys = tuple(self._with_audits(survey, counting) for survey in surveys)
        self._asked: dict[Cell, None] = {}
        self.stopped = False
        """Whether the time was up before the search was done."""

    @property
    def asked(self) -> tuple[Cell, ...]:
        """The cells that the search ran, in the order in which it asked for them."""
        return tuple(self._asked)

    def counting(self, told: Verdicts) -> Verdicts:
        """The verdicts that count: those known before, and ``told``, those of this run."""
        now = self._now()
        fresh = (v for v in told.values() if is_fresh(v, self._matrix, now))
        return by_cell((*self._known.values(), *fresh), self._matrix)

    def following(self, told: Verdicts) -> Plan:
        """The plan of the next round; empty if the search is done, or its time is up."""
        counting = self.counting(told)
        left_open = [cell for cell in self._asked if cell.key not in counting]
        cells: list[Cell] = []
        trials: dict[Cell, int] = {}
        for position in range(len(self.surveys)):
            wanted = self._next(position, counting, left_open)
            cells += wanted.cells
            trials |= wanted.trials
        if cells and self._is_over():
            self.stopped = True
            cells = []
        cells = self._first(cells, trials)
        self._asked.update(dict.fromkeys(cells))
        return self._plan(cells, counting, trials)

    def _first(self, cells: Sequence[Cell], trials: Mapping[Cell, int]) -> list[Cell]:
        """The cells that fit in a round. The search asks for the others again."""
        if self._at_once is None:
            return [*cells]
        before = accumulate((trials.get(cell, 1) for cell in cells), initial=0)
        return [cell for cell, sum_ in zip(cells, before, strict=False) if sum_ < self._at_once]

    def _next(self, position: int, counting: Verdicts, left_open: Sequence[Cell]) -> SearchRound:
        """The next round of a survey. When it is done, the audit of what it inferred."""
        survey = self.surveys[position]
        wanted = survey.following(counting, left_open)
        if wanted.cells or not self._audit.cells or position in self._drawn:
            return wanted
        self._drawn.add(position)
        audit, day = self._audit, self._now().date()
        left = audit.cells - sum(row.seed == audit.seed for row in self.audited(survey))
        drawn = survey.draw(counting, max(0, left), audit.seed, day)
        audit.keep(drawn)
        self._audited += drawn
        audited = replace(survey, audited=(*survey.audited, *drawn))
        self.surveys = (*self.surveys[:position], audited, *self.surveys[position + 1 :])
        return audited.following(counting, left_open)

    def audited(self, survey: Survey, told: Verdicts | None = None) -> list[AuditedCell]:
        """All cells of a survey that were ever drawn, with what ``told`` shows of them."""
        rows = [row for row in self._audited if survey.holds(row.cell)]
        if told is None:
            return rows
        return with_results(rows, self.counting(told).values(), self._matrix.fresh_for)

    def _with_audits(self, survey: Survey, counting: Verdicts) -> Survey:
        """With the cells that have a verdict that counts, and in an audit those still to be run."""

        def is_needed(row: AuditedCell) -> bool:
            return row.cell.key in counting or bool(self._audit.cells and row.seen is None)

        return replace(survey, audited=list(filter(is_needed, self.audited(survey))))

    def _plan(self, cells: Sequence[Cell], counting: Verdicts, trials: Mapping[Cell, int]) -> Plan:
        return plan(
            cells,
            counting,
            matrix=self._matrix,
            releases=self._releases,
            now=self._now(),
            machine=self._machine,
            rerun=Rerun.MISSING,
            trials_of=trials,
            jobs=self._jobs,
        )


def surveys_of(
    blocks: Iterable[Block],
    named: Sequence[Version],
    *,
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    machine: str,
) -> list[Survey]:
    """A survey for each block of cells. ``named`` releases of the first axis are searched whole.

    The Python on which most releases of the second axis install is searched first.
    """
    installable = Installable(releases, machine)
    rows, columns = (tuple(of.values()) for of in _pins(matrix, releases))

    @cache
    def those(python: PythonVersion) -> tuple[frozenset[Version], frozenset[Version]]:
        """The releases of both axes that install there: all pairs of them do."""
        found = (installable.those(pins, python) for pins in (rows, columns))
        on_rows, on_columns = (frozenset(p.version for p in pins if p.version) for pins in found)
        return on_rows, on_columns

    def installs(python: PythonVersion, row: Version, column: Version) -> bool:
        on_rows, on_columns = those(python)
        return row in on_rows and column in on_columns

    return [_survey(block, named, matrix, installable, installs) for block in blocks]


def _survey(
    block: Block,
    named: Sequence[Version],
    matrix: Matrix,
    installable: Installable,
    installs: Installs,
) -> Survey:
    rows, columns = matrix.axes
    on_rows, on_columns = map(_axis, matrix.axes, block.pins)

    def installing(python: PythonVersion) -> int:
        return len(installable.those(block.pins[1], python))

    return Survey(
        axes=(rows, columns),
        rows=on_rows,
        columns=on_columns,
        pythons=in_order(block.pythons, installing),
        probe=block.probe,
        config=block.config,
        named=[version for version in named if version in on_rows.position],
        installs=installs,
        trials_per_cell=matrix.trials.per_cell,
    )


def _pins(matrix: Matrix, releases: Mapping[str, Sequence[Release]]) -> list[Mapping[Version, Pin]]:
    """By axis, in their order: the pin of each release."""
    return [
        {
            r.version: Pin(axis=axis.name, package=axis.package, version=r.version)
            for r in releases[axis.name]
        }
        for axis in matrix.axes
    ]


def _axis(axis: Axis, pins: Iterable[Pin]) -> ReleaseAxis:
    return ReleaseAxis.of(axis.package, [pin.version for pin in pins if pin.version is not None])

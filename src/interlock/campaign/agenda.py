"""The rounds of a run: first the requested cells, then their follow-ups.

Pure. The loop itself is ``loop.py``; it calls ``following`` after each round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from interlock.campaign.followups import FollowUps, Result, Why, followups
from interlock.campaign.planning import Plan, Rerun, by_cell, is_fresh, is_same, plan
from interlock.matrix import Matrix
from interlock.model import Cell, Outcome, Phase, Release, Verdict


@dataclass(frozen=True, kw_only=True)
class Agenda:
    asked: tuple[Cell, ...]
    known: Mapping[tuple[str, ...], Verdict]
    """By ``Cell.key``, at the start of the run."""
    matrix: Matrix
    releases: Mapping[str, Sequence[Release]]
    now: Callable[[], datetime]
    """The time at each call. A run of hours makes verdicts long after it began."""
    machine: str
    rerun: Rerun
    jobs: int
    follows: bool = True
    """Whether the requested cells are followed up."""

    def first(self) -> Plan:
        """The plan for the requested cells that have no valid verdict."""
        return self._plan(self.asked, self.known, {})

    def following(self, told: Mapping[tuple[str, ...], Verdict]) -> Plan:
        """The plan for the open follow-ups; ``told`` are the verdicts of this run."""
        found = self.follow_ups(told)
        # The requested cells were planned first. Only those that need more trials come again.
        more = [cell for cell in found.trials if cell not in found.cells]
        rerun = Rerun.STALE if self.rerun is Rerun.ALL else self.rerun
        return self._plan([*found.cells, *more], self._by_now(told), found.trials, rerun)

    def follow_ups(self, told: Mapping[tuple[str, ...], Verdict]) -> FollowUps:
        """The follow-ups of all verdicts, open or not."""
        by_now = self._by_now(told).items()
        return self._called_for({key: Result.of(v) for key, v in by_now if self._counts(v)})

    def at_most(self, first: Plan) -> tuple[Plan, Mapping[Why, int]]:
        """The follow-ups if no cell of the first round passed, and how many of each kind."""
        cells: dict[Cell, Why] = {}
        for result in (Result(Outcome.HANG, Phase.SERVING), Result(Outcome.FAIL, Phase.STARTUP)):
            known = {k: Result.of(v) for k, v in self._by_now({}).items() if self._counts(v)}
            supposed = {cell.key: result for cell in first.cells}
            cells.update(self._called_for({**known, **supposed}).cells)
        planned = self._plan([*cells], self.known, {})
        return planned, Counter(cells[cell] for cell in planned.cells)

    def _called_for(self, known: Mapping[tuple[str, ...], Result]) -> FollowUps:
        if not self.follows:
            return FollowUps()
        return followups(self.asked, known, matrix=self.matrix, releases=self.releases)

    def _by_now(self, told: Mapping[tuple[str, ...], Verdict]) -> Mapping[tuple[str, ...], Verdict]:
        """The verdicts that count.

        If everything runs again, only those of this run count.
        """
        if self.rerun is Rerun.ALL:
            return told
        return by_cell((*self.known.values(), *told.values()), self.matrix)

    def _counts(self, verdict: Verdict) -> bool:
        if self.rerun is Rerun.MISSING:
            return is_same(verdict, self.matrix)
        return is_fresh(verdict, self.matrix, self.now())

    def _plan(
        self,
        cells: Sequence[Cell],
        known: Mapping[tuple[str, ...], Verdict],
        trials: Mapping[Cell, int],
        rerun: Rerun | None = None,
    ) -> Plan:
        return plan(
            cells,
            known,
            matrix=self.matrix,
            releases=self.releases,
            now=self.now(),
            machine=self.machine,
            rerun=rerun or self.rerun,
            trials_of=trials,
            jobs=self.jobs,
        )

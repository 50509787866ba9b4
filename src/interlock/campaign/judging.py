"""Records and judges the trials of a run. Nothing else writes the ledger.

A pass is held back until each control that it rests on has a result in this campaign. A later
result of a control can still withdraw it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from interlock.campaign.closing import LOOKS, Passed, Since, is_due
from interlock.campaign.controls import ControlResult, ControlResults
from interlock.campaign.jobs import Ran
from interlock.campaign.progress import Judged, LeftOpen
from interlock.campaign.verdicts import Classified, control_results_in, verdict_of
from interlock.evidence import power
from interlock.matrix import Control, Matrix
from interlock.model import Cell, Outcome, Reason, StorageTrouble, Verdict
from interlock.record import Ledger


class Judging:
    """The trials and verdicts of one campaign that is running."""

    def __init__(self, ledger: Ledger, matrix: Matrix, campaign: str) -> None:
        self._ledger = ledger
        self._matrix = matrix
        self._campaign = campaign
        self._since = datetime.now(timezone.utc) - matrix.fresh_for
        self.classified = Classified()
        self.controls = ControlResults(matrix, earlier=self._earlier)
        self.verdicts: dict[Cell, Verdict] = {}
        self._passes: dict[Cell, Passed] = {}
        """The newest trial of each cell that passed."""
        self._awaited: set[Control] = set()
        self._held: dict[Cell, None] = {}
        """Passes whose controls have no result yet, in order."""
        self._unjudged: dict[Cell, None] = {}
        """Controls with new results."""
        self._cells = 0
        """How many cells ran, without controls."""
        self._cells_at: dict[Control, int] = {}
        """That number when the control gave its last result."""
        self._last_end = datetime.min.replace(tzinfo=timezone.utc)

    def _earlier(self, campaign: str) -> Iterator[ControlResult]:
        return control_results_in(
            self._ledger,
            self._matrix,
            self._since,
            campaign=campaign,
            classify=self.classified,
        )

    # Trials ---------------------------------------------------------------------------------------

    def record(self, ran: Ran) -> ControlResult | None:
        """Commit a trial; return its result if it is a control's."""
        if ran.environment:
            self._ledger.keep_environment(ran.environment)
        self._ledger.record(ran.trial)
        trial, cell = ran.trial, ran.task.cell
        self._last_end = max(self._last_end, trial.started_at + timedelta(seconds=trial.seconds))
        self._cells += ran.last and ran.task.asked
        self._passes.pop(cell, None)
        if ran.finding is None:
            return None
        self.classified.remember(trial, ran.finding)
        if ran.passes:
            reached = power.reached(trial, getattr(ran.finding, "exposures", 0))
            self._passes[cell] = Passed(
                at=trial.started_at, load=reached.load, exposures=reached.exposures
            )
        control = self._matrix.control_of(cell)
        if control is None:
            return None
        result = ControlResult.of(control, trial, ran.finding)
        self.controls.add(result)
        self._cells_at[control] = self._cells
        if ran.last:
            self._awaited.discard(control)
            self._unjudged.update({} if ran.task.asked else {cell: None})
        return result

    # Verdicts -------------------------------------------------------------------------------------

    def judged(self, cell: Cell) -> Judged | LeftOpen:
        self._held.pop(cell, None)
        try:
            verdict = verdict_of(
                self._ledger,
                cell,
                probe=self._matrix.probes[cell.probe],
                newer_than=self._since,
                controls=self.controls,
                classify=self.classified,
            )
        except StorageTrouble:
            raise
        except Exception as problem:  # a crash in the judge is our fault, never an outcome
            return LeftOpen(cells=(cell,), trouble=problem)
        self._ledger.keep_verdict(verdict)
        self.verdicts[cell] = verdict
        return Judged(cell=cell, verdict=verdict)

    def controls_judged(self) -> list[LeftOpen]:
        """Judge the controls that ran; return those on which the judge crashed.

        This is done once a round, not once a result, because each verdict rests on all trials of a
        control.
        """
        judged = [self.judged(cell) for cell in self._unjudged]
        self._unjudged.clear()
        return [one for one in judged if isinstance(one, LeftOpen)]

    def await_controls(self, controls: Iterable[Control]) -> None:
        """Hold back passes that rest on these controls until each has a result."""
        self._awaited.update(controls)

    def give_up(self, cells: Iterable[Cell]) -> None:
        """Stop waiting for the controls among these cells: they have no result."""
        for cell in cells:
            if control := self._matrix.control_of(cell):
                self._awaited.discard(control)

    def hold(self, cell: Cell) -> bool:
        """Hold a pass back if it rests on a control without a result.

        Return whether it is held.
        """
        held = cell in self._passes and self._rests_on_awaited(cell)
        if held:
            self._held[cell] = None
        return held

    def released(self) -> list[Cell]:
        """The passes that need not be held back any longer."""
        return [cell for cell in self._held if not self._rests_on_awaited(cell)]

    def _rests_on_awaited(self, cell: Cell) -> bool:
        return any(self.controls.vouches(c, cell.probe, cell.python) for c in self._awaited)

    def withdraw(self) -> Iterator[Verdict]:
        """Judge passes again that a control has since made worthless.

        Yields the changed verdicts.
        """
        for cell, passed in list(self._passes.items()):
            verdict = self.verdicts.get(cell)
            if verdict is None or verdict.outcome is not Outcome.PASS:
                continue
            doubted = self.controls.doubt(self._campaign, cell.probe, cell.python)
            if not doubted and self._needed(cell, passed) <= passed.exposures:
                continue
            judged = self.judged(cell)
            if isinstance(judged, Judged) and judged.verdict.outcome is not Outcome.PASS:
                yield judged.verdict

    def short(self) -> tuple[Cell, ...]:
        """Passes with enough exposures when they ended, but too few by now."""
        return tuple(
            cell
            for cell in self._passes
            if cell in self.verdicts and self.verdicts[cell].reason is Reason.TOO_FEW_EXPOSURES
        )

    def _needed(self, cell: Cell, passed: Passed) -> int:
        return self.controls.needs(self._campaign, cell.probe, cell.python).at(passed.load)

    # The end --------------------------------------------------------------------------------------

    def due(self, begun: Sequence[Control]) -> list[Control]:
        """The controls that run once more at the end of the campaign."""
        passes = [
            (cell, replace(passed, needed=self._needed(cell, passed)))
            for cell, passed in self._passes.items()
            if cell.has_library  # other cells are about the harness alone
        ]
        return [control for control in begun if is_due(self._since_last(control, passes))]

    def _since_last(self, control: Control, passes: Sequence[tuple[Cell, Passed]]) -> Since | None:
        results = self.controls.of(self._campaign, control)
        if not results:
            return None
        last = results[-1].at
        of_probe = [
            passed
            for cell, passed in passes
            if control.expect is Outcome.HANG
            and cell.probe == control.cell.probe
            and (passed.at > last or len(results) < LOOKS)
            and self.controls.vouches(control, cell.probe, cell.python)
        ]
        return Since(
            cells=self._cells - self._cells_at[control],
            every=self._matrix.controls_every,
            time=self._last_end - last,
            passes=of_probe,
            heaviest=self._heaviest(control),
        )

    def _heaviest(self, control: Control) -> float:
        """The heaviest load under which a control of its probe answered as known.

        Infinite if the load does not matter to this control.
        """
        if not control.scale_by_load:
            return math.inf
        return self.controls.heaviest(self._campaign, control.cell.probe)

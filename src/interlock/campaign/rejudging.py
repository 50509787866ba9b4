"""Judges every cell of a ledger again, by today's rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interlock.campaign.controls import ControlResults
from interlock.campaign.progress import LeftOpen
from interlock.campaign.verdicts import Classified, control_results_in, verdict_of
from interlock.matrix import Matrix
from interlock.model import Backend, StorageTrouble, Verdict
from interlock.record import Ledger


@dataclass(frozen=True, kw_only=True)
class Rejudged:
    """A cell's new verdict, which the ledger now holds."""

    verdict: Verdict
    changed: bool
    """Whether its outcome or reason changed."""


def judge_again(ledger: Ledger, matrix: Matrix) -> Iterator[Rejudged | LeftOpen]:
    """Judge every cell whose probe exists; a crash in the judge leaves its cell open."""
    before = {(v.cell.key, b): v for b in Backend for v in ledger.verdicts(b)}
    classified = Classified()
    controls = ControlResults(
        matrix,
        earlier=lambda campaign: control_results_in(
            ledger, matrix, campaign=campaign, classify=classified
        ),
    )
    for cell, backend, last in ledger.newest():
        if cell.probe not in matrix.probes:
            continue
        try:
            verdict = verdict_of(
                ledger,
                cell,
                probe=matrix.probes[cell.probe],
                backend=backend,
                newer_than=last - matrix.fresh_for,
                controls=controls,
                classify=classified,
            )
        except StorageTrouble:
            raise
        except Exception as problem:  # a crash in the judge must not stop the other cells
            yield LeftOpen(cells=(cell,), trouble=problem)
            continue
        ledger.keep_verdict(verdict)
        old = before.get((cell.key, backend))
        changed = old is None or (old.outcome, old.reason) != (verdict.outcome, verdict.reason)
        yield Rejudged(verdict=verdict, changed=changed)

"""Verdicts and control results from the ledger's trials; each is classified once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from interlock.campaign.controls import ControlResult, ControlResults
from interlock.evidence import Classify, classification, judge
from interlock.matrix import Matrix
from interlock.model import Backend, Cell, Finding, Outcome, Probe, Trial, TrialLost, Verdict
from interlock.record import Ledger


class Classified:
    """The finding of each trial: from the worker that ran it, or computed once."""

    def __init__(self) -> None:
        self._known: dict[tuple[Cell, str, datetime], Finding] = {}

    def __call__(self, ran: Trial, probe: Probe) -> Finding:
        """Raises ``ProtocolError`` for a stream that can't be classified."""
        key = (ran.cell, ran.campaign, ran.started_at)
        if key not in self._known:
            self._known[key] = classification.classify(ran.events, probe)
        return self._known[key]

    def remember(self, ran: Trial, finding: Finding) -> None:
        self._known[ran.cell, ran.campaign, ran.started_at] = finding


def verdict_of(
    ledger: Ledger,
    cell: Cell,
    *,
    probe: Probe,
    backend: Backend | None = None,
    newer_than: datetime | None = None,
    controls: ControlResults | None = None,
    classify: Classify | None = None,
) -> Verdict:
    """Judge the trials of a cell that count.

    These have the probe, configuration and backend of the newest trial. ``newer_than`` leaves out
    stale trials, which ran with other dependencies. If a control makes some campaigns doubtful, a
    pass rests on the trials of the others, if there are any. Raises ``TrialLost`` if no trial can
    be read, or if a lost trial may have caused another verdict.
    """
    trials = list(ledger.trials(cell, backend=backend, since=newer_than))
    if not trials:
        raise TrialLost(f"no trial of {cell} can be read, so what is known of it stays")
    counting = _like_the_newest(trials, probe)
    needs = controls.needed if controls else None
    classify = classify or Classified()
    verdict = judge.decide(counting, probe, needs, classify)
    _check_lost(ledger, verdict)
    if verdict.outcome is Outcome.PASS and (
        gap := ledger.missing_before(cell, counting[-1].backend)
    ):
        counting = _after(gap, ledger, counting)
        verdict = judge.decide(counting, probe, needs, classify)
    if controls is None or verdict.outcome is not Outcome.PASS:
        return verdict
    doubts = [controls.doubt(ran.campaign, cell.probe, cell.python) for ran in counting]
    if not any(doubts):
        return verdict
    clean = [ran for ran, doubt in zip(counting, doubts, strict=True) if not doubt]
    if clean:
        return judge.decide(clean, probe, needs, classify)
    return judge.doubt(verdict, next(filter(None, reversed(doubts))))


def _like_the_newest(trials: Sequence[Trial], probe: Probe) -> list[Trial]:
    newest = trials[-1]
    return [
        ran
        for ran in trials
        if (ran.config_digest, ran.backend) == (newest.config_digest, newest.backend)
        and probe.are_alike(ran.probe_digest, newest.probe_digest)
    ]


def _after(gap: int, ledger: Ledger, counting: Sequence[Trial]) -> list[Trial]:
    """The trials of a cell after the last one whose row is gone: none of those is missing."""
    newest = counting[-1]
    later = {ran.started_at for ran in ledger.trials(newest.cell, after=gap)}
    whole = [ran for ran in counting if ran.started_at in later]
    if not whole:
        raise TrialLost(
            f"trials before number {gap + 1} are lost, and so is the verdict of {newest.cell}; the "
            "trials that are left would pass, but one that is lost may not have: run the cell again"
        )
    return whole


def _check_lost(ledger: Ledger, verdict: Verdict) -> None:
    if before := ledger.worse_before_a_loss(verdict):
        raise TrialLost(
            f"a trial of {verdict.cell} is lost; the verdict was {before}, perhaps by that trial, "
            "so it stays"
        )


def control_results_in(
    ledger: Ledger,
    matrix: Matrix,
    newer_than: datetime | None = None,
    *,
    campaign: str | None = None,
    classify: Classify | None = None,
) -> Iterator[ControlResult]:
    """The results of the ledger's controls, of today's probes and configurations."""
    classify = classify or Classified()
    for control in matrix.controls:
        probe = matrix.probes[control.cell.probe]
        config_digest = matrix.configurations[control.cell.config].digest
        for ran in ledger.trials(control.cell, since=newer_than, campaign=campaign):
            if ran.config_digest != config_digest or not probe.accepts(ran.probe_digest):
                continue
            try:
                finding = classify(ran, probe.asked_of(ran.cell))
            except Exception:  # a crash in the judge is not a result, and was reported then
                continue
            yield ControlResult.of(control, ran, finding)

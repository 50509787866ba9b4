"""Known cells run again (A/A): do the answers agree when nothing changed?

Each trial is judged by itself. If the trials of a cell differ, the cause is the harness, the
machine or the race itself. How often they differ shows how far a single trial can be trusted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from interlock.evidence import classification, confidence
from interlock.model import (
    Cell,
    Hang,
    Outcome,
    Probe,
    Reason,
    Signature,
    Trial,
    Verdict,
    outcome_of,
    percent,
    version_key,
    words,
)


@dataclass(frozen=True, kw_only=True)
class Given:
    """The part of a trial's answer that is compared."""

    outcome: Outcome
    reason: Reason | None
    signature: Signature | None

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        return f"{self.outcome}{why}" + (f" {self.signature}" if self.signature else "")


@dataclass(frozen=True, kw_only=True)
class Compared:
    """All trials of one cell."""

    cell: Cell
    given: tuple[tuple[Given, int], ...]
    """The answers with their counts, most frequent first."""

    @property
    def trials(self) -> int:
        return sum(count for _, count in self.given)

    @property
    def outcomes(self) -> Counter[Outcome]:
        counts: Counter[Outcome] = Counter()
        for given, count in self.given:
            counts[given.outcome] += count
        return counts

    @property
    def agrees(self) -> bool:
        """Whether all trials had one outcome; signatures of hangs may differ."""
        return len(self.outcomes) == 1

    @property
    def odd(self) -> int:
        """How many trials differ from the most frequent outcome."""
        return self.trials - max(self.outcomes.values())


def choose(verdicts: Iterable[Verdict], count: int) -> tuple[Cell, ...]:
    """Choose cells, spread over probes, configurations and outcomes.

    The same cells always give the same choice. Cells that did not run at all (no wheel, no install)
    are left out. Within each kind the choice is spread evenly from first to last.
    """
    kinds: dict[tuple[str, str, str], list[Cell]] = {}
    for verdict in sorted(verdicts, key=lambda v: _place(v.cell)):
        if verdict.environment_digest:
            cell = verdict.cell
            kinds.setdefault((cell.probe, cell.config, str(verdict.outcome)), []).append(cell)
    queues = [kinds[kind] for kind in sorted(kinds)]
    shares = [0] * len(queues)
    while sum(shares) < min(count, sum(map(len, queues))):
        for number, queue in enumerate(queues):
            if shares[number] < len(queue) and sum(shares) < count:
                shares[number] += 1
    return tuple(
        queue[round(i * (len(queue) - 1) / max(1, share - 1))]
        for queue, share in zip(queues, shares, strict=True)
        for i in range(share)
    )


def _place(cell: Cell) -> tuple[object, ...]:
    """Version order; a library that is left out comes first."""
    return (*(version_key(pin.version) for pin in cell.pins), cell.python)


def compare(cell: Cell, trials: Iterable[Trial], probe: Probe) -> Compared:
    """Raises ``ProtocolError`` for a trial with a stream that can't be classified."""
    counts = Counter(_given(ran, probe.asked_of(cell)) for ran in trials)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return Compared(cell=cell, given=tuple(ordered))


def _given(ran: Trial, probe: Probe) -> Given:
    finding = classification.classify(ran.events, probe)
    return Given(
        outcome=outcome_of(finding),
        reason=getattr(finding, "reason", None),
        signature=finding.signature if isinstance(finding, Hang) else None,
    )


def lines(found: Sequence[Compared]) -> list[str]:
    """The report: each cell with trials that differ, then their number."""
    said: list[str] = []
    for one in found:
        if len(one.given) > 1:
            word = "differs in how it hung" if one.agrees else "disagrees"
            said.append(f"{word}: {one.cell}")
            said += [f"  {count} of {one.trials}: {given}" for given, count in one.given]
            said.append(f"  {one.cell.reproduce}")
    disagreeing = sum(not one.agrees for one in found)
    said.append(_rate(disagreeing, len(found), "cells had trials with different outcomes"))
    odd, trials = sum(one.odd for one in found), sum(one.trials for one in found)
    said.append(_rate(odd, trials, "trials had another outcome than most of their cell"))
    return said


def _rate(hits: int, of: int, what: str) -> str:
    if not of:
        return f"0 of 0 {what}"
    bounds = words.between(*confidence.interval(hits, of))
    return (
        f"{hits:,} of {of:,} {what}: {percent(hits / of)} ({bounds} at "
        f"{percent(confidence.LEVEL)} confidence)"
    )

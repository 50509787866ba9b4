"""Verdicts and their trials → one recorded hang for each signature."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from interlock.evidence import classification
from interlock.model import Cell, Hang, Probe, Signature, Trial, Verdict
from interlock.record.signatures import Example


def find_examples(
    verdicts: Iterable[Verdict],
    probes: Mapping[str, Probe],
    trials_of: Callable[[Cell], Iterable[Trial]],
) -> dict[Signature, Example]:
    """One recorded hang for each signature that was seen, as far as trials of it are there."""
    found: dict[Signature, Example] = {}
    for verdict in verdicts:
        probe = probes.get(verdict.cell.probe)
        if probe is None or all(seen in found for seen, _ in verdict.signatures):
            continue
        for ran in trials_of(verdict.cell):
            hang = classification.classify(ran.events, probe)
            if isinstance(hang, Hang) and hang.signature not in found:
                found[hang.signature] = Example(cell=ran.cell, hang=hang, events=ran.events)
    return found

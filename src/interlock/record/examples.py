"""Find one recorded hang for each signature, in the verdicts' trials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from interlock.evidence import Classify, classification
from interlock.model import Cell, Hang, Probe, Signature, Trial, Verdict
from interlock.record.signatures import Example


def find_examples(
    verdicts: Iterable[Verdict],
    probes: Mapping[str, Probe],
    trials_of: Callable[[Cell], Iterable[Trial]],
    classify: Classify = classification.of_trial,
) -> dict[Signature, Example]:
    """One recorded hang for each signature, if the ledger has a trial of it.

    ``classify`` returns what a single trial shows. A trial that it can't read is passed over: it
    was reported when its cell was judged.
    """
    found: dict[Signature, Example] = {}
    for verdict in verdicts:
        probe = probes.get(verdict.cell.probe)
        if probe is None or all(seen in found for seen, _ in verdict.signatures):
            continue
        for ran in trials_of(verdict.cell):
            try:
                hang = classify(ran, probe.asked_of(ran.cell))
            except Exception:  # a crash in the judge must not keep the others from being written
                continue
            if isinstance(hang, Hang) and hang.signature not in found:
                found[hang.signature] = Example(cell=ran.cell, hang=hang, events=ran.events)
    return found

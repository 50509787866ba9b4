"""Writes what a campaign publishes: verdicts, signatures with examples, controls."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign.controls import ControlResults, rows
from interlock.campaign.verdicts import Classified, control_results_in
from interlock.evidence import Classify
from interlock.findings import Findings
from interlock.record import (
    Batch,
    Ledger,
    campaigns_in,
    find_examples,
    write_controls,
    write_results,
)


def publish_results(
    ledger: Ledger,
    findings: Findings,
    folder: Path,
    controls: ControlResults | None = None,
    classify: Classify | None = None,
) -> None:
    """Write the verdicts, with whose trouble each is, and what the controls gave lately.

    ``controls`` is what is known of a campaign that is just over. Of an older one the folder's own
    word is kept where it has one; without ``controls`` all of it is found out again. ``classify``
    knows what the campaign's trials show by themselves.
    """
    matrix = findings.matrix
    classify = classify or Classified()
    # What needs no library at all says something of the harness, and stands in controls.json.
    verdicts = [v for v in findings.verdicts if v.cell.has_library]
    examples = find_examples(verdicts, matrix.probes, ledger.trials, classify)
    attributions = findings.attributions
    since = datetime.now(timezone.utc) - matrix.fresh_for
    told = {*campaigns_in(folder), *controls.campaigns} if controls else set()
    controls = controls or ControlResults(matrix)
    for campaign in ledger.campaigns(since):
        if campaign not in told:
            for result in control_results_in(
                ledger, matrix, since, campaign=campaign, classify=classify
            ):
                controls.add(result)
    with Batch() as batch:
        write_results(
            verdicts, examples, folder, matrix.axes, findings.withdrawn, attributions, batch
        )
        write_controls(rows(controls), folder, newer_than=since, batch=batch)

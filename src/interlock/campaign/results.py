"""Writes what a campaign publishes: verdicts, signatures with examples, controls, audits."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign.controls import ControlResults, rows
from interlock.campaign.verdicts import Classified, control_results_in
from interlock.evidence import Classify
from interlock.findings import Findings, with_results
from interlock.record import (
    Batch,
    Ledger,
    campaigns_in,
    find_examples,
    join_audits,
    read_audits,
    write_audits,
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
    """Write the tested verdicts, the recent controls, and the audits of any time.

    ``controls`` are the results of a campaign that has just ended. For an older campaign the
    folder's own rows are kept, if it has any. Without ``controls``, all of them are computed again.
    ``classify`` knows the findings of the campaign's trials.
    """
    matrix = findings.matrix
    classify = classify or Classified()
    # A cell without any library is about the harness, and belongs in controls.json.
    verdicts = [v for v in findings.verdicts if v.cell.has_library]
    examples = find_examples(verdicts, matrix.probes, ledger.trials, classify)
    since = datetime.now(timezone.utc) - matrix.fresh_for
    told = {*campaigns_in(folder), *controls.campaigns} if controls else set()
    controls = controls or ControlResults(matrix)
    for campaign in ledger.campaigns(since):
        if campaign not in told:
            for result in control_results_in(
                ledger, matrix, since, campaign=campaign, classify=classify
            ):
                controls.add(result)
    with Batch(folder) as batch:
        write_results(verdicts, examples, folder, matrix.axes, findings.withdrawn, batch)
        write_controls(rows(controls), folder, newer_than=since, batch=batch)
        drawn = join_audits(
            ledger.drawn(), findings.audited, read_audits(folder, matrix.axes, matrix.renamed)
        )
        audited = with_results(drawn, verdicts, matrix.fresh_for)
        write_audits(audited, matrix.axes, folder, matrix.renamed, batch)

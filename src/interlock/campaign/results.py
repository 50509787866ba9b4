"""Writes what a campaign publishes: verdicts, signatures with examples, controls, audits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign.controls import ControlResults, rows
from interlock.campaign.verdicts import Classified, control_results_in
from interlock.evidence import Classify
from interlock.findings import Findings, with_results
from interlock.matrix import Matrix
from interlock.model import AuditedCell
from interlock.record import (
    NONE_LISTED,
    Batch,
    Ledger,
    ListedReleases,
    campaigns_in,
    find_examples,
    join_audits,
    read_audits,
    verdicts_digest,
    write_audits,
    write_controls,
    write_results,
)


def publish_results(
    ledger: Ledger,
    found: Callable[[], Findings],
    folder: Path,
    controls: ControlResults | None = None,
    classify: Classify | None = None,
    releases: ListedReleases = NONE_LISTED,
) -> Findings:
    """Write the tested verdicts, the recent controls, all audits, and what the index lists.

    ``found`` reads the folder's verdicts and returns what to publish. If another command writes
    verdicts there meanwhile, they would be lost: then it is asked again. Returns what was written.

    ``controls`` are the results of a campaign that has just ended. For an older campaign the
    folder's own rows are kept, if it has any. Without ``controls``, all of them are computed again.
    ``classify`` knows the findings of the campaign's trials. ``releases`` is empty if the index
    was not asked: then the folder keeps what it has.
    """
    classify = classify or Classified()
    while True:
        before = verdicts_digest(folder)
        findings = found()
        matrix = findings.matrix
        # A cell without any library is about the harness, and belongs in controls.json.
        verdicts = [v for v in findings.verdicts if v.cell.has_library]
        examples = find_examples(verdicts, matrix.probes, ledger.trials, classify)
        since = datetime.now(timezone.utc) - matrix.fresh_for
        told = rows(_controls(ledger, matrix, since, folder, controls, classify))
        with Batch(folder) as batch:
            if verdicts_digest(folder) != before:
                continue
            write_results(
                *(verdicts, examples, folder, matrix.axes, findings.withdrawn, batch),
                releases=releases,
            )
            write_controls(told, folder, newer_than=since, batch=batch)
            audited = _audited(ledger, findings, folder)
            write_audits(audited, matrix.axes, folder, matrix.renamed, batch)
        return findings


def _controls(
    ledger: Ledger,
    matrix: Matrix,
    since: datetime,
    folder: Path,
    controls: ControlResults | None,
    classify: Classify,
) -> ControlResults:
    """The given control results, with those that neither they nor the folder have."""
    told = {*campaigns_in(folder), *controls.campaigns} if controls else set()
    controls = controls or ControlResults(matrix)
    for campaign in ledger.campaigns(since):
        if campaign not in told:
            of = control_results_in(ledger, matrix, since, campaign=campaign, classify=classify)
            for result in of:
                controls.add(result)
    return controls


def _audited(ledger: Ledger, findings: Findings, folder: Path) -> list[AuditedCell]:
    """All audited cells that are known here or there, with what the verdicts show of them."""
    matrix = findings.matrix
    published = read_audits(folder, matrix.axes, matrix.renamed)
    drawn = join_audits(ledger.drawn(), findings.audited, published)
    return with_results(drawn, findings.verdicts, matrix.fresh_for)

"""What a campaign publishes: the table of verdicts, signatures with examples, controls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign.controls import ControlResults, rows
from interlock.campaign.verdicts import control_results_in
from interlock.findings import advice, attribute, needs_of
from interlock.matrix import Matrix
from interlock.model import Verdict
from interlock.record import Ledger, campaigns_in, signatures, table, write_controls


def write_results(
    ledger: Ledger,
    matrix: Matrix,
    verdicts: Sequence[Verdict],
    folder: Path,
    withdrawn: advice.Excluded,
    controls: ControlResults | None = None,
) -> None:
    """Write the verdicts, with whose trouble each is, and what the controls gave lately.

    ``controls`` is what is known of a campaign that is just over. Of an older one the folder's own
    word is kept where it has one; without ``controls`` all of it is found out again.
    """
    # What needs no library at all says something of the harness, and stands in controls.json.
    verdicts = [v for v in verdicts if any(pin.version for pin in v.cell.pins)]
    examples = signatures.examples(verdicts, matrix.probes, ledger.trials)
    whose = attribute(verdicts, needs_of(matrix))
    table.write_results(verdicts, examples, folder, matrix.axes, withdrawn, whose)
    since = datetime.now(timezone.utc) - matrix.fresh_for
    told = {*campaigns_in(folder), *controls.campaigns} if controls else set()
    controls = controls or ControlResults(matrix)
    for campaign in ledger.campaigns(since):
        if campaign not in told:
            for result in control_results_in(ledger, matrix, since, campaign=campaign):
                controls.add(result)
    write_controls(rows(controls), folder, newer_than=since)

"""How long trials took, from the ledger of this machine.

That is the proof of a hang, a pass, and the time that Interlock adds. Reads ``INTERLOCK_HOME`` (or
the user's cache folder) and prints a table for ``BENCHMARKS.md``. Run it after ``nox -s matrix``:
``.nox/matrix/bin/python benchmarks/trials.py``.
"""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

from interlock.evidence import classification
from interlock.isolation.store import Store
from interlock.matrix import matrix_file
from interlock.model import Hang, Pass
from interlock.record.ledger import Ledger

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probe", help="of this probe alone")
    only = parser.parse_args().probe
    found = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes")
    figures: dict[str, list[float]] = defaultdict(list)
    with Ledger(Store.of(os.environ).home) as ledger:
        for trial in ledger.trials():
            if only and trial.cell.probe != only:
                continue
            probe = found.probes.get(trial.cell.probe)
            end = next((e["at"] for e in trial.events if e["event"] == "end"), None)
            if probe is None or not probe.accepts(trial.probe_digest) or end is None:
                continue
            finding = classification.classify(trial.events, probe)
            if isinstance(finding, Hang):
                figures["last heartbeat to proven hang, s"].append(finding.noticed_after_s)
                figures[f"{probe.exposure_unit} until a hang"].append(finding.exposures)
            if isinstance(finding, Pass):
                figures["passing trial, container included, s"].append(trial.seconds)
                figures[f"{probe.exposure_unit} in a pass"].append(finding.exposures)
            figures["container around a trial, s"].append(trial.seconds - end)
            waited = [e["run_queue_s"] for e in trial.events if e["event"] == "usage"]
            figures["run-queue wait in a trial, s"] += waited
    print("| | trials | least | median | 95 % | most |\n| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, values in sorted(figures.items()):
        most = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
        cells = [f"{value:.2f}" for value in (min(values), median(values), most, max(values))]
        print(f"| {name} | {len(values)} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()

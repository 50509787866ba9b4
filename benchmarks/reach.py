"""How far a verdict reaches: no false hang on a busy machine, and no missed one.

Runs a known pass and a known hang again and again through ``interlock matrix``, in a folder of its
own. Meanwhile as many busy loops as there are cores keep the machine busy. Prints how often each
outcome was seen, what that rules out, and how much work each hang took.

Needs a container engine, the images, and the package index. The default takes most of an hour.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean, median

from interlock.evidence import classification, confidence
from interlock.matrix import matrix_file
from interlock.model import Finding, Hang, Probe, Trial, outcome_of
from interlock.record.ledger import Ledger

ROOT = Path(__file__).resolve().parent.parent
PROBE, CONFIG, SENTRY = "worker_restart", "warning-events", "2.5.1"
PYTHON = ("3.8", "3.9", "3.10", "3.11", "3.12")
PASSES, HANGS = "3.2.1", "2.14.2"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=1000, help="trials of the known pass")
    parser.add_argument("--hangs", type=int, default=200, help="trials of the known hang")
    parser.add_argument("--busy", type=int, default=os.cpu_count() or 1, help="busy loops")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--home", type=Path, help="an INTERLOCK_HOME; its whole ledger is read")
    options = parser.parse_args()

    home = options.home or Path(tempfile.mkdtemp(prefix="interlock-reach-"))
    probe = matrix_file.load(ROOT / "matrix.yaml", ROOT / "probes", None).probes[PROBE]
    print(f"{platform.machine()}, {os.cpu_count()} cores, {datetime.now(timezone.utc):%Y-%m-%d}")
    print(f"sentry {SENTRY} · {PROBE} · {CONFIG} · Python {', '.join(PYTHON)}\n")
    print(
        "| ddtrace | busy loops | trials | outcomes | run-queue wait, seconds per second "
        "| rules out |"
    )
    print("| --- | ---: | ---: | --- | ---: | --- |", flush=True)
    for ddtrace, trials, busy in (
        (PASSES, options.passes, options.busy),
        (HANGS, options.hangs, options.busy),
    ):
        if trials:
            with loops(busy):
                run(home, ddtrace, -(-trials // len(PYTHON)), options.jobs)
            print(row(ddtrace, busy, found(home, ddtrace, probe)), flush=True)
    return 0


@contextmanager
def loops(count: int) -> Iterator[None]:
    """Keep this many cores busy with something else."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in running:
            process.kill()
            process.wait()


def run(home: Path, ddtrace: str, trials: int, jobs: int) -> None:
    pythons = [part for python in PYTHON for part in ("--python", python)]
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "interlock"), "matrix"),
            *("--sentry", SENTRY, "--ddtrace", ddtrace, *pythons),
            *("--probe", PROBE, "--config", CONFIG, "--trials", str(trials)),
            *("--rerun", "all", "--no-follow-ups", "--jobs", str(jobs)),
            *("--no-page", "--results", str(home / "out")),
        ],
        cwd=ROOT,
        env={**os.environ, "INTERLOCK_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        check=True,
    )


def found(home: Path, ddtrace: str, probe: Probe) -> list[tuple[Trial, Finding]]:
    with Ledger(home) as ledger:
        return [
            (trial, classification.classify(trial.events, probe))
            for cell in dict.fromkeys(cell for cell, _, _ in ledger.newest())
            if (str(cell.version("ddtrace")), str(cell.version("sentry"))) == (ddtrace, SENTRY)
            and (cell.probe, cell.config) == (PROBE, CONFIG)
            for trial in ledger.trials(cell)
        ]


def row(ddtrace: str, busy: int, trials: list[tuple[Trial, Finding]]) -> str:
    outcomes = Counter(str(outcome_of(finding)) for _, finding in trials)
    said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    hangs = [finding for _, finding in trials if isinstance(finding, Hang)]
    other = len(trials) - len(hangs)
    missed = "missed hangs" if hangs else "false hangs"
    rate = confidence.ruled_out_rate(len(trials)) if 0 in (len(hangs), other) else None
    rules = f"{missed} in more than {rate:.2%} of trials" if rate else "nothing"
    if hangs:
        starts = [hang.exposures for hang in hangs]
        rules += f"; {median(starts):.0f} starts until a hang, mean {mean(starts):.0f}"
    load = f"{median(waited(trial) for trial, _ in trials):.2f}"
    return f"| {ddtrace} | {busy} | {len(trials)} | {said} | {load} | {rules} |"


def waited(trial: Trial) -> float:
    """The run-queue wait of the trial's tasks, in seconds per second."""
    usage = next((e for e in trial.events if e["event"] == "usage"), None)
    return usage["run_queue_s"] / usage["wall_s"] if usage else 0.0


if __name__ == "__main__":
    sys.exit(main())

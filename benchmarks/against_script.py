"""Compares the obvious script with ``nox -s matrix``, on a cold and a warm cache.

Both run the same cells with the same jobs. The obvious script is what somebody writes on the first
day: for each cell ``docker run`` with ``pip install`` in it and ``timeout 60``.

Prints the three times and their ratios as a table for ``BENCHMARKS.md``. Also prints the run's
overhead: its wall time over the time of its trials, controls included, if every job had been busy
throughout. Needs a container engine, the images, and the package index.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import yaml

ROOT = Path(__file__).resolve().parent.parent
SENTRY = ("2.5.1", "2.20.0")
DDTRACE = ("2.14.2", "3.2.1")
PYTHON = ("3.9", "3.10", "3.12")
CONFIG = "warning-events"
TIMEOUT_S = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3, help="warm runs; the median is shown")
    options = parser.parse_args()

    home = Path(tempfile.mkdtemp(prefix="interlock-bench-"))
    try:
        script_s, script = timed(lambda: obvious(options.jobs))
        cold_s, _ = timed(lambda: matrix(home, options.jobs))
        warm = [timed(lambda: matrix(home, options.jobs))[0] for _ in range(options.repeat)]
        _, *own = trials(home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    report(options.jobs, script_s, script, cold_s, warm, own)
    return 0


def report(
    jobs: int,
    script_s: float,
    script: Counter[str],
    cold_s: float,
    warm: list[float],
    own: list[tuple[int, float]],
) -> None:
    warm_s = median(warm)
    machine = f"{platform.machine()}, {os.cpu_count()} cores"
    print(f"\n12 cells, {jobs} jobs, {machine}, {datetime.now(timezone.utc):%Y-%m-%d}")
    print(f"the script saw: {', '.join(f'{n} {what}' for what, n in sorted(script.items()))}\n")
    print("| | seconds | times as fast as the script |\n| --- | ---: | ---: |")
    print(f"| the obvious script | {script_s:.1f} | 1 |")
    print(f"| `nox -s matrix`, cold cache | {cold_s:.1f} | {script_s / cold_s:.1f} |")
    spread = f"median of {len(warm)}, {min(warm):.1f} to {max(warm):.1f}"
    print(f"| `nox -s matrix`, warm cache ({spread}) | {warm_s:.1f} | {script_s / warm_s:.1f} |")
    over = [wall / (seconds / jobs) for wall, (_, seconds) in zip(warm, own, strict=True)]
    counts = ", ".join(f"{count} trials of {seconds:.1f} s" for count, seconds in own)
    print(f"\nwarm runs: {counts}")
    print(f"wall time over the trials' own seconds divided by the jobs: {median(over):.2f}")


def trials(home: Path) -> list[tuple[int, float]]:
    """For each campaign in order, the number of its trials and their seconds."""
    with closing(sqlite3.connect(home / "ledger.sqlite")) as ledger:
        return ledger.execute(
            "SELECT count(*), sum(seconds) FROM trials GROUP BY campaign ORDER BY min(id)"
        ).fetchall()


def obvious(jobs: int) -> Counter[str]:
    cells = list(itertools.product(SENTRY, DDTRACE, PYTHON))
    with ThreadPoolExecutor(jobs) as pool:
        return Counter(pool.map(lambda cell: obvious_cell(*cell), cells))


def obvious_cell(sentry: str, ddtrace: str, python: str) -> str:
    """``pass``, ``hang`` (the time limit), or ``fail``: such a script can't tell more."""
    template = os.environ.get("INTERLOCK_IMAGE", "python:{python}-slim")
    certificates = "/etc/ssl/certs/ca-certificates.crt"
    command = (
        # Images built from local interpreters have no pip; the registry's have it.
        "python3 -m pip --version >/dev/null 2>&1 || python3 -m ensurepip >/dev/null 2>&1; "
        f"python3 -m pip install -q sentry-sdk=={sentry} ddtrace=={ddtrace} || exit 9; "
        f"timeout -s KILL {TIMEOUT_S} python3 /obvious.py {worker_starts()}"
    )
    ended = subprocess.run(
        [
            *("docker", "run", "--rm", "-v", f"{ROOT}/benchmarks/obvious.py:/obvious.py:ro"),
            *("-v", f"{certificates}:{certificates}:ro", "-e", f"PIP_CERT={certificates}"),
            *(template.format(python=python), "sh", "-c", command),
        ],
        capture_output=True,
        check=False,
    )
    return {0: "pass", 137: "hang"}.get(ended.returncode, "fail")


def worker_starts() -> int:
    """The number of worker starts in one trial of the probe."""
    probe = yaml.safe_load((ROOT / "probes/worker_restart/probe.yaml").read_text())
    return int(probe["knobs"][probe["exposures"]["knob"]]["value"])


def matrix(home: Path, jobs: int) -> None:
    axes = {"sentry": SENTRY, "ddtrace": DDTRACE, "python": PYTHON}
    chosen = [part for axis, all_ in axes.items() for one in all_ for part in (f"--{axis}", one)]
    subprocess.run(
        [
            *(str(Path(sys.executable).parent / "interlock"), "matrix", *chosen, "--no-follow-ups"),
            *("--config", CONFIG, "--rerun", "all", "--jobs", str(jobs), "--backend", "docker"),
        ],
        cwd=ROOT,
        env={**os.environ, "INTERLOCK_HOME": str(home)},
        check=True,
    )


def timed(run):  # type: ignore[no-untyped-def]
    began = time.monotonic()
    value = run()
    return time.monotonic() - began, value


if __name__ == "__main__":
    sys.exit(main())

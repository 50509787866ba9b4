"""Processes that fork while the libraries' threads work: real releases in real containers."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import containers
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PROBES = ("prefork", "preload_app")
SENTRY, DDTRACE = "2.5.1", "4.16.0"
ENDS = {"pass ", "hang no-progress"}
"""Now and then a child waits at its exit for a thread of ddtrace's that no longer runs."""

Rows = Mapping[tuple[str, str, str], Mapping[str, str]]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What was published, by the probe, and the releases of sentry-sdk and ddtrace."""
    containers.skip_without()
    folder = tmp_path_factory.mktemp("forks")
    done = subprocess.run(
        [
            *(sys.executable, "-c", "from interlock.cli import main; raise SystemExit(main())"),
            *("--matrix", str(ROOT / "matrix.yaml"), "matrix", "--backend", "docker"),
            *("--sentry", SENTRY, "--sentry", "-", "--ddtrace", DDTRACE),
            *("--python", containers.PYTHON, "--config", "stock"),
            *(part for probe in PROBES for part in ("--probe", probe)),
            *("--no-follow-ups", "--no-page", "--results", str(folder / "results")),
        ],
        env={**os.environ, "INTERLOCK_HOME": str(folder / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    with (folder / "results" / "verdicts.csv").open(newline="", encoding="utf-8") as lines:
        return {(row["probe"], row["sentry"], row["ddtrace"]): row for row in csv.DictReader(lines)}


@pytest.mark.parametrize("probe", PROBES)
def test_a_child_of_the_pair_ends_or_waits_for_what_the_fork_left(rows: Rows, probe: str) -> None:
    """A race: a trial hangs or does not. What it must not do is fail, or prove nothing."""
    row = rows[probe, SENTRY, DDTRACE]
    assert "{outcome} {reason}".format(**row) in ENDS | {"hang orphaned-lock"}
    if row["reason"] == "orphaned-lock":
        assert row["signature"].endswith("→ a thread that the fork left behind")


@pytest.mark.parametrize("probe", PROBES)
def test_ddtrace_alone_is_forked_often_enough(rows: Rows, probe: str) -> None:
    row = rows[probe, "-", DDTRACE]
    assert "{outcome} {reason}".format(**row) in ENDS
    assert int(row["exposures"]) >= 10

"""The setting of the report, in a real container: gunicorn, flask, ddtrace-run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import containers
import pytest

from interlock.evidence import classification, measuring
from interlock.matrix.matrix_file import load
from interlock.model import Finding, Hang, Trial
from interlock.record.ledger import Ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
TRIALS = 2
"""Trials of the pair that hangs.

One trial may miss the hang now and then; all of them hardly ever do.
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Mapping[str, list[Trial]]:
    """The reported pair, and one without the hang: trials by the version of ddtrace."""
    containers.skip_without()
    folder = tmp_path_factory.mktemp("gunicorn")
    for ddtrace, count in (("2.14.2", TRIALS), ("3.2.1", 1)):
        done = containers.run_matrix(
            folder,
            environments,
            *("--sentry", "2.5.1", "--ddtrace", ddtrace, "--trials", str(count)),
            *("--probe", "gunicorn_flask", "--config", "warning-events"),
        )
        assert done.returncode == 0, done.stdout
    trials: dict[str, list[Trial]] = {}
    with Ledger(folder / "home") as ledger:
        for trial in ledger.trials():
            if trial.cell.probe == "gunicorn_flask":
                trials.setdefault(str(trial.cell.version("ddtrace")), []).append(trial)
    return trials


PROBE = load(ROOT / "matrix.yaml", ROOT / "probes").probes["gunicorn_flask"]


def findings(trials: list[Trial]) -> list[Finding]:
    return [classification.classify(trial.events, PROBE) for trial in trials]


def facts(trial: Trial) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in trial.events if event["event"] == "fact"}


def test_a_worker_of_the_pair_of_the_report_waits_for_itself(ran: Mapping[str, Any]) -> None:
    hangs = [found for found in findings(ran["2.14.2"]) if isinstance(found, Hang)]
    assert hangs
    for hang in hangs:
        assert "BackgroundWorker._lock" in hang.signature.locks
        # The look before the server's end may find it first, and says so in front.
        assert "It is in a process that the app forked." in hang.evidence[:2]


def test_the_release_that_is_free_of_it_does_not_hang(ran: Mapping[str, Any]) -> None:
    for trial, found in zip(ran["3.2.1"], findings(ran["3.2.1"]), strict=True):
        assert not isinstance(found, Hang)
        assert facts(trial)["profiled-lock"]
        assert facts(trial)["rounds"]["workers that reported"] > 0


def test_both_servers_are_measured(ran: Mapping[str, Any]) -> None:
    told = facts(ran["3.2.1"][0])
    for course in ("plain", "steady"):
        assert told[course]["answered"] > 0
        assert told[course]["exit s"] > 0
        assert 0 < told[course]["p50 ms"] <= told[course]["p99 ms"]
    expected = told["steady"]["p50 ms"] / told["plain"]["p50 ms"]
    assert told["p50 ratio"] == pytest.approx(expected, abs=0.1)


def test_all_that_is_published_of_a_trial_was_measured(ran: Mapping[str, Any]) -> None:
    found = {one.name: one.median for one in measuring.measured(ran["3.2.1"][:1], PROBE)}
    told = facts(ran["3.2.1"][0])
    assert found.keys() == {measure.name for measure in PROBE.measures}
    assert found["p50-ratio"] == told["p50 ratio"]
    assert found["answered"] == told["rounds"]["answered"] > 0
    assert found["envelopes"] > 0
    assert found["profiles"] > 0

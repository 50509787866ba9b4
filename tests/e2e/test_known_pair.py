"""The answer itself, from `interlock matrix` on real releases in real containers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import containers
import pytest

from interlock.evidence import classification
from interlock.matrix.matrix_file import load
from interlock.model import Finding, Hang, Pass, Reason
from interlock.record.ledger import Ledger

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[2]
TRIALS = 3


@dataclass(frozen=True)
class Ran:
    """The results of `interlock matrix`."""

    code: int
    output: str
    rows: Mapping[str, Mapping[str, str]]
    """The published rows, by the version of ddtrace."""
    findings: Mapping[str, list[Finding]]
    """The finding of each trial, by the version of ddtrace."""


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Ran:
    """The reported pair and one without the hang, several trials each."""
    containers.skip_without()
    folder = tmp_path_factory.mktemp("known")
    done = containers.run_matrix(
        folder,
        environments,
        *("--sentry", "2.5.1", "--ddtrace", "2.14.2", "--ddtrace", "3.2.1"),
        *("--config", "warning-events", "--trials", str(TRIALS), "--probe", "worker_restart"),
    )
    matrix = load(ROOT / "matrix.yaml", ROOT / "probes")
    findings: dict[str, list[Finding]] = {}
    with Ledger(folder / "home") as ledger:
        for trial in ledger.trials():
            if trial.cell.probe != "worker_restart" or trial.cell.version("ddtrace") is None:
                continue
            finding = classification.classify(trial.events, matrix.probes[trial.cell.probe])
            findings.setdefault(str(trial.cell.version("ddtrace")), []).append(finding)
    rows = {row["ddtrace"]: row for row in containers.published(folder)}
    return Ran(code=done.returncode, output=done.stdout, rows=rows, findings=findings)


def test_the_run_is_complete(known: Ran) -> None:
    assert known.code == 0, known.output


def test_the_pair_of_the_report_hangs(known: Ran) -> None:
    row = known.rows["2.14.2"]
    assert (row["outcome"], row["phase"]) == ("hang", "serving")
    # It is a control too: its trials count as both, and one more may be run at the end.
    assert row["trials"] == row["hangs"]
    assert int(row["trials"]) in (TRIALS, TRIALS + 1)
    assert row["config"] == "warning-events"


def test_every_hang_closes_a_cycle_through_the_workers_lock(known: Ran) -> None:
    hangs = [finding for finding in known.findings["2.14.2"] if isinstance(finding, Hang)]
    assert len(hangs) == len(known.findings["2.14.2"]) >= TRIALS
    for hang in hangs:
        assert hang.reason in (Reason.SELF_DEADLOCK, Reason.LOCK_CYCLE)
        assert "BackgroundWorker._lock" in hang.signature.locks
        assert all("waits for" in sentence for sentence in hang.evidence)


def test_the_release_that_is_free_of_it_passes_and_is_live(known: Ran) -> None:
    passes = [finding for finding in known.findings["3.2.1"] if isinstance(finding, Pass)]
    assert len(passes) == TRIALS
    assert known.rows["3.2.1"]["outcome"] == "pass"
    for passed in passes:
        assert {proof.name for proof in passed.proofs} == {
            "profiled-lock",
            "lock-samples",
            "sentry-event",
            "looked-around",
        }


def test_the_end_of_the_run_says_what_to_move_to(known: Ran) -> None:
    assert "Passed here: ddtrace 3.2.1, with everything" in known.output
    # by the published results too: the first release after the window, and the newest
    moves = re.search(r"move to ddtrace 2\.20\.0 \((.*)\) or 4\.16\.0 \((.*)\)", known.output)
    assert moves and "nearest" in moves[1] and "published, tested" in moves[2]


def test_the_command_that_shows_the_hang_again_is_told(known: Ran) -> None:
    assert (
        "nox -s matrix -- --sentry 2.5.1 --ddtrace 2.14.2 --python 3.10 "
        "--probe worker_restart --config warning-events --rerun all --no-follow-ups"
    ) in known.output

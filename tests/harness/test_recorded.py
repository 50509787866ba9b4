"""Recordings from real containers still get the same verdicts."""

from __future__ import annotations

from pathlib import Path

import pytest

from interlock.evidence import classification, events
from interlock.matrix import probes
from interlock.model import Finding, Hang, Pass, Phase, Reason

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "data" / "recorded"


def finding(name: str, of: str = "worker_restart") -> Finding:
    probe = probes.load(ROOT / "probes", of, ["stock"], ["sentry", "ddtrace"])
    with (RECORDED / f"{name}.jsonl").open() as stream:
        return classification.classify(tuple(events.read(stream)), probe)


@pytest.mark.parametrize(
    ("name", "reason", "locks"),
    [
        ("self-deadlock", Reason.SELF_DEADLOCK, ("BackgroundWorker._lock",)),
        ("lock-cycle", Reason.LOCK_CYCLE, ("BackgroundWorker._lock", "Handler.lock")),
    ],
)
def test_a_recorded_hang_closes_its_cycle_on_lock_objects(name, reason, locks):
    hang = finding(name)
    assert isinstance(hang, Hang)
    assert (hang.reason, hang.signature.locks) == (reason, locks)
    assert hang.noticed_after_s < 1.5


@pytest.mark.parametrize("name", ["pass", "pass-stock"])
def test_a_recorded_pass_is_live_and_fully_exposed(name):
    passed = finding(name)
    assert isinstance(passed, Pass)
    assert passed.exposures == 1500
    assert {proof.name for proof in passed.proofs} == {
        "profiled-lock",
        "lock-samples",
        "sentry-event",
    }


def test_a_worker_of_gunicorn_hangs_with_the_signature_of_a_single_process():
    hang, alone = finding("gunicorn", of="gunicorn_flask"), finding("self-deadlock")
    assert isinstance(hang, Hang)
    assert isinstance(alone, Hang)
    assert (hang.reason, hang.signature) == (alone.reason, alone.signature)
    assert hang.evidence[0] == "It is in a process that the app forked."
    assert hang.phase is Phase.SERVING

"""Streams recorded from real runs get the verdict of those runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from languages import PROBE
from stories import told

from interlock.evidence.classification import classify
from interlock.evidence.events import read
from interlock.model import LEFT_BEHIND, Fail, Hang, ProofRule, Unproven

JUDGED = Path(__file__).parents[1] / "data" / "judged"


RESTART = replace(
    PROBE,
    live=(
        ProofRule(name="lock", says="", fact="profiled-lock"),
        ProofRule(name="samples", says="", path="*/profiling/v1/input", pprof=("lock-acquire",)),
        ProofRule(
            name="event",
            says="",
            path="/api/*",
            contains="interlock proof of life: worker_restart",
        ),
    ),
    least_exposures=250,
)
WORKER = "BackgroundWorker._lock"


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (
            "sentry-2.5.1-ddtrace-2.14.2-self",
            f"hang self-deadlock in serving: {WORKER} → {WORKER}",
        ),
        (
            "sentry-2.5.1-ddtrace-2.14.2-cycle",
            f"hang lock-cycle in serving: {WORKER} → Handler.lock → {WORKER}",
        ),
        ("sentry-2.5.1-ddtrace-3.2.1-pass", "pass: 500"),
        # The worker's lock made re-entrant, which one thread may take twice, and two may not.
        (
            "sentry-2.5.1-ddtrace-2.14.2-rlock",
            f"hang lock-cycle in serving: {WORKER} → Handler.lock → {WORKER}",
        ),
        (
            "sentry-2.30.0-ddtrace-2.14.2-logs",
            "hang self-deadlock in serving: LogBatcher._lock → LogBatcher._lock",
        ),
        (
            "own-cycle",
            "hang lock-cycle in serving: Account.lock → Ledger.lock → Account.lock",
        ),
        #
        ("sentry-2.5.1-orphan", f"hang orphaned-lock in serving: Queue.mutex → {LEFT_BEHIND}"),
        (
            "sentry-2.5.1-ddtrace-2.14.2-orphan",
            f"hang orphaned-lock in serving: Queue.mutex → {LEFT_BEHIND}",
        ),
        ("orphan", f"hang orphaned-lock in serving: Worker._lock → {LEFT_BEHIND}"),
        ("child", "fail crash in serving: a child was killed by SIGSEGV at ctypes/__init__.py:"),
        ("waits", "hang no-progress in serving: stuck in app.run"),
        #
        ("event", "hang no-progress in serving: stuck in app.run"),
        ("gil", "hang no-progress in serving: stuck in run in "),
        ("busy", "unproven slow in serving: no sign of life for "),
        ("poll", "unproven slow in serving: no sign of life for "),
        ("segv", "fail crash in serving: killed by SIGSEGV"),
    ],
)
def test_real_streams_are_judged_as_what_they_were(recorded: str, expected: str) -> None:
    lines = (JUDGED / f"{recorded}.jsonl").read_text().splitlines()
    finding = told(classify(read(lines), RESTART))
    assert finding.startswith(expected), finding


@pytest.mark.parametrize(
    ("recorded", "did"),
    [
        ("sentry-2.5.1-orphan", "was just taking"),
        ("sentry-2.5.1-ddtrace-2.14.2-orphan", "was inside of"),
    ],
)
def test_a_real_orphan_is_told_with_who_had_it_at_the_fork(recorded: str, did: str) -> None:
    lines = (JUDGED / f"{recorded}.jsonl").read_text().splitlines()
    hang = classify(read(lines), RESTART)
    assert isinstance(hang, Hang)
    where, waits, held = hang.evidence
    assert where == "It is in a process that the app forked."
    assert "MainThread of a forked child waits for Queue.mutex" in waits
    assert "sentry_sdk/_queue.py:202 in put" in waits
    assert f"of the parent {did} Queue.mutex" in held


def test_a_real_deadlock_is_told_with_its_code() -> None:
    lines = (JUDGED / "sentry-2.5.1-ddtrace-2.14.2-self.jsonl").read_text().splitlines()
    hang = classify(read(lines), RESTART)
    assert isinstance(hang, Hang)
    # The lines are those of sentry-sdk 2.5.1.
    assert hang.evidence == (
        "MainThread waits for BackgroundWorker._lock (`self._lock`, sentry_sdk/worker.py:62 in "
        "start), which it holds itself since `with self._lock`, sentry_sdk/worker.py:69 in start.",
    )
    assert 0.5 < hang.noticed_after_s < 1.5


@pytest.mark.parametrize("recorded", ["child", "segv"])
def test_a_real_crash_has_its_signal_as_its_cause(recorded: str) -> None:
    lines = (JUDGED / f"{recorded}.jsonl").read_text().splitlines()
    fail = classify(read(lines), RESTART)
    assert isinstance(fail, Fail)
    assert fail.cause == "SIGSEGV"


GUARD = {"event": "guard", "at": 9.0, "limit": "output", "seconds": 9.0}
FACT = {"event": "fact", "at": 1.0, "name": "f", "value": "x" * 500}


@pytest.mark.parametrize(("body", "expected"), [("eA==" * 9000, Unproven), (None, Fail)])
def test_bodies_that_we_keep_over_the_limit_are_not_the_apps_doing(
    body: str | None, expected: type
) -> None:
    told = {"method": "POST", "path": "/x", "headers": {}, "length": 9, "body": body}
    raw = list(read((JUDGED / "child.jsonl").read_text().splitlines()))[:3]
    requests = [{"event": "intake", "at": 1.0, **told}] * 100
    assert isinstance(classify([*raw, *requests, GUARD], PROBE), expected)


@pytest.mark.parametrize(
    ("facts", "cut", "of_evidence"),
    [
        (0, "", True),
        (1, "", True),
        (0, '{"event": "snapshot", "at": 2.0, "threads": [{"ident": 1' + " " * 9000, True),
        (500, "", False),
        (0, '{"event": "fact", "at": 2.0, "name": "x' + "x" * 50_000, False),
    ],
)
def test_evidence_over_the_limit_on_output_is_not_the_apps_doing(
    facts: int, cut: str, of_evidence: bool
) -> None:
    """Many threads with deep stacks, in a silence of a minute, have more than is kept."""
    raw = list(read((JUDGED / "event.jsonl").read_text().splitlines()))
    last = max(number for number, event in enumerate(raw) if event["event"] == "snapshot")
    truncated = [{"event": "truncated", "at": 2.0, "text": cut}] if cut else []
    finding = classify([*raw[:last], *[FACT] * facts, *truncated, GUARD], PROBE)
    assert isinstance(finding, Unproven if of_evidence else Fail), finding
    assert "the limit on output" in finding.detail

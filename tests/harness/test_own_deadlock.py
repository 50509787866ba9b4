"""The control that needs no library: its answers are certain, on this very Python too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from interlock import events, judge, probes
from interlock.model import Finding, Hang, Pass, Probe

PROBES = Path(__file__).parents[2] / "probes"


def finding(**settings: str) -> Finding:
    probe = probes.load(PROBES, "own_deadlock", ["stock"], ["sentry", "ddtrace"])
    assert isinstance(probe, Probe)
    spec = {
        "protocol": events.PROTOCOL,
        "probe": probe.name,
        "app": str(PROBES / probe.name / "app.py"),
        "python": sys.executable,
        "settings": settings,
        "environment": {},
        "knobs": dict(probe.knobs),
        "versions": {"sentry": "-", "ddtrace": "-"},
        "limits": vars(probe.limits),
    }
    done = subprocess.run(
        [sys.executable, "-I", str(PROBES / "harness" / "supervisor.py")],
        env={**os.environ, "INTERLOCK_SPEC": json.dumps(spec)},
        capture_output=True,
        text=True,
        timeout=40,
        check=True,
    )
    return judge.classify(tuple(events.read(done.stdout.splitlines())), probe)


@pytest.mark.parametrize(
    ("settings", "locks"),
    [
        ({}, ("Account.lock", "Ledger.lock")),
        ({"deadlock": "cycle"}, ("Account.lock", "Ledger.lock")),
        ({"deadlock": "self"}, ("Account.lock",)),
    ],
)
def test_our_own_deadlock_is_seen(settings: dict[str, str], locks: tuple[str, ...]) -> None:
    hang = finding(**settings)
    assert isinstance(hang, Hang)
    assert hang.signature.locks == locks


def test_without_it_the_same_threads_pass() -> None:
    passed = finding(deadlock="none")
    assert isinstance(passed, Pass)
    assert passed.exposures == 200

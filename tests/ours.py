"""The probes of this repository, for tests that run them without either library."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from interlock.matrix import probes
from interlock.model import Finding, Probe

PROBES = Path(__file__).parents[1] / "probes"

FoundBy = Callable[..., Finding]
"""What a probe finds; the fixture ``found_by`` of the harness's tests."""


def probe_of_ours(name: str) -> Probe:
    probe = probes.load(PROBES, name, ["stock"], ["sentry", "ddtrace"])
    assert isinstance(probe, Probe)
    return probe

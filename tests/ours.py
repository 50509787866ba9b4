"""This repository for tests: its probes without either library, and its command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from interlock.matrix import probes
from interlock.model import Finding, Probe

PROBES = Path(__file__).parents[1] / "probes"

INTERLOCK = (
    *(sys.executable, "-c"),
    "from interlock.__main__ import main; raise SystemExit(main())",
)
"""The command as these sources have it, whatever is installed."""

FoundBy = Callable[..., Finding]
"""What a probe finds; the fixture ``found_by`` of the harness's tests."""


def probe_of_ours(name: str) -> Probe:
    probe = probes.load(PROBES, name, ["stock"], ["sentry", "ddtrace"])
    assert isinstance(probe, Probe)
    return probe

"""In processes: an app reaches neither the guard of its supervisor nor the command above it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import reach
from ours import PROBES

from interlock.evidence import events

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# Root reaches everything by its capabilities. Without them it is a user like any other.
ORCHESTRATOR = """
import json, sys
from pathlib import Path
probes, home, spec = sys.argv[1:]
sys.path.insert(0, probes)
from harness import privileges
privileges.become(None)
from interlock.isolation.sandbox import Command, Limits
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import Store
from interlock.model import PythonVersion
command = Command(
    argv=(sys.executable, "-I", probes + "/harness/supervisor.py"),
    python=PythonVersion(*sys.version_info[:2]),
    env={"INTERLOCK_SPEC": spec},
    limits=Limits(wall_s=30, memory_bytes=1 << 30, pids=100, output_bytes=1 << 20),
    label="probe",
    supervises=True,
)
box = ProcessSandbox(store=Store(home=Path(home)), probes=Path(probes))
ended = box.run(command, lambda line: print(line, flush=True))
sys.exit(ended.exit_code)
"""


def reached(tmp_path: Path, way: str) -> list[str]:
    """What an app reached of its supervisor, the guard, the command and the intake."""
    spec = {
        "protocol": events.PROTOCOL,
        "app": reach.__file__,
        "python": sys.executable,
        "settings": {"way": way},
        "environment": {"REACH_DEPTH": "3"},
        "knobs": {},
        "versions": {},
        "limits": {"startup_s": 20, "stall_s": 9, "deadline_s": 20, "grace_s": 0.2},
    }
    arguments = [str(PROBES), str(tmp_path / "home"), json.dumps(spec)]
    ran = subprocess.run(
        [sys.executable, "-c", ORCHESTRATOR, *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    told = list(events.read(ran.stdout.splitlines()))
    facts = {event["name"]: event["value"] for event in told if event["event"] == "fact"}
    assert facts["others"] == 4
    assert [event["event"] for event in told].count("end") == 1
    found = facts["reached"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("way", ["descriptors", "memory", "tracing"])
def test_no_process_above_is_in_reach(tmp_path: Path, way: str) -> None:
    assert reached(tmp_path, way) == []

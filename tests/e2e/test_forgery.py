"""A hostile app in a real container: it reaches nothing of the supervisor's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import reach

from interlock.evidence import events
from interlock.isolation.sandbox import Command, Ended, Limits, Mount
from interlock.isolation.sandbox.container import DockerSandbox
from interlock.isolation.store import Store
from interlock.model import EngineUnavailable, ImageMissing, PythonVersion

pytestmark = pytest.mark.e2e

PROBES = Path(__file__).parents[2] / "probes"
PYTHON = PythonVersion(3, 10)
APP = "/app/app.py"
LIMITS = {"startup_s": 20, "stall_s": 0.2, "deadline_s": 6, "grace_s": 0.2, "answer_s": 0.5}
DIES = """
import os, signal, time
def run(trial):
    trial.phase("serving")
    trial.expose()
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)  # an orphan, which the supervisor adopts and ends
        os._exit(0)
    os.wait()
    time.sleep(60)
"""


@pytest.fixture
def box(tmp_path: Path) -> DockerSandbox:
    try:
        sandbox = DockerSandbox(
            store=Store(home=tmp_path / "home"), probes=PROBES, template="python:{python}-slim"
        )
        sandbox.available(PYTHON)
    except (EngineUnavailable, ImageMissing) as trouble:
        pytest.skip(str(trouble))
    return sandbox


@dataclass(frozen=True)
class Ran:
    ended: Ended
    raw: tuple[Mapping[str, Any], ...]
    errors: list[str]

    def facts(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.raw if event["event"] == "fact"}

    def one(self, name: str) -> Mapping[str, Any]:
        (event,) = [event for event in self.raw if event["event"] == name]
        return event


def run(box: DockerSandbox, app: Path, tmp_path: Path, **settings: object) -> Ran:
    """Run an app under the supervisor, as a trial does."""
    folder = tmp_path / "app"
    folder.mkdir(mode=0o755)
    shutil.copyfile(app, folder / "app.py")
    spec = {
        "protocol": events.PROTOCOL,
        "probe": "hostile",
        "app": APP,
        "python": "/usr/local/bin/python3",
        "settings": settings,
        "environment": {},
        "knobs": {},
        "users": box.users and {"supervisor": box.users.supervisor, "app": box.users.app},
        "versions": {},
        "limits": LIMITS,
    }
    out: list[str] = []
    errors: list[str] = []
    command = Command(
        argv=("python3", "-I", box.path(PROBES / "harness" / "supervisor.py")),
        python=PYTHON,
        env={"INTERLOCK_SPEC": json.dumps(spec)},
        mounts=(
            Mount(source=PROBES, target=box.path(PROBES)),
            Mount(source=folder, target="/app"),
        ),
        limits=Limits(wall_s=40, memory_bytes=1 << 28, pids=64, output_bytes=1 << 20),
        label="probe",
        supervises=True,
    )
    ended = box.run(command, out.append, errors.append)
    return Ran(ended, tuple(events.read(out)), errors)


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("descriptors", []),
        ("memory", []),
        ("tracing", []),
        ("signals", []),
        ("settings", []),
        ("rights", []),
        ("root", []),
        ("own_output", reach.OWN),
    ],
)
def test_the_app_reaches_nothing_of_the_supervisor(
    box: DockerSandbox, tmp_path: Path, way: str, expected: list[str]
) -> None:
    assert box.users, "this engine has one user only, or the probes are not readable for all"
    ran = run(box, Path(reach.__file__), tmp_path, way=way)
    assert (ran.ended.exit_code, ran.errors) == (0, [])
    assert ran.facts() == {"reached": expected, "others": 2}
    assert (ran.one("hello")["supervisor_pid"], ran.one("exit")["code"]) == (1, 0)
    assert ran.one("intake-end")["requests"] == 0
    assert ran.raw[-1]["event"] == "end"


@pytest.mark.parametrize("way", ["descriptors", "memory", "tracing", "rights", "signals"])
def test_where_both_are_one_user_the_stream_is_out_of_reach_too(
    box: DockerSandbox, tmp_path: Path, way: str
) -> None:
    box.users = None
    ran = run(box, Path(reach.__file__), tmp_path, way=way)
    assert (ran.ended.exit_code, ran.errors) == (0, [])
    if way == "signals":
        # They can be sent. The first process takes none of them. The intake ends: no proof.
        assert len(ran.facts()["reached"]) > 7
        assert ran.one("intake-end")["requests"] is None
    else:
        assert ran.facts() == {"reached": [], "others": 2}
    assert ran.raw[-1]["event"] == "end"


def test_the_supervisor_ends_what_another_user_left_behind(
    box: DockerSandbox, tmp_path: Path
) -> None:
    app = tmp_path / "dies.py"
    app.write_text(DIES)
    ran = run(box, app, tmp_path)
    assert ran.ended.exit_code == 0
    assert ran.one("exit")["signal"] == "SIGTERM"
    assert ran.facts()["left-behind"] == 1
    assert len([event for event in ran.raw if event["event"] == "snapshot"]) >= 2


MISUSES = """
import contextlib, os, time, urllib.request
def run(trial):
    if "INTERLOCK_INTAKE" in os.environ:  # Not where the supervisor asks our own code alone.
        with contextlib.suppress(OSError):
            # The intake starts its threads, which it could not do later.
            urllib.request.urlopen(os.environ["INTERLOCK_INTAKE"]).read()
        try:
            while os.fork():
                pass
            time.sleep(60)
        except OSError:
            trial.misuse("no such setting")
            time.sleep(60)
    trial.phase("serving")
"""


def test_a_false_misuse_is_a_breach_where_no_process_can_be_started(
    box: DockerSandbox, tmp_path: Path
) -> None:
    app = tmp_path / "misuses.py"
    app.write_text(MISUSES)
    ran = run(box, app, tmp_path)
    assert (ran.ended.exit_code, ran.errors) == (0, [])
    assert "a misuse that the probe alone does not find" in ran.one("breach")["detail"]
    assert ran.raw[-1]["event"] == "end"

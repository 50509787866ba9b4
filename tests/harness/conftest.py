"""Made-up apps under the real supervisor, and parked threads, on this very Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pytest
from languages import PROBE
from ours import PROBES, FoundBy

from interlock.evidence import classification, events
from interlock.model import Finding, Probe

SUPERVISOR = PROBES / "harness" / "supervisor.py"
LIMITS = {
    "startup_s": 20,
    "stall_s": 0.2,
    "deadline_s": 20,
    "grace_s": 0.2,
    "answer_s": 0.5,
    "still_s": 0.5,
    "closed_s": 0.6,
    "intake_bytes": 4000,
    "output_bytes": 4000,
}


@dataclass(frozen=True)
class Told:
    """What the supervisor reported about one app."""

    raw: tuple[Mapping[str, Any], ...]

    def all(self, name: str) -> list[Mapping[str, Any]]:
        return [event for event in self.raw if event["event"] == name]

    def one(self, name: str) -> Mapping[str, Any]:
        (event,) = self.all(name)
        return event

    @property
    def fact(self) -> dict[str, Any]:
        return {event["name"]: event["value"] for event in self.all("fact")}

    def thread(self, name: str, snapshot: int = -1) -> Mapping[str, Any]:
        """One thread of a snapshot, by its name."""
        threads = self.all("snapshot")[snapshot]["threads"]
        (thread,) = [thread for thread in threads if thread["name"] == name]
        return thread

    def names(self, lock: int | None, snapshot: int = -1) -> list[str]:
        names = self.all("snapshot")[snapshot]["locks"][str(lock)]["names"]
        assert isinstance(names, list)
        return names

    def snapshots_of(self, process: int) -> list[Mapping[str, Any]]:
        return [event for event in self.all("snapshot") if event["process"] == process]

    def judged(self) -> Finding:
        return classification.classify(self.raw, PROBE)

    def waits(self, name: str) -> str:
        """The name of the lock that a thread waits for."""
        return self.names(self.thread(name)["waits"]["lock"])[0]

    def holds(self, name: str) -> set[str]:
        """The names of the locks that a thread is inside of."""
        return {self.names(hold["lock"])[0] for hold in self.thread(name)["holds"]}


RunApp = Callable[..., Told]


def specification(app: Path, python: str = sys.executable, **limits: float) -> dict[str, Any]:
    return {
        "protocol": events.PROTOCOL,
        "probe": "made_up",
        "app": str(app),
        "python": python,
        "settings": {},
        "environment": {"APP_COLOUR": "green"},
        "knobs": {"times": 3},
        "versions": {},
        "limits": {**LIMITS, **limits},
    }


@pytest.fixture
def write_app(tmp_path: Path) -> Callable[[str], Path]:
    def write(source: str) -> Path:
        app = tmp_path / "app.py"
        app.write_text(textwrap.dedent(source))
        return app

    return write


@pytest.fixture
def start_app(write_app: Callable[[str], Path]) -> Callable[..., subprocess.Popen[str]]:
    """Start a supervisor with an app, and leave the rest to the test."""

    def start(source: str, python: str = sys.executable, **limits: float) -> subprocess.Popen[str]:
        return supervise(specification(write_app(source), python, **limits))

    return start


def supervise(spec: Mapping[str, Any]) -> subprocess.Popen[str]:
    # Settings of the tool in this environment are not for the app.
    ours = {k: v for k, v in os.environ.items() if not k.startswith("INTERLOCK")}
    supervisor = subprocess.Popen(
        [spec["python"], "-I", str(SUPERVISOR)],
        env=ours,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert supervisor.stdin
    supervisor.stdin.write(json.dumps(spec) + "\n")
    supervisor.stdin.flush()
    return supervisor


# Root reaches everything by its capabilities. Without them it is a user like any other.
AS_ORDINARY_USER = """
import os, sys
sys.path.insert(0, os.path.dirname(os.path.dirname({supervisor!r})))
from harness import privileges
privileges.become(None)
os.execv(sys.executable, [sys.executable, "-I", {supervisor!r}])
"""


@pytest.fixture
def start_ordinary() -> Callable[..., subprocess.Popen[str]]:
    """Start an app under a supervisor that has no capabilities even where the tests are root."""

    def start(app: Path, environ: Mapping[str, str] | None = None, **settings: Any) -> Any:
        spec = {**specification(app), "settings": settings}
        ours = {k: v for k, v in os.environ.items() if not k.startswith("INTERLOCK")}
        return subprocess.Popen(
            [sys.executable, "-c", AS_ORDINARY_USER.format(supervisor=str(SUPERVISOR))],
            env={**ours, **(environ or {}), "INTERLOCK_SPEC": json.dumps(spec)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture
def told_by() -> Callable[[subprocess.Popen[str]], Told]:
    """Wait for a supervisor's end; every event must be one that the protocol has."""

    def wait(supervisor: subprocess.Popen[str]) -> Told:
        stdout, stderr = supervisor.communicate(timeout=40)
        assert (supervisor.returncode, stderr) == (0, "")
        raw = tuple(events.read(stdout.splitlines()))
        events.parse(raw)
        return Told(raw)

    return wait


@pytest.fixture
def supervised() -> Callable[..., subprocess.Popen[str]]:
    """Start a supervisor with a probe of this repository, without either library."""

    def start(probe: str, **changed: Any) -> subprocess.Popen[str]:
        spec = specification(PROBES / probe / "app.py")
        return supervise({**spec, "probe": probe, "environment": {}, **changed})

    return start


@pytest.fixture
def found_by(told_by: Callable[[subprocess.Popen[str]], Told]) -> FoundBy:
    """What a probe finds on this very Python, without either library.

    ``app`` takes the place of its own; ``knobs`` and ``limits`` replace single ones.
    """

    def find(
        probe: Probe,
        app: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        knobs: Mapping[str, Any] | None = None,
        **limits: float,
    ) -> Finding:
        spec = specification(app or PROBES / probe.name / "app.py")
        spec |= {
            "probe": probe.name,
            "settings": settings or {},
            "environment": {},
            "knobs": {**probe.knobs, **(knobs or {})},
            "versions": {"sentry": "-", "ddtrace": "-"},
            "limits": {**vars(probe.limits), **limits},
        }
        return classification.classify(told_by(supervise(spec)).raw, probe)

    return find


@pytest.fixture
def run_app(start_app: Callable[..., subprocess.Popen[str]], told_by) -> RunApp:
    """Run an app to its end."""

    def run(source: str, python: str = sys.executable, **limits: float) -> Told:
        return told_by(start_app(source, python, **limits))

    return run


@pytest.fixture(scope="module")
def watcher() -> Iterator[ModuleType]:
    sys.path.insert(0, str(PROBES))
    try:
        from harness import watcher
    finally:
        sys.path.remove(str(PROBES))
    yield watcher


class Read:
    """One thread of one snapshot, with its locks by name."""

    def __init__(self, snapshot: dict[str, Any], name: str) -> None:
        (self.thread,) = [t for t in snapshot["threads"] if t["name"] == name]
        wait = self.thread["waits"]
        mine = {hold["lock"] for hold in self.thread["holds"]} | {wait and wait["lock"]}
        self.locks = {lock: entry for lock, entry in snapshot["locks"].items() if int(lock) in mine}

    def _name(self, lock: int) -> str:
        return str(self.locks[str(lock)]["names"][0])

    @property
    def waits(self) -> str | None:
        wait = self.thread["waits"]
        return self._name(wait["lock"]) if wait and wait["lock"] is not None else None

    @property
    def kind(self) -> str | None:
        return self.thread["waits"]["kind"] if self.thread["waits"] else None

    @property
    def holds(self) -> set[str]:
        return {self._name(hold["lock"]) for hold in self.thread["holds"]}

    @property
    def bounded(self) -> bool:
        return bool(self.thread["waits"]["bounded"])

    @property
    def unresolved(self) -> list[str]:
        return [part["expression"] for part in self.thread["unresolved"]]


def _frames_of(thread: threading.Thread) -> Iterator[FrameType]:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        yield frame
        frame = frame.f_back


@pytest.fixture
def parked(watcher) -> Callable[..., Read]:
    """Start a thread that blocks, and read where it stands."""

    def park(target: Callable[[], object]) -> Read:
        from harness.sources import Sources

        name = f"parked-{time.monotonic_ns()}"
        thread = threading.Thread(target=target, name=name, daemon=True)
        thread.start()
        before, until = None, time.monotonic() + 5
        while True:
            time.sleep(0.03)
            here = [(f.f_code, f.f_lasti) for f in _frames_of(thread)]
            if here == before or time.monotonic() > until:
                break
            before = here  # It is on its way still, or only about to be.
        return Read(watcher.snapshot(Sources(), threading.main_thread().ident), name)

    return park


@pytest.fixture
def block() -> Iterator[threading.Lock]:
    """A lock that is taken for as long as the test runs."""
    lock = threading.Lock()
    lock.acquire()
    yield lock
    lock.release()


class Blocked:
    """What the threads under test wait for; released at the end."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.first = threading.Lock()
        self.second = threading.Lock()
        self.again = threading.RLock()
        self.condition = threading.Condition(threading.Lock())


@pytest.fixture
def blocked(block: threading.Lock) -> Blocked:
    return Blocked(block)

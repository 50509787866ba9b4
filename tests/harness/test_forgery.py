"""An app that is of the supervisor's own user, as in processes, forges nothing.

``tests/e2e/test_forgery.py`` has the same in containers.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import reach
from languages import PROBE
from ours import PROBES, probe_of_ours
from stories import told as in_words

from interlock.evidence import classification
from interlock.matrix import probes
from interlock.model import Fail, Reason

HOSTILE = Path(reach.__file__)

Start = Callable[..., subprocess.Popen[str]]


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        ("descriptors", []),
        ("memory", []),
        ("tracing", []),
        ("rights", []),
        # The events, the replies, and its two connections.
        ("inherited", ["pipe", "pipe", "socket", "socket"]),
        ("own_output", reach.OWN),
    ],
)
def test_the_supervisor_and_the_intake_are_out_of_reach(
    start_ordinary: Start, told_by, way: str, expected: list[str]
) -> None:
    told = told_by(start_ordinary(HOSTILE, way=way))
    assert told.fact == {"reached": expected, "others": 2}
    assert [event["event"] for event in told.raw].count("end") == 1
    assert told.one("exit")["code"] == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_who_ends_the_supervisor_gets_no_whole_stream(
    start_app: Start, number: signal.Signals
) -> None:
    supervisor = start_app(
        f"""
        import os, time
        def run(trial):
            trial.phase("serving")
            os.kill(os.getppid(), {int(number)})
            time.sleep(9)
        """
    )
    stdout, _ = supervisor.communicate(timeout=20)
    assert supervisor.returncode in (-number, 128 + number)
    assert '"end"' not in stdout


def test_a_misuse_that_is_none_is_the_packages_doing(start_app: Start, told_by) -> None:
    told = told_by(
        start_app(
            """
            import os, time
            def run(trial):
                # Only with the environment, as a .pth file would.
                if "INTERLOCK_INTAKE" in os.environ:
                    trial.misuse("no such setting")
                    time.sleep(9)
                trial.phase("serving")
            """
        )
    )
    assert len(told.all("breach")) == 1
    finding = classification.classify(told.raw, PROBE)
    assert isinstance(finding, Fail)
    assert finding.reason is Reason.ERROR
    assert "a misuse that the probe alone does not find: no such setting" in in_words(finding)


@pytest.mark.parametrize(
    ("knobs", "settings", "mistake"),
    [
        ({"deadlock": "most"}, {}, "deadlock is 'most', not one of cycle, self, none"),
        ({"deadlock": "none"}, {"profilng": True}, "settings: no setting profilng is known"),
    ],
)
def test_a_mistake_of_ours_is_told_in_the_words_of_the_probe(
    supervised: Callable[..., subprocess.Popen[str]], knobs, settings, mistake: str
) -> None:
    supervisor = supervised("own_deadlock", knobs={"rounds": 1, **knobs}, settings=settings)
    stdout, stderr = supervisor.communicate(timeout=20)
    assert (supervisor.returncode, stderr.strip()) == (64, mistake)
    assert '"end"' not in stdout


@pytest.mark.parametrize("probe", probes.available(PROBES))
def test_each_probe_finds_a_mistake_without_the_libraries(
    supervised: Callable[..., subprocess.Popen[str]], probe: str
) -> None:
    knobs = dict(probe_of_ours(probe).knobs)
    supervisor = supervised(probe, knobs=knobs, settings={"profilng": True})
    _, stderr = supervisor.communicate(timeout=20)
    assert (supervisor.returncode, stderr.strip()) == (
        64,
        "settings: no setting profilng is known",
    )


def test_a_process_that_is_not_the_apps_joins_no_trial(
    start_app: Start, told_by, tmp_path: Path
) -> None:
    supervisor = start_app(
        f"""
        import os, time
        def run(trial):
            trial.phase("serving")
            trial.fact("at", os.environ["INTERLOCK_SUPERVISOR"].split())
            while not os.path.exists({str(tmp_path / "done")!r}):
                trial.beat()
                time.sleep(0.01)
            trial.look("it asks")
        """
    )
    lines = iter(supervisor.stdout.readline, "")
    (watchers, witnesses, _) = next(
        event["value"] for event in map(json.loads, lines) if event["event"] == "fact"
    )
    for address in (watchers, witnesses):
        with socket.socket(socket.AF_UNIX) as stranger:
            stranger.connect("\0" + address)
            with suppress(BrokenPipeError):
                stranger.send(json.dumps({"parent": 1, "forked": False}).encode() + b"\n")
            stranger.settimeout(5)
            with suppress(ConnectionResetError):
                assert stranger.recv(1) == b""
    (tmp_path / "done").touch()
    rest, _ = supervisor.communicate(timeout=20)
    events = [json.loads(line) for line in rest.splitlines()]
    assert [event for event in events if event.get("process") == os.getpid()] == []
    assert events[-1]["event"] == "end"

"""Whatever a command starts ends with it, also if the command fights that."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from interlock.isolation import folders
from interlock.isolation.sandbox import Command, Limits
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import Store
from interlock.model import Backend, PythonVersion, TroubleError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

START = """
import ctypes, os, signal, sys, time
MARK = {mark!r}
def stay(environment=None):
    argv = [sys.executable, "-c", "import time; time.sleep(60)", MARK]
    os.execve(sys.executable, argv, os.environ if environment is None else environment)
def daemon(environment=None):
    if os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        os.chdir("/")
        stay(environment)
    os.wait()
"""

HOSTILE = {
    "a daemon without an environment": "daemon({}); time.sleep(0.3)",
    "a subreaper of its own": """
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
daemon({})
time.sleep(0.3)
""",
    "a subreaper that is a daemon": """
if os.fork() == 0:
    os.setsid()
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    daemon({})
    stay({})
time.sleep(0.5)
""",
    "a stopped process": """
child = os.fork()
if child == 0:
    stay()
time.sleep(0.3)
os.kill(child, signal.SIGSTOP)
""",
    "a stopped command": """
if os.fork() == 0:
    stay()
os.kill(os.getpid(), signal.SIGSTOP)
""",
    "one that ignores every signal": """
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
if os.fork() == 0:
    stay()
time.sleep(0.3)
""",
    "one that forks again and again": """
until = time.monotonic() + 20
while time.monotonic() < until:
    if os.fork():
        os._exit(0)
    os.setsid()
""",
    "many at once": """
for _ in range(40):
    if os.fork() == 0:
        os.setsid()
        stay({})
time.sleep(0.5)
""",
    "its leash is stopped": """
daemon({})
os.kill(os.getppid(), signal.SIGSTOP)
time.sleep(60)
""",
    "its leash is killed": """
daemon({})
os.kill(os.getppid(), signal.SIGKILL)
time.sleep(60)
""",
}


def marked(mark: str) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            is_zombie = (entry / "stat").read_text().rpartition(")")[2].split()[0] == "Z"
            if mark.encode() in (entry / "cmdline").read_bytes() and not is_zombie:
                found.append(int(entry.name))
    return found


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_that_a_command_starts_outlives_it(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("interlock.isolation.sandbox.process._PATIENCE_S", 1.0)
    sandbox = ProcessSandbox(store=Store(home=tmp_path / "home"), probes=tmp_path)
    mark = f"mark-{os.getpid()}-{time.monotonic_ns()}"
    code = START.format(mark=mark).replace("{{", "{").replace("}}", "}") + HOSTILE[name]
    command = Command(
        argv=(sys.executable, "-I", "-c", code),
        python=PythonVersion(3, 10),
        limits=Limits(wall_s=4, memory_bytes=1 << 30, pids=100, output_bytes=1 << 20),
        label="test",
    )
    with suppress(TroubleError):
        sandbox.run(command, lambda _: None)
    until = time.monotonic() + 5
    while marked(mark) and time.monotonic() < until:
        time.sleep(0.05)
    assert marked(mark) == []
    assert list((tmp_path / "home" / "process" / "work").iterdir()) == []


def test_what_stands_in_a_dead_runs_folder_is_swept_without_its_environment(tmp_path: Path) -> None:
    store = Store(home=tmp_path / "home")
    dead = ProcessSandbox(store=store, probes=tmp_path)
    work = store.of_backend(Backend.PROCESS) / "work" / f"{dead._run}-abc"
    work.mkdir()
    stray = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], cwd=work, env={}
    )
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], env={})
    try:
        later = ProcessSandbox(store=store, probes=tmp_path)
        assert later.sweep() == 0
        os.close(dead._lock_file)
        assert later.sweep() == 1
        assert stray.wait(10) == -signal.SIGKILL
        assert other.poll() is None
        assert not work.exists()
    finally:
        for process in (stray, other):
            process.kill()
            process.wait()


def test_a_folder_that_forbids_it_is_removed_by_its_owner(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        with suppress(OSError):
            parent.chmod(parent.stat().st_mode | 0o111)
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            for name in ("one", "one/two", "one/three"):
                (tmp_path / name).mkdir()
                (tmp_path / name / "file").write_text("")
            (tmp_path / "one" / "link").symlink_to("/etc")
            for name, mode in {"one/two": 0, "one/three": 0o500, "one": 0o100}.items():
                (tmp_path / name).chmod(mode)
            folders.remove(tmp_path, "one")
            os._exit(0 if not (tmp_path / "one").exists() else 2)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


NESTS = """
import os
for _ in range(1500):
    os.mkdir("d" * 20)
    os.chdir("d" * 20)
if {is_killed}:
    os.kill(os.getppid(), 9)
"""


@pytest.mark.parametrize("is_killed", [False, True], ids=["it ends", "its leash is killed"])
def test_a_folder_that_is_nested_without_end_goes_with_its_command(
    tmp_path: Path, is_killed: bool
) -> None:
    sandbox = ProcessSandbox(store=Store(home=tmp_path / "home"), probes=tmp_path)
    command = Command(
        argv=(sys.executable, "-I", "-c", NESTS.format(is_killed=is_killed)),
        python=PythonVersion(3, 10),
        limits=Limits(wall_s=60, memory_bytes=1 << 30, pids=100, output_bytes=1 << 20),
        label="test",
    )
    with suppress(TroubleError):
        assert sandbox.run(command, lambda _: None).exit_code == 0
    assert list((sandbox.store / "work").iterdir()) == []

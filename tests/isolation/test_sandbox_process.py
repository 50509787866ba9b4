from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from interlock.isolation.sandbox import Command, Ended, Limits
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import Store
from interlock.model import Backend, Interrupted, PythonVersion, TroubleError

PYTHON = PythonVersion(*sys.version_info[:2])
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

# A daemon as they are made: two forks, a session of its own, every descriptor closed.
DAEMON = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.closerange(0, 100)
        open({path!r}, "w").write(str(os.getpid()))
        time.sleep(60)
    os._exit(0)
os.wait()
while not os.path.exists({path!r}) or not open({path!r}).read():
    time.sleep(0.005)
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def sandbox(store: Store, tmp_path: Path) -> ProcessSandbox:
    return ProcessSandbox(store=store, probes=tmp_path)


class Ran:
    def __init__(self, ended: Ended, out: list[str], err: list[str]) -> None:
        self.ended = ended
        self.out = out
        self.err = err


def run(
    sandbox: ProcessSandbox,
    code: str,
    *,
    wall_s: float = 20,
    memory_bytes: int = 1 << 30,
    output_bytes: int = 1 << 20,
    on_line: Callable[[str], None] | None = None,
    stdin: str = "",
    **env: str,
) -> Ran:
    out: list[str] = []
    err: list[str] = []
    limits = Limits(wall_s=wall_s, memory_bytes=memory_bytes, pids=100, output_bytes=output_bytes)
    command = Command(
        argv=(sys.executable, "-I", "-c", code),
        python=PYTHON,
        env=env,
        stdin=stdin,
        limits=limits,
        label="test",
    )
    return Ran(sandbox.run(command, on_line or out.append, err.append), out, err)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_both_streams_and_the_exit_code_come_back(sandbox: ProcessSandbox) -> None:
    ran = run(sandbox, "import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ran.out, ran.err, ran.ended.exit_code, ran.ended.guard) == (["out"], ["err"], 3, None)


@pytest.mark.parametrize("given", ["", "a line\n", "ä" * 1_000_000])
def test_a_command_reads_what_it_is_given_and_then_the_end(
    sandbox: ProcessSandbox, given: str
) -> None:
    code = "import sys; text = sys.stdin.buffer.read().decode(); print(len(text), text[:6].strip())"
    assert run(sandbox, code, stdin=given).out == [f"{len(given)} {given[:6].strip()}"]


def test_lines_arrive_while_the_command_runs(sandbox: ProcessSandbox) -> None:
    arrived: list[float] = []
    code = "import time; print(1, flush=True); time.sleep(0.5); print(2)"
    run(sandbox, code, on_line=lambda _: arrived.append(time.monotonic()))
    assert arrived[1] - arrived[0] > 0.3


def test_an_exit_by_signal_reads_as_a_shell_has_it(sandbox: ProcessSandbox) -> None:
    ran = run(sandbox, "import os; os.kill(os.getpid(), 11)")
    assert ran.ended.exit_code == 128 + signal.SIGSEGV


def test_nothing_of_our_environment_is_inherited(
    sandbox: ProcessSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    ran = run(sandbox, "import os; print(sorted(os.environ))", GIVEN="1")
    assert "SECRET_TOKEN" not in ran.out[0]
    assert "GIVEN" in ran.out[0]


def test_its_home_is_its_own_and_goes_with_it(sandbox: ProcessSandbox) -> None:
    ran = run(sandbox, "import os; open('left', 'w'); print(os.environ['HOME'], os.getcwd())")
    home, cwd = ran.out[0].split()
    assert home == cwd != os.environ.get("HOME")
    assert not Path(home).exists()


def test_standard_input_is_empty(sandbox: ProcessSandbox) -> None:
    assert run(sandbox, "import sys; print(repr(sys.stdin.read()))").out == ["''"]


def test_the_wall_guard_ends_it(sandbox: ProcessSandbox) -> None:
    ran = run(sandbox, "import time; print('up', flush=True); time.sleep(60)", wall_s=1)
    assert (ran.out, ran.ended.guard, ran.ended.exit_code) == (["up"], "wall", None)
    assert ran.ended.seconds < 5


def test_the_wall_guard_ends_what_talks_all_the_time(sandbox: ProcessSandbox) -> None:
    code = "import time\nwhile True: print('x', flush=True); time.sleep(0.01)"
    assert run(sandbox, code, wall_s=1).ended.guard == "wall"


def test_a_command_that_closes_its_output_is_still_guarded(sandbox: ProcessSandbox) -> None:
    code = "import os, time; os.closerange(0, 3); time.sleep(60)"
    assert run(sandbox, code, wall_s=1).ended.guard == "wall"


def test_the_output_guard_ends_it(sandbox: ProcessSandbox) -> None:
    ran = run(sandbox, "while True: print('x' * 99)", output_bytes=1000)
    assert (ran.ended.guard, ran.out) == ("output", ["x" * 99] * 10)


@ON_LINUX
def test_the_memory_guard_counts_children_too(sandbox: ProcessSandbox) -> None:
    code = (
        "import subprocess, sys\n"
        "hungry = 'import time; x = b\"x\" * (200 << 20); time.sleep(60)'\n"
        "subprocess.run([sys.executable, '-c', hungry])"
    )
    assert run(sandbox, code, memory_bytes=100 << 20).ended.guard == "memory"


@ON_LINUX
def test_memory_that_is_only_reserved_does_not_count(sandbox: ProcessSandbox) -> None:
    code = "import mmap; m = mmap.mmap(-1, 8 << 30); print('ok')"
    ran = run(sandbox, code, memory_bytes=100 << 20)
    assert (ran.out, ran.ended.guard) == (["ok"], None)


@ON_LINUX
def test_a_daemon_does_not_outlive_its_command(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    told = tmp_path / "daemon"
    ran = run(sandbox, DAEMON.format(path=str(told)))
    assert ran.ended.exit_code == 0
    assert not alive(int(told.read_text()))


@ON_LINUX
def test_a_daemon_does_not_outlive_the_wall_guard(sandbox: ProcessSandbox, tmp_path: Path) -> None:
    told = tmp_path / "daemon"
    ran = run(sandbox, DAEMON.format(path=str(told)) + "time.sleep(60)", wall_s=1.5)
    assert ran.ended.guard == "wall"
    assert not alive(int(told.read_text()))


def test_an_exception_of_the_listener_ends_it(sandbox: ProcessSandbox) -> None:
    pids: list[int] = []

    def listener(line: str) -> None:
        pids.append(int(line))
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(
            sandbox,
            "import os, time; print(os.getpid(), flush=True); time.sleep(60)",
            on_line=listener,
        )
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_stop_ends_what_runs_and_refuses_what_comes(sandbox: ProcessSandbox) -> None:
    started = threading.Event()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            code = "import time; print('up', flush=True); time.sleep(60)"
            run(sandbox, code, on_line=lambda _: started.set())
        except Interrupted as interrupted:
            ended.append(interrupted)

    thread = threading.Thread(target=work)
    thread.start()
    assert started.wait(10)
    sandbox.stop()
    thread.join(10)
    assert len(ended) == 1
    with pytest.raises(Interrupted):
        run(sandbox, "print(1)")


def test_several_threads_run_at_once(sandbox: ProcessSandbox) -> None:
    heard: dict[int, list[str]] = {}

    def work(number: int) -> None:
        heard[number] = run(sandbox, f"print({number})").out

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {number: [str(number)] for number in range(6)}


ORCHESTRATOR = """
import sys
from pathlib import Path
from interlock.model import PythonVersion
from interlock.isolation.sandbox import Command, Limits
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import Store
box = ProcessSandbox(store=Store(home=Path(sys.argv[1])), probes=Path("."))
limits = Limits(wall_s=60, memory_bytes=1 << 30, pids=100, output_bytes=1 << 20)
argv = (sys.executable, "-I", "-c", sys.argv[2])
command = Command(argv=argv, python=PythonVersion(3, 10), limits=limits, label="test")
box.run(command, lambda line: print(line, flush=True))
"""


@pytest.fixture
def orchestrator(store: Store, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A run in another process, and the id of the daemon that its command started."""
    told = tmp_path / "daemon"
    code = DAEMON.format(path=str(told)) + "print('up', flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", ORCHESTRATOR, str(store.home), code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "up\n"
        yield other, int(told.read_text())
        other.kill()


@ON_LINUX
@pytest.mark.parametrize("wanted", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_an_orchestrator_that_is_killed(
    orchestrator: tuple[subprocess.Popen[str], int], wanted: signal.Signals
) -> None:
    other, daemon = orchestrator
    assert alive(daemon)
    other.send_signal(wanted)
    wait_until(lambda: not alive(daemon))


@ON_LINUX
def test_the_next_run_sweeps_what_lost_its_leash_too(
    orchestrator: tuple[subprocess.Popen[str], int], store: Store, tmp_path: Path
) -> None:
    other, daemon = orchestrator
    leash = int(Path(f"/proc/{other.pid}/task/{other.pid}/children").read_text().split()[0])
    os.kill(other.pid, signal.SIGSTOP)  # so that it can't tidy up after its leash
    os.kill(leash, signal.SIGKILL)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert alive(daemon)

    later = ProcessSandbox(store=store, probes=tmp_path)
    assert later.sweep() >= 1

    wait_until(lambda: not alive(daemon))
    assert list((store.of_backend(Backend.PROCESS) / "work").iterdir()) == []
    assert later.sweep() == 0


DAEMON_WITHOUT_A_NAME = """
import os, signal, time
leash = os.getppid()
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    sleep = ["python", "-c", "import time; time.sleep(60)"]
    os.execve({python!r}, sleep, {{}})
os.wait()
os.kill(leash, signal.SIGKILL)
time.sleep(60)
"""


@ON_LINUX
def test_a_daemon_that_killed_its_leash_and_has_no_name_is_ended(sandbox: ProcessSandbox) -> None:
    def strays() -> list[Path]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                command = (entry / "cmdline").read_bytes()
                if b"time.sleep(60)" in command and not (entry / "environ").read_bytes():
                    found.append(entry)
        return found

    before = set(strays())
    with pytest.raises(TroubleError, match="killed from outside"):
        run(sandbox, DAEMON_WITHOUT_A_NAME.format(python=sys.executable))
    assert set(strays()) <= before


def test_a_living_run_is_not_swept(
    orchestrator: tuple[subprocess.Popen[str], int], sandbox: ProcessSandbox
) -> None:
    assert sandbox.sweep() == 0
    assert orchestrator[0].poll() is None


def test_the_interpreter_is_what_it_says_it_is(sandbox: ProcessSandbox) -> None:
    image = sandbox.available(PYTHON)
    said = subprocess.run(
        [image.python, "-c", "import platform; print(platform.python_version())"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.strip() == image.python_full
    assert image.digest == sandbox.available(PYTHON).digest

"""What only a real engine can show.

Needs the image python:3.10-slim (``nox -s images``).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from docker import APIClient

from interlock.isolation import folders, images
from interlock.isolation.sandbox import Command, Ended, Limits, Mount, engine
from interlock.isolation.sandbox.container import (
    EXPIRES_LABEL,
    HOME_LABEL,
    RUN_LABEL,
    DockerSandbox,
)
from interlock.isolation.store import Store
from interlock.model import (
    Backend,
    EngineUnavailable,
    ImageMissing,
    Interrupted,
    PythonVersion,
    digest_of,
)

pytestmark = pytest.mark.e2e

TEMPLATE = "python:{python}-slim"
PYTHON = PythonVersion(3, 10)
PROBES = Path(__file__).parents[2] / "probes"


@pytest.fixture(scope="module")
def client() -> APIClient:
    try:
        return engine.connect()
    except EngineUnavailable as trouble:
        pytest.skip(str(trouble))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def box(client: APIClient, store: Store) -> DockerSandbox:
    sandbox = DockerSandbox(store=store, probes=PROBES, template=TEMPLATE)
    try:
        sandbox.available(PYTHON)
    except ImageMissing as missing:
        pytest.skip(str(missing))
    return sandbox


@pytest.fixture
def containers(client: APIClient, store: Store) -> Callable[[], list[Any]]:
    """The containers of this test's home, running or not."""
    return lambda: [
        container
        for container in client.containers(all=True, filters={"label": RUN_LABEL})
        if container["Labels"][HOME_LABEL] == digest_of(str(store.home))[:16]
    ]


class Ran:
    def __init__(self, ended: Ended, out: list[str], err: list[str]) -> None:
        self.ended = ended
        self.out = out
        self.err = err


LIMITS = Limits(wall_s=20, memory_bytes=1 << 28, pids=64, output_bytes=1 << 20)


def given(
    code: str, stdin: str = "", *, limits: Limits = LIMITS, mounts: tuple[Mount, ...] = ()
) -> Command:
    return Command(
        argv=("python3", "-I", "-c", code),
        python=PYTHON,
        mounts=mounts,
        stdin=stdin,
        limits=limits,
        label="test",
    )


def run(
    sandbox: DockerSandbox,
    code: str,
    *,
    wall_s: float = 20,
    memory_bytes: int = 1 << 28,
    pids: int = 64,
    output_bytes: int = 1 << 20,
    on_line: Callable[[str], None] | None = None,
    mounts: tuple[Mount, ...] = (),
    stdin: str = "",
) -> Ran:
    out: list[str] = []
    err: list[str] = []
    limits = Limits(wall_s=wall_s, memory_bytes=memory_bytes, pids=pids, output_bytes=output_bytes)
    command = given(code, stdin, limits=limits, mounts=mounts)
    return Ran(sandbox.run(command, on_line or out.append, err.append), out, err)


def test_both_streams_and_the_exit_code_come_back(box: DockerSandbox) -> None:
    ran = run(box, "import sys; print('é'); print('err', file=sys.stderr); sys.exit(3)")
    assert (ran.out, ran.err, ran.ended.exit_code, ran.ended.guard) == (["é"], ["err"], 3, None)


def test_nothing_is_lost_or_mixed_up_in_a_lot_of_output(box: DockerSandbox) -> None:
    code = (
        "import sys\n"
        "for i in range(20000):\n"
        "    print(i); print(-i, file=sys.stderr)\n"
        "print('end', end='')"
    )
    ran = run(box, code)
    assert ran.out == [*map(str, range(20000)), "end"]
    assert ran.err == [str(-i) for i in range(20000)]


def test_what_runs_has_no_rights_no_network_and_nothing_to_write_to(box: DockerSandbox) -> None:
    code = """
import os, socket
print(os.getuid() != 0)
status = dict(l.split(':\\t') for l in open('/proc/self/status').read().splitlines() if ':\\t' in l)
print(status['CapEff'].strip('0') == status['CapBnd'].strip('0') == '', status['NoNewPrivs'])
print(sorted(os.listdir('/sys/class/net')))
for path in '/x', '/usr/x', os.path.expanduser('~/x'), '/tmp/x':
    try:
        open(path, 'w')
        print('can write', path)
    except OSError:
        print('cannot write', path)
"""
    assert run(box, code).out == [
        "True",
        "True 1",
        "['lo']",
        "cannot write /x",
        "cannot write /usr/x",
        "can write /tmp/x",
        "can write /tmp/x",
    ]


def test_a_mount_is_read_only_unless_it_is_said_to_be_writable(
    box: DockerSandbox, store: Store
) -> None:
    own = folders.made(box.store, "environments", "own", owner=box.owner)
    code = f"open({box.path(own) + '/x'!r}, 'w').write('1')"

    closed = Mount(source=own, target=box.path(own), writable=False)
    assert "Read-only" in run(box, code, mounts=(closed,)).err[-1]

    opened = Mount(source=own, target=box.path(own), writable=True)
    assert run(box, code, mounts=(opened,)).ended.exit_code == 0
    assert (own / "x").read_text() == "1"


def test_a_mount_that_is_not_there_is_refused_in_the_engines_words(box: DockerSandbox) -> None:
    mount = Mount(source=Path("/no/such/folder"), target="/folder")
    with pytest.raises(EngineUnavailable, match="/no/such/folder"):
        run(box, "", mounts=(mount,))


def test_what_the_engine_refuses_at_the_limit_on_tasks_can_be_counted(box: DockerSandbox) -> None:
    probes = Mount(source=PROBES, target=box.path(PROBES))
    code = f"""
import sys, threading, time
sys.path.insert(0, {box.path(PROBES)!r})
from harness.processes import refused_tasks
refused = 0
before = refused_tasks()
for _ in range(40):
    try:
        threading.Thread(target=time.sleep, args=(1,)).start()
    except RuntimeError:
        refused += 1
print(refused, refused_tasks() - before)
"""
    refused, counted = map(int, run(box, code, pids=20, mounts=(probes,)).out[-1].split())
    assert refused >= 20
    assert counted == refused
    assert run(box, code, pids=64, mounts=(probes,)).out == ["0 0"]


@pytest.mark.parametrize(
    ("guard", "exit_code", "code"),
    [
        ("wall", None, "import time; time.sleep(60)"),
        ("wall", None, "import time\nwhile True: print('x', flush=True); time.sleep(0.01)"),
        ("memory", None, "x = b'x' * (1 << 30)"),
        # A child was killed, and the command itself ended well.
        ("memory", 0, "import os\nif os.fork(): os.wait()\nelse: x = b'x' * (1 << 30)"),
        ("output", None, "while True: print('x' * 1000)"),
    ],
)
def test_a_guard_ends_it_and_says_so(
    box: DockerSandbox,
    containers: Callable[[], list[Any]],
    guard: str,
    exit_code: int | None,
    code: str,
) -> None:
    ran = run(box, code, wall_s=2 if guard == "wall" else 20, memory_bytes=1 << 26)
    assert (ran.ended.guard, ran.ended.exit_code) == (guard, exit_code)
    assert containers() == []


def test_a_fork_bomb_meets_its_limit(box: DockerSandbox) -> None:
    code = """
import os, time
for number in range(100):
    try:
        if os.fork() == 0:
            time.sleep(60)
    except OSError:
        print(number < 64)
        break
"""
    ran = run(box, code)
    assert (ran.out, ran.ended.exit_code, ran.ended.guard) == (["True"], 0, None)


def test_what_we_add_to_a_command_is_little(
    box: DockerSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven questions to the engine, and no waiting for anything but its answers."""
    run(box, "")  # The image is known now, and the keeper runs.
    send, asked, naps = requests.Session.send, [], []

    def noted(session: requests.Session, request: Any, **given: Any) -> Any:
        asked.append(f"{request.method} {request.path_url.partition('?')[0].split('/')[-1]}")
        return send(session, request, **given)

    monkeypatch.setattr(requests.Session, "send", noted)
    monkeypatch.setattr(time, "sleep", naps.append)
    run(box, "")
    assert naps == []
    assert len(asked) <= 7, asked


def test_several_threads_run_at_once(box: DockerSandbox) -> None:
    with ThreadPoolExecutor(4) as executor:
        heard = list(executor.map(lambda n: run(box, f"print({n})").out, range(8)))
    assert heard == [[str(number)] for number in range(8)]


def test_an_exception_of_the_listener_leaves_nothing(
    box: DockerSandbox, containers: Callable[[], list[Any]]
) -> None:
    def listener(_: str) -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        run(box, "import time; print(1, flush=True); time.sleep(60)", on_line=listener)
    assert containers() == []


def test_stop_leaves_nothing_and_refuses_what_comes(
    box: DockerSandbox, containers: Callable[[], list[Any]]
) -> None:
    started = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        code = "import time; print(1, flush=True); time.sleep(60)"
        running = executor.submit(run, box, code, on_line=lambda _: started.set())
        assert started.wait(20)
        box.stop()
        with pytest.raises(Interrupted):
            running.result(10)
    assert containers() == []
    with pytest.raises(Interrupted):
        run(box, "")


ECHO = "import sys; print(len(sys.stdin.readline()), flush=True); print(sys.stdin.read())"


def test_a_container_that_waits_is_used_and_reads_its_input(
    box: DockerSandbox, containers: Callable[[], list[Any]]
) -> None:
    box.prepare(given(ECHO))
    (waiting,) = containers()
    assert waiting["State"] == "running"
    line = "x" * 200_000
    assert run(box, ECHO, stdin=f"{line}\nthe end").out == ["200001", "the end"]
    assert containers() == []
    assert run(box, ECHO, stdin="\n").out == ["1", ""]  # without one that waits


def test_stop_removes_what_waits(box: DockerSandbox, containers: Callable[[], list[Any]]) -> None:
    box.prepare(given(ECHO))
    assert len(containers()) == 1
    box.stop()
    assert containers() == []
    with pytest.raises(Interrupted):
        box.prepare(given(ECHO))
    assert containers() == []


def test_what_several_remove_at_once_is_gone_for_each_of_them(
    box: DockerSandbox, containers: Callable[[], list[Any]]
) -> None:
    started = threading.Event()
    with ThreadPoolExecutor(5) as executor:
        code = "import time; print(1, flush=True); time.sleep(60)"
        running = executor.submit(run, box, code, on_line=lambda _: started.set())
        assert started.wait(20)
        (name,) = box._live
        box._stopped.set()  # its end is an interruption, not the engine's trouble

        def removed(_: int) -> list[Any]:
            box._remove(name)
            return containers()

        assert list(executor.map(removed, range(4))) == [[]] * 4
        with pytest.raises(Interrupted):
            running.result(20)


# Other processes ---------------------------------------------------------------------------------

ORCHESTRATOR = """
import sys
from pathlib import Path
from interlock.model import TroubleError
from interlock.model import PythonVersion
from interlock.isolation.sandbox import Command, Limits
from interlock.isolation.sandbox.container import DockerSandbox
from interlock.isolation import Store
box = DockerSandbox(
    store=Store(home=Path(sys.argv[1])), probes=Path("."), template="python:{python}-slim"
)
limits = Limits(wall_s=60, memory_bytes=1 << 28, pids=100, output_bytes=1 << 20)
argv = ("python3", "-c", "import time; print('up', flush=True); time.sleep(60)")
command = Command(argv=argv, python=PythonVersion(3, 10), limits=limits, label="test")
try:
    box.run(command, lambda line: print(line, flush=True))
except TroubleError as trouble:
    print(type(trouble).__name__, trouble, flush=True)
    sys.exit(trouble.exit_code)
"""


def orchestrator(store: Store, **environ: str) -> subprocess.Popen[str]:
    """A run in another process, once its container runs."""
    other = subprocess.Popen(
        [sys.executable, "-c", ORCHESTRATOR, str(store.home)],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "up\n"
    return other


def test_no_file_is_larger_than_any_package(box: DockerSandbox) -> None:
    code = "f = open('/tmp/f', 'wb'); f.truncate(4 << 30); f.truncate((4 << 30) + 1)"
    ran = run(box, f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); {code}")
    assert ran.err[-1] == "OSError: [Errno 27] File too large"


def test_ctrl_c_leaves_nothing(
    box: DockerSandbox, store: Store, containers: Callable[[], list[Any]]
) -> None:
    other = orchestrator(store)
    other.send_signal(signal.SIGINT)
    other.communicate(timeout=20)
    assert containers() == []


def test_what_a_killed_run_left_is_swept_by_the_next(
    box: DockerSandbox, store: Store, containers: Callable[[], list[Any]]
) -> None:
    other = orchestrator(store)
    box.sweep()
    assert len(containers()) == 1, "a living run is not swept"
    other.kill()
    other.communicate()
    assert len(containers()) == 1

    assert store.dead_runs(Backend.DOCKER) != []
    assert box.sweep() >= 1  # What other homes left may be swept with it.
    assert containers() == []
    assert store.dead_runs(Backend.DOCKER) == []


@pytest.mark.parametrize("wanted", [signal.SIGKILL, signal.SIGQUIT])
def test_what_a_killed_run_left_ends_without_another_run(
    store: Store, containers: Callable[[], list[Any]], wanted: signal.Signals
) -> None:
    other = orchestrator(store)
    assert len(containers()) == 1
    other.send_signal(wanted)
    other.communicate()
    while containers():
        time.sleep(0.2)
    while list(store.runs.glob("docker-*")) != []:
        time.sleep(0.2)


def test_a_container_whose_time_is_over_is_swept_whoever_started_it(
    client: APIClient, box: DockerSandbox
) -> None:
    labels = {RUN_LABEL: "x", HOME_LABEL: "elsewhere", EXPIRES_LABEL: str(int(time.time()) - 1)}
    container = client.create_container(box.available(PYTHON).digest, ["true"], labels=labels)
    box.sweep()  # or another run that begins just now
    assert container["Id"] not in [found["Id"] for found in client.containers(all=True)]


def test_a_clock_that_is_ahead_sweeps_nothing_that_runs_for_another_home(
    client: APIClient, box: DockerSandbox
) -> None:
    # Another run may sweep what is over and has not started, so its time is over only later.
    over = int(time.time()) + 5
    labels = {RUN_LABEL: "x", HOME_LABEL: "elsewhere", EXPIRES_LABEL: str(over)}
    container = client.create_container(
        box.available(PYTHON).digest, ["sleep", "300"], labels=labels
    )
    client.start(container["Id"])
    try:
        while time.time() <= over + 1:
            time.sleep(0.2)
        box.sweep()
        assert container["Id"] in [found["Id"] for found in client.containers()]
    finally:
        client.remove_container(container["Id"], force=True)


class Wire:
    """A socket that passes everything on to the engine until it is cut."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self._engine = urlsplit(engine.address()).path
        self._ends: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._path = path
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._engine)
                self._ends += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        self._path.unlink()
        for end in [self._listener, *self._ends]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def wire(client: APIClient, tmp_path: Path) -> Iterator[Wire]:
    if not engine.address().startswith("unix://"):
        pytest.skip("the engine is not behind a Unix socket")
    passed_on = Wire(tmp_path / "engine.sock")
    yield passed_on
    with suppress(OSError):
        passed_on.cut()


def test_an_engine_that_goes_away_in_the_middle_is_named_and_swept_after(
    box: DockerSandbox, store: Store, wire: Wire, containers: Callable[[], list[Any]]
) -> None:
    other = orchestrator(store, DOCKER_HOST=wire.url)
    wire.cut()
    said, _ = other.communicate(timeout=20)
    assert said.startswith(f"EngineUnavailable no container engine answers at {wire.url}")
    assert other.returncode == 3

    assert len(containers()) == 1
    assert box.sweep() == 1


def test_no_engine_at_all_is_named(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nothing.sock")
    with pytest.raises(EngineUnavailable, match=r"nothing\.sock"):
        DockerSandbox(store=store, probes=PROBES, template=TEMPLATE)


# Images ------------------------------------------------------------------------------------------


def test_an_image_says_what_it_is(box: DockerSandbox, client: APIClient) -> None:
    image = box.available(PYTHON)
    ran = run(box, "import platform; print(platform.python_version(), platform.machine())")
    assert ran.out == [f"{image.python_full} {image.machine}"]
    assert image.digest == client.inspect_image("python:3.10-slim")["Id"]


def test_a_registry_that_does_not_answer_is_asked_once(
    client: APIClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulled: list[str] = []
    really = engine.pull

    def pull(client: APIClient, reference: str) -> None:
        pulled.append(reference)
        really(client, reference)

    monkeypatch.setattr(engine, "pull", pull)
    box = DockerSandbox(store=store, probes=PROBES, template="nowhere.invalid/python:{python}")
    for python in (PythonVersion(3, 9), PYTHON):
        with pytest.raises(ImageMissing, match="nox -s images"):
            box.available(python)
    assert pulled == ["nowhere.invalid/python:3.9"]


def test_images_that_are_there_are_not_built_again(box: DockerSandbox) -> None:
    before = box.available(PYTHON).digest
    (made,) = images.build([PYTHON], TEMPLATE, lambda _: None)
    assert made.status in {"current", "kept"}
    again = DockerSandbox(store=Store(home=box.store.parent), probes=PROBES, template=TEMPLATE)
    assert again.available(PYTHON).digest == before


def test_a_store_may_be_a_link_to_another_disk(
    box: DockerSandbox, store: Store, tmp_path: Path
) -> None:
    there = store.of_backend(box.backend).rename(tmp_path / "disk")
    store.of_backend(box.backend).symlink_to(there)
    linked = DockerSandbox(store=store, probes=PROBES, template=TEMPLATE)
    mark = store.of_backend(box.backend) / "environments" / "mark"
    mark.write_text("seen")
    mount = Mount(source=linked.store, target=linked.path(linked.store))
    for path in (mark, linked.store / "environments" / "mark"):
        ran = run(linked, f"print(open({linked.path(path)!r}).read())", mounts=(mount,))
        assert ran.out == ["seen"]


def test_a_python_that_cannot_be_had_is_missing_and_the_others_go_on(box: DockerSandbox) -> None:
    nobodys = PythonVersion(3, 99)
    made = images.build([nobodys, PYTHON], TEMPLATE, lambda _: None)
    assert [image.status == "missing" for image in made] == [True, False]
    assert "3.99" in made[0].detail


def test_the_store_belongs_to_this_user_whoever_containers_run_as(
    box: DockerSandbox, store: Store
) -> None:
    root = store.of_backend(Backend.DOCKER)
    assert {path.stat().st_uid for path in (root, *root.iterdir())} == {os.getuid()}

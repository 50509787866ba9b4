"""The sandbox without an engine: a process tree on this machine's interpreters.

It isolates as far as a process can. The command has a session of its own, nothing of our
environment, and a home that is removed with it. Memory, tasks, output and time are limited.
Everything that the command started is ended (``leash.py``). It is not a wall: the code runs as the
user who started Interlock, sees the network, and can read what that user can. Every row records
``process``.
"""

from __future__ import annotations

import itertools
import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from interlock.isolation import folders
from interlock.isolation.sandbox import Command, Ended, Image, Mount, interpreters, strays
from interlock.isolation.sandbox.streams import OnLine, Output
from interlock.isolation.store import Store, writing
from interlock.model import (
    Backend,
    InterpreterMissing,
    Interrupted,
    PythonVersion,
    StorageTrouble,
    TroubleError,
    digest_of,
)

LEASH = Path(__file__).with_name("leash.py")
RUN_VARIABLE = "INTERLOCK_RUN"
"""In the environment of every started process: the run it belongs to."""

_PATH = "/usr/local/bin:/usr/bin:/bin"
_PATIENCE_S = 15.0
"""How long the leash may take to end everything."""


class ProcessSandbox:
    """Processes. Needs only an interpreter."""

    backend = Backend.PROCESS
    owner = None
    users = None

    def __init__(self, *, store: Store, probes: Path, template: str = "") -> None:
        self.store = store.prepare(self.backend)
        self._home = store
        self._work = self.store / "work"
        self._run, self._lock_file = store.claim_run(self.backend)
        self._numbers = itertools.count()
        self._images: dict[PythonVersion, Image | InterpreterMissing] = {}
        self._images_lock = threading.Lock()
        self._live: dict[int, subprocess.Popen[bytes]] = {}
        self._stopped = threading.Event()

    def available(self, python: PythonVersion) -> Image:
        with self._images_lock:
            if python not in self._images:
                try:
                    self._images[python] = _describe(python)
                except InterpreterMissing as missing:
                    self._images[python] = missing
            found = self._images[python]
        if isinstance(found, InterpreterMissing):
            raise found
        return found

    def run(self, command: Command, on_line: OnLine, on_stderr: OnLine | None = None) -> Ended:
        with strays.adopted():
            return self._run_one(command, on_line, on_stderr)

    def _run_one(self, command: Command, on_line: OnLine, on_stderr: OnLine | None) -> Ended:
        number = next(self._numbers)
        with writing(self._work):
            self._work.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix=f"{self._run}-", dir=self._work))
        output = Output(on_line, on_stderr, command.limits.output_bytes)
        began = time.monotonic()
        leash: subprocess.Popen[bytes] | None = None
        report = -1
        said = b""
        try:
            leash, report = self._start(command, work)
            self._live[number] = leash
            if self._stopped.is_set():
                raise Interrupted("stopped")
            guard, said = _follow(leash, report, output, began + command.limits.wall_s)
            _let_go(leash)
            output.close()
            said = said or os.read(report, 4096)
        finally:
            if leash:
                _let_go(leash)
                os.close(report)
                strays.ended(leash.pid)
                if not said:  # the command may have killed it
                    strays.end_all()
            self._live.pop(number, None)
            self._remove(work)
        if self._stopped.is_set():
            raise Interrupted("stopped")
        if not said and not guard:
            raise TroubleError(f"the guard of a {command.label} was killed from outside")
        ended = json.loads(said) if said else {}
        guard = guard or ended["guard"]
        return Ended(
            exit_code=None if guard else ended["exit_code"],
            seconds=time.monotonic() - began,
            guard=guard,
        )

    def prepare(self, command: Command) -> None:
        """A process starts at once."""

    def stop(self) -> None:
        self._stopped.set()
        for leash in list(self._live.values()):
            _let_go(leash)

    def sweep(self) -> int:
        dead = self._home.dead_runs(self.backend)
        left = [pid for pid in _processes() if self._run_of(pid) in dead]
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for run in dead:
            for folder in self._work.glob(f"{run}-*"):
                self._remove(folder)
            self._home.forget(run)
        return len(left)

    def path(self, host: Path) -> str:
        return str(host.resolve())

    def mount(self, host: Path, name: str) -> Mount:
        return Mount(source=host.resolve(), target=self.path(host))

    def _remove(self, work: Path) -> None:
        """Remove the folder of a command, which may have forbidden that."""
        with suppress(OSError, StorageTrouble):
            folders.remove(self._work, work.name)

    def _run_of(self, pid: int) -> str | None:
        """The run of a process. It may have cleared its environment, or left its folder."""
        if (run := _run_in_environment(pid)) is not None:
            return run
        with suppress(OSError, ValueError):
            place = Path(f"/proc/{pid}/cwd").readlink().relative_to(self._work.resolve())
            return place.parts[0].rpartition("-")[0] if place.parts else None
        return None

    def _start(self, command: Command, work: Path) -> tuple[subprocess.Popen[bytes], int]:
        """The leash with the command on it, and the pipe for its report."""
        limits = command.limits
        report, written = os.pipe()
        # Not through preexec_fn, which is not safe with threads, and we have several.
        given = _file_with(command.stdin, work)
        leash = [sys.executable, "-I", "-S", str(LEASH), str(written), str(given)]
        try:
            started = strays.started(
                lambda: subprocess.Popen(
                    [*leash, str(limits.memory_bytes), str(limits.pids), *command.argv],
                    env={
                        "PATH": _PATH,
                        "HOME": str(work),
                        "TMPDIR": str(work),
                        "LANG": "C.UTF-8",
                        **command.env,
                        RUN_VARIABLE: self._run,
                    },
                    cwd=work,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(written, given),
                    start_new_session=True,
                ),
                lambda leash: leash.pid,
            )
        except OSError as error:
            os.close(report)
            raise TroubleError(f"can't start a process: {error}") from error
        finally:
            os.close(written)
            os.close(given)
        return started, report


def _file_with(text: str, work: Path) -> int:
    """An open file without a name: unlike a pipe, it takes a text of any length at once."""
    with writing(work), tempfile.TemporaryFile(dir=work) as file:
        file.write(text.encode())
        file.seek(0)
        return os.dup(file.fileno())


def _describe(python: PythonVersion) -> Image:
    found = interpreters.find(python, os.environ) or interpreters.fetch(python)
    built = found.executable.stat()
    return Image(
        reference=str(found.executable),
        digest=digest_of([str(found.executable), found.full, built.st_size, built.st_mtime_ns]),
        python=str(found.executable),
        python_full=found.full,
        machine=found.machine,
    )


def _follow(
    leash: subprocess.Popen[bytes], report: int, output: Output, deadline: float
) -> tuple[str | None, bytes]:
    """Read until the leash has reported, or a guard has to end it.

    Returns that guard, and the report.
    """
    assert leash.stdout and leash.stderr
    said = b""
    with selectors.DefaultSelector() as selector:
        selector.register(leash.stdout, selectors.EVENT_READ, 1)
        selector.register(leash.stderr, selectors.EVENT_READ, 2)
        selector.register(report, selectors.EVENT_READ)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                return "wall", said
            for key, _ in selector.select(left):
                if key.data is None:
                    selector.unregister(report)
                    said = os.read(report, 4096)
                    if not said:  # it was killed; its children may keep our pipes open
                        leash.wait()  # only then are they ours
                        strays.end_all()
                elif not (data := os.read(key.fd, 1 << 16)):
                    selector.unregister(key.fileobj)
                elif not output.feed(key.data, data):
                    return "output", said
    return None, said


def _let_go(leash: subprocess.Popen[bytes]) -> None:
    """End everything on the leash, and wait for it. Does nothing if it has ended."""
    _close(leash.stdin)
    try:
        leash.wait(_PATIENCE_S)
    except subprocess.TimeoutExpired:
        leash.kill()
        leash.wait()
    _close(leash.stdout)
    _close(leash.stderr)


def _close(stream: IO[bytes] | None) -> None:
    if stream:
        with suppress(OSError):
            stream.close()


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _run_in_environment(pid: int) -> str | None:
    """The run of a process, from the environment in which it was started."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    prefix = f"{RUN_VARIABLE}=".encode()
    return next((e[len(prefix) :].decode() for e in environment if e.startswith(prefix)), None)

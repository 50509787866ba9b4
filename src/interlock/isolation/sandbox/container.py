"""The real sandbox: one container for each command, on ``DOCKER_HOST``'s engine.

A container has a read-only root, no capabilities, no way to gain privileges, an unprivileged user,
and limits on memory, processes, output and time. Only a supervisor has a few rights (``users.py``).
It has no network. It may write only in writable mounts, and in a ``/tmp`` in memory.

Every container carries the id of its run. A run holds a lock file while it lives, so ``sweep``
finds orphans even after ``kill -9``. The run's keeper (``keeper.py``) removes them at once, even if
no other run comes.
"""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.errors import APIError, ImageNotFound
from docker.types import LogConfig, Mount as DockerMount, Ulimit

from interlock.isolation.sandbox import Command, Ended, Image, Mount, engine
from interlock.isolation.sandbox.ahead import Ahead, Started
from interlock.isolation.sandbox.attachment import attached, follow
from interlock.isolation.sandbox.keeper import Keeper
from interlock.isolation.sandbox.streams import OnLine, Output
from interlock.isolation.sandbox.users import TO_SUPERVISE, users_of
from interlock.isolation.store import Store, writing
from interlock.model import (
    Backend,
    EngineUnavailable,
    ImageMissing,
    Interrupted,
    PythonVersion,
    TroubleError,
    digest_of,
)

RUN_LABEL = "org.interlock.run"
HOME_LABEL = "org.interlock.home"
EXPIRES_LABEL = "org.interlock.expires"
"""Unix time after which the container is an orphan, whoever started it."""

_INSIDE = "/interlock"
_UNPRIVILEGED = (65532, 65532)
"""For a host user who is root. Distroless images use this id for ``nonroot``."""

_LARGEST_FILES = [
    Ulimit(name="core", soft=0, hard=0),
    Ulimit(name="fsize", soft=4 << 30, hard=4 << 30),
]
"""The same as in ``leash.py``: a build that never ends would fill the disk."""
_EXPIRY_MARGIN_S = 120
_MOST_AHEAD = 8
"""Containers that may wait for their command at the same time."""

_ABOUT = "import json, platform;print(json.dumps([platform.python_version(), platform.machine()]))"


class DockerSandbox:
    """Containers. Raises ``EngineUnavailable`` at once if no engine answers."""

    backend = Backend.DOCKER

    def __init__(self, *, store: Store, probes: Path, template: str) -> None:
        self._version, security = _greet()
        # In a rootless engine the container's root is the host's user. No other user maps to it.
        rootless = "name=rootless" in security
        host = (os.getuid(), os.getgid())
        self._user = (0, 0) if rootless else host if host[0] else _UNPRIVILEGED
        self.owner = self._user if host[0] == 0 and not rootless else None
        self.users = users_of(self._user, probes, rootless=rootless)
        self.store = store.prepare(self.backend).resolve()
        self._home = store
        self._probes = probes.resolve()
        self._template = template
        self._run, self._lock_file = store.claim_run(self.backend)
        self._keeper = Keeper(store.runs / self._run, f"{RUN_LABEL}={self._run}")
        self._numbers = itertools.count()
        self._local = threading.local()
        self._images: dict[PythonVersion, Image | ImageMissing] = {}
        self._images_lock = threading.Lock()
        self._silent_registry: str | None = None
        self._live: set[str] = set()
        self._ahead = Ahead(self._start, self._discard, _MOST_AHEAD)
        self._stopped = threading.Event()

    def available(self, python: PythonVersion) -> Image:
        with self._images_lock, engine.translated():
            if python not in self._images:
                try:
                    self._images[python] = self._describe(engine.image_name(self._template, python))
                except ImageMissing as missing:
                    self._images[python] = missing
            found = self._images[python]
        if isinstance(found, ImageMissing):
            raise found
        return found

    def run(self, command: Command, on_line: OnLine, on_stderr: OnLine | None = None) -> Ended:
        image = self.available(command.python)
        return self._run_in(image.digest, command, on_line, on_stderr)

    def prepare(self, command: Command) -> None:
        self._ahead.prepare(self.available(command.python).digest, command)

    def stop(self) -> None:
        self._stopped.set()
        with suppress(EngineUnavailable):
            for name in list(self._live):
                self._remove(name)

    def sweep(self) -> int:
        dead = set(self._home.dead_runs(self.backend))
        removed = 0
        with engine.translated():
            client = self._client()
            for container in client.containers(all=True, filters={"label": RUN_LABEL}):
                labels = container["Labels"]
                ours = labels.get(HOME_LABEL) == self._home_digest
                if (ours and labels[RUN_LABEL] in dead) or _is_left_over(container):
                    self._remove(container["Id"])
                    removed += 1
        for run in dead:
            self._home.forget(run)
        return removed

    def path(self, host: Path) -> str:
        host = host.resolve()
        for root, name in ((self.store, "store"), (self._probes, "probes")):
            if host == root or root in host.parents:
                return str(Path(_INSIDE, name, host.relative_to(root)))
        raise ValueError(f"{host} is neither in the store nor in the probes")

    def mount(self, host: Path, name: str) -> Mount:
        return Mount(source=host.resolve(), target=f"{_INSIDE}/{name}")

    @property
    def _home_digest(self) -> str:
        return digest_of(str(self._home.home))[:16]

    def _client(self) -> APIClient:
        """This thread's own client, because threads must not share a session of requests."""
        if not hasattr(self._local, "client"):
            self._local.client = engine.client(self._version)
        client: APIClient = self._local.client
        return client

    def _describe(self, reference: str) -> Image:
        image_id = self._identify(reference)
        known = self._home.images / f"{image_id.removeprefix('sha256:')}.json"
        try:
            python_full, machine = json.loads(known.read_text())
        except (OSError, ValueError):
            python_full, machine = self._ask(image_id, reference)
            with writing(known):
                known.parent.mkdir(parents=True, exist_ok=True)
                known.write_text(json.dumps([python_full, machine]))
        return Image(
            reference=reference,
            digest=image_id,
            python="python3",
            python_full=python_full,
            machine=machine,
        )

    def _identify(self, reference: str) -> str:
        """The image's id. Pulls the image if a registry answers."""
        try:
            return self._id_of(reference)
        except ImageNotFound:
            pass
        registry = reference.rpartition("/")[0] or "its registry"
        why, verb = self._silent_registry or "", "can't be asked for it"
        if not why:
            try:
                engine.pull(self._client(), reference)
                return self._id_of(reference)
            except APIError as error:
                why = str(error.explanation or error).strip()
                if engine.has_answered(error):
                    verb = "does not have it"
                else:
                    self._silent_registry = why
        raise ImageMissing(
            f"no image {reference} here, and {registry} {verb} ({why}); `nox -s images` builds it "
            "from this machine's interpreters"
        )

    def _id_of(self, reference: str) -> str:
        found: dict[str, Any] = self._client().inspect_image(reference)  # type: ignore[no-untyped-call]
        return str(found["Id"])

    def _ask(self, image_id: str, reference: str) -> tuple[str, str]:
        """The image's Python version, found by running it once."""
        client = self._client()
        name = self._next_name()
        self._keeper.start()
        host = client.create_host_config(network_mode="none", read_only=True, cap_drop=["ALL"])
        try:
            client.create_container(
                image_id,
                ["-I", "-c", _ABOUT],
                entrypoint=["python3"],
                name=name,
                user=self._user_text,
                host_config=host,
                labels=self._labels(60),
            )
            client.start(name)
            code = client.wait(name)["StatusCode"]
            said = client.logs(name).decode(errors="replace").strip()
        except APIError as error:
            raise ImageMissing(f"{reference} does not run python3: {error.explanation}") from error
        finally:
            self._remove(name)
        if code != 0:
            raise ImageMissing(f"{reference} does not run python3: {said[-500:]}")
        python_full, machine = json.loads(said)
        return python_full, machine

    @property
    def _user_text(self) -> str:
        return f"{self._user[0]}:{self._user[1]}"

    def _next_name(self) -> str:
        return f"interlock-{self._run}-{next(self._numbers)}"

    def _labels(self, wall_s: float) -> dict[str, str]:
        return {
            RUN_LABEL: self._run,
            HOME_LABEL: self._home_digest,
            EXPIRES_LABEL: str(int(time.time() + wall_s + _EXPIRY_MARGIN_S)),
            "org.interlock.pid": str(os.getpid()),
        }

    def _run_in(
        self, image: str, command: Command, on_line: OnLine, on_stderr: OnLine | None
    ) -> Ended:
        began = time.monotonic()
        output = Output(on_line, on_stderr, command.limits.output_bytes)
        started = self._ahead.take(image, command) or self._start(image, command)
        name, client = started.name, self._client()
        try:
            with self._interruptible(), engine.not_refused():
                with started.open:
                    started.tell(command.stdin, command.limits.wall_s)
                    guard = follow(started.stream, output, began + command.limits.wall_s)
                if guard:
                    # Only after the stream is closed. An engine does not kill while its client does
                    # not read.
                    self._kill(name)
                output.close()
                code = client.wait(name, timeout=30)["StatusCode"]
                state = client.inspect_container(name)["State"]
        finally:
            self._discard(started)
        guard = guard or ("memory" if state["OOMKilled"] else None)
        seconds = time.monotonic() - began
        return Ended(exit_code=_exit_code(int(code), guard), seconds=seconds, guard=guard)

    def _start(self, image: str, command: Command) -> Started:
        name = self._next_name()
        self._keeper.start()
        stack = ExitStack()
        # Its name is known before it exists. An exception after the engine made it, but before its
        # answer reached us, leaves nothing behind.
        self._live.add(name)
        try:
            with self._interruptible(), engine.not_refused():
                self._create(name, image, command)
                client = self._client()
                stream = stack.enter_context(attached(client, name))
                if self._stopped.is_set():
                    raise Interrupted("stopped")
                client.start(name)
                started = Started(name=name, stream=stream, open=stack)
        except BaseException:
            stack.close()
            self._remove(name)
            self._live.discard(name)
            raise
        return started

    def _discard(self, started: Started) -> None:
        started.open.close()
        self._remove(started.name)
        self._live.discard(started.name)

    def _create(self, name: str, image: str, command: Command) -> None:
        users = self.users if command.supervises else None
        self._client().create_container(
            image,
            list(command.argv[1:]),
            entrypoint=[command.argv[0]],
            name=name,
            user="0:0" if users else self._user_text,
            working_dir="/tmp",
            stdin_open=True,
            environment={"HOME": "/tmp", "LANG": "C.UTF-8", **command.env},
            labels={**self._labels(command.limits.wall_s), "org.interlock.for": command.label},
            network_disabled=True,
            host_config=self._host_config(command, TO_SUPERVISE if users else []),
        )

    def _host_config(self, command: Command, rights: list[str]) -> Any:
        limits = command.limits
        return self._client().create_host_config(
            network_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            cap_add=rights,
            security_opt=["no-new-privileges"],
            mem_limit=limits.memory_bytes,
            memswap_limit=limits.memory_bytes,
            pids_limit=limits.pids,
            # The supervisor is the first process itself. Another one would hold its output too.
            init=not command.supervises,
            # The stream is read from the engine as it comes. Nothing is kept on its disk.
            log_config=LogConfig(type="none"),
            # exec: a package may unpack and load a native library here.
            tmpfs={"/tmp": f"rw,exec,nosuid,nodev,size={command.tmp_bytes},mode=1777"},
            ulimits=_LARGEST_FILES,
            mounts=[
                DockerMount(
                    target=mount.target,
                    source=str(mount.source),
                    type="bind",
                    read_only=not mount.writable,
                )
                for mount in command.mounts
            ],
        )

    def _kill(self, name: str) -> None:
        with engine.unless_gone():
            self._client().kill(name)

    def _remove(self, name: str) -> None:
        """Kill and remove it. The next run sweeps what a vanished engine kept."""
        client = self._client()
        with suppress(EngineUnavailable), engine.translated(), engine.unless_gone():
            try:
                client.remove_container(name, force=True, v=True)
            except APIError as error:
                if error.status_code != 409:
                    raise
                # Another thread removes it already, but it is not gone before that is done.
                client.wait(name, timeout=30, condition="removed")

    @contextmanager
    def _interruptible(self) -> Iterator[None]:
        """Treat a failure after ``stop`` removed the container as an interruption."""
        try:
            yield
        except (APIError, TroubleError) as error:
            if self._stopped.is_set():
                raise Interrupted("stopped") from error
            raise
        if self._stopped.is_set():
            raise Interrupted("stopped")


def _exit_code(code: int, guard: str | None) -> int | None:
    """None if a guard ended it. It may end well although one of its processes used all memory."""
    return code if guard is None or (guard == "memory" and code == 0) else None


def _greet() -> tuple[str, frozenset[str]]:
    """The API version to speak, and the engine's security options."""
    with engine.translated():
        client = engine.connect()
        options: Mapping[str, Any] = client.info()
        return client.api_version, frozenset(options.get("SecurityOptions") or ())


def _is_left_over(container: Mapping[str, Any]) -> bool:
    """Whether any run may remove it: its time is over and it does not run.

    The clock of this run may be ahead, so a running container is left to its own limit.
    """
    expired = float(container["Labels"].get(EXPIRES_LABEL, "inf")) < time.time()
    return expired and container.get("State") != "running"

"""Runs one command isolated: the protocol, and the choice of a backend.

``container.py`` is the real one. ``process.py`` replaces it if no engine is reachable, and every
row records that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from interlock.isolation.store import Store
from interlock.model import Backend, EngineUnavailable, ImageMissing, PythonVersion


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder or file of this machine, and its path for the command."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of the outer guard. It kills everything that goes beyond them."""

    wall_s: float
    memory_bytes: int
    """Of all processes together, as the kernel counts them."""
    pids: int
    """Processes and threads together."""
    output_bytes: int
    """Of standard output and standard error together."""


@dataclass(frozen=True, kw_only=True)
class Users:
    """Two users of one container, each with a group: our code, and the code of packages."""

    supervisor: tuple[int, int]
    app: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run. It gets only ``env`` of the host's environment."""

    argv: tuple[str, ...]
    python: PythonVersion
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    stdin: str = ""
    """What it reads on its standard input."""
    tmp_bytes: int = 1 << 28
    """The size of the folder for temporary files, which is in memory."""
    limits: Limits
    label: str
    """Its purpose: ``install`` or ``probe``."""
    supervises: bool = False
    """It starts code of packages itself and watches it. So nothing beside it holds its output.

    Where the sandbox has ``users``, it starts as root, with no more rights than to change to them.
    """


@dataclass(frozen=True, kw_only=True)
class Ended:
    exit_code: int | None
    """As in a shell: 128 plus a signal's number if one ended it. None if a guard ended it.

    A command may end well although a guard found one of its processes over the memory.
    """
    seconds: float
    guard: str | None
    """The exceeded limit, ``wall``, ``memory``, ``pids`` or ``output``, or None."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """The form of a Python on this backend."""

    reference: str
    """The image, or the interpreter's path."""
    digest: str
    """Identifies the content: the image id, or a digest of the path and build."""
    python: str
    """The interpreter's command inside: ``python3``."""
    python_full: str
    """``3.10.14``."""
    machine: str
    """``x86_64``."""


class Sandbox(Protocol):
    """Runs commands isolated. Safe to use from several threads at once."""

    @property
    def backend(self) -> Backend: ...

    @property
    def owner(self) -> tuple[int, int] | None:
        """The owner of folders in which commands may write. None means this user."""

    @property
    def users(self) -> Users | None:
        """The users to which a command that supervises has to change. None: it can't."""

    @property
    def store(self) -> Path:
        """The folder of environments and downloads. Its path inside is ``path(store)``."""

    def available(self, python: PythonVersion) -> Image:
        """The Python to run.

        Raises ``ImageMissing``, ``InterpreterMissing`` or ``EngineUnavailable``.
        """

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None],
        on_stderr: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run to the end, and pass on each line of output without its newline.

        Lines are passed on as they arrive, even a last line without a newline. Invalid UTF-8
        becomes U+FFFD. Nothing is left running when it returns or raises. Raises
        ``EngineUnavailable`` if the engine goes away, ``StorageTrouble`` if its disk is full,
        ``Interrupted`` after ``stop``.
        """

    def prepare(self, command: Command) -> None:
        """Have what such a command needs ready early, if that saves time.

        Its input may still be another one. Raises like ``run``.
        """

    def stop(self) -> None:
        """End everything that runs now. Later runs raise ``Interrupted``."""

    def sweep(self) -> int:
        """Remove what dead runs left behind. Returns how many there were."""

    def path(self, host: Path) -> str:
        """The path inside of a file in the store or the probes."""

    def mount(self, host: Path, name: str) -> Mount:
        """Show a file or folder inside, read-only, if possible under this name."""


def _docker(**options: Any) -> Sandbox:
    return import_module("interlock.isolation.sandbox.container").DockerSandbox(**options)  # type: ignore[no-any-return]


def _process(**options: Any) -> Sandbox:
    return import_module("interlock.isolation.sandbox.process").ProcessSandbox(**options)  # type: ignore[no-any-return]


BACKENDS: Mapping[Backend, Callable[..., Sandbox]] = {
    Backend.DOCKER: _docker,
    Backend.PROCESS: _process,
}


def _named_in(variables: Sequence[str]) -> str:
    """What to do if the engine or the image that somebody named is not to be had."""
    return (
        f"{' and '.join(variables)} said where to run, so nothing runs elsewhere: "
        "correct or unset it, or use --backend process"
    )


def choose(
    backend: str,
    pythons: Iterable[PythonVersion],
    template: str,
    *,
    store: Store,
    probes: Path,
    named: Sequence[str] = (),
    backends: Mapping[Backend, Callable[..., Sandbox]] = BACKENDS,
) -> tuple[Sandbox, str]:
    """The sandbox for ``auto``, ``docker`` or ``process``, with one line on why.

    ``auto`` takes containers if an engine answers, and has or can pull an image for any of the
    Pythons. ``docker`` raises ``EngineUnavailable`` or ``ImageMissing`` instead. So does ``auto``
    if one of these variables (``named``) is set: who names an engine or image wants no processes.
    """
    options: dict[str, Any] = {"store": store, "probes": probes, "template": template}
    if backend == Backend.PROCESS.value:
        return backends[Backend.PROCESS](**options), "processes instead of containers, as requested"
    try:
        sandbox = backends[Backend.DOCKER](**options)
        _need_one(sandbox, list(pythons))
    except EngineUnavailable as trouble:
        if backend == Backend.DOCKER.value:
            raise EngineUnavailable(
                f"{trouble}; start it, or use --backend process; without a registry, build the "
                "images with `nox -s images`"
            ) from trouble
        if named:
            raise EngineUnavailable(f"{trouble}; {_named_in(named)}") from trouble
        why = f"{trouble}; once there is one, `nox -s images` builds the images"
    except ImageMissing as trouble:
        if backend == Backend.DOCKER.value:
            raise
        if named:
            raise ImageMissing(f"{trouble}; {_named_in(named)}") from trouble
        why = str(trouble)
    else:
        return sandbox, "containers"
    return backends[Backend.PROCESS](**options), f"processes, not containers: {why}"


def _need_one(sandbox: Sandbox, pythons: list[PythonVersion]) -> None:
    """Raise ``ImageMissing`` if none of the Pythons has an image."""
    trouble: ImageMissing | None = None
    for python in pythons:
        try:
            sandbox.available(python)
        except ImageMissing as missing:
            trouble = missing
        else:
            return
    if trouble:
        raise trouble


__all__ = [
    "BACKENDS",
    "Command",
    "Ended",
    "Image",
    "Limits",
    "Mount",
    "Sandbox",
    "Users",
    "choose",
]

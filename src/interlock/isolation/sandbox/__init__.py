"""Runs one command isolated: the protocol, and how a backend is chosen.

``container.py`` is the real one; ``process.py`` stands in where no engine is reachable, and says
so in every row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from interlock.isolation.store import Store
from interlock.model import Backend, EngineUnavailable, ImageMissing, PythonVersion


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A folder or file of this machine, and where the command sees it."""

    source: Path
    target: str
    writable: bool = False


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the outer guard allows; beyond it everything that runs is killed."""

    wall_s: float
    memory_bytes: int
    """Of all processes together, as the kernel counts them."""
    pids: int
    """Processes and threads together."""
    output_bytes: int
    """Of standard output and standard error together."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run: nothing of the host's environment reaches it but ``env``."""

    argv: tuple[str, ...]
    python: PythonVersion
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    tmp_bytes: int = 1 << 28
    """Of the folder for temporary files, which is in memory."""
    limits: Limits
    label: str
    """What it is for: ``install`` or ``probe``."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    exit_code: int | None
    """As a shell has it: 128 and the signal's number where one ended it; None after a guard."""
    seconds: float
    guard: str | None
    """The limit that was passed, ``wall``, ``memory``, ``pids`` or ``output``; None for none."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """What a Python of the axis is on this backend."""

    reference: str
    """The image, or the interpreter's path."""
    digest: str
    """Identifies the content: the image id, or a digest of the interpreter's path and build."""
    python: str
    """How the interpreter is called inside: ``python3``."""
    python_full: str
    """``3.10.14``."""
    machine: str
    """``x86_64``."""


class Sandbox(Protocol):
    """Runs commands isolated; safe to use from several threads at once."""

    @property
    def backend(self) -> Backend: ...

    @property
    def owner(self) -> tuple[int, int] | None:
        """Whom a folder has to belong to for commands to write in it; None for this user."""

    @property
    def store(self) -> Path:
        """The folder of environments and downloads, seen inside as ``path(store)``."""

    def available(self, python: PythonVersion) -> Image:
        """The Python to run; raise ``ImageMissing``, ``InterpreterMissing``,
        ``EngineUnavailable``."""

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None],
        on_stderr: Callable[[str], None] | None = None,
    ) -> Ended:
        """Run to the end, handing over each line of output as it arrives, without its newline.

        A last line without one is handed over too; bytes that are no UTF-8 become U+FFFD. Whatever
        happens, nothing is left running when it returns. Raises ``EngineUnavailable`` when the
        engine goes away, ``StorageTrouble`` when its disk is full, ``Interrupted`` after ``stop``.
        """

    def stop(self) -> None:
        """End everything that runs now; what is run later raises ``Interrupted``."""

    def sweep(self) -> int:
        """Remove what dead runs left behind; how many there were."""

    def path(self, host: Path) -> str:
        """How a path of the store or of the probes is called inside."""

    def mount(self, host: Path, name: str) -> Mount:
        """Show a file or folder inside, read-only, under a name of ours where that is possible."""


def _docker(**options: Any) -> Sandbox:
    return import_module("interlock.isolation.sandbox.container").DockerSandbox(**options)  # type: ignore[no-any-return]


def _process(**options: Any) -> Sandbox:
    return import_module("interlock.isolation.sandbox.process").ProcessSandbox(**options)  # type: ignore[no-any-return]


BACKENDS: Mapping[Backend, Callable[..., Sandbox]] = {
    Backend.DOCKER: _docker,
    Backend.PROCESS: _process,
}


def choose(
    backend: str,
    pythons: Iterable[PythonVersion],
    template: str,
    *,
    store: Store,
    probes: Path,
    backends: Mapping[Backend, Callable[..., Sandbox]] = BACKENDS,
) -> tuple[Sandbox, str]:
    """The sandbox for ``auto``, ``docker`` or ``process``, and in a line why it is that one.

    ``auto`` takes containers where an engine answers and has, or can pull, an image for any of
    the Pythons. ``docker`` without that raises ``EngineUnavailable`` or ``ImageMissing``.
    """
    options: dict[str, Any] = {"store": store, "probes": probes, "template": template}
    if backend == Backend.PROCESS.value:
        return backends[Backend.PROCESS](**options), "processes, as asked for: no containers"
    try:
        sandbox = backends[Backend.DOCKER](**options)
        _need_one(sandbox, list(pythons))
    except EngineUnavailable as trouble:
        if backend == Backend.DOCKER.value:
            raise EngineUnavailable(
                f"{trouble}; start it, and where no registry can be reached build its images "
                "with `nox -s images`; or use --backend process"
            ) from trouble
        why = f"{trouble}; with one, `nox -s images` builds the images"
    except ImageMissing as trouble:
        if backend == Backend.DOCKER.value:
            raise
        why = str(trouble)
    else:
        return sandbox, "containers"
    return backends[Backend.PROCESS](**options), f"processes, not containers: {why}"


def _need_one(sandbox: Sandbox, pythons: list[PythonVersion]) -> None:
    """Raise ``ImageMissing`` where none of the Pythons has an image."""
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
    "choose",
]

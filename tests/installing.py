"""Environments, by an installer that answers as told or by a real one with wheels made here."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from packaging.version import Version

from interlock.index.settings import IndexSettings
from interlock.isolation.environments import Environments, InstallFailed
from interlock.isolation.sandbox import Command, Ended, Image, Limits, Mount
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import Store
from interlock.model import (
    Backend,
    Environment,
    Pin,
    PythonVersion,
)

PYTHON = PythonVersion(*sys.version_info[:2])


def pin(package: str, version: str) -> Pin:
    return Pin(axis=package, package=package, version=Version(version))


class Scripted:
    """A sandbox whose commands end as the test says; it counts them."""

    backend = Backend.DOCKER
    owner = None

    def __init__(self, store: Store, answer: Callable[[], tuple[str, Ended]]) -> None:
        self.store = store.prepare(self.backend)
        self.orders: list[Command] = []
        self._answer = answer

    def available(self, python: PythonVersion) -> Image:
        return Image(
            reference=f"python:{python}-slim",
            digest="sha256:1",
            python="python3",
            python_full=f"{python}.1",
            machine="x86_64",
        )

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None],
        on_stderr: Callable[[str], None] | None = None,
    ) -> Ended:
        self.orders.append(command)
        said, ended = self._answer()
        for line in said.splitlines():
            on_line(line)
        return ended

    def stop(self) -> None: ...

    def sweep(self) -> int:
        return 0

    def path(self, host: Path) -> str:
        return f"/interlock/store/{host.relative_to(self.store)}"

    def mount(self, host: Path, name: str) -> Mount:
        return Mount(source=host, target=f"/interlock/{name}")


def ended(exit_code: int | None = 0, guard: str | None = None) -> Ended:
    return Ended(exit_code=exit_code, seconds=1.0, guard=guard)


def environments(
    sandbox: Scripted | ProcessSandbox,
    store: Store,
    index: IndexSettings | None = None,
    *,
    fresh_for: timedelta = timedelta(days=1),
    keep_failed: bool = False,
) -> Environments:
    return Environments(
        sandbox=sandbox,
        store=store,
        index=index or IndexSettings(),
        only_binary=["left"],
        resolve_fresh_for=fresh_for,
        keep_failed=keep_failed,
        limits=Limits(wall_s=300, memory_bytes=4 << 30, pids=512, output_bytes=16 << 20),
    )


def wheel(
    folder: Path,
    name: str,
    version: str,
    code: str = "",
    requires: str = "",
    more: Mapping[str, str] | None = None,
    recorded: str = "",
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", code)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        for path, text in (more or {}).items():
            archive.writestr(path, text)
        names = [f"{name}.py", *(f"{info}/{file}" for file in ("METADATA", "WHEEL", "RECORD"))]
        rows = [f"{n},{recorded if n == names[0] else ''},\n" for n in [*names, *(more or {})]]
        archive.writestr(f"{info}/RECORD", "".join(rows))


class Counting(ProcessSandbox):
    """Counts its commands."""

    runs = 0

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None],
        on_stderr: Callable[[str], None] | None = None,
    ) -> Ended:
        self.runs += 1
        return super().run(command, on_line, on_stderr)


def made(asked: Environments, *pins: Pin) -> tuple[Environment, bool]:
    answer = asked.ensure(pins, PYTHON)
    assert not isinstance(answer, InstallFailed), answer.output
    return answer

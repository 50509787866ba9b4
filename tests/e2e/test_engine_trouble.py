"""An engine that stops, or a missing image: exit code 3, and nothing lost."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import containers
import pytest
from packages import build
from packages.campaigns import Project

from interlock.isolation.sandbox import engine

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

NO_REGISTRY = "127.0.0.1:9"
"""The discard port: no registry answers there, and nothing else does."""

PASSES = ("--subject", "1+passes", "--python", containers.PYTHON)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    containers.skip_without()
    tmp_path.chmod(0o755)
    return Project.make(tmp_path / "project", build.index(tmp_path / "index").as_uri())


@dataclass
class Door:
    """A socket that leads to the engine until it is shut.

    For its clients, the engine is then gone.
    """

    path: Path
    listening: socket.socket
    inside: list[socket.socket] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"unix://{self.path}"

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Door]:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(path))
        listening.listen()
        door = cls(path, listening)
        threading.Thread(target=door._let_in, daemon=True).start()
        try:
            yield door
        finally:
            door.shut()

    def shut(self) -> None:
        self.path.unlink(missing_ok=True)
        for end in (self.listening, *self.inside):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                guest, _ = self.listening.accept()
                host = _engine()
                self.inside += [guest, host]
                for one, other in ((guest, host), (host, guest)):
                    threading.Thread(target=_pass_on, args=(one, other), daemon=True).start()


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(1 << 16):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)


def _engine() -> socket.socket:
    address = urlsplit(engine.address())
    if address.scheme == "unix":
        made = socket.socket(socket.AF_UNIX)
        made.connect(address.path)
        return made
    return socket.create_connection((address.hostname, address.port or 2375))


def test_an_engine_that_stops_in_the_middle_costs_only_what_was_running(
    project: Project, tmp_path: Path
) -> None:
    chosen = ("--backend", "docker", "--python", containers.PYTHON, "--jobs", "2")
    two = ("--subject", "1+passes", "--subject", "1+hangs.on.event")
    with Door.open(tmp_path / "engine.sock") as door:
        run = project.start(*chosen, *two, DOCKER_HOST=door.address)
        assert run.stdout is not None
        before = []
        for line in run.stdout:
            before.append(line)
            if line.startswith("✓ pass"):
                door.shut()
                break
        after, _ = run.communicate()
    said = "".join(before) + after
    assert run.returncode == 3, said
    last = after.splitlines()[-1]
    assert last.startswith(f"1 cell left open: no container engine answers at {door.address}"), said
    assert "1+hangs.on.event" in last
    assert "Traceback" not in said
    assert project.trials() == {"1+passes": 1}

    again = project.run(*chosen, *two)
    assert "left behind by an earlier run" in again.output
    assert "1 cell to run, 1 with a verdict that is still valid" in again.output
    assert again.code == 0
    assert project.containers() == []


def test_an_engine_without_the_image_is_an_error_that_names_how_to_make_it(
    project: Project,
) -> None:
    template = f"{NO_REGISTRY}/nobody/python:{{python}}"
    ran = project.run("--backend", "docker", *PASSES, INTERLOCK_IMAGE=template)
    assert ran.code == 3
    (line,) = [line for line in ran.output.splitlines() if "no image" in line]
    assert f"no image {NO_REGISTRY}/nobody/python:{containers.PYTHON} here" in line
    assert "nox -s images" in line
    assert project.trials() == {}


def test_no_process_takes_the_place_of_a_named_image(project: Project) -> None:
    template = f"{NO_REGISTRY}/nobody/python:{{python}}"
    ran = project.run("--backend", "auto", *PASSES, "--dry-run", INTERLOCK_IMAGE=template)
    assert ran.code == 3
    (line,) = [line for line in ran.output.splitlines() if "no image" in line]
    assert f"{NO_REGISTRY}/nobody can't be asked for it" in line
    assert "INTERLOCK_IMAGE said where to run, so nothing runs elsewhere" in line
    assert "isolated by" not in ran.output


def test_left_to_choose_it_takes_processes_and_says_why(project: Project) -> None:
    matrix = project.folder / "matrix.yaml"
    image = f"image: {NO_REGISTRY}/nobody/python:{{python}}"
    matrix.write_text(matrix.read_text().replace("image: python:{python}-slim", image))
    ran = project.run("--backend", "auto", *PASSES, "--dry-run")
    assert ran.code == 0
    (line,) = [line for line in ran.output.splitlines() if line.startswith("isolated by")]
    assert line.startswith("isolated by processes, not containers: no image ")
    assert "nox -s images" in line


def test_one_image_that_is_missing_leaves_its_own_cells_open(
    project: Project,
) -> None:
    """An image for one Python only, under a name that no registry has."""
    with containers.tagged(f"{NO_REGISTRY}/one:{containers.PYTHON}"):
        ran = project.run(
            *("--backend", "docker", *PASSES, "--python", "3.9"),
            INTERLOCK_IMAGE=f"{NO_REGISTRY}/one:{{python}}",
        )
    assert ran.code == 3
    assert ran.of("passes") == "pass"
    assert f"1 cell left open: no image {NO_REGISTRY}/one:3.9" in ran.output


def test_a_python_of_a_set_without_an_image_is_skipped_and_the_run_is_complete(
    project: Project,
) -> None:
    matrix = project.folder / "matrix.yaml"
    pythons = f'python: ["3.9", "{containers.PYTHON}"]'
    matrix.write_text(matrix.read_text().replace('python: ["3.10"]', pythons))
    with containers.tagged(f"{NO_REGISTRY}/only:{containers.PYTHON}"):
        ran = project.run(
            *("--backend", "docker", "--subject", "1+passes"),
            INTERLOCK_IMAGE=f"{NO_REGISTRY}/only:{{python}}",
        )
    assert ran.code == 0
    (line,) = [line for line in ran.output.splitlines() if "3.9" in line]
    assert line.startswith("Python 3.9 is skipped: no image ") and "nox -s images" in line
    assert project.trials() == {"1+passes": 1}

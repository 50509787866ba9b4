"""Real installs in real containers.

Needs the image python:3.10-slim (``nox -s images``).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from packaging.version import Version

from interlock.index.settings import IndexSettings, read_index_settings
from interlock.isolation.environments import Environments, InstallFailed
from interlock.isolation.sandbox import Command, Limits, Mount
from interlock.isolation.sandbox.container import DockerSandbox
from interlock.isolation.store import COMPLETE, Store
from interlock.model import (
    EngineUnavailable,
    Environment,
    ImageMissing,
    IndexUnreachable,
    Pin,
    PythonVersion,
    StorageTrouble,
)

pytestmark = pytest.mark.e2e

PYTHON = PythonVersion(3, 10)
SIX = Pin(axis="six", package="six", version=Version("1.16.0"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


@pytest.fixture
def box(store: Store, tmp_path: Path) -> DockerSandbox:
    try:
        sandbox = DockerSandbox(store=store, probes=tmp_path, template="python:{python}-slim")
        sandbox.available(PYTHON)
    except (EngineUnavailable, ImageMissing) as trouble:
        pytest.skip(str(trouble))
    return sandbox


def environments(box: DockerSandbox, store: Store, index: IndexSettings) -> Environments:
    return Environments(
        sandbox=box,
        store=store,
        index=index,
        only_binary=["six"],
        resolve_fresh_for=timedelta(days=1),
        limits=Limits(wall_s=300, memory_bytes=4 << 30, pids=512, output_bytes=16 << 20),
    )


def made_at(box: DockerSandbox, environment: Environment) -> Path:
    return box.store / "environments" / environment.digest


def imported(box: DockerSandbox, environment: Environment, module: str) -> list[str]:
    """A module as a probe's container sees it: read-only and without network."""
    out: list[str] = []
    command = Command(
        argv=(
            f"{environment.path}/bin/python",
            "-c",
            f"import {module} as m; print(m.__version__, m.__spec__.cached)",
        ),
        python=PYTHON,
        mounts=(Mount(source=made_at(box, environment), target=environment.path),),
        limits=Limits(wall_s=20, memory_bytes=1 << 28, pids=64, output_bytes=1 << 20),
        label="test",
    )
    box.run(command, out.append)
    return out


def test_a_release_of_the_real_index_installs_compiled_where_a_probe_sees_it(
    box: DockerSandbox, store: Store
) -> None:
    made = environments(box, store, read_index_settings(os.environ)).ensure([SIX], PYTHON)
    assert not isinstance(made, InstallFailed), made.output
    environment, cached = made
    assert not cached
    (said,) = imported(box, environment, "six")
    version, compiled = said.split()
    assert version == "1.16.0"
    assert compiled.startswith(f"/interlock/store/environments/{environment.digest}/")
    assert next((store.home / "docker" / "environments").rglob(Path(compiled).name)).is_file()


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A page of links, with a project that does not build."""
    folder = tmp_path / "wheels"
    (folder / "broken-1.0").mkdir(parents=True)
    (folder / "broken-1.0" / "setup.py").write_text("raise SystemExit('it does not build')")
    (folder / "broken-1.0" / "PKG-INFO").write_text(
        "Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n"
    )
    subprocess.run(["tar", "czf", "broken-1.0.tar.gz", "broken-1.0"], cwd=folder, check=True)
    return folder


BROKEN = Pin(axis="broken", package="broken", version=Version("1.0"))


def test_what_does_not_build_is_a_failed_build_with_what_it_said(
    box: DockerSandbox, store: Store, wheels: Path
) -> None:
    # Its build needs setuptools, which comes from the machine's own index.
    index = read_index_settings({**os.environ, "PIP_FIND_LINKS": str(wheels)})
    made = environments(box, store, index).ensure([BROKEN], PYTHON)
    assert isinstance(made, InstallFailed)
    assert made.stage == "build"
    assert "it does not build" in made.output


@contextmanager
def served(folder: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    handler.log_message = lambda *_: None  # type: ignore[attr-defined]
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()


def test_an_index_on_this_machines_loopback_is_reached(
    box: DockerSandbox, store: Store, tmp_path: Path
) -> None:
    (tmp_path / "index" / "six").mkdir(parents=True)
    (tmp_path / "index" / "six" / "index.html").write_text(
        "<a href='six-1.16.0-cp27-cp27m-any.whl'>six</a>"
    )
    with served(tmp_path / "index") as url:
        made = environments(box, store, IndexSettings(index_url=url)).ensure([SIX], PYTHON)
    assert isinstance(made, InstallFailed)
    assert "six==1.16.0 has no wheels with a matching" in made.output


def test_an_index_that_cannot_be_reached_is_trouble_of_ours(
    box: DockerSandbox, store: Store
) -> None:
    nowhere = IndexSettings(index_url="https://index.invalid/simple")
    with pytest.raises(IndexUnreachable, match=r"index\.invalid"):
        environments(box, store, nowhere).ensure([SIX], PYTHON)


@contextmanager
def disk_of(size: str, folder: Path) -> Iterator[Path]:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("size", ["40k", "80k", "120k", "160k"])  # full at another step each
def test_a_full_disk_is_trouble_of_ours_and_leaves_nothing_that_looks_whole(
    box: DockerSandbox, tmp_path: Path, size: str
) -> None:
    with disk_of(size, tmp_path / "small") as home:
        store = Store(home=home)
        full = DockerSandbox(store=store, probes=tmp_path, template="python:{python}-slim")
        with pytest.raises(StorageTrouble):
            environments(full, store, read_index_settings(os.environ)).ensure([SIX], PYTHON)
        assert list((full.store / "environments").glob(f"*/{COMPLETE}")) == []

"""A package that does harm while it is built or laid out harms only itself."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from hashlib import sha256
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

import pytest
from packages import build
from packaging.version import Version

from interlock.index.settings import IndexSettings
from interlock.isolation import seals
from interlock.isolation.environments import Environments, InstallFailed
from interlock.isolation.sandbox import Limits
from interlock.isolation.sandbox.container import DockerSandbox
from interlock.isolation.store import Store
from interlock.model import EngineUnavailable, Environment, ImageMissing, Pin, PythonVersion

pytestmark = pytest.mark.e2e

PYTHON = PythonVersion(3, 10)
PASSWORD = "hush-hush"


def pin(package: str) -> Pin:
    return Pin(axis=package, package=package, version=Version("1"))


PARTNER, HARMFUL = pin("partner"), pin("harms-while-built")


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


class Doors(ThreadingHTTPServer):
    """A package index on every address of this machine; it records its visitors."""

    def __init__(self, folder: Path) -> None:
        handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
        handler.log_message = lambda *_: None  # type: ignore[attr-defined]
        super().__init__(("0.0.0.0", 0), handler)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Its addresses, as this machine and a container on the engine's network see them."""
        ours = {"127.0.0.1", "172.17.0.1", *socket.gethostbyname_ex(socket.gethostname())[2]}
        return [(host, self.server_port) for host in sorted(ours) if answers(host, self)]


def answers(host: str, server: Doors) -> bool:
    try:
        socket.create_connection((host, server.server_port), timeout=3).close()
    except OSError:
        return False
    return True


@contextmanager
def doors(folder: Path) -> Iterator[Doors]:
    server = Doors(folder)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def publish(folder: Path, addresses: list[tuple[str, int]], *, fill: bool) -> None:
    """The partner, and the harmful package with its orders."""
    project = folder / "project"
    shutil.copytree(build.HERE / "harms-while-built", project)
    (project / "orders.json").write_text(json.dumps({"addresses": addresses, "fill": fill}))
    # Metadata of 2.2 is believed without a build, so that there is one build and it is this one's.
    (project / "PKG-INFO").write_text(
        "Metadata-Version: 2.2\nName: harms-while-built\nVersion: 1\n"
    )
    files = [
        build.wheel("partner", Version("1"), build.HERE / "partner" / "1.py"),
        build.sdist("harms-while-built", Version("1"), project),
    ]
    for file in files:
        page = folder / "simple" / file.package / "index.html"
        page.parent.mkdir(parents=True)
        (page.parent / file.name).write_bytes(file.content)
        digest = sha256(file.content).hexdigest()
        page.write_text(f'<a href="{file.name}#sha256={digest}">{file.name}</a>')


def environments(
    box: DockerSandbox, store: Store, server: Doors, memory_bytes: int = 1 << 30
) -> Environments:
    url = f"http://me:{PASSWORD}@127.0.0.1:{server.server_port}/simple"
    return Environments(
        sandbox=box,
        store=store,
        index=IndexSettings(index_url=url),
        only_binary=["partner"],
        resolve_fresh_for=timedelta(days=1),
        limits=Limits(wall_s=120, memory_bytes=memory_bytes, pids=256, output_bytes=4 << 20),
    )


def made(asked: Environments, *pins: Pin) -> Environment:
    answer = asked.ensure(pins, PYTHON)
    assert not isinstance(answer, InstallFailed), answer.output
    return answer[0]


def whole(box: DockerSandbox, environment: Environment) -> bool:
    """Whether every file still has its content, whatever the file system says of it."""
    with patch.object(seals, "READ_FOR", timedelta(0)):
        return seals.holds(box.store, "environments", environment.digest)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Doors]:
    (tmp_path / "index").mkdir()
    with doors(tmp_path / "index") as server:
        yield server


def test_a_build_reaches_no_address_no_password_and_no_other_environment(
    box: DockerSandbox, store: Store, index: Doors, tmp_path: Path
) -> None:
    addresses = [*index.addresses, ("169.254.169.254", 80)]
    assert len(addresses) > 1, "nothing to reach, so nothing is shown"
    publish(tmp_path / "index", addresses, fill=False)
    asked = environments(box, store, index)
    partner = made(asked, PARTNER)

    harmful = made(asked, HARMFUL, PARTNER)

    place = box.store / "environments" / harmful.digest
    (told,) = place.rglob("harms_while_built.json")
    did = json.loads(told.read_text())
    seen = did.pop("seen")
    assert did == {"reached": [], "resolved": [], "written": [], "swapped": []}
    assert seen and not any(PASSWORD in text for text in seen)
    # Its .pth exists, and did not run during the layout.
    assert list(place.rglob("harms_while_built.pth"))
    assert not any(path.read_text() == "harmed" for path in place.rglob("*.py"))
    assert whole(box, partner) and whole(box, harmful)
    assert {path.name for path in (box.store / "environments").iterdir()} == {
        partner.digest,
        harmful.digest,
    }


def test_a_build_that_fills_its_temporary_folder_is_a_failed_build(
    box: DockerSandbox, store: Store, index: Doors, tmp_path: Path
) -> None:
    publish(tmp_path / "index", [], fill=True)
    answer = environments(box, store, index, memory_bytes=256 << 20).ensure([HARMFUL], PYTHON)
    assert isinstance(answer, InstallFailed)
    assert answer.stage == "build"
    assert "No space left on device" in answer.output


def test_what_a_container_is_given_to_write_is_its_own_folder_alone(
    box: DockerSandbox, store: Store, index: Doors, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path / "index", [], fill=False)
    run, writable = box.run, []

    def noting(command, *given):  # type: ignore[no-untyped-def]
        writable.append([mount.source for mount in command.mounts if mount.writable])
        return run(command, *given)

    monkeypatch.setattr(box, "run", noting)
    environment = made(environments(box, store, index), PARTNER)
    assert writable == [[], [box.store / "environments" / environment.digest]]

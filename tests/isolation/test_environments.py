from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from packaging.version import Version

from interlock.index.settings import IndexSettings
from interlock.isolation.environments import Environments, InstallFailed
from interlock.isolation.sandbox import Command, Ended, Image, Limits, Mount, installer as inside
from interlock.isolation.sandbox.process import ProcessSandbox
from interlock.isolation.store import COMPLETE, Store
from interlock.model import (
    Backend,
    EngineUnavailable,
    Environment,
    IndexUnreachable,
    Pin,
    PythonVersion,
    TroubleError,
    digest_of,
)

PYTHON = PythonVersion(*sys.version_info[:2])
UNSATISFIED = json.dumps(
    {
        "stage": "resolve",
        "exit_code": 1,
        "said": "error: No solution found when resolving dependencies\n"
        "  cause: Because you require left==1.0 and left==1.1, we can conclude that your "
        "requirements are unsatisfiable.\n",
    }
)
"""An installer's answer for what no candidate satisfies."""


def pin(package: str, version: str) -> Pin:
    return Pin(axis=package, package=package, version=Version(version))


# With an installer that answers as told ----------------------------------------------------------


class Scripted:
    """A sandbox whose commands end as the test says; it counts them."""

    backend = Backend.DOCKER

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


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(home=tmp_path / "home")


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


def test_an_installer_without_an_answer_is_trouble_of_ours(store: Store) -> None:
    box = Scripted(store, lambda: ("", ended(127)))
    with pytest.raises(TroubleError, match="127"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_an_install_that_takes_too_long_is_trouble_of_ours(store: Store) -> None:
    box = Scripted(store, lambda: ("", ended(None, "wall")))
    with pytest.raises(TroubleError, match="wall limit"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_an_install_that_takes_too_much_memory_is_trouble_of_ours(store: Store) -> None:
    """A page of a million links takes it as well as a build does."""
    box = Scripted(store, lambda: ("", ended(None, "memory")))
    with pytest.raises(TroubleError, match="memory limit"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_a_failure_is_asked_for_once_and_trouble_again(store: Store) -> None:
    box = Scripted(store, lambda: (UNSATISFIED, ended()))
    asked = environments(box, store)
    assert asked.ensure([pin("left", "1.0")], PYTHON) == asked.ensure([pin("left", "1.0")], PYTHON)
    assert len(box.orders) == 1

    def gone() -> tuple[str, Ended]:
        raise EngineUnavailable("gone")

    box = Scripted(store, gone)
    asked = environments(box, store)
    for _ in range(2):
        with pytest.raises(EngineUnavailable):
            asked.ensure([pin("left", "1.0")], PYTHON)
    assert len(box.orders) == 2


def test_an_installer_sees_the_index_as_the_machine_does(store: Store, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    bundle = tmp_path / "company.pem"
    bundle.touch()
    index = IndexSettings(
        index_url="https://mirror.example/simple",
        find_links=(str(wheels),),
        ca_bundle=bundle,
        proxies={"https": "http://proxy.example:3128"},
    )
    box = Scripted(store, lambda: (UNSATISFIED, ended()))
    environments(box, store, index).ensure([pin("left", "1.0")], PYTHON)

    (order,) = box.orders
    shown = {mount.target: mount for mount in order.mounts}
    assert order.network and not order.host_network
    assert order.env["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    assert order.env["SSL_CERT_FILE"] == str(bundle)
    assert order.env["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert [m.target for m in order.mounts if m.writable] == ["/interlock/store/."]
    assert {str(wheels), str(bundle), "/interlock/bin/uv"} <= shown.keys()


@pytest.mark.parametrize(
    "index",
    [
        IndexSettings(index_url="http://127.0.0.1:3141/simple"),
        IndexSettings(extra_index_urls=("http://localhost:3141/simple",)),
        IndexSettings(proxies={"https": "http://localhost:3128"}),
        IndexSettings(proxies={"https": "localhost:3128"}),
    ],
)
def test_an_index_on_the_loopback_is_reached(store: Store, index: IndexSettings) -> None:
    box = Scripted(store, lambda: (UNSATISFIED, ended()))
    environments(box, store, index).ensure([pin("left", "1.0")], PYTHON)
    assert box.orders[0].host_network


# With a real uv, a real interpreter, and an index of wheels made here ----------------------------


def wheel(folder: Path, name: str, version: str, code: str = "", requires: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    if requires:
        metadata += f"Requires-Dist: {requires}\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", code)
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        names = [f"{name}.py", *(f"{info}/{file}" for file in ("METADATA", "WHEEL", "RECORD"))]
        archive.writestr(f"{info}/RECORD", "".join(f"{n},,\n" for n in names))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    wheel(folder, "left", "1.0", "SIDE = 'left'", requires="shared")
    wheel(folder, "left", "2.0", "SIDE = 'left'", requires="shared<1")
    wheel(folder, "shared", "1.5")
    return folder


@pytest.fixture
def index(wheels: Path) -> IndexSettings:
    return IndexSettings(index_url=None, find_links=(str(wheels),))


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


@pytest.fixture
def box(store: Store, tmp_path: Path) -> Counting:
    return Counting(store=store, probes=tmp_path)


def made(asked: Environments, *pins: Pin) -> tuple[Environment, bool]:
    answer = asked.ensure(pins, PYTHON)
    assert not isinstance(answer, InstallFailed), answer.output
    return answer


def test_what_was_asked_for_is_there_with_what_it_needs(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, cached = made(environments(box, store, index), pin("left", "1.0"))
    said = subprocess.run(
        [f"{environment.path}/bin/python", "-I", "-c", "import left, shared; print(left.SIDE)"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.stdout, said.stderr, cached) == ("left\n", "", False)


def test_every_file_is_locked_by_its_hash_and_compiled(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    requirements = [line for line in environment.lock.splitlines() if "==" in line]
    assert [line.split()[0] for line in requirements] == ["left==1.0", "shared==1.5"]
    assert environment.lock.count("--hash=sha256:") == 2
    assert list(Path(environment.path).rglob("__pycache__/left.*.pyc"))


def test_the_digest_is_of_image_architecture_and_lock(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    image = box.available(PYTHON)
    assert environment.digest == digest_of([image.digest, image.machine, environment.lock])
    assert environment.image_digest == image.digest


def test_two_threads_that_ask_at_once_install_once(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    asked = environments(box, store, index)
    with ThreadPoolExecutor(4) as executor:
        answers = list(executor.map(lambda _: made(asked, pin("left", "1.0")), range(4)))
    assert box.runs == 1
    assert len({environment.digest for environment, _ in answers}) == 1
    assert sorted(cached for _, cached in answers) == [False, True, True, True]


def test_a_second_run_starts_nothing_and_asks_no_index(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    first, _ = made(environments(box, store, index), pin("left", "1.0"))
    second, cached = made(environments(box, store, index), pin("left", "1.0"))
    assert (box.runs, cached, second) == (1, True, first)


def test_a_resolution_that_is_old_is_made_again(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    first, _ = made(environments(box, store, index), pin("left", "1.0"))
    wheel(wheels, "shared", "1.6")

    fresh, _ = made(environments(box, store, index), pin("left", "1.0"))
    later, _ = made(environments(box, store, index, fresh_for=timedelta(0)), pin("left", "1.0"))

    assert fresh.lock == first.lock
    assert "shared==1.6" in later.lock
    assert later.digest != first.digest


def test_the_same_resolution_for_other_reasons_shares_the_environment(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    asked = environments(box, store, index)
    first, _ = made(asked, pin("left", "1.0"))
    second, cached = made(asked, pin("left", "1.0"), pin("shared", "1.5"))
    assert (second.digest, cached) == (first.digest, True)


def test_an_environment_that_was_not_finished_is_made_again_from_its_lock(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    (Path(environment.path) / COMPLETE).unlink()
    (Path(environment.path) / "bin" / "python").unlink()

    again, cached = made(environments(box, store, index), pin("left", "1.0"))

    assert (again, cached) == (environment, False)
    assert (Path(environment.path) / "bin" / "python").exists()


def test_a_library_left_out_leaves_an_environment_all_the_same(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(
        environments(box, store, index), Pin(axis="left", package="left", version=None)
    )
    assert (Path(environment.path) / "bin" / "python").exists()


def test_what_cannot_be_resolved_says_why(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    answer = environments(box, store, index).ensure([pin("left", "2.0")], PYTHON)
    assert isinstance(answer, InstallFailed)
    assert answer.stage == "resolve"
    assert "shared<1" in answer.output
    assert answer.event(1.5)["ok"] is False


def test_an_axis_package_is_never_built_and_its_dependencies_may_be(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    project = wheels / "left-3.0"
    project.mkdir()
    (project / "setup.py").write_text("raise SystemExit('built')")
    (project / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: left\nVersion: 3.0\n")
    subprocess.run(["tar", "czf", "left-3.0.tar.gz", "left-3.0"], cwd=wheels, check=True)

    answer = environments(box, store, index).ensure([pin("left", "3.0")], PYTHON)

    assert isinstance(answer, InstallFailed)
    assert answer.stage == "resolve"


@pytest.mark.parametrize("keep", [True, False])
def test_what_did_not_install_is_kept_where_that_is_asked_for(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, keep: bool
) -> None:
    # Metadata 2.2 is believed without a build, so that only installing it fails.
    project = wheels / "wontbuild-1.0"
    project.mkdir()
    (project / "setup.py").write_text("raise SystemExit('no compiler')")
    (project / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: wontbuild\nVersion: 1.0\n")
    subprocess.run(["tar", "czf", "wontbuild-1.0.tar.gz", "wontbuild-1.0"], cwd=wheels, check=True)

    answer = environments(box, store, index, keep_failed=keep).ensure(
        [pin("wontbuild", "1.0")], PYTHON
    )

    assert isinstance(answer, InstallFailed)
    assert answer.stage == "build"
    assert (answer.kept is not None and answer.kept.is_dir()) is keep


def test_an_index_that_is_not_there_leaves_the_cell_open(box: Counting, store: Store) -> None:
    nowhere = IndexSettings(index_url="http://127.0.0.1:9/simple")
    with pytest.raises(IndexUnreachable, match="Connection refused"):
        environments(box, store, nowhere).ensure([pin("left", "1.0")], PYTHON)


def test_the_installer_says_both_ends_of_a_long_story() -> None:
    story = "first\n" + "x" * 100_000 + "\nlast"
    assert inside.cut(story).startswith("first") and inside.cut(story).endswith("last")
    assert len(inside.cut(story)) < 10_000

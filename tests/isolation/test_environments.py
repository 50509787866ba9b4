from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from installing import PYTHON, Counting, Scripted, ended, environments, made, pin, wheel

from interlock.index.settings import IndexSettings
from interlock.isolation.environments import InstallFailed
from interlock.isolation.sandbox import Ended, installer as inside
from interlock.isolation.store import COMPLETE, Store
from interlock.model import (
    EngineUnavailable,
    IndexUnreachable,
    Pin,
    StorageTrouble,
    TroubleError,
    digest_of,
)

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


# With an installer that answers as told ----------------------------------------------------------


def test_an_installer_without_an_answer_is_trouble_of_ours(store: Store) -> None:
    box = Scripted(store, lambda: ("", ended(127)))
    with pytest.raises(TroubleError, match="127"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_an_install_that_takes_too_long_is_trouble_of_ours(store: Store) -> None:
    box = Scripted(store, lambda: ("", ended(None, "wall")))
    with pytest.raises(TroubleError, match="wall limit"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_an_install_that_takes_too_much_memory_is_trouble_of_ours(store: Store) -> None:
    """A page of a million links can take that much, and so can a build."""
    box = Scripted(store, lambda: ("", ended(None, "memory")))
    with pytest.raises(TroubleError, match="memory limit"):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


@pytest.mark.parametrize(
    ("missing", "is_the_packages"), [("left", False), ("LEFT", False), ("beside", True)]
)
def test_a_release_under_test_was_listed_when_the_run_was_planned(
    store: Store, tmp_path: Path, missing: str, is_the_packages: bool
) -> None:
    """So an index without it contradicts itself, whatever it answers now."""
    said = (
        "error: No solution found when resolving dependencies\n"
        f"  cause: Because {missing} was not found in the package registry and you require "
        f"{missing}==1.0, we can conclude that your requirements are unsatisfiable.\n"
    )
    answer = json.dumps({"stage": "resolve", "exit_code": 1, "said": said})
    asked = environments(
        Scripted(store, lambda: (answer, ended())),
        store,
        IndexSettings(index_url=(tmp_path / "without").as_uri()),
    )
    with nullcontext() if is_the_packages else pytest.raises(IndexUnreachable, match="contradicts"):
        assert isinstance(asked.ensure([pin("left", "1.0")], PYTHON), InstallFailed)


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


def test_an_installer_sees_no_credentials_no_proxy_and_no_folder_of_another(
    store: Store, tmp_path: Path
) -> None:
    bundle = tmp_path / "company.pem"
    bundle.touch()
    index = IndexSettings(
        index_url="https://me:secret@mirror.example/simple",
        find_links=(str(tmp_path),),
        ca_bundle=bundle,
        proxies={"https": "http://me:secret@proxy.example:3128"},
    )
    box = Scripted(store, lambda: (UNSATISFIED, ended()))
    environments(box, store, index).ensure([pin("left", "1.0")], PYTHON)

    (order,) = box.orders
    said = json.dumps([order.argv, dict(order.env)])
    assert "secret" not in said and "proxy.example" not in said
    assert [mount for mount in order.mounts if mount.writable] == []
    shown = {mount.source for mount in order.mounts}
    assert not shown & {store.home, box.store, box.store / "environments", tmp_path, bundle}


# With a real uv, a real interpreter, and an index of wheels made here ----------------------------


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
    assert box.runs == 2  # resolved, and laid out
    assert len({environment.digest for environment, _ in answers}) == 1
    assert sorted(cached for _, cached in answers) == [False, True, True, True]


def test_a_second_run_starts_nothing_and_asks_no_index(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    first, _ = made(environments(box, store, index), pin("left", "1.0"))
    second, cached = made(environments(box, store, index), pin("left", "1.0"))
    assert (box.runs, cached, second) == (2, True, first)


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


@pytest.mark.parametrize(
    ("ahead", "is_used"),
    [
        (timedelta(minutes=1), True),
        (timedelta(days=1), False),
        (timedelta(days=365), False),
        (timedelta(days=-365), False),
        (timedelta(days=-25_000), False),
    ],
)
def test_a_resolution_of_a_wrong_clock_is_made_again(
    box: Counting, store: Store, index: IndexSettings, ahead: timedelta, is_used: bool
) -> None:
    made(environments(box, store, index), pin("left", "1.0"))
    (kept,) = store.resolutions.glob("*.json")
    said = json.loads(kept.read_text())
    then = datetime.now(timezone.utc) + ahead
    kept.write_text(json.dumps({**said, "resolved_at": then.isoformat()}))
    found, _ = made(environments(box, store, index), pin("left", "1.0"))
    assert (found.resolved_at == then) == is_used


@pytest.mark.parametrize(
    ("key", "value"),
    [("resolved_at", "2026-01-01T00:00:00"), ("resolved_at", 5), ("lock", None), ("digest", None)],
)
def test_a_resolution_that_is_spoilt_is_made_again(
    box: Counting, store: Store, index: IndexSettings, key: str, value: object
) -> None:
    first, _ = made(environments(box, store, index), pin("left", "1.0"))
    (kept,) = store.resolutions.glob("*.json")
    said = json.loads(kept.read_text())
    if value is None:
        del said[key]
    kept.write_text(json.dumps(said if value is None else {**said, key: value}))
    again, _ = made(environments(box, store, index), pin("left", "1.0"))
    assert again.digest == first.digest


def test_a_resolution_of_an_earlier_version_is_used(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    """It had no hash of the metadata of a file."""
    first, _ = made(environments(box, store, index), pin("left", "1.0"))
    (kept,) = store.resolutions.glob("*.json")
    said = json.loads(kept.read_text())
    kept.write_text(json.dumps({**said, "files": [file[:3] for file in said["files"]]}))
    runs = box.runs
    assert made(environments(box, store, index), pin("left", "1.0")) == (first, True)
    assert box.runs == runs


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
    source(wheels, "raise SystemExit('no compiler')")

    answer = environments(box, store, index, keep_failed=keep).ensure([pin("made", "1.0")], PYTHON)

    assert isinstance(answer, InstallFailed)
    assert answer.stage == "build"
    assert (answer.kept is not None and answer.kept.is_dir()) is keep


def test_an_index_that_is_not_there_leaves_the_cell_open(box: Counting, store: Store) -> None:
    nowhere = IndexSettings(index_url="http://127.0.0.1:9/simple")
    with pytest.raises(IndexUnreachable, match=r"did not answer \(http://127\.0\.0\.1:9/simple\)"):
        environments(box, store, nowhere).ensure([pin("left", "1.0")], PYTHON)


# What a build does stays with it -----------------------------------------------------------------

BACKEND = """
import os, zipfile
def build_wheel(folder, config_settings=None, metadata_directory=None):
    {harm}
    name = "made-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, name), "w") as wheel:
        wheel.writestr("made.py", "MADE = True")
        metadata = "Metadata-Version: 2.1\\nName: made\\nVersion: 1.0\\n"
        wheel.writestr("made-1.0.dist-info/METADATA", metadata)
        wheel.writestr("made-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\n")
        wheel.writestr("made-1.0.dist-info/RECORD", "made.py,,\\n")
    return name
"""


def source(folder: Path, harm: str = "pass") -> None:
    """A source distribution of ``made``, whose build does ``harm``."""
    project = folder / "made-1.0"
    project.mkdir()
    (project / "backend.py").write_text(BACKEND.format(harm=harm))
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "made"\nversion = "1.0"\n'
    )
    (project / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: made\nVersion: 1.0\n")
    subprocess.run(["tar", "czf", "made-1.0.tar.gz", "made-1.0"], cwd=folder, check=True)
    shutil.rmtree(project)


def test_a_source_distribution_is_built_once_and_its_wheel_is_locked_by_its_source(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    source(wheels)
    asked = environments(box, store, index)
    first, _ = made(asked, pin("made", "1.0"))
    runs = box.runs
    second, _ = made(asked, pin("made", "1.0"), pin("left", "1.0"))
    sdist = hashlib.sha256((wheels / "made-1.0.tar.gz").read_bytes()).hexdigest()

    assert list(Path(first.path).rglob("made.py"))
    assert list(Path(second.path).rglob("made.py"))
    assert first.lock.split() == ["made==1.0", "\\", f"--hash=sha256:{sdist}"]
    assert box.runs == runs + 2  # resolved, and laid out


@pytest.mark.parametrize(
    "harm",
    [
        "raise OSError(28, os.strerror(28))",
        "raise SystemExit('OSError: [Errno 28] No space left on device')",
        "print('error: No space left on device (os error 28)'); os._exit(1)",
    ],
)
def test_a_build_that_speaks_of_a_full_disk_is_a_failed_build(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, harm: str
) -> None:
    source(wheels, harm)
    answer = environments(box, store, index).ensure([pin("made", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed)
    assert answer.stage == "build"


OF_VERSION_2 = """version = '2.0'; name = f'made-{version}-py3-none-any.whl'
    with zipfile.ZipFile(os.path.join(folder, name), 'w') as wheel:
        for file in ('METADATA', 'WHEEL', 'RECORD'):
            text = f'Wheel-Version: 1.0\\nName: made\\nVersion: {version}\\n'
            wheel.writestr(f'made-{version}.dist-info/{file}', text)
    return name"""
NO_ARCHIVE = """name = 'made-1.0-py3-none-any.whl'
    open(os.path.join(folder, name), 'w').write('not an archive')
    return name"""


@pytest.mark.parametrize(
    ("harm", "why"),
    [
        (OF_VERSION_2, "declares version 1.0, but the wheel declares version 2.0"),
        (
            OF_VERSION_2.replace("made-", "odd-").replace("made", "odd"),
            "the wheel declares name odd",
        ),
        (NO_ARCHIVE, "can't be read as a wheel"),
    ],
    ids=["another version", "another name", "no archive"],
)
def test_a_build_that_gives_no_wheel_of_its_release_is_a_failed_build(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, harm: str, why: str
) -> None:
    source(wheels, harm)
    for _ in range(2):  # The second time, the wheel is kept.
        answer = environments(box, store, index).ensure([pin("made", "1.0")], PYTHON)
        assert isinstance(answer, InstallFailed)
        assert answer.stage == "build"
        assert why in answer.output
        assert str(store.home) not in answer.output


def test_a_disk_that_is_full_by_this_machines_own_measure_is_trouble_of_ours(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = type(shutil.disk_usage(store.home.parent))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**6, 10**6))
    said = "error: x\n  cause: No space left on device (os error 28)"
    failure = json.dumps({"stage": "install", "exit_code": 1, "said": said})
    box = Scripted(store, lambda: (failure, ended()))
    with pytest.raises(StorageTrouble):
        environments(box, store).ensure([pin("left", "1.0")], PYTHON)


def test_the_installer_says_both_ends_of_a_long_story() -> None:
    story = "first\n" + "x" * 100_000 + "\nlast"
    assert inside.cut(story).startswith("first") and inside.cut(story).endswith("last")
    assert len(inside.cut(story)) < 10_000


# Archives that no installer takes -----------------------------------------------------------------

SECRET = "a file outside of the store"
OUT = "../" * 20


def with_member(folder: Path, name: str, kind: bytes, target: str) -> None:
    """The source distribution of ``made``, with one member more."""
    source(folder)
    path, content = folder / "made-1.0.tar.gz", io.BytesIO()
    with (
        tarfile.open(path) as old,
        tarfile.open(fileobj=content, mode="w:gz", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in old.getmembers():
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        more = tarfile.TarInfo(name)
        more.type, more.linkname = kind, target
        new.addfile(more)
    path.write_bytes(content.getvalue())


@pytest.mark.parametrize(
    ("name", "kind", "target", "fails"),
    [
        ("made-1.0/link", tarfile.SYMTYPE, "backend.py", False),
        ("made-1.0/link", tarfile.SYMTYPE, ".", False),
        ("made-1.0/link", tarfile.SYMTYPE, "nothing", False),
        ("made-1.0/link", tarfile.LNKTYPE, "made-1.0/backend.py", False),
        #
        ("made-1.0/link", tarfile.SYMTYPE, "{secret}", True),
        ("made-1.0/link", tarfile.SYMTYPE, f"{OUT}{{secret}}", True),
        ("made-1.0/link", tarfile.LNKTYPE, "{secret}", True),
        ("made-1.0/link", tarfile.LNKTYPE, f"{OUT}{{secret}}", True),
        ("{secret}", tarfile.REGTYPE, "", True),
        (f"made-1.0/{OUT}{{secret}}", tarfile.REGTYPE, "", True),
        ("made-1.0/pipe", tarfile.FIFOTYPE, "", True),
        ("made-1.0/device", tarfile.CHRTYPE, "", True),
        ("another/file", tarfile.REGTYPE, "", True),
    ],
)
def test_a_source_distribution_reaches_nothing_outside_of_itself(
    box: Counting,
    store: Store,
    index: IndexSettings,
    wheels: Path,
    tmp_path: Path,
    name: str,
    kind: bytes,
    target: str,
    fails: bool,
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    links, changed = secret.stat().st_nlink, secret.stat().st_ctime_ns
    with_member(wheels, name.format(secret=secret), kind, target.format(secret=secret))
    answer = environments(box, store, index).ensure([pin("made", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed) is fails
    if isinstance(answer, InstallFailed):
        assert answer.stage == "build"
    assert secret.read_text() == SECRET
    assert (secret.stat().st_nlink, secret.stat().st_ctime_ns) == (links, changed)


@pytest.mark.parametrize(
    ("record", "fails"),
    [
        ('odd.py,"sha256=AAAA,\n{rest}', True),
        ('"odd.py,,\n{rest}', True),
        ('odd.py,,\n"{rest}', True),
        ("odd.py\n", True),
        ("\x00\n", True),
        ('od"d.py,,\n{rest}', False),
        ("", False),
    ],
)
def test_a_wheel_whose_record_is_no_table_does_not_install(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, record: str, fails: bool
) -> None:
    wheel(wheels, "odd", "1.0")
    path, content = wheels / "odd-1.0-py3-none-any.whl", io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            told = record.format(rest=f"{name},,\n").encode()
            new.writestr(name, told if name.endswith("/RECORD") else old.read(name))
    path.write_bytes(content.getvalue())
    answer = environments(box, store, index).ensure([pin("odd", "1.0")], PYTHON)
    assert isinstance(answer, InstallFailed) is fails
    if isinstance(answer, InstallFailed):
        assert answer.stage == "install"
        assert "`RECORD` file is invalid" in answer.output


def test_a_source_distribution_that_was_cut_is_trouble_of_ours(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    """Although what is left of it has a link that no installer takes."""
    with_member(wheels, "made-1.0/link", tarfile.SYMTYPE, "/etc/passwd")
    path = wheels / "made-1.0.tar.gz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TroubleError):
        environments(box, store, index).ensure([pin("made", "1.0")], PYTHON)

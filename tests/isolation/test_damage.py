"""What is damaged in an environment is noticed, and made again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path
from stat import S_ISREG

import pytest
from installing import PYTHON, Counting, environments, made, pin, wheel

from interlock.index.settings import IndexSettings
from interlock.isolation.sandbox import Command, Ended
from interlock.isolation.store import COMPLETE, Store
from interlock.model import (
    Environment,
    TroubleError,
)


def module(environment: Environment) -> Path:
    (found,) = Path(environment.path).rglob("site-packages/left.py")
    return found


def overwritten(environment: Environment) -> None:
    file = module(environment)
    file.chmod(0o644)
    file.write_text("SIDE = 'wron'")


def overwritten_unseen(environment: Environment) -> None:
    """As a fault of the disk does, or whoever sets the clock: the same size and time."""
    file, was = module(environment), module(environment).stat()
    overwritten(environment)
    os.utime(file, ns=(was.st_atime_ns, was.st_mtime_ns))


def deleted(environment: Environment) -> None:
    module(environment).unlink()


def added(environment: Environment) -> None:
    (module(environment).parent / "own.pth").write_text("import left")


def linked(environment: Environment) -> None:
    file = module(environment)
    file.rename(file.with_name("moved.txt"))
    file.symlink_to("moved.txt")


def relinked(environment: Environment) -> None:
    python = Path(environment.path, "bin", "python")
    python.unlink()
    python.symlink_to("/bin/true")


def recompiled(environment: Environment) -> None:
    (file,) = Path(environment.path).rglob("__pycache__/left.*.pyc")
    file.chmod(0o644)
    file.write_bytes(file.read_bytes() + b"x")


def unsealed(environment: Environment) -> None:
    (Path(environment.path) / COMPLETE).unlink()


def sealed_with_nonsense(environment: Environment) -> None:
    seal = Path(environment.path) / COMPLETE
    seal.chmod(0o644)
    seal.write_text("[]")


def a_fifo(environment: Environment) -> None:
    os.mkfifo(Path(environment.path) / "fifo")


DAMAGE = [
    overwritten,
    overwritten_unseen,
    deleted,
    added,
    linked,
    relinked,
    recompiled,
    unsealed,
    sealed_with_nonsense,
    a_fifo,
]


@pytest.mark.parametrize(
    ("damage", "same_run"),
    [*((damage, False) for damage in DAMAGE), (overwritten, True), (deleted, True), (added, True)],
)
def test_a_damaged_environment_is_made_again(
    box: Counting,
    store: Store,
    index: IndexSettings,
    damage: Callable[[Environment], None],
    same_run: bool,
) -> None:
    asked = environments(box, store, index)
    environment, _ = made(asked, pin("left", "1.0"))
    damage(environment)

    later = asked if same_run else environments(box, store, index)
    again, cached = made(later, pin("left", "1.0"))

    assert (again, cached) == (environment, False)
    assert module(environment).read_text() == "SIDE = 'left'"
    assert not list(Path(environment.path).rglob("own.pth"))
    assert made(later, pin("left", "1.0")) == (environment, True)


def untouched(environment: Environment) -> None:
    list(Path(environment.path).rglob("*"))


def made_again(environment: Environment) -> None:
    """As another job does that finds it damaged."""
    place = Path(environment.path)
    place.rename(place.with_name("damaged"))
    shutil.copytree(place.with_name("damaged"), place, symlinks=True)


@pytest.mark.parametrize(
    ("change", "is_trouble"),
    [(untouched, False), (made_again, True), *((damage, True) for damage in DAMAGE)],
)
def test_a_change_while_an_environment_is_used_is_trouble(
    box: Counting,
    store: Store,
    index: IndexSettings,
    change: Callable[[Environment], None],
    is_trouble: bool,
) -> None:
    asked = environments(box, store, index)
    environment, _ = made(asked, pin("left", "1.0"))
    told = pytest.raises(TroubleError, match="was changed") if is_trouble else nullcontext()
    with told, asked.unchanged(environment):
        change(environment)
    if is_trouble and change is not made_again:
        with pytest.raises(TroubleError, match="was changed"), asked.unchanged(environment):
            pass  # It was changed before.


def rotten(environment: Environment, **seal: str | None) -> None:
    """As a fault of the disk does: other content, and nothing else tells of it."""
    overwritten(environment)
    file, place = module(environment), Path(environment.path) / COMPLETE
    said = json.loads(place.read_text())
    state, path = file.stat(), str(file.relative_to(environment.path))
    said["files"][path][1] = [
        state.st_mode,
        state.st_size,
        state.st_mtime_ns,
        state.st_ctime_ns,
        state.st_ino,
    ]
    said = {key: value for key, value in {**said, **seal}.items() if value}
    place.chmod(0o644)
    place.write_text(json.dumps(said))


@pytest.mark.parametrize(
    ("read_at", "is_read_again"),
    [
        (timedelta(hours=-23), False),
        (timedelta(hours=-25), True),
        (timedelta(hours=2), True),
        (None, True),
    ],
    ids=["today", "yesterday", "by a wrong clock", "by an earlier version"],
)
def test_every_file_is_read_once_a_day(
    box: Counting,
    store: Store,
    index: IndexSettings,
    read_at: timedelta | None,
    is_read_again: bool,
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    moment = (datetime.now(timezone.utc) + read_at).isoformat() if read_at else None
    rotten(environment, read_at=moment)

    _, cached = made(environments(box, store, index), pin("left", "1.0"))

    assert cached is not is_read_again
    assert (module(environment).read_text() == "SIDE = 'left'") is is_read_again


def test_an_environment_that_an_earlier_version_sealed_is_used_and_noted_as_read(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    seal = Path(environment.path) / COMPLETE
    said = json.loads(seal.read_text())
    del said["read_at"]
    seal.chmod(0o644)
    seal.write_text(json.dumps(said))
    before = datetime.now(timezone.utc)

    assert made(environments(box, store, index), pin("left", "1.0")) == (environment, True)
    read_at = datetime.fromisoformat(json.loads(seal.read_text())["read_at"])
    assert before <= read_at <= datetime.now(timezone.utc)


def test_a_look_at_what_is_there_installs_nothing_and_believes_no_damage(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    assert environments(box, store, index).there([pin("left", "1.0")], PYTHON) is None
    assert not box.runs
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    before = box.runs
    assert environments(box, store, index).there([pin("left", "1.0")], PYTHON) == environment
    (module,) = Path(environment.path).rglob("left.py")
    module.chmod(0o644)
    module.write_text("SIDE = 'gauche'")
    assert environments(box, store, index).there([pin("left", "1.0")], PYTHON) is None
    assert box.runs == before


def test_an_environment_that_was_copied_with_its_store_is_used(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    for path in Path(environment.path).rglob("*.py"):
        path.touch()
    assert made(environments(box, store, index), pin("left", "1.0")) == (environment, True)


def test_nothing_in_an_environment_can_be_written_or_has_a_second_name(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    files = [p.lstat() for p in Path(environment.path).rglob("*") if p.is_file()]
    assert files
    assert {(said.st_nlink, said.st_mode & 0o222) for said in files if S_ISREG(said.st_mode)} == {
        (1, 0)
    }


def test_what_is_in_a_wheel_does_not_run_while_it_is_laid_out(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, tmp_path: Path
) -> None:
    """A ``.pth`` is run by every start of a Python that reads site-packages."""
    trace = tmp_path / "trace"
    line = f"import pathlib; pathlib.Path({str(trace)!r}).touch()\n"
    wheel(wheels, "harmful", "1.0", more={"harmful.pth": line})
    environment, _ = made(environments(box, store, index), pin("harmful", "1.0"))
    assert list(Path(environment.path).rglob("harmful.pth"))
    assert not trace.exists()


def test_a_download_that_was_changed_is_fetched_again(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    for file in (box.store / "downloads").rglob("left-1.0-*.whl"):
        file.write_bytes(b"changed")
    overwritten(environment)
    assert made(environments(box, store, index), pin("left", "1.0")) == (environment, False)
    assert module(environment).read_text() == "SIDE = 'left'"


@pytest.mark.parametrize(
    "recorded",
    ["sha256=" + "A" * 43, "sha256=" + "A" * 140_000, "sha256=\0", "sha256=é"],
    ids=["another", "too long for a reader of CSV", "a NUL", "no base64"],
)
def test_a_wheel_whose_record_is_wrong_installs_as_it_does_everywhere(
    box: Counting, store: Store, index: IndexSettings, wheels: Path, recorded: str
) -> None:
    wheel(wheels, "odd", "1.0", recorded=recorded)
    environment, _ = made(environments(box, store, index), pin("odd", "1.0"))
    assert list(Path(environment.path).rglob("odd.py"))


def test_a_file_that_is_not_its_wheels_is_noticed_before_the_first_use(
    store: Store, index: IndexSettings, tmp_path: Path
) -> None:
    """As if the layout had been made to write something else."""

    class Forging(Counting):
        def run(
            self,
            command: Command,
            on_line: Callable[[str], None],
            on_stderr: Callable[[str], None] | None = None,
        ) -> Ended:
            ended = super().run(command, on_line, on_stderr)
            for file in (self.store / "environments").rglob("left.py"):
                file.write_text("SIDE = 'wron'")
            return ended

    box = Forging(store=store, probes=tmp_path)
    with pytest.raises(TroubleError, match=r"left\.py differs from left-1\.0-py3-none-any\.whl"):
        environments(box, store, index).ensure([pin("left", "1.0")], PYTHON)
    assert list((box.store / "environments").iterdir()) == []


def test_a_wheel_that_was_cut_is_trouble_of_ours(
    box: Counting, store: Store, index: IndexSettings, wheels: Path
) -> None:
    """No page gives its hash, so the lock file has the hash of what is there."""
    cut = wheels / "shared-1.5-py3-none-any.whl"
    asked = environments(box, store, index)
    made(asked, pin("left", "1.0"))
    cut.write_bytes(cut.read_bytes()[:-30])
    with pytest.raises(TroubleError):
        made(environments(box, store, index, fresh_for=timedelta(0)), pin("left", "1.0"))


def test_what_an_earlier_version_made_is_made_again(
    box: Counting, store: Store, index: IndexSettings
) -> None:
    environment, _ = made(environments(box, store, index), pin("left", "1.0"))
    (Path(environment.path) / COMPLETE).unlink()
    (Path(environment.path) / COMPLETE).write_text(json.dumps({"image": "i", "lock": ""}))
    assert made(environments(box, store, index), pin("left", "1.0")) == (environment, False)
    assert list((box.store / "work").glob("damaged-*")) == []

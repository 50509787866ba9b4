"""Files are written all together, or the old ones stay."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from published import AXES, SELF, cell, example, verdict

from interlock.model import Outcome, StorageTrouble, UsageError
from interlock.record import files
from interlock.record.files import Batch
from interlock.record.results import check_destination, write_results

HUNG = verdict(cell("2.9", "3.1"), Outcome.HANG)
PASSED = verdict(cell("2.9", "3.1"))


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fail_at(number: int, code: int) -> Callable[..., None]:
    """Stands for a system call that fails at its n-th use."""
    calls = iter(range(1, 1000))

    def call(*_: object) -> None:
        if next(calls) == number:
            raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize("number", range(1, 5))
def test_a_disk_that_is_full_leaves_the_old_results_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write_results([HUNG], {SELF: example(HUNG.cell)}, tmp_path, AXES)
    before = content(tmp_path)
    monkeypatch.setattr(files.os, "fsync", fail_at(number, errno.ENOSPC))

    with pytest.raises(
        StorageTrouble, match="No space left on device; the published files are unchanged"
    ):
        write_results([HUNG, verdict(cell("3.0", "3.1"))], {}, tmp_path, AXES)

    assert content(tmp_path) == before


@pytest.mark.parametrize("number", range(1, 5))
def test_a_file_that_can_not_be_put_in_place_takes_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write_results([HUNG], {SELF: example(HUNG.cell)}, tmp_path, AXES)
    before = content(tmp_path)
    fail, replace = fail_at(number, errno.EIO), Path.replace

    def failing(self: Path, target: Path) -> Path:
        if self.suffix == ".new":
            fail()
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(StorageTrouble, match="Input/output error"):
        write_results([HUNG, verdict(cell("3.0", "3.1"))], {}, tmp_path, AXES)

    assert content(tmp_path) == before


def test_an_interruption_in_the_middle_leaves_the_old_results_whole(tmp_path: Path) -> None:
    write_results([HUNG], {}, tmp_path, AXES)
    before = content(tmp_path)

    with pytest.raises(KeyboardInterrupt), Batch() as batch:
        write_results([PASSED], {}, tmp_path, AXES, batch=batch)
        raise KeyboardInterrupt

    assert content(tmp_path) == before


def test_without_links_on_the_file_system_a_copy_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "hardlink_to", lambda *_: fail_at(1, errno.EPERM)())
    write_results([HUNG], {}, tmp_path, AXES)
    write_results([PASSED], {}, tmp_path, AXES)
    assert sorted(content(tmp_path)) == [
        "measures.csv",
        "shared.json",
        "verdicts.csv",
        "yanked.json",
    ]


@pytest.mark.parametrize("name", ["verdicts.csv", "shared.json", "measures.csv", "yanked.json"])
def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with pytest.raises(StorageTrouble, match=rf"{name} can't be written: a folder is in its pl"):
        write_results([HUNG], {}, tmp_path, AXES)
    assert content(tmp_path) == {}


# Before a run -------------------------------------------------------------------------------------


def test_a_folder_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    write_results([HUNG], {SELF: example(HUNG.cell)}, tmp_path / "results", AXES)
    before = content(tmp_path)
    check_destination(tmp_path / "results", AXES)
    check_destination(tmp_path / "new" / "results", AXES)
    assert content(tmp_path) == before


@pytest.mark.parametrize(
    ("spoil", "error", "expected"),
    [
        (lambda to: to.write_text(""), UsageError, "results is a file; name a folder"),
        (lambda to: to.symlink_to("/dev/null"), UsageError, "results is a file; name a folder"),
        (lambda to: to.mkdir() or (to / "signatures").write_text(""), UsageError, "is a file"),
        (lambda to: to.mkdir() or (to / "controls.json").write_text("{"), UsageError, "not JSON"),
        (lambda to: to.mkdir() or (to / "yanked.json").write_text("[]"), UsageError, "a mapping"),
        (lambda to: to.mkdir() or (to / "verdicts.csv").mkdir(), StorageTrouble, "a folder is in"),
        (lambda to: to.mkdir() or (to / "shared.json").mkdir(), StorageTrouble, "a folder is in"),
    ],
)
def test_what_would_lose_the_results_of_a_run_is_said_before_it(
    tmp_path: Path, spoil: Callable[[Path], object], error: type[Exception], expected: str
) -> None:
    spoil(tmp_path / "results")
    with pytest.raises(error, match=expected):
        check_destination(tmp_path / "results", AXES)


def test_a_folder_that_can_not_be_made_is_said_before_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: fail_at(1, errno.EROFS)())
    with pytest.raises(StorageTrouble, match="can't be written: Read-only file system"):
        check_destination(tmp_path / "results", AXES)

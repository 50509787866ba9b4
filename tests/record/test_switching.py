"""A command that is killed between two renames leaves a change that the next one finishes."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from published import AXES, SELF, cell, example, verdict

from interlock.model import Outcome, StorageTrouble, UsageError
from interlock.record import switching
from interlock.record.results import Results, read_results, write_results

OLD = [verdict(cell("2.9", "3.1"), Outcome.HANG)]
NEW = [verdict(cell("2.9", "3.1")), verdict(cell("3.0", "3.1"))]
KILLED = 9


def write_old(folder: Path) -> None:
    write_results(OLD, {SELF: example(OLD[0].cell)}, folder, AXES)


def write_new(folder: Path) -> None:
    write_results(NEW, {}, folder, AXES)


def killed_at(number: int, task: Callable[[], None], failing: int = 0) -> bool:
    """Do a task in a process that ends at its n-th rename, link or unlink, as by SIGKILL.

    From call ``failing`` on, renames of new files fail. True if it was killed.
    """
    child = os.fork()
    if child == 0:
        calls = 0

        def dying(name: str) -> None:
            real = getattr(Path, name)

            def call(self: Path, *arguments: object, **named: object) -> object:
                nonlocal calls
                calls += 1
                if calls == number:
                    os._exit(KILLED)
                if failing and calls >= failing and name == "replace" and self.suffix == ".new":
                    raise OSError(errno.EIO, "broken")
                return real(self, *arguments, **named)

            setattr(Path, name, call)

        for name in ("replace", "unlink", "hardlink_to"):
            dying(name)
        try:
            task()
        except StorageTrouble:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == KILLED


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("failing", [0, 10, 12], ids=["", "taken-back-early", "taken-back-late"])
def test_whenever_it_is_killed_the_results_are_the_old_or_the_new(
    tmp_path: Path, failing: int
) -> None:
    wanted = {}
    for name, write in {"old": write_old, "new": write_new}.items():
        write(tmp_path / name)
        wanted[name] = files(tmp_path / name)
    seen = set()
    for number in range(1, 200):
        folder = tmp_path / str(number)
        write_old(folder)
        killed = killed_at(number, lambda: write_new(folder), failing)  # noqa: B023

        read_results(folder, AXES)
        left = {
            name: data
            for name, data in files(folder).items()
            if name in {**wanted["old"], **wanted["new"]}
        }
        seen.add(next(name for name, content in wanted.items() if content == left))
        write_new(folder)
        assert files(folder) == wanted["new"], number
        if not killed:
            break
    assert not killed, "it was never reached"
    assert "old" in seen
    assert failing or "new" in seen


def test_a_reader_waits_for_a_writer_that_lives(tmp_path: Path) -> None:
    write_old(tmp_path)
    found: list[Results] = []
    with switching.locked(tmp_path, to_write=True):
        reader = threading.Thread(target=lambda: found.append(read_results(tmp_path, AXES)))
        reader.start()
        time.sleep(0.1)
        assert found == []
    reader.join()
    assert len(found[0].verdicts) == 1


def test_a_writer_that_never_ends_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switching, "_PATIENCE_S", 0.05)
    said = "is being written by another command; wait"
    with switching.locked(tmp_path, to_write=True), pytest.raises(StorageTrouble, match=said):
        read_results(tmp_path, AXES)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "use the folder as it was published"),
        ("[]", "use the folder as it was published"),
        ("{}", "use the folder as it was published"),
        (json.dumps({"put": ["../a"], "gone": [], "added": [], "back": False}), "'../a'"),
        (json.dumps({"put": [], "gone": ["/etc/x"], "added": [], "back": True}), "'/etc/x'"),
        (json.dumps({"put": [], "gone": [], "added": [5], "back": True}), "names 5"),
    ],
)
def test_a_list_that_nobody_wrote_changes_nothing(
    tmp_path: Path, content: str, expected: str
) -> None:
    write_old(tmp_path)
    (tmp_path / switching.FILE).write_text(content)
    before = files(tmp_path)
    with pytest.raises(UsageError) as caught:
        read_results(tmp_path, AXES)
    assert expected in str(caught.value)
    assert files(tmp_path) == before


def test_who_can_not_write_is_told_that_a_change_is_left(tmp_path: Path) -> None:
    write_old(tmp_path)
    killed_at(12, lambda: write_new(tmp_path))
    if os.geteuid() != 0:
        tmp_path.chmod(0o500)
        expected: tuple[type[Exception], str] = (StorageTrouble, "as a user who can write there")
        with pytest.raises(expected[0], match=expected[1]):
            read_results(tmp_path, AXES)
        tmp_path.chmod(0o700)
    assert read_results(tmp_path, AXES).verdicts

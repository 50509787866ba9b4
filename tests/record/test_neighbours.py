"""Files beside the ledger that are not its own: named before SQLite believes them."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from published import cell, verdict

from interlock.model import Outcome, StorageTrouble
from interlock.record.database import FILE
from interlock.record.ledger import Ledger, repair

VERDICTS = [verdict(cell(f"2.{number}", "3.1"), Outcome.HANG) for number in range(9)]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    with Ledger(folder) as ledger:
        for each in VERDICTS:
            ledger.keep_verdict(each)
    return folder


def beside(home: Path, end: str) -> Path:
    return home / f"{FILE}{end}"


def log_of_another(home: Path) -> None:
    """As a backup leaves it that was copied over a ledger in use."""
    other = home.parent / "other"
    other.mkdir()
    with Ledger(other) as ledger:
        ledger.keep_verdict(VERDICTS[0])
        shutil.copy(beside(other, "-wal"), beside(home, "-wal"))


def journal_of_another(home: Path) -> None:
    other = home.parent / "other.sqlite"
    with closing(sqlite3.connect(other, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 5")
        db.execute("CREATE TABLE others (a, b)")
        db.execute("INSERT INTO others VALUES (1, randomblob(100000))")
        db.execute("BEGIN")
        db.execute("UPDATE others SET b = randomblob(300000)")
        for _ in range(300):
            db.execute("INSERT INTO others VALUES (1, randomblob(1000))")
        journal = other.with_name("other.sqlite-journal")
        assert journal.stat().st_size > 1000
        shutil.copy(journal, beside(home, "-journal"))


def pipe(end: str) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        beside(home, end).unlink(missing_ok=True)
        os.mkfifo(beside(home, end))

    return do


def folder(end: str) -> Callable[[Path], None]:
    def do(home: Path) -> None:
        beside(home, end).unlink(missing_ok=True)
        beside(home, end).mkdir()

    return do


def endless(home: Path) -> None:
    beside(home, "").unlink()
    beside(home, "").symlink_to("/dev/zero")


NOT_ITS_OWN = f"does not belong to {FILE}, and would overwrite it; move it away"
NO_FILE = "is no regular file; move it away"


@pytest.mark.parametrize(
    ("harm", "end", "expected"),
    [
        (log_of_another, "-wal", NOT_ITS_OWN),
        (journal_of_another, "-journal", NOT_ITS_OWN),
        *((pipe(end), end, NO_FILE) for end in ("", "-wal", "-journal", "-shm")),
        *((folder(end), end, NO_FILE) for end in ("", "-wal", "-journal", "-shm")),
        (endless, "", NO_FILE),
    ],
)
def test_what_is_not_the_ledgers_own_is_named_and_changes_nothing(
    home: Path, harm: Callable[[Path], None], end: str, expected: str
) -> None:
    harm(home)
    is_whole = beside(home, "").is_file()
    before = beside(home, "").read_bytes() if is_whole else b""
    for use in (lambda: Ledger(home), lambda: repair(home) or Ledger(home)):
        with pytest.raises(StorageTrouble, match=expected):
            use()
    if is_whole:
        assert beside(home, "").read_bytes() == before
    shutil.move(beside(home, end), home.parent / "aside")
    if is_whole:
        with Ledger(home) as ledger:
            assert ledger.verdicts() == VERDICTS


def test_its_own_log_is_read_after_a_kill(home: Path) -> None:
    child = os.fork()
    if child == 0:
        with Ledger(home) as ledger:
            ledger.keep_verdict(verdict(cell("3.0", "3.1")))
            os._exit(9)
    os.waitpid(child, 0)
    assert beside(home, "-wal").stat().st_size
    with Ledger(home) as ledger:
        assert len(ledger.verdicts()) == len(VERDICTS) + 1


def test_a_ledger_may_be_a_link_to_another_disk(home: Path, tmp_path: Path) -> None:
    shutil.move(beside(home, ""), tmp_path / "elsewhere.sqlite")
    beside(home, "").symlink_to(tmp_path / "elsewhere.sqlite")
    with Ledger(home) as ledger:
        assert ledger.verdicts() == VERDICTS


def test_each_ledger_has_a_number_of_its_own(home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    found = []
    for folder in (home, tmp_path / "other", home):
        with Ledger(folder), closing(sqlite3.connect(beside(folder, ""))) as db:
            found.append(db.execute("PRAGMA application_id").fetchone()[0])
    assert 0 not in found
    assert found[0] == found[2] != found[1]

"""A byte of the ledger that changed is noticed, and what can be read is read back."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from published import cell, verdict

from interlock.model import Backend, Environment, Outcome, StorageTrouble, Trial
from interlock.record import database, ledger as ledger_file
from interlock.record.ledger import CampaignRecord, Ledger, repair

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
CAMPAIGN = CampaignRecord(id="c1", started_at=NOON, resolved={})
ENVIRONMENT = Environment(
    digest="e",
    image="python:3.10-slim",
    image_digest="i",
    python_full="3.10.14",
    resolved_at=NOON,
    path=Path("unused"),
    lock="one==1 --hash=sha256:00\n" * 500,  # more than a page
)
TRIALS = [
    Trial(
        cell=cell(f"2.{number % 20}", "3.1"),
        campaign="c1",
        started_at=NOON + timedelta(hours=number),
        seconds=1.0 + number,
        events=({"event": "hello", "at": number / 8},),
        backend=Backend.DOCKER,
        probe_digest="p",
        config_digest="c",
        environment_digest="e",
        image_digest="i",
        python_full="3.10.14",
        machine="x86_64",
    )
    for number in range(40)
]
VERDICTS = [verdict(cell(f"2.{number}", "3.1"), Outcome.HANG) for number in range(20)]


def filled(home: Path) -> None:
    home.mkdir()
    with Ledger(home) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.keep_environment(ENVIRONMENT)
        for trial in TRIALS:
            ledger.record(trial)
        for each in VERDICTS:
            ledger.keep_verdict(each)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("whole") / "home"
    filled(home)
    return home


def used(home: Path) -> tuple[list[Trial], int]:
    """Do with a ledger what the commands do; the trials in it, and how many are lost."""
    with Ledger(home) as ledger:
        ledger.rename({})
        remembered = [
            each for backend in (None, Backend.DOCKER) for each in ledger.verdicts(backend)
        ]
        assert all(each in VERDICTS for each in remembered)
        trials = list(ledger.trials())
        cells = {each for each, _, _ in ledger.newest()}
        ledger.campaigns(NOON)
        list(ledger.trials(TRIALS[0].cell, backend=Backend.DOCKER, since=NOON))
        lost = len(ledger.lost)
        ledger.begin(CAMPAIGN)
        ledger.record(TRIALS[0])
        ledger.keep_verdict(VERDICTS[0])
    assert all(trial in TRIALS for trial in trials)
    assert cells == {trial.cell for trial in trials}
    return trials, lost


def changed_at(whole: Path, home: Path, offset: int, mask: int) -> None:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "events").symlink_to(whole / "events")
    data = bytearray((whole / database.FILE).read_bytes())
    data[offset % len(data)] ^= mask
    (home / database.FILE).write_bytes(data)


PLACES = [*range(0, 110, 3), *random.Random(18).sample(range(70_000), 300)]


@pytest.mark.parametrize("part", range(6))
@pytest.mark.parametrize("mask", [0xFF, 0x01])
def test_one_changed_byte_costs_one_row_at_most(
    whole: Path, tmp_path: Path, mask: int, part: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL")
    home = tmp_path / "home"
    for offset in PLACES[part::6]:
        changed_at(whole, home, offset, mask)
        try:
            trials, lost = used(home)
        except StorageTrouble as trouble:
            said = str(trouble)
            assert "`interlock judge` repairs it" in said or "newer Interlock" in said, offset
            if "newer Interlock" in said:
                continue
            changed_at(whole, home, offset, mask)
            repaired = repair(home)
            assert repaired is not None, offset
            assert repaired.damaged.is_file()
            trials, lost = used(home)
        assert len(trials) >= len(TRIALS) - 1, offset
        assert lost == len(TRIALS) - len(trials) or repaired.lost, offset


def test_a_sound_ledger_is_left_alone(whole: Path) -> None:
    before = (whole / database.FILE).read_bytes()
    assert repair(whole) is None
    assert (whole / database.FILE).read_bytes() == before


def test_nothing_is_repaired_where_there_is_nothing(tmp_path: Path) -> None:
    assert repair(tmp_path) is None


def overwrite(start: int, end: int | None) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        stop = len(data) if end is None else end
        data[start:stop] = b"\xff" * (stop - start)

    return change


@pytest.mark.parametrize(
    ("change", "at_least"),
    [
        (overwrite(0, 4096), 40),  # the page that names the tables
        (overwrite(0, 100), 40),
        (overwrite(40960, 45056), 30),
        (overwrite(73728, None), 10),
    ],
)
def test_overwritten_pages_cost_only_what_was_in_them(
    whole: Path, tmp_path: Path, change: Callable[[bytearray], None], at_least: int
) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    data = bytearray((home / database.FILE).read_bytes())
    change(data)
    (home / database.FILE).write_bytes(data)
    repair(home)
    trials, _ = used(home)
    assert len(trials) >= at_least


def test_what_only_the_log_has_is_read_too(tmp_path: Path) -> None:
    filled(tmp_path / "made")
    with Ledger(tmp_path / "made") as open_ledger:
        open_ledger.record(replace(TRIALS[0], seconds=500.0))
        shutil.copytree(tmp_path / "made", tmp_path / "home")  # as a power cut leaves it
    file = tmp_path / "home" / database.FILE
    assert file.with_name(f"{file.name}-wal").stat().st_size
    file.write_bytes(b"\xff" * 4096 + file.read_bytes()[4096:])
    repaired = repair(tmp_path / "home")
    assert repaired is not None
    assert (repaired.trials, repaired.lost) == (len(TRIALS) + 1, 0)
    with Ledger(tmp_path / "home") as ledger:
        assert [trial.seconds for trial in ledger.trials()][-1] == 500.0


def test_a_row_of_several_pages_is_read(tmp_path: Path) -> None:
    filled(tmp_path / "home")
    file = tmp_path / "home" / database.FILE
    file.write_bytes(b"\xff" * 100 + file.read_bytes()[100:])
    assert repair(tmp_path / "home") is not None
    with sqlite3.connect(file) as db:
        assert db.execute("SELECT lock FROM environments").fetchall() == [(ENVIRONMENT.lock,)]


def test_a_ledger_in_use_is_not_repaired(whole: Path, tmp_path: Path) -> None:
    changed_at(whole, tmp_path / "home", 0, 0xFF)
    with pytest.raises(StorageTrouble, match="a run is under way; wait until it has ended"):
        repair(tmp_path / "home", in_use=True)


@pytest.mark.parametrize(
    ("table", "column"),
    [("trials", name) for name in database.CHECKED["trials"]]
    + [("verdicts", name) for name in database.CHECKED["verdicts"]],
)
def test_every_column_is_checked(
    whole: Path, tmp_path: Path, table: str, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    home = tmp_path / "home"
    shutil.copytree(whole, home)
    with sqlite3.connect(home / database.FILE) as db:
        value = "2.5" if column == "seconds" else f"{column} || ' '"
        db.execute(f"UPDATE {table} SET {column} = {value} WHERE rowid = 1")
    with Ledger(home) as ledger:
        assert len(list(ledger.trials())) == len(TRIALS) - (table == "trials")
        assert len(ledger.verdicts()) == len(VERDICTS) - (table == "verdicts")
    assert table == "trials" or "its row was changed" in caplog.text


def test_a_ledger_without_checksums_gets_them(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / database.FILE) as db:
        db.executescript(database.MIGRATIONS[0])
        db.execute("PRAGMA user_version = 1")
        with Ledger(tmp_path / "other") as other:
            other.record(TRIALS[0])
        with sqlite3.connect(tmp_path / "other" / database.FILE) as known:
            (*row, _) = known.execute("SELECT * FROM trials").fetchone()
        db.execute(f"INSERT INTO trials VALUES ({', '.join('?' * len(row))})", row)
    shutil.copytree(tmp_path / "other" / "events", tmp_path / "events")
    with Ledger(tmp_path) as ledger:
        assert list(ledger.trials()) == [TRIALS[0]]
    with sqlite3.connect(tmp_path / database.FILE) as db:
        assert db.execute("SELECT length(checksum) FROM trials").fetchall() == [(16,)]
    assert ledger_file.database.is_damage(sqlite3.DatabaseError("malformed"), tmp_path)


def _repair(home: Path, together: Barrier) -> None:
    together.wait()
    os._exit(int(repair(home) is not None))


def test_several_repairs_at_once_are_one(whole: Path, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for attempt in range(3):
        home, together = tmp_path / str(attempt), fork.Barrier(4)
        home.mkdir()
        (home / "events").symlink_to(whole / "events")
        data = bytearray((whole / database.FILE).read_bytes())
        data[0] ^= 1  # SQLite takes it for no database
        (home / database.FILE).write_bytes(data)
        begun = [fork.Process(target=_repair, args=(home, together)) for _ in range(4)]
        for process in begun:
            process.start()
        for process in begun:
            process.join()
        assert sorted(process.exitcode or 0 for process in begun) == [0, 0, 0, 1]
        with Ledger(home) as ledger:
            assert list(ledger.trials()) == TRIALS
        (damaged,) = home.glob("*.damaged-*")
        assert damaged.read_bytes() == data

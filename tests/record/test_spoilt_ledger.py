"""A ledger with one damaged place: it is named and left out, and the rest goes on."""

from __future__ import annotations

import gzip
import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest
from published import cell, verdict

from interlock.model import Backend, Cell, Outcome, Renamed, StorageTrouble, Trial
from interlock.record import blobs
from interlock.record.ledger import CampaignRecord, Ledger, repair

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
CAMPAIGN = CampaignRecord(id="c1", started_at=NOON, resolved={})
TRIAL = Trial(
    cell=cell("2.9", "3.1"),
    campaign="c1",
    started_at=NOON,
    seconds=1.25,
    events=({"event": "hello", "at": 0.0}, {"event": "end", "at": 1.2}),
    backend=Backend.DOCKER,
    probe_digest="p",
    config_digest="c",
    environment_digest="e",
    image_digest="i",
    python_full="3.10.14",
    machine="x86_64",
)
VERDICT = verdict(cell("2.9", "3.1"), Outcome.HANG)
OTHER = replace(TRIAL, seconds=2.5, events=({"event": "hello", "at": 0.5},))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(TRIAL)
        ledger.record(OTHER)
        ledger.keep_verdict(VERDICT)
    return tmp_path


def spoilt(home: Path, statement: str) -> None:
    """Change a row, and remove its checksum: an earlier Interlock wrote none."""
    with sqlite3.connect(home / "ledger.sqlite") as db:
        db.execute(statement.replace(" SET ", " SET checksum = '', "))


def blob_of_the_first(home: Path) -> Path:
    with sqlite3.connect(home / "ledger.sqlite") as db:
        (digest,) = db.execute("SELECT events FROM trials WHERE id = 1").fetchone()
    return home / "events" / digest[:2] / f"{digest}.jsonl.gz"


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replaced_by_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replaced_by_a_device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x1f\x8b" + b"\0" * 40),
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_bytes(path.read_bytes()[:30] + b"\xff" + path.read_bytes()[31:]),
        replaced_by_a_folder,
        replaced_by_a_pipe,
        replaced_by_a_device,
    ],
)
def test_events_that_are_lost_cost_one_trial(home: Path, spoil: Callable[[Path], object]) -> None:
    spoil(blob_of_the_first(home))
    with Ledger(home) as ledger:
        assert list(ledger.trials()) == [OTHER]
        assert list(ledger.trials()) == [OTHER]
        (lost,) = ledger.lost
    assert lost.startswith("trial 1 of ")


def test_events_that_unpack_to_too_much_cost_one_trial(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blobs, "MOST_BYTES", 1000)
    blob_of_the_first(home).write_bytes(gzip.compress(b" " * 2000))
    with Ledger(home) as ledger:
        assert list(ledger.trials()) == [OTHER]
        assert "more than" in ledger.lost[0]


@pytest.mark.parametrize(
    "spoil",
    [
        "backend = 'podman'",
        "backend = x'ff'",
        "started_at = 'yesterday'",
        "started_at = '2026-03-01T12:00:00'",
        "started_at = ''",
        "started_at = '10:00'",
        "started_at = '2999-03-01T12:00:00+00:00'",
        "pins = '{'",
        "pins = '[1]'",
        "pins = 'null'",
        'pins = \'[["left", "left-lib", "2.x"]]\'',
        "python = 'three'",
        "python = ''",
        "seconds = 'long'",
        "events = ''",
        "events = '../../../etc/passwd'",
        "events = x'c3'",
    ],
)
def test_a_row_that_was_damaged_costs_one_trial(home: Path, spoil: str) -> None:
    spoilt(home, f"UPDATE trials SET {spoil} WHERE id = 1")
    with Ledger(home) as ledger:
        assert list(ledger.trials()) == [OTHER]
        assert [lost.partition(" of ")[0] for lost in ledger.lost] == ["trial 1"]
        ledger.newest()
        assert len(ledger.lost) == 1


SPOILT_TIMES = ("nonsense", "", "10:00", "2999-03-01T12:00:00+00:00", "2026-03-01T12:00:00")


@pytest.mark.parametrize("time", SPOILT_TIMES)
@pytest.mark.parametrize("since", [None, NOON])
def test_a_time_that_cannot_be_right_never_drops_a_trial_silently(
    home: Path, time: str, since: datetime | None
) -> None:
    spoilt(home, f"UPDATE trials SET started_at = '{time}' WHERE id = 1")
    with Ledger(home) as ledger:
        assert list(ledger.trials(since=since)) == [OTHER]
        assert [lost.partition(" of ")[0] for lost in ledger.lost] == ["trial 1"]


@pytest.mark.parametrize("time", SPOILT_TIMES)
def test_a_verdict_on_a_trial_with_a_spoilt_time_is_left_out_and_named(
    home: Path, caplog: pytest.LogCaptureFixture, time: str
) -> None:
    spoilt(home, f"UPDATE trials SET started_at = '{time}' WHERE id = 1")
    with Ledger(home) as ledger:
        assert ledger.verdicts() == []
        assert ledger.verdicts(VERDICT.backend) == []
        assert [lost.partition(" of ")[0] for lost in ledger.lost] == ["trial 1"]
    assert "the time of one of its trials can't be right" in caplog.records[0].message


@pytest.mark.parametrize("time", SPOILT_TIMES)
def test_the_judge_sets_a_trial_with_a_spoilt_time_aside_once(home: Path, time: str) -> None:
    spoilt(home, f"UPDATE trials SET started_at = '{time}' WHERE id = 1")
    with Ledger(home) as ledger:
        (named,) = ledger.set_aside()
        assert named.startswith("trial 1 of ")
        assert ledger.verdicts() == []
        ledger.keep_verdict(VERDICT)
    with Ledger(home) as ledger:
        assert ledger.set_aside() == ()
        assert list(ledger.trials()) == [OTHER]
        assert ledger.verdicts() == [VERDICT]
        assert [last for _, _, last in ledger.newest()] == [OTHER.started_at]
        assert ledger.lost == ()


def test_a_sound_ledger_keeps_what_it_has_when_the_judge_looks_at_its_times(home: Path) -> None:
    with Ledger(home) as ledger:
        assert ledger.set_aside() == ()
        assert list(ledger.trials()) == [TRIAL, OTHER]
        assert ledger.verdicts() == [VERDICT]


def test_a_verdict_stays_where_a_right_time_was_damaged_later(home: Path) -> None:
    with sqlite3.connect(home / "ledger.sqlite") as db:
        db.execute("UPDATE trials SET started_at = 'x' || started_at WHERE id = 1")
    with Ledger(home) as ledger:
        assert ledger.verdicts() == [VERDICT]
        assert len(ledger.lost) == 1


def test_a_remembered_verdict_of_the_future_is_left_out(home: Path) -> None:
    new = '"tested_at": "2925'
    spoilt(
        home, f"""UPDATE verdicts SET verdict = replace(verdict, '"tested_at": "2025', '{new}')"""
    )
    with Ledger(home) as ledger:
        assert ledger.verdicts() == []


@pytest.mark.parametrize(
    "spoil",
    ["verdict = ''", "verdict = 'null'", "verdict = '[]'", "verdict = '{}'", "verdict = x'ff'"]
    + [
        f"verdict = replace(verdict, '{old}', '{new}')"
        for old, new in [
            ('"outcome": "hang"', '"outcome": "hung"'),
            ('"basis": "tested"', '"basis": "guessed"'),
            ('"backend": "docker"', '"backend": "podman"'),
            ('"tested_at": "2025', '"tested_at": "in 2025'),
            ('"signatures"', '"signed"'),
            ('"pins": [[', '"pins": ["x", ['),
            ('"python": "3', '"python": "three'),
        ]
    ],
)
def test_a_remembered_verdict_that_was_damaged_is_left_out_and_named(
    home: Path, caplog: pytest.LogCaptureFixture, spoil: str
) -> None:
    spoilt(home, f"UPDATE verdicts SET {spoil}")
    with Ledger(home) as ledger:
        assert ledger.verdicts() == []
        (said,) = [record.message for record in caplog.records]
        assert said.startswith("the remembered verdict of [")
        ledger.keep_verdict(VERDICT)
        assert ledger.verdicts() == [VERDICT]


@pytest.mark.parametrize(
    ("before", "now", "worse"),
    [
        (Outcome.HANG, Outcome.PASS, True),
        (Outcome.HANG, Outcome.UNPROVEN, True),
        (Outcome.FAIL, Outcome.PASS, True),
        (Outcome.UNPROVEN, Outcome.PASS, True),
        (Outcome.HANG, Outcome.HANG, False),
        (Outcome.PASS, Outcome.PASS, False),
        (Outcome.PASS, Outcome.HANG, False),
        (Outcome.UNPROVEN, Outcome.FAIL, False),
    ],
)
def test_a_lost_trial_may_be_why_a_verdict_was_worse(
    home: Path, before: Outcome, now: Outcome, worse: bool
) -> None:
    with Ledger(home) as ledger:
        ledger.keep_verdict(verdict(VERDICT.cell, before))
        list(ledger.trials())
        assert ledger.worse_before_a_loss(verdict(VERDICT.cell, now)) is None
        blob_of_the_first(home).unlink()
        list(ledger.trials())
        found = ledger.worse_before_a_loss(verdict(VERDICT.cell, now))
        assert found == (before if worse else None)


@pytest.mark.parametrize(
    ("gone", "tested_at", "trials", "kept"),
    [
        ("id = 1", NOON, 2, True),
        # The newest trial is gone: no number is missing, but its time is.
        ("id = 2", NOON + timedelta(hours=1), 2, True),
        # As many trials as before: another rule gives the better verdict.
        ("id = 1", NOON, 1, False),
        ("id = 9", NOON, 2, False),
    ],
)
def test_a_trial_whose_row_is_gone_is_missed(
    home: Path, gone: str, tested_at: datetime, trials: int, kept: bool
) -> None:
    with Ledger(home) as ledger:
        ledger.keep_verdict(replace(VERDICT, tested_at=tested_at, trials=trials))
    with sqlite3.connect(home / "ledger.sqlite") as db:
        db.execute(f"DELETE FROM trials WHERE {gone}")
    now = replace(verdict(VERDICT.cell, Outcome.PASS), tested_at=NOON, trials=1)
    with Ledger(home) as ledger:
        assert ledger.worse_before_a_loss(now) == (Outcome.HANG if kept else None)


def test_pages_of_the_file_that_were_overwritten_are_a_clear_line(home: Path) -> None:
    with sqlite3.connect(home / "ledger.sqlite") as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file = home / "ledger.sqlite"
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(StorageTrouble, match="can't be used"), Ledger(home) as ledger:
        list(ledger.trials())


def _open(home: Path, together: Barrier) -> None:
    together.wait()
    with Ledger(home) as ledger:
        ledger.record(TRIAL)


def test_several_first_starts_at_once_share_a_new_home(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    for attempt in range(5):
        home, together = tmp_path / str(attempt), fork.Barrier(4)
        home.mkdir()
        begun = [fork.Process(target=_open, args=(home, together)) for _ in range(4)]
        for process in begun:
            process.start()
        for process in begun:
            process.join()
        assert [process.exitcode for process in begun] == [0] * 4
        with Ledger(home) as ledger:
            assert len(list(ledger.trials())) == 4


def test_what_was_damaged_keeps_nothing_else_from_being_renamed(home: Path) -> None:
    cell_then, today = TRIAL.cell, replace(TRIAL.cell, config="today")
    renamed = {(cell_then.probe, cell_then.config): Renamed(config="today", before="", today="")}
    spoilt(home, "UPDATE trials SET cell = '{' WHERE id = 1")
    spoilt(home, "UPDATE verdicts SET verdict = 'null'")
    with Ledger(home) as ledger:
        ledger.rename(renamed)
        assert [trial.cell for trial in ledger.trials(today)] == [today]


def gap(home: Path, of: Cell = TRIAL.cell) -> int:
    with Ledger(home) as ledger:
        return ledger.missing_before(of, TRIAL.backend)


def test_what_is_missing_matters_where_no_verdict_is_left(home: Path) -> None:
    with Ledger(home) as ledger:
        ledger.record(replace(OTHER, seconds=9.0))
        last = len(list(ledger.trials()))
        ledger.keep_verdict(replace(VERDICT, cell=TRIAL.cell, backend=TRIAL.backend))
    spoilt(home, f"DELETE FROM trials WHERE id = {last - 1}")
    assert gap(home) == 0
    spoilt(home, "DELETE FROM verdicts")
    assert gap(home) == last - 1
    with Ledger(home) as ledger:
        assert len(list(ledger.trials(after=last - 1))) == 1


def test_after_a_repair_the_last_trials_may_be_missing(home: Path) -> None:
    without_verdict = cell("0.1", "3.1")
    spoilt(home, "DROP INDEX trials_by_cell")
    with Ledger(home) as ledger:
        trials = list(ledger.trials())
    assert gap(home, without_verdict) == 0
    assert repair(home)
    assert gap(home, without_verdict) == len(trials) + 1
    with Ledger(home) as ledger:
        assert list(ledger.trials()) == trials
        assert {of for of, _, _ in ledger.newest()} == {trial.cell for trial in trials}
        assert ledger.set_aside() == () == ledger.lost
        ledger.record(replace(OTHER, seconds=9.0))
        assert len(list(ledger.trials(after=len(trials) + 1))) == 1

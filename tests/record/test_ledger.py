"""The ledger keeps everything that was finished, whatever happens next."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from packaging.version import Version

from interlock.model import (
    Backend,
    Basis,
    Cell,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Renamed,
    Signature,
    StorageTrouble,
    Trial,
    Verdict,
)
from interlock.record.ledger import CampaignRecord, Ledger

NOON = datetime(2026, 1, 2, 12, tzinfo=timezone.utc)
CELL = Cell(
    pins=(
        Pin(axis="left", package="left-lib", version=Version("1.10.0rc1")),
        Pin(axis="right", package="right-lib", version=None),
    ),
    python=PythonVersion(3, 10),
    probe="waits",
    config="plain",
)
TRIAL = Trial(
    cell=CELL,
    campaign="c1",
    started_at=NOON,
    seconds=1.25,
    events=({"event": "hello", "at": 0.0}, {"event": "end", "at": 1.2}),
    backend=Backend.PROCESS,
    probe_digest="p",
    config_digest="c",
    environment_digest="e",
    image_digest="i",
    python_full="3.10.14",
    machine="x86_64",
)
VERDICT = Verdict(
    cell=CELL,
    outcome=Outcome.HANG,
    phase=Phase.SERVING,
    reason=Reason.LOCK_CYCLE,
    signatures=((Signature(locks=("A._lock", "B._lock")), 2), (Signature(stuck=("f",)), 1)),
    detail="Three of three hung.",
    evidence=("T1 waits for A._lock, which T2 holds.",),
    basis=Basis.TESTED,
    trials=3,
    hangs=3,
    exposures=90,
    seconds=1.5,
    backend=Backend.PROCESS,
    probe_digest="p",
    config_digest="c",
    environment_digest="e",
    image_digest="i",
    python_full="3.10.14",
    machine="x86_64",
    tested_at=NOON,
)
CAMPAIGN = CampaignRecord(id="c1", started_at=NOON, resolved={"left latest": "1.9"})


def test_trials_of_one_backend_and_since_a_moment_are_those_alone(tmp_path: Path) -> None:
    other = replace(TRIAL, backend=Backend.DOCKER, started_at=NOON + timedelta(hours=1))
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(TRIAL)
        ledger.record(other)
        assert list(ledger.trials(CELL, backend=Backend.DOCKER)) == [other]
        assert list(ledger.trials(CELL, since=TRIAL.started_at)) == [TRIAL, other]
        assert list(ledger.trials(since=TRIAL.started_at + timedelta(microseconds=1))) == [other]
        assert ledger.newest() == [
            (CELL, TRIAL.backend, TRIAL.started_at),
            (CELL, Backend.DOCKER, other.started_at),
        ]


def test_a_trial_reads_back_as_it_was_recorded(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(TRIAL)
    with Ledger(tmp_path) as ledger:
        assert list(ledger.trials()) == [TRIAL]
        assert list(ledger.trials(CELL)) == [TRIAL]
        assert list(ledger.trials(replace(CELL, config="other"))) == []


def test_trials_are_appended_and_never_replaced(tmp_path: Path) -> None:
    later = replace(TRIAL, started_at=NOON + timedelta(hours=1))
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        for trial in (TRIAL, later, TRIAL):
            ledger.record(trial)
        assert list(ledger.trials(CELL)) == [TRIAL, later, TRIAL]


def test_a_verdict_reads_back_and_the_newest_stands(tmp_path: Path) -> None:
    newer = replace(VERDICT, trials=4, tested_at=NOON + timedelta(days=1))
    with Ledger(tmp_path) as ledger:
        ledger.keep_verdict(VERDICT)
        assert ledger.verdicts() == [VERDICT]
        ledger.keep_verdict(newer)
        assert ledger.verdicts() == [newer]


def test_a_verdict_of_an_earlier_interlock_is_completed(tmp_path: Path) -> None:
    failed = replace(
        VERDICT,
        outcome=Outcome.FAIL,
        reason=Reason.CRASH,
        signatures=(),
        hangs=0,
        detail="2 of 3 trials failed in serving: a child was killed by SIGSEGV.",
        cause="SIGSEGV",
        failed=2,
    )
    with Ledger(tmp_path) as ledger:
        ledger.keep_verdict(failed)
        assert ledger.verdicts() == [failed]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        # It wrote no checksums either.
        remove = (
            "UPDATE verdicts SET checksum = '', "
            "verdict = json_remove(verdict, '$.cause', '$.failed')"
        )
        assert db.execute(remove).rowcount == 1
    with Ledger(tmp_path) as ledger:
        assert ledger.verdicts() == [failed]


RENAMED = {("waits", "plain"): Renamed(config="full", before="c", today="d")}


def test_a_ledger_is_put_under_the_names_of_today(tmp_path: Path) -> None:
    other = replace(TRIAL, cell=replace(CELL, probe="other"))
    unknown = replace(TRIAL, config_digest="x")
    today = replace(CELL, config="full")
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        for ran in (TRIAL, other, unknown):
            ledger.record(ran)
        ledger.keep_verdict(VERDICT)
        ledger.rename(RENAMED)
        ledger.rename(RENAMED)

    with Ledger(tmp_path) as ledger:
        trials = list(ledger.trials())
        assert [ran.cell for ran in trials] == [today, other.cell, today]
        # A trial with other settings than planned does not count as today's.
        assert [ran.config_digest for ran in trials] == ["d", "c", "x"]
        assert list(ledger.trials(today)) == [trials[0], trials[2]]
        assert replace(trials[0], cell=CELL, config_digest="c") == TRIAL
        assert ledger.verdicts() == [replace(VERDICT, cell=today, config_digest="d")]


def test_a_verdict_under_the_name_of_today_is_kept(tmp_path: Path) -> None:
    newer = replace(VERDICT, cell=replace(CELL, config="full"), detail="Seen today.")
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(TRIAL)
        ledger.keep_verdict(VERDICT)
        ledger.keep_verdict(newer)
        ledger.rename(RENAMED)
        assert ledger.verdicts() == [newer]


def test_an_exception_that_an_older_harness_wrapped_is_read_as_what_it_was(tmp_path: Path) -> None:
    error = {"event": "error", "type": "Broken", "message": "KeyError: 'x'"}
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(replace(TRIAL, events=(error,)))
        (trial,) = ledger.trials()
    assert trial.events == ({"event": "error", "type": "KeyError", "message": "'x'"},)


def test_of_two_backends_the_newer_verdict_stands(tmp_path: Path) -> None:
    newer = replace(VERDICT, backend=Backend.DOCKER, tested_at=NOON + timedelta(days=1))
    with Ledger(tmp_path) as ledger:
        ledger.keep_verdict(newer)
        ledger.keep_verdict(VERDICT)
        assert ledger.verdicts() == [newer]
        assert ledger.verdicts(Backend.PROCESS) == [VERDICT]
        assert ledger.verdicts(Backend.DOCKER) == [newer]


def test_a_killed_writer_loses_nothing_that_was_finished(tmp_path: Path) -> None:
    script = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_ledger import CAMPAIGN, TRIAL, Ledger
ledger = Ledger(Path({str(tmp_path)!r}))
ledger.begin(CAMPAIGN)
while True:
    ledger.record(TRIAL)
    print("kept", flush=True)
"""
    writer = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(5)]
    os.kill(writer.pid, signal.SIGKILL)
    said += writer.stdout.readlines()
    writer.wait()
    with Ledger(tmp_path) as ledger:
        kept = list(ledger.trials())
    assert said[:5] == ["kept\n"] * 5
    assert len(kept) in (len(said), len(said) + 1)
    assert set(map(repr, kept)) == {repr(TRIAL)}


def test_a_ledger_of_a_newer_interlock_is_left_alone(tmp_path: Path) -> None:
    Ledger(tmp_path).__exit__(None, None, None)
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StorageTrouble, match="newer Interlock"):
        Ledger(tmp_path)


def test_a_folder_that_cannot_be_written_is_a_clear_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder is wanted")
    with pytest.raises(StorageTrouble, match="can't be written"):
        Ledger(tmp_path / "home")


@pytest.mark.parametrize("changed", [0, 20, 40, -1])
def test_events_that_were_changed_are_named_and_left_out(tmp_path: Path, changed: int) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.begin(CAMPAIGN)
        ledger.record(TRIAL)
        for blob in tmp_path.glob("events/*/*.gz"):
            data = bytearray(blob.read_bytes())
            data[changed] ^= 0xFF
            blob.write_bytes(data)
        assert list(ledger.trials()) == []
        assert str(blob) in ledger.lost[0]

"""A cell whose only trial is lost stays as it was, with a clear line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from languages import CELL, PROBE, trials

from interlock.campaign.verdicts import verdict_of
from interlock.model import Outcome, TrialLost
from interlock.record.ledger import Ledger


@pytest.mark.parametrize("spoilt", [b"", b"\x1f\x8b", b"x" * 40])
def test_a_cell_without_a_trial_that_can_be_read_is_trouble(tmp_path: Path, spoilt: bytes) -> None:
    (ran,) = trials("pass")
    with Ledger(tmp_path) as ledger:
        ledger.record(ran)
        for file in (tmp_path / "events").rglob("*"):
            if file.is_file():
                file.chmod(0o644)
                file.write_bytes(spoilt)
        with pytest.raises(TrialLost, match="what is known of it stays"):
            verdict_of(ledger, CELL, probe=PROBE)


def remove(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as db, db:
        for statement in statements:
            db.execute(statement)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ((), "pass"),
        ((1,), "pass"),  # those after it are all there
        ((2,), "pass"),
        ((3,), None),
        ((1, 3), None),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_pass_rests_on_nothing_that_is_before_a_trial_that_is_gone(
    tmp_path: Path, missing: tuple[int, ...], expected: str | None, is_known: bool
) -> None:
    """One trial of another cell is the last. No verdict tells what the missing ones showed."""
    with Ledger(tmp_path) as ledger:
        for number, ran in enumerate(trials("pass*3")):
            ledger.record(replace(ran, started_at=ran.started_at + timedelta(minutes=number)))
        ledger.record(replace(trials("pass")[0], cell=replace(CELL, config="another")))
        verdict = verdict_of(ledger, CELL, probe=PROBE)
        if is_known:
            ledger.keep_verdict(verdict)
    remove(tmp_path, *(f"DELETE FROM trials WHERE id = {number}" for number in missing))
    with Ledger(tmp_path) as ledger:
        if expected is None and not is_known:
            with pytest.raises(TrialLost, match="trials before number 4 are lost"):
                verdict_of(ledger, CELL, probe=PROBE)
            return
        found = verdict_of(ledger, CELL, probe=PROBE)
    assert found.outcome is Outcome.PASS
    kept = [number for number in (1, 2, 3) if number not in missing]
    after = [number for number in kept if is_known or number > max(missing, default=0)]
    assert found.trials == len(after)

"""Move a ledger's rows to the configurations that their cells have today."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress

from interlock.model import Renames
from interlock.record import database, older
from interlock.record.recorded import SPOILT


def has_older_names(db: sqlite3.Connection, renamed: Renames) -> bool:
    """Whether a trial or a draw is recorded under a former configuration of its probe."""
    there = db.execute(
        "SELECT probe, config FROM trials UNION SELECT probe, config FROM audits"
    ).fetchall()
    return any((row["probe"], row["config"]) in renamed for row in there)


def rename(db: sqlite3.Connection, renamed: Renames) -> None:
    """Rename the recorded cells. The caller makes it one transaction.

    The facts and results of a trial stay the same. If two verdicts are about one cell, the one that
    already has today's name is kept.
    """
    for row in db.execute("SELECT * FROM trials").fetchall():
        if (row["probe"], row["config"]) in renamed and database.is_as_written(row):
            told = older.today(dict(row), renamed)
            with suppress(*SPOILT):  # reading the trials reports it
                cell = _in_config(row["cell"], told["config"])
                told |= {"cell": cell}
                values = [told[name] for name in database.CHECKED["trials"]]
                database.insert(db, "trials", values, row["id"])
    _rename_draws(db, renamed)
    for row in db.execute("SELECT * FROM verdicts").fetchall():
        try:
            if not database.is_as_written(row):
                continue
            stored = json.loads(row["verdict"])
            is_older = (stored["probe"], stored["config"]) in renamed
            told = older.today(stored, renamed)
            cell = _in_config(row["cell"], told["config"])
        except SPOILT:  # reading the verdicts reports it
            continue
        if is_older:
            there = (cell, row["backend"])
            found = db.execute("SELECT 1 FROM verdicts WHERE (cell, backend) = (?, ?)", there)
            if found.fetchone() is None:
                verdict = (cell, row["backend"], row["tested_at"], json.dumps(told))
                database.insert(db, "verdicts", verdict)
            db.execute(
                "DELETE FROM verdicts WHERE cell = ? AND backend = ?",
                (row["cell"], row["backend"]),
            )


def _rename_draws(db: sqlite3.Connection, renamed: Renames) -> None:
    for row in db.execute("SELECT * FROM audits").fetchall():
        if (row["probe"], row["config"]) in renamed and database.is_as_written(row):
            told = older.today(dict(row), renamed)
            with suppress(*SPOILT):  # reading the draws reports it
                told |= {"cell": _in_config(row["cell"], told["config"])}
                values = [told[name] for name in database.CHECKED["audits"]]
                database.insert(db, "audits", values)
                db.execute(
                    "DELETE FROM audits WHERE (cell, seed, day) = (?, ?, ?)",
                    (row["cell"], row["seed"], row["day"]),
                )


def _in_config(cell: str, config: str) -> str:
    """The key of a cell, with another configuration at its end."""
    *rest, _ = json.loads(cell)
    return json.dumps([*rest, config])

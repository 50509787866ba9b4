"""What tells that rows of the ledger are gone, though nothing of them is left."""

from __future__ import annotations

import sqlite3

from interlock.model import Verdict
from interlock.record import database

Key = tuple[str, str]
"""A cell and its backend, as the ledger has them."""


def is_missed(db: sqlite3.Connection, before: Verdict, verdict: Verdict) -> bool:
    """Whether the verdict before rests on a trial that is not there any more."""
    count, last = db.execute("SELECT count(*), max(id) FROM trials").fetchone()
    return before.tested_at > verdict.tested_at or (
        count != last and before.trials > verdict.trials
    )


def last_missing(db: sqlite3.Connection, key: Key) -> int:
    """The number of the last trial whose row is gone, if no verdict of the cell is left.

    It may have been of this cell. 0 if none is gone: numbers have no gaps.
    """
    told = "SELECT 1 FROM verdicts WHERE (cell, backend) = (?, ?)"
    if db.execute(told, key).fetchone():
        return 0
    (gap,) = db.execute(
        "SELECT ifnull(max(id - 1), 0) FROM trials AS t WHERE id > 1"
        " AND NOT EXISTS (SELECT 1 FROM trials WHERE id = t.id - 1)"
    ).fetchone()
    (marked,) = db.execute("SELECT ifnull(max(id), 0) FROM trials WHERE cell = ''").fetchone()
    return max(int(gap), int(marked))


def mark(db: sqlite3.Connection) -> None:
    """Note after a repair that trials may be gone which had the highest numbers."""
    (last,) = db.execute("SELECT ifnull(max(id), 0) FROM trials").fetchone()
    values = [0.0 if name == "seconds" else "" for name in database.CHECKED["trials"]]
    database.insert(db, "trials", values, last + 1, database.ASIDE)

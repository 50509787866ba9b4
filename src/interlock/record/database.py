"""The ledger's SQLite file: its tables, and how several processes open it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from interlock.model import StorageTrouble

_PATIENCE_S = 30
"""Seconds to wait for another process that writes."""

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE campaigns (
        id TEXT PRIMARY KEY,
        started_at TEXT NOT NULL,
        resolved TEXT NOT NULL
    );
    CREATE TABLE environments (
        digest TEXT PRIMARY KEY,
        image TEXT NOT NULL,
        image_digest TEXT NOT NULL,
        python_full TEXT NOT NULL,
        resolved_at TEXT NOT NULL,
        lock TEXT NOT NULL
    );
    CREATE TABLE trials (
        id INTEGER PRIMARY KEY,
        campaign TEXT NOT NULL REFERENCES campaigns (id),
        cell TEXT NOT NULL,
        pins TEXT NOT NULL,
        python TEXT NOT NULL,
        probe TEXT NOT NULL,
        config TEXT NOT NULL,
        started_at TEXT NOT NULL,
        seconds REAL NOT NULL,
        backend TEXT NOT NULL,
        probe_digest TEXT NOT NULL,
        config_digest TEXT NOT NULL,
        environment_digest TEXT NOT NULL,
        image_digest TEXT NOT NULL,
        python_full TEXT NOT NULL,
        machine TEXT NOT NULL,
        events TEXT NOT NULL
    );
    CREATE INDEX trials_by_cell ON trials (cell);
    CREATE TABLE verdicts (
        cell TEXT NOT NULL,
        backend TEXT NOT NULL,
        tested_at TEXT NOT NULL,
        verdict TEXT NOT NULL,
        PRIMARY KEY (cell, backend)
    );
    """,
)
"""Statements that upgrade a ledger from version i to i + 1.

``PRAGMA user_version`` holds the version.
"""


def opened(path: Path) -> sqlite3.Connection:
    """The database with today's tables. Raises ``sqlite3.Error``.

    Raises ``StorageTrouble`` if a newer Interlock wrote it.
    """
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        # One flipped byte must not hide all the other rows.
        db.text_factory = lambda text: text.decode(errors="replace")
        _use_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


@contextmanager
def in_one_step(db: sqlite3.Connection) -> Iterator[None]:
    """All of the statements or none. No other process writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # a full disk has rolled it back already
            db.execute("ROLLBACK")
        raise


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch the file to WAL. Another process may do the same at this moment.

    SQLite does not wait for the other process, whatever its timeout is.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    while _version(db, path) < len(MIGRATIONS):
        # One transaction a step: executescript would commit in between.
        with in_one_step(db):
            # Another process may have been first.
            version = _version(db, path)
            for statement in "".join(MIGRATIONS[version : version + 1]).split(";"):
                if statement.strip():
                    db.execute(statement)
            db.execute(f"PRAGMA user_version = {min(version + 1, len(MIGRATIONS))}")


def _version(db: sqlite3.Connection, path: Path) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= len(MIGRATIONS):
        raise StorageTrouble(
            f"{path} was written by a newer Interlock (ledger version {version}, this one knows "
            f"{len(MIGRATIONS)}); update Interlock, or set INTERLOCK_HOME to another folder"
        )
    return version

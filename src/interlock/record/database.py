"""The ledger's SQLite file: its tables, and how several processes open it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interlock.model import StorageTrouble
from interlock.record import neighbours

FILE = "ledger.sqlite"
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
    """
    ALTER TABLE trials ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
    ALTER TABLE verdicts ADD COLUMN checksum TEXT NOT NULL DEFAULT '';
    """,
    """
    CREATE TABLE audits (
        cell TEXT NOT NULL,
        seed TEXT NOT NULL,
        day TEXT NOT NULL,
        pins TEXT NOT NULL,
        python TEXT NOT NULL,
        probe TEXT NOT NULL,
        config TEXT NOT NULL,
        rule TEXT NOT NULL,
        inferred TEXT NOT NULL,
        inferred_as TEXT NOT NULL,
        checksum TEXT NOT NULL,
        PRIMARY KEY (cell, seed, day)
    );
    """,
)
"""Statements that upgrade a ledger from version i to i + 1.

``PRAGMA user_version`` holds the version.
"""


_DIGESTS = ("probe_digest", "config_digest", "environment_digest", "image_digest")
CHECKED = {
    "trials": (
        *("campaign", "cell", "pins", "python", "probe", "config", "started_at", "seconds"),
        *("backend", *_DIGESTS, "python_full", "machine", "events"),
    ),
    "verdicts": ("cell", "backend", "tested_at", "verdict"),
    "audits": (
        *("cell", "seed", "day", "pins", "python", "probe", "config"),
        *("rule", "inferred", "inferred_as"),
    ),
}
"""Tables with a checksum in each row, and their other columns.

SQLite does not notice a byte that changed in a text.
"""

ASIDE = "set aside"
"""In place of its checksum: a row of the trials that is kept, and not read."""

_BUSY = ("locked", "busy", "full", "unable to open", "disk i/o", "interrupted", "out of memory")
_NEWEST_THINKABLE = 1000


def checksum(values: Sequence[Any]) -> str:
    """The checksum of a row: all its values but the id and the checksum itself.

    A row with an empty checksum is of an Interlock that wrote none.
    """
    plain = [float(value) if isinstance(value, (int, float)) else value for value in values]
    return hashlib.sha256(json.dumps(plain, default=repr).encode()).hexdigest()[:16]


def insert(
    db: sqlite3.Connection,
    table: str,
    values: Sequence[Any],
    number: int | None = None,
    told: str | None = None,
) -> None:
    """Write a row with its checksum, in place of one with the same key.

    A trial gets the next number, or its own. ``told`` is a checksum that the row has already.
    """
    # With their names, SQLite reads the tables anew if another process has just changed them.
    columns = [*(["id"] if table == "trials" else []), *CHECKED[table], "checksum"]
    row = [*([number] if table == "trials" else []), *values, told or checksum(values)]
    marks = ", ".join("?" * len(row))
    db.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)


def is_as_written(row: sqlite3.Row) -> bool:
    """Whether a row of a checked table has not changed since it was written."""
    names = row.keys()
    table = next(name for name, columns in CHECKED.items() if columns[-1] in names)
    return row["checksum"] in ("", checksum([row[name] for name in CHECKED[table]]))


def is_damage(problem: BaseException, path: Path) -> bool:
    """Whether an error says that the file is damaged. It may be locked, or the disk full."""
    said = str(problem).lower()
    if not isinstance(problem, sqlite3.Error):
        return isinstance(problem, (UnicodeDecodeError, LookupError, TypeError))
    if not isinstance(problem, sqlite3.OperationalError):
        return isinstance(problem, sqlite3.DatabaseError)
    if "readonly" in said:
        return os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return not any(word in said for word in _BUSY)


def opened(path: Path) -> sqlite3.Connection:
    """The database with today's tables. Raises ``sqlite3.Error``.

    Raises ``StorageTrouble`` if a newer Interlock wrote it, or if another file's log is beside it.
    """
    neighbours.check(path)
    db = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
    try:
        db.row_factory = sqlite3.Row
        # One flipped byte must not hide all the other rows.
        db.text_factory = lambda text: text.decode(errors="replace")
        _use_wal(db)
        db.execute("PRAGMA synchronous = FULL")
        _migrate(db, path)
        _give_number(db)
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
            if version == 1:
                _add_checksums(db)
            db.execute(f"PRAGMA user_version = {min(version + 1, len(MIGRATIONS))}")


def _give_number(db: sqlite3.Connection) -> None:
    """Give the file a number of its own, which its log has too (``neighbours.py``)."""

    def is_missing() -> bool:
        return bool(db.execute("PRAGMA application_id").fetchone()[0] == 0)

    if is_missing():
        with in_one_step(db):
            if is_missing():  # another process may have been first
                db.execute(f"PRAGMA application_id = {secrets.randbelow(2**31 - 1) + 1}")


def _add_checksums(db: sqlite3.Connection) -> None:
    for table in ("trials", "verdicts"):  # the others always had them
        columns = CHECKED[table]
        for row in db.execute(f"SELECT rowid AS number, * FROM {table}").fetchall():
            told = (checksum([row[name] for name in columns]), row["number"])
            db.execute(f"UPDATE {table} SET checksum = ? WHERE rowid = ?", told)


def _version(db: sqlite3.Connection, path: Path) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    if not 0 <= version <= _NEWEST_THINKABLE:
        raise sqlite3.DatabaseError(f"its version is {version}")
    if version > len(MIGRATIONS):
        raise StorageTrouble(
            f"{path} was written by a newer Interlock (ledger version {version}, this one knows "
            f"{len(MIGRATIONS)}); update Interlock, or set INTERLOCK_HOME to another folder"
        )
    return version

"""The record of trials: append-only, one SQLite file, raw events content-addressed beside it.

A trial is committed the moment it is finished, its events first and its row after, so that killing
the run at any moment loses nothing that was finished. Verdicts are kept beside the trials only
as a cache of what the judge said of them; ``interlock judge`` writes all of them again.

One process writes at a time; others may read.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from interlock.model import (
    Backend,
    Cell,
    Environment,
    PythonVersion,
    Renames,
    StorageTrouble,
    Trial,
    Verdict,
)
from interlock.record import older, renaming
from interlock.record.remembered import pins_in, pins_out, verdict_in, verdict_out

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
"""Statements that bring a ledger from version i to i + 1 (``PRAGMA user_version``)."""


@dataclass(frozen=True, kw_only=True)
class CampaignRecord:
    """One run of the loop: when it began and what ``latest`` meant that day."""

    id: str
    started_at: datetime
    resolved: Mapping[str, str]
    """``{"ddtrace latest": "4.16.0"}``."""


class Ledger:
    """The ledger in one folder: ``ledger.sqlite`` and ``events/``.

    Raises ``StorageTrouble`` when the folder can't be written, is full, or holds a ledger that a
    newer Interlock wrote.
    """

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "events"
        with _storage(folder):
            self._blobs.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(folder / "ledger.sqlite", timeout=30, isolation_level=None)
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._migrate(folder)
        self._folder = folder

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def begin(self, campaign: CampaignRecord) -> None:
        """Note the campaign that the next trials belong to."""
        with _storage(self._folder):
            self._db.execute(
                "INSERT OR REPLACE INTO campaigns VALUES (?, ?, ?)",
                (
                    campaign.id,
                    campaign.started_at.isoformat(),
                    json.dumps(dict(campaign.resolved), sort_keys=True),
                ),
            )

    def keep_environment(self, environment: Environment) -> None:
        """Note what was installed, with its hashes; the same digest is kept once."""
        with _storage(self._folder):
            self._db.execute(
                "INSERT OR IGNORE INTO environments VALUES (?, ?, ?, ?, ?, ?)",
                (
                    environment.digest,
                    environment.image,
                    environment.image_digest,
                    environment.python_full,
                    environment.resolved_at.isoformat(),
                    environment.lock,
                ),
            )

    def record(self, trial: Trial) -> None:
        """Append one trial; when this returns it is on disk."""
        with _storage(self._folder):
            blob = self._keep_events(trial.events)
            self._db.execute(
                "INSERT INTO trials VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    trial.campaign,
                    _cell_id(trial.cell),
                    json.dumps(pins_out(trial.cell.pins)),
                    str(trial.cell.python),
                    trial.cell.probe,
                    trial.cell.config,
                    trial.started_at.isoformat(),
                    trial.seconds,
                    trial.backend.value,
                    trial.probe_digest,
                    trial.config_digest,
                    trial.environment_digest,
                    trial.image_digest,
                    trial.python_full,
                    trial.machine,
                    blob,
                ),
            )

    def trials(
        self,
        cell: Cell | None = None,
        *,
        backend: Backend | None = None,
        since: datetime | None = None,
        campaign: str | None = None,
    ) -> Iterator[Trial]:
        """All trials of a cell, or of every cell, oldest first; of one backend or campaign alone,
        or of those that began no earlier.

        Raises ``StorageTrouble`` where the events of one can't be read back.
        """
        asked = {
            "cell = ?": _cell_id(cell) if cell else None,
            "backend = ?": backend.value if backend else None,
            "started_at >= ?": since.isoformat() if since else None,
            "campaign = ?": campaign,
        }
        given = {clause: value for clause, value in asked.items() if value is not None}
        where = " AND ".join(["TRUE", *given])
        rows = self._db.execute(
            f"SELECT * FROM trials WHERE {where} ORDER BY id", tuple(given.values())
        )
        for row in rows.fetchall():
            yield Trial(
                cell=_cell_in(row),
                campaign=row["campaign"],
                started_at=datetime.fromisoformat(row["started_at"]),
                seconds=row["seconds"],
                events=self._events(row["events"]),
                backend=Backend(row["backend"]),
                probe_digest=row["probe_digest"],
                config_digest=row["config_digest"],
                environment_digest=row["environment_digest"],
                image_digest=row["image_digest"],
                python_full=row["python_full"],
                machine=row["machine"],
            )

    def campaigns(self, since: datetime) -> list[str]:
        """The campaigns that have a trial that began no earlier."""
        rows = self._db.execute(
            "SELECT DISTINCT campaign FROM trials WHERE started_at >= ?", (since.isoformat(),)
        )
        return sorted(row["campaign"] for row in rows.fetchall())

    def newest(self) -> list[tuple[Cell, Backend, datetime]]:
        """Every cell that has a trial on a backend, in the order of its first, and when the last
        one began there."""
        rows = self._db.execute(
            "SELECT pins, python, probe, config, backend, max(started_at) AS last FROM trials "
            "GROUP BY cell, backend ORDER BY min(id)"
        )
        return [
            (_cell_in(row), Backend(row["backend"]), datetime.fromisoformat(row["last"]))
            for row in rows.fetchall()
        ]

    def keep_verdict(self, verdict: Verdict) -> None:
        """Remember what the judge says of a cell's trials, in place of what it said before."""
        with _storage(self._folder):
            self._db.execute(
                "INSERT OR REPLACE INTO verdicts VALUES (?, ?, ?, ?)",
                (
                    _cell_id(verdict.cell),
                    verdict.backend.value,
                    verdict.tested_at.isoformat(),
                    json.dumps(verdict_out(verdict)),
                ),
            )

    def verdicts(self, backend: Backend | None = None) -> list[Verdict]:
        """The remembered verdict of every cell on that backend; the newest, without one."""
        rows = self._db.execute(
            "SELECT verdict FROM verdicts WHERE ? IN (backend, '') ORDER BY tested_at",
            (backend.value if backend else "",),
        ).fetchall()
        newest = {}
        for row in rows:
            verdict = verdict_in(json.loads(row["verdict"]))
            newest[verdict.cell.key] = verdict
        return list(newest.values())

    def rename(self, renamed: Renames) -> None:
        """Put what was recorded under an older configuration under the one that it has today."""
        with _storage(self._folder):
            if renaming.has_older_names(self._db, renamed):
                with self._in_one_step():
                    renaming.rename(self._db, renamed)

    def _migrate(self, folder: Path) -> None:
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise StorageTrouble(
                f"{folder / 'ledger.sqlite'} was written by a newer Interlock (ledger version "
                f"{version}, this one knows {len(MIGRATIONS)}); update Interlock, or set "
                "INTERLOCK_HOME to another folder"
            )
        for number, statements in enumerate(MIGRATIONS[version:], start=version + 1):
            # One transaction a step: executescript would commit behind our back.
            with self._in_one_step():
                for statement in statements.split(";"):
                    if statement.strip():
                        self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {number}")

    @contextmanager
    def _in_one_step(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # a full disk has rolled it back already
                self._db.execute("ROLLBACK")
            raise

    def _keep_events(self, events: Sequence[Mapping[str, Any]]) -> str:
        text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = self._blob(digest)
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                try:
                    file.write(gzip.compress(text.encode(), compresslevel=3, mtime=0))
                    file.flush()
                    os.fsync(file.fileno())
                    Path(file.name).replace(path)
                except BaseException:
                    Path(file.name).unlink(missing_ok=True)
                    raise
        return digest

    def _events(self, digest: str) -> tuple[Mapping[str, Any], ...]:
        path = self._blob(digest)
        try:
            data = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error) as problem:
            raise self._unreadable(f"{path}: {problem}") from problem
        if hashlib.sha256(data).hexdigest() != digest:
            raise self._unreadable(f"{path} was changed")
        text = data.decode()
        return tuple(older.event(json.loads(line)) for line in text.splitlines())

    def _unreadable(self, why: str) -> StorageTrouble:
        return StorageTrouble(
            f"the events of a trial can't be read back: {why}; a ledger without its trials proves "
            f"nothing: restore {self._blobs}, or name another folder in INTERLOCK_HOME"
        )

    def _blob(self, digest: str) -> Path:
        return self._blobs / digest[:2] / f"{digest}.jsonl.gz"


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    """Turn a disk's trouble into a line for the reader."""
    kept = "make room, or name another folder in INTERLOCK_HOME; what was finished before is kept"
    try:
        yield
    except sqlite3.Error as problem:
        raise StorageTrouble(
            f"the ledger in {folder} can't be used: {problem}; {kept}"
        ) from problem
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else str(problem)
        raise StorageTrouble(
            f"the ledger in {folder} can't be written: {what}; {kept}"
        ) from problem


def _cell_id(cell: Cell) -> str:
    return json.dumps(cell.key)


def _cell_in(row: sqlite3.Row) -> Cell:
    return Cell(
        pins=pins_in(json.loads(row["pins"])),
        python=PythonVersion.parse(row["python"]),
        probe=row["probe"],
        config=row["config"],
    )

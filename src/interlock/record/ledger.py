"""The record of trials: an append-only SQLite file, with raw events beside it.

A trial is committed as soon as it is finished: its events first, its row after. So killing the run
at any moment loses no finished trial. The events' files are named by their content. Verdicts are
only a cache of the judge's results. ``interlock judge`` writes all of them again.

One process writes at a time. Others may read.
"""

from __future__ import annotations

import errno
import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from interlock.model import (
    PRECEDENCE,
    AuditedCell,
    Backend,
    Cell,
    Environment,
    Outcome,
    Renames,
    StorageTrouble,
    Trial,
    Verdict,
    printable,
)
from interlock.record import database, losses, renaming, salvage
from interlock.record.blobs import Blobs
from interlock.record.database import ASIDE
from interlock.record.recorded import (
    SPOILT,
    cell_in,
    drawn_in,
    drawn_out,
    past_in,
    trial_in,
)
from interlock.record.remembered import pins_out, verdict_in, verdict_out


@dataclass(frozen=True, kw_only=True)
class CampaignRecord:
    """One run of the loop: when it began, and what ``latest`` meant that day."""

    id: str
    started_at: datetime
    resolved: Mapping[str, str]
    """``{"ddtrace latest": "4.16.0"}``."""


_COUNTS = f"checksum != '{ASIDE}'"


class Ledger:
    """The ledger in one folder: ``ledger.sqlite`` and ``events/``.

    Raises ``StorageTrouble`` if the folder can't be written or is full, or if a newer Interlock
    wrote the ledger.
    """

    def __init__(self, folder: Path) -> None:
        self._blobs = Blobs(folder / "events")
        self._lost: dict[int, str] = {}
        self._lacking: set[tuple[str, str]] = set()
        """Cells with a lost trial, and the backend."""
        with _storage(folder):
            self._blobs.folder.mkdir(parents=True, exist_ok=True)
            self._db = database.opened(folder / database.FILE)
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
        """Note the campaign of the next trials."""
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
        """Note what was installed, with its hashes. Each digest is kept once."""
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
        """Append one trial. It is on disk when this returns."""
        with _storage(self._folder):
            blob = self._blobs.keep(trial.events)
            database.insert(
                self._db,
                "trials",
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
        after: int = 0,
    ) -> Iterator[Trial]:
        """All trials of a cell, or of every cell, oldest first.

        Optional: only one backend, only one campaign, only trials that began at a time or later,
        only those with a higher number than ``after``. A trial that can't be read back is left
        out, and noted in ``lost``.
        """
        asked = {
            "cell = ?": _cell_id(cell) if cell else None,
            "backend = ?": backend.value if backend else None,
            "campaign = ?": campaign,
            "id > ?": after or None,
        }
        given = {clause: value for clause, value in asked.items() if value is not None}
        where = " AND ".join([_COUNTS, *given])
        with _storage(self._folder):
            rows = self._db.execute(
                f"SELECT * FROM trials WHERE {where} ORDER BY id", tuple(given.values())
            ).fetchall()
        for row in rows:
            try:
                # Not in SQL, which compares texts: a spoilt time would drop its trial silently.
                if since and past_in(row["started_at"]) < since:
                    continue
                with _storage(self._folder):
                    found = trial_in(row, self._blobs)
            except SPOILT as problem:
                self._lose(row, problem)
                self._lacking.add((str(row["cell"]), str(row["backend"])))
                continue
            yield found

    @property
    def lost(self) -> tuple[str, ...]:
        """The recorded trials that could not be read back so far, and why."""
        return tuple(self._lost.values())

    def worse_before_a_loss(self, verdict: Verdict) -> Outcome | None:
        """The remembered outcome, if it is worse and a trial was lost since.

        The lost trial may be the reason for it. So the other trials can't take the verdict back.
        """
        key = (_cell_id(verdict.cell), verdict.backend.value)
        with _storage(self._folder):
            row = self._db.execute(
                "SELECT * FROM verdicts WHERE (cell, backend) = (?, ?)", key
            ).fetchone()
        try:
            before = _verdict_in(row) if row else verdict
        except SPOILT:
            return None
        with _storage(self._folder):
            is_gone = losses.is_missed(self._db, before, verdict)
        is_worse = PRECEDENCE.index(before.outcome) < PRECEDENCE.index(verdict.outcome)
        return before.outcome if is_worse and (is_gone or key in self._lacking) else None

    def missing_before(self, cell: Cell, backend: Backend) -> int:
        """The number of the last trial that is gone and may be of this cell (``losses.py``)."""
        with _storage(self._folder):
            return losses.last_missing(self._db, (_cell_id(cell), backend.value))

    def campaigns(self, since: datetime) -> list[str]:
        """The campaigns with a trial that began at this time or later."""
        with _storage(self._folder):
            rows = self._db.execute(
                "SELECT DISTINCT campaign FROM trials WHERE started_at >= ?", (since.isoformat(),)
            ).fetchall()
        return sorted(row["campaign"] for row in rows)

    def newest(self) -> list[tuple[Cell, Backend, datetime]]:
        """Every cell with a trial on a backend, and when its last trial there began.

        The cells stand in the order of their first trial.
        """
        with _storage(self._folder):
            rows = self._db.execute(f"SELECT * FROM trials WHERE {_COUNTS} ORDER BY id").fetchall()
        found: dict[tuple[str, str], tuple[Cell, Backend, datetime]] = {}
        for row in rows:
            key = (row["cell"], row["backend"])
            try:
                if not database.is_as_written(row):
                    raise ValueError("its row was changed")
                began = past_in(row["started_at"])
                cell, backend, last = found.get(key) or (cell_in(row), Backend(key[1]), began)
            except SPOILT as problem:
                self._lose(row, problem)
                continue
            found[key] = (cell, backend, max(began, last))
        return list(found.values())

    def _lose(self, row: sqlite3.Row, problem: Exception) -> None:
        self._lost[row["id"]] = f"trial {row['id']} of {str(row['cell'])[:200]}: {problem}"

    def keep_verdict(self, verdict: Verdict) -> None:
        """Remember the judge's verdicts on a cell, in place of earlier ones."""
        with _storage(self._folder):
            database.insert(
                self._db,
                "verdicts",
                (
                    _cell_id(verdict.cell),
                    verdict.backend.value,
                    verdict.tested_at.isoformat(),
                    json.dumps(verdict_out(verdict)),
                ),
            )

    def verdicts(self, backend: Backend | None = None) -> list[Verdict]:
        """The remembered verdict of every cell on that backend, or the newest on any.

        A verdict that can't be read is left out and logged. The judge can find it again in the
        trials. So is one that may rest on a trial with a spoilt time, which is noted in ``lost``.
        """
        spoilt = self._with_spoilt_times()
        with _storage(self._folder):
            rows = self._db.execute(
                "SELECT * FROM verdicts WHERE ? IN (backend, '') ORDER BY tested_at",
                (backend.value if backend else "",),
            ).fetchall()
        newest = {}
        for row in rows:
            try:
                verdict = _verdict_in(row)
                if (row["cell"], row["backend"]) in spoilt:
                    raise ValueError("the time of one of its trials can't be right")
            except SPOILT as problem:
                named = str(row["cell"])[:200]
                _warn(f"the remembered verdict of {named} is left out: {problem!r}")
                continue
            newest[verdict.cell.key] = verdict
        return list(newest.values())

    def keep_drawn(self, drawn: Iterable[AuditedCell]) -> None:
        """Note which cells an audit drew. Each draw of a cell is kept once."""
        with _storage(self._folder), database.in_one_step(self._db):
            for row in drawn:
                database.insert(self._db, "audits", drawn_out(row))

    def drawn(self) -> list[AuditedCell]:
        """The cells that audits drew, without their results: those are in the verdicts.

        One that can't be read is left out and logged.
        """
        with _storage(self._folder):
            rows = self._db.execute("SELECT * FROM audits ORDER BY rowid").fetchall()
        found = []
        for row in rows:
            try:
                if not database.is_as_written(row):
                    raise ValueError("its row was changed")
                found.append(drawn_in(row))
            except SPOILT as problem:
                _warn(f"a cell of an audit is left out, {str(row['cell'])[:200]}: {problem!r}")
        return found

    def set_aside(self) -> tuple[str, ...]:
        """Set trials aside that were written with a time that can't be right; name each.

        They stay in the file and are not read again. The verdicts that they may have a part in are
        forgotten: the judge finds them again in the other trials, if there are any.
        """
        spoilt = self._with_spoilt_times()
        numbers = [(number,) for numbers in spoilt.values() for number in numbers]
        with _storage(self._folder), database.in_one_step(self._db):
            self._db.executemany(f"UPDATE trials SET checksum = '{ASIDE}' WHERE id = ?", numbers)
            self._db.executemany("DELETE FROM verdicts WHERE (cell, backend) = (?, ?)", [*spoilt])
        return tuple(self._lost.pop(number) for (number,) in numbers)

    def _with_spoilt_times(self) -> dict[tuple[str, str], list[int]]:
        """The trials that were written with a time that can't be right, by cell and backend.

        A row that was changed later is another matter: its verdict rests on what it was before.
        """
        with _storage(self._folder):
            rows = self._db.execute(f"SELECT id, started_at FROM trials WHERE {_COUNTS}").fetchall()
        found: dict[tuple[str, str], list[int]] = {}
        for number, told in rows:
            try:
                past_in(told)
            except SPOILT as problem:
                with _storage(self._folder):
                    one = "SELECT * FROM trials WHERE id = ?"
                    row = self._db.execute(one, (number,)).fetchone()
                self._lose(row, problem)
                if database.is_as_written(row):
                    found.setdefault((row["cell"], row["backend"]), []).append(number)
        return found

    def rename(self, renamed: Renames) -> None:
        """Move records of an older configuration to its configuration of today."""
        with _storage(self._folder):
            if renaming.has_older_names(self._db, renamed):
                with database.in_one_step(self._db):
                    renaming.rename(self._db, renamed)


def repair(home: Path, *, in_use: bool = False) -> salvage.Repaired | None:
    """Replace a damaged ledger by what can be read of it. None if it is sound.

    Raises ``StorageTrouble`` if a run uses it, or if nothing can be written.
    """
    with _storage(home):
        return salvage.repair(home, in_use=in_use)


@contextmanager
def _storage(folder: Path) -> Iterator[None]:
    """Turn a disk error into a message for the reader."""
    kept = "make room, or set INTERLOCK_HOME to another folder; finished trials are kept"
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as problem:
        if database.is_damage(problem, folder / database.FILE):
            kept = "`interlock judge` repairs it from what can be read, and keeps the damaged file"
        raise StorageTrouble(
            f"the ledger in {folder} can't be used: {problem}; {kept}"
        ) from problem
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else str(problem)
        raise StorageTrouble(
            f"the ledger in {folder} can't be written: {what}; {kept}"
        ) from problem


def _verdict_in(row: sqlite3.Row) -> Verdict:
    """Raises one of ``SPOILT``."""
    if not database.is_as_written(row):
        raise ValueError("its row was changed")
    verdict = verdict_in(json.loads(row["verdict"]))
    past_in(verdict.tested_at.isoformat())
    if _cell_id(verdict.cell) != row["cell"]:
        raise ValueError("it is about another cell")
    return verdict


def _cell_id(cell: Cell) -> str:
    return json.dumps(cell.key)


def _warn(text: str) -> None:
    logging.getLogger(__name__).warning(printable(text))

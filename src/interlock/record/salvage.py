"""Read what can be read of a damaged ledger, and make a whole one of it.

SQLite refuses a whole table for one damaged page. So the pages are read here without it: a page of
a table holds whole rows, and a row of ours has a checksum, so it proves itself. The format is
https://www.sqlite.org/fileformat2.html. The damaged file is kept under another name.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from interlock.model import StorageTrouble
from interlock.record import database, losses

_PAGE = 4096
"""Bytes of a page: the default of SQLite."""
_LEAF = 0x0D
"""The first byte of a page that holds rows of a table."""
_WAL_HEADER, _FRAME_HEADER = 32, 24
_KINDS: Mapping[int, tuple[str, bool]] = {
    2 + len(database.CHECKED["trials"]): ("trials", True),
    1 + len(database.CHECKED["trials"]): ("trials", False),
    1 + len(database.CHECKED["verdicts"]): ("verdicts", True),
    len(database.CHECKED["verdicts"]): ("verdicts", False),
    1 + len(database.CHECKED["audits"]): ("audits", True),
    6: ("environments", False),
    3: ("campaigns", False),
}
"""By the number of columns: the table, and whether its rows have a checksum."""


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """What was read of a damaged ledger."""

    trials: int
    lost: int
    """Trials of which nothing could be read. A trial that was read in part counts as read."""
    damaged: Path
    """Where the damaged file is now."""


@dataclass(frozen=True, kw_only=True)
class _Row:
    values: Sequence[Any]
    checksum: str
    is_right: bool


_Rows = dict[tuple[str, Any], _Row]
"""By table, and number or key."""


def repair(folder: Path, *, in_use: bool = False) -> Repaired | None:
    """Replace a damaged ledger by what can be read of it. None if it is sound.

    Raises ``StorageTrouble`` if it is ``in_use``, ``OSError`` or ``sqlite3.Error``.
    """
    path = folder / database.FILE
    if not path.is_file() or not _is_damaged(path):
        return None
    if in_use:
        raise StorageTrouble(
            f"the ledger in {folder} is damaged, and a run is under way; wait until it has ended, "
            "then run `interlock judge`, which repairs the ledger"
        )
    with _alone(folder):
        if not _is_damaged(path):  # another command has repaired it meanwhile
            return None
        found = _rows(path)
        damaged = _replace(path, found)
    numbers = [number for table, number in found if table == "trials"]
    lost = max(numbers, default=0) - len(numbers)
    return Repaired(trials=len(numbers), lost=lost, damaged=damaged)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Meanwhile no other process repairs the ledger. It would replace a file that is in use."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _replace(path: Path, found: _Rows) -> Path:
    """Put a new file with these rows in place. Returns where the damaged one is."""
    fresh = path.with_name(f"{path.name}.repaired")
    fresh.unlink(missing_ok=True)
    with closing(database.opened(fresh)) as db:
        with database.in_one_step(db):
            for (table, number), row in sorted(found.items(), key=lambda item: str(item[0])):
                _keep(db, table, number, row)
            losses.mark(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.execute("PRAGMA journal_mode = DELETE")
    now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%S")
    damaged = path.with_name(f"{path.name}.damaged-{now}")
    for end in ("", "-wal"):
        if path.with_name(path.name + end).exists():
            shutil.copy2(path.with_name(path.name + end), damaged.with_name(damaged.name + end))
    # SQLite would take an old log for one of the new file.
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    fresh.replace(path)
    return damaged


def _is_damaged(path: Path) -> bool:
    try:
        with closing(database.opened(path)) as db:
            if [row[0] for row in db.execute("PRAGMA integrity_check(1)")] != ["ok"]:
                return True
            with closing(database.opened(Path(":memory:"))) as other:
                if _tables(db) != _tables(other):
                    return True
            for _ in db.execute("SELECT * FROM trials"):
                pass
            db.execute("BEGIN IMMEDIATE")
            db.execute(f"PRAGMA user_version = {len(database.MIGRATIONS)}")
            db.execute("ROLLBACK")
            return False
    except (sqlite3.Error, UnicodeDecodeError, LookupError, TypeError) as problem:
        if database.is_damage(problem, path):
            return True
        raise


def _tables(db: sqlite3.Connection) -> set[tuple[str, ...]]:
    """The names and columns of all tables, without the layout of the statements."""
    found = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    return {tuple(" ".join(str(part).split()) for part in row) for row in found}


def _keep(db: sqlite3.Connection, table: str, number: Any, row: _Row) -> None:
    if table in database.CHECKED:
        database.insert(db, table, row.values, number, row.checksum)
    else:
        marks = ", ".join("?" * len(row.values))
        db.execute(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", row.values)


def _rows(path: Path) -> _Rows:
    """The rows of the file. Of one with two versions, the right or the later one.

    A trial that is only partly right is kept with its checksum. So it is reported as lost, and no
    better verdict takes its cell.
    """
    pages = dict(_pages(path))
    found: _Rows = {}
    for versions in pages.values():
        for page, offset in versions:
            for number, values in _rows_of(page, offset, pages):
                if (told := _known(number, values)) is None:
                    continue
                key, row = told
                before = found.get(key)
                if before is None or _stands_before(row, before, key[0]):
                    found[key] = row
    last = max(
        (n for (table, n), row in found.items() if table == "trials" and row.is_right), default=0
    )
    return {
        (table, number): row
        for (table, number), row in found.items()
        if row.is_right or (table == "trials" and 0 < number <= last + 1)
    }


def _stands_before(row: _Row, other: _Row, table: str) -> bool:
    if row.is_right != other.is_right:
        return row.is_right
    return table != "verdicts" or str(row.values[2]) >= str(other.values[2])


def _known(number: int, row: Sequence[Any]) -> tuple[tuple[str, Any], _Row] | None:
    """A row of ours, with its table and key. None if it is another's."""
    table, has_checksum = _KINDS.get(len(row), ("", False))
    if table not in database.CHECKED:
        is_text = bool(table) and all(isinstance(value, str) for value in row)
        return ((table, row[0]), _Row(values=row, checksum="", is_right=True)) if is_text else None
    values = [*(row[1:] if table == "trials" else row)]
    told = values.pop() if has_checksum else ""
    if not all(isinstance(value, (str, float)) for value in (*values, told)):
        return None
    is_right = told in ("", database.checksum(values))
    parts = {"verdicts": 2, "audits": 3}
    key = tuple(values[: parts[table]]) if table in parts else number
    return (table, key), _Row(values=values, checksum=told, is_right=is_right)


_Pages = Mapping[int, list[tuple[bytes, int]]]
"""By number: the versions of a page, and where its content begins."""


def _pages(path: Path) -> Iterator[tuple[int, list[tuple[bytes, int]]]]:
    """The pages of the file, each with its later versions in the log."""
    data = path.read_bytes()
    page_bytes = _page_bytes(data)
    found: dict[int, list[tuple[bytes, int]]] = {}
    for start in range(0, len(data), page_bytes):
        page = data[start : start + page_bytes].ljust(page_bytes, b"\0")
        found[start // page_bytes + 1] = [(page, 100 if start == 0 else 0)]
    log = path.with_name(f"{path.name}-wal")
    frames = log.read_bytes() if log.is_file() else b""
    size = _FRAME_HEADER + page_bytes
    for start in range(_WAL_HEADER, len(frames) - size + 1, size):
        (number,) = struct.unpack_from(">I", frames, start)
        page = frames[start + _FRAME_HEADER : start + size]
        found.setdefault(number, []).append((page, 100 if number == 1 else 0))
    yield from found.items()


def _page_bytes(data: bytes) -> int:
    """As the header says, if that can be."""
    said = int.from_bytes(data[16:18], "big")
    return said if said in (512, 1024, 2048, 8192, 16384, 32768) else _PAGE


def _rows_of(page: bytes, offset: int, pages: _Pages) -> Iterator[tuple[int, list[Any]]]:
    """The rows of a page, each with its number. None if it holds no rows."""
    if page[offset] != _LEAF:
        return
    (count,) = struct.unpack_from(">H", page, offset + 3)
    for position in range(min(count, len(page) // 4)):
        try:
            (start,) = struct.unpack_from(">H", page, offset + 8 + 2 * position)
            length, start = _varint(page, start)
            number, start = _varint(page, start)
            yield number, _record(_payload(page, start, length, pages))
        except (struct.error, IndexError, ValueError, UnicodeDecodeError):
            continue


def _payload(page: bytes, start: int, length: int, pages: _Pages) -> bytes:
    """The bytes of a row, with what overflows to other pages."""
    most, least = len(page) - 35, (len(page) - 12) * 32 // 255 - 23
    if length <= most:
        return page[start : start + length]
    here = least + (length - least) % (len(page) - 4)
    here = least if here > most else here
    data = page[start : start + here]
    (after,) = struct.unpack_from(">I", page, start + here)
    while len(data) < length:
        if not after or len(data) > length:
            raise ValueError("a page is missing")
        further = pages[after][-1][0] if after in pages else b""
        (after,) = struct.unpack_from(">I", further)
        data += further[4 : 4 + length - len(data)]
    return data


def _record(data: bytes) -> list[Any]:
    """The values of a row. Raises ``ValueError`` or ``IndexError`` for other bytes."""
    end, at = _varint(data, 0)
    kinds = []
    while at < end:
        kind, at = _varint(data, at)
        kinds.append(kind)
    values: list[Any] = []
    for kind in kinds:
        size = _SIZES[kind] if kind < len(_SIZES) else (kind - 12) // 2
        part = data[at : at + size]
        if len(part) < size:
            raise ValueError("the row is cut off")
        at += size
        values.append(_value(kind, part))
    return values


_SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


def _value(kind: int, part: bytes) -> Any:
    if kind == 7:
        return struct.unpack(">d", part)[0]
    if kind in (8, 9):
        return float(kind - 8)
    if kind < 7:
        # A whole number in a column of REAL is stored as an integer.
        return float(int.from_bytes(part, "big", signed=True)) if kind else None
    return part.decode(errors="replace") if kind % 2 else part


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for n in range(9):
        byte = data[at + n]
        if n == 8:
            return (value << 8) | byte, at + 9
        value = (value << 7) | (byte & 0x7F)
        if byte < 0x80:
            return value, at + n + 1
    raise ValueError("not a number")

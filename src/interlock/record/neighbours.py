"""The files beside a SQLite file, which SQLite believes whatever they are.

A log that belongs to another database is written into the file when that is opened, and nothing
notices: all trials are gone. A backup that was copied over a ledger leaves such a log beside it.
The format is https://www.sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from interlock.model import StorageTrouble

_PAGE, _WAL_HEADER, _FRAME_HEADER = 4096, 32, 24
_LARGEST_PAGE = 65536
_IN_WAL_MODE = 2
_MODE_AT, _ID_AT = 18, 68
"""Offsets in the first page: of the way of logging, and of the application's number."""


def check(path: Path) -> None:
    """Raise ``StorageTrouble`` for what SQLite must not find beside the file, or in its place."""
    path = Path(os.path.realpath(path))  # of a link to itself, too
    log, journal = _beside(path, "-wal"), _beside(path, "-journal")
    for file in (path, log, journal, _beside(path, "-shm")):
        if file.exists() and not stat.S_ISREG(file.stat().st_mode):
            raise StorageTrouble(f"{file} is no regular file; move it away, then run again")
    if not path.exists() or path.stat().st_size <= _PAGE:
        return  # nothing is in it yet
    with path.open("rb") as begun:
        first = begun.read(100).ljust(100, b"\0")
    if first[_MODE_AT] == _IN_WAL_MODE and journal.exists():
        raise _not_its_own(journal, path)
    ours = _number(first)
    if ours and log.exists() and any(number not in (0, ours) for number in _numbers(log)):
        raise _not_its_own(log, path)


def _not_its_own(file: Path, path: Path) -> StorageTrouble:
    return StorageTrouble(
        f"{file} does not belong to {path.name}, and would overwrite it; move it away, or put the "
        "file back that it belongs to"
    )


def _numbers(log: Path) -> Iterator[int]:
    """The number of every first page in a log."""
    with log.open("rb") as file:
        header = file.read(_WAL_HEADER).ljust(_WAL_HEADER, b"\0")
        size = _FRAME_HEADER + min(int.from_bytes(header[8:12], "big") or _PAGE, _LARGEST_PAGE)
        while len(frame := file.read(size)) == size:
            if frame[8:16] != header[16:24]:
                return  # of an earlier use of the log
            if struct.unpack_from(">I", frame) == (1,):
                yield _number(frame[_FRAME_HEADER:])


def _number(page: bytes) -> int:
    page = page.ljust(100, b"\0")
    (number,) = struct.unpack_from(">I", page, _ID_AT)
    return int(number)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)

"""A regular file of a bounded size, as text.

A pipe has no end that could be waited for, and a device such as ``/dev/zero`` has none at all. So
everything that a person may have written, or named, is read through here.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 64 * 2**20
"""Of a file that is read as a whole: many times what any file of this project has."""

MOST_TABLE_BYTES = 2**30
"""Of a table that is read line by line: a million rows."""


class Unreadable(ValueError):
    """Why a file can't be read, as the end of a sentence about it."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """What a file holds. Raises ``FileNotFoundError``, and ``Unreadable`` for the rest."""
    with opened(path, most) as file:
        try:
            return file.read(most)
        except OSError as problem:
            raise _unreadable(problem) from None


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The same as text, without the mark of byte order that some editors put first."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as mistake:
        raise Unreadable(no_text(mistake)) from None


def opened(path: Path, most: int = MOST_BYTES) -> BinaryIO:
    """The file, open to be read."""
    try:
        # Without O_NONBLOCK, to open a pipe waits until somebody writes to it.
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as problem:
        raise _unreadable(problem) from None
    about = os.fstat(file.fileno())
    if stat.S_ISREG(about.st_mode) and about.st_size <= most:
        return file
    file.close()
    raise Unreadable(
        f"is larger than {most // 2**20} MiB"
        if stat.S_ISREG(about.st_mode)
        else "is no regular file"
    )


def no_text(mistake: UnicodeDecodeError) -> str:
    """What is wrong with a file that is not encoded in UTF-8."""
    return f"can't be read: byte {mistake.object[mistake.start]:#04x} is not UTF-8"


def _unreadable(problem: OSError | ValueError) -> Unreadable:
    if isinstance(problem, IsADirectoryError):
        return Unreadable("is a folder; name a file")
    if isinstance(problem, OSError):
        if problem.errno == errno.ELOOP:
            return Unreadable("is a link that leads back to itself")
        return Unreadable(f"can't be read: {problem.strerror or problem}")
    return Unreadable(f"can't be read: {problem}")

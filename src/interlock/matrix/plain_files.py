"""Read a regular file of limited size as text.

A pipe may never end, and a device such as ``/dev/zero`` does not. So every file that a person wrote
or named is read through this module.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

MOST_BYTES = 64 * 2**20
"""The limit for a file that is read as a whole. Our own files are far smaller."""

MOST_TABLE_BYTES = 2**30
"""The limit for a table that is read line by line: about a million rows."""


class Unreadable(ValueError):
    """Why a file can't be read, as the end of a sentence about it."""


def read_bytes(path: Path, most: int = MOST_BYTES) -> bytes:
    """The bytes of a file. Raises ``FileNotFoundError``, or ``Unreadable`` otherwise."""
    with opened(path, most) as file:
        try:
            return file.read(most)
        except OSError as problem:
            raise _unreadable(problem) from None


def read_text(path: Path, most: int = MOST_BYTES) -> str:
    """The same as text, without a leading byte order mark."""
    try:
        return read_bytes(path, most).decode("utf-8-sig")
    except UnicodeDecodeError as mistake:
        raise Unreadable(no_text(mistake)) from None


def opened(path: Path, most: int = MOST_BYTES) -> BinaryIO:
    """The file, opened for reading."""
    try:
        # Without O_NONBLOCK, opening a pipe waits until somebody writes to it.
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
        else "is not a regular file"
    )


def no_text(mistake: UnicodeDecodeError) -> str:
    """The mistake in a file that is not encoded in UTF-8."""
    return f"can't be read: byte {mistake.object[mistake.start]:#04x} is not UTF-8"


def _unreadable(problem: OSError | ValueError) -> Unreadable:
    if isinstance(problem, IsADirectoryError):
        return Unreadable("is a folder; name a file")
    if isinstance(problem, OSError):
        if problem.errno == errno.ELOOP:
            return Unreadable("is a link that leads back to itself")
        return Unreadable(f"can't be read: {problem.strerror or problem}")
    return Unreadable(f"can't be read: {problem}")


def is_of_a_probe(path: Path) -> bool:
    """Whether a file in a probe's folder can decide what the probe does."""
    return path.suffix in (".py", ".yaml") and "__pycache__" not in path.parts

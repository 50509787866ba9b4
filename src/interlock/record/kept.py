"""What a question needs, kept ready from one question to the next.

To read and check the published files takes longer than to answer. So what was read stays in the
user's cache folder, under a digest of all that it was made from: the contents of the files, the
modules that read them, and the Python. If any of these changes, the digest is another one. A file
that is damaged, or that cannot be written, costs time and nothing else. So does one that another
user could have written: it would decide what is answered, and `marshal` trusts what it reads.
"""

from __future__ import annotations

import hashlib
import io
import marshal
import os
import pickle
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from pathlib import Path
from typing import Any

import packaging
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import interlock
from interlock.isolation import Store
from interlock.matrix import Unreadable, plain_files
from interlock.model import UsageError

PART = "answers"
"""The folder below the store's home."""

MOST_FILES = 8
"""Of each kind. The ones that were written last stay."""

_NOUNS = ("model", "matrix", "index", "record")
"""The rooms with the nouns that files are read into."""

_ROOMS = (*_NOUNS, "evidence", "findings")
"""The rooms that make what is kept: they read files, and note what the verdicts mean."""

_DIGEST_BYTES = 32
_CHUNK_BYTES = 2**20


@dataclass(frozen=True, kw_only=True)
class Kept:
    """The folder of what is kept; None keeps nothing."""

    folder: Path | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Kept:
        """Below the store's home. A question needs no store, so a wrong home is no mistake."""
        try:
            return cls(folder=Store.of(environ).home / PART)
        except (UsageError, OSError, RuntimeError):
            return cls(folder=None)

    def has(self, name: str) -> bool:
        """Whether something is kept under that name, whole or not."""
        return self.folder is not None and (self.folder / name).is_file()

    def get(self, name: str) -> Any:
        """What is kept under that name, in plain values; None if there is nothing whole."""
        if self.folder is None:
            return None
        try:
            with plain_files.opened(self.folder / name, plain_files.MOST_TABLE_BYTES) as file:
                content = file.read() if _is_ours(os.fstat(file.fileno())) else b""
            digest, text = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            return marshal.loads(text) if digest == _digest(name, text) else None
        except (OSError, Unreadable, ValueError, EOFError, TypeError):
            return None

    def put(self, name: str, value: Any) -> None:
        """Keep plain values under that name, if they can be written."""
        if self.folder is None:
            return
        with suppress(OSError, ValueError):
            text = marshal.dumps(value)
            self.folder.mkdir(parents=True, exist_ok=True)
            # A name that nobody foresees, for this user alone: others may write in the folder.
            handle, fresh = tempfile.mkstemp(prefix=f".{name}.", dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_digest(name, text) + text)
                Path(fresh).replace(self.folder / name)
            finally:
                Path(fresh).unlink(missing_ok=True)
            self._drop_oldest(name.partition("-")[0])

    def _drop_oldest(self, kind: str) -> None:
        assert self.folder
        files = list(self.folder.glob(f"{kind}-*"))
        files.sort(key=lambda file: file.stat().st_mtime_ns, reverse=True)
        for file in files[MOST_FILES:]:
            file.unlink(missing_ok=True)


def _is_ours(about: os.stat_result) -> bool:
    """Whether nobody but this user, or root, can have written a file."""
    others_write = stat.S_IWGRP | stat.S_IWOTH
    return about.st_uid in (0, os.geteuid()) and not about.st_mode & others_write


def _digest(name: str, text: bytes) -> bytes:
    """Of the name too: what was kept under another name is about other files."""
    found = hashlib.blake2b(name.encode() + b"\0", digest_size=_DIGEST_BYTES)
    found.update(text)
    return found.digest()


def name_of(kind: str, files: Iterable[Path], *others: object) -> str | None:
    """The name for what is read from these files and the ``others``, which have a ``repr``.

    None if a file is missing or can't be read: whoever reads it says what is wrong.
    """
    found = hashlib.blake2b(digest_size=20)
    try:
        for text in (*_made_by(), *map(repr, others)):
            found.update(b"%d %s" % (len(text), text.encode()))
        for file in files:
            with plain_files.opened(file, plain_files.MOST_TABLE_BYTES) as opened:
                size = os.fstat(opened.fileno()).st_size
                found.update(f"{file.name} {size} ".encode())
                while chunk := opened.read(_CHUNK_BYTES):
                    found.update(chunk)
    except (OSError, Unreadable, UnicodeError):
        return None
    return f"{kind}-{found.hexdigest()}"


def _made_by() -> Iterator[str]:
    """Python, and the modules that read. Their sizes and times, as for compiled modules."""
    yield f"{sys.implementation.cache_tag} {packaging.__version__}"
    for room in _ROOMS:
        with os.scandir(Path(interlock.__file__).parent / room) as inside:
            modules = sorted((e for e in inside if e.name.endswith(".py")), key=lambda e: e.name)
            for module in modules:
                stat = module.stat()
                yield f"{room}/{module.name} {stat.st_size} {stat.st_mtime_ns}"


# Nouns --------------------------------------------------------------------------------------------


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        """Versions and specifiers by their texts: how they are stored is their package's own."""
        if type(value) in (Version, SpecifierSet):
            return type(value), (str(value),)
        return NotImplemented


def frozen(value: object) -> bytes | None:
    """Nouns of ours as bytes; None if they would not come back as they are."""
    written = io.BytesIO()
    try:
        _Pickler(written, protocol=5).dump(value)
        return written.getvalue() if thawed(written.getvalue()) == value else None
    except (pickle.PickleError, TypeError, AttributeError, ValueError, RecursionError):
        return None


class _Unpickler(pickle.Unpickler):
    """Makes nouns of the rooms below, and what they hold. It calls nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _OTHERS:
            return _OTHERS[module, name]
        if module.startswith(tuple(f"interlock.{room}." for room in _NOUNS)):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__ == module and _is_noun(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no noun")


def _is_noun(found: type) -> bool:
    """Whether it only holds values. A ledger, for one, makes files when it is called."""
    return is_dataclass(found) or issubclass(found, (Enum, tuple, float))


_OTHERS: Mapping[tuple[str, str], Any] = {
    ("packaging.version", "Version"): Version,
    ("packaging.specifiers", "SpecifierSet"): SpecifierSet,
    ("datetime", "date"): date,
    ("datetime", "datetime"): datetime,
    ("datetime", "timedelta"): timedelta,
    ("datetime", "timezone"): timezone,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "set"): set,
}


def thawed(text: bytes) -> Any:
    """The nouns again. Raises ``pickle.PickleError``, or another error, for anything else."""
    return _Unpickler(io.BytesIO(text)).load()

"""The raw events of trials: one compressed file each, named by the content's hash."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import stat
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interlock.record import older

_OUR_TROUBLE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of the machine, which do not mean that the file is damaged."""

MOST_BYTES = 2**30
"""Of one trial's events, unpacked: many times what a probe may print."""


class Spoilt(ValueError):
    """Events that can't be read back, and why."""


class Blobs:
    """A folder of events."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, events: Sequence[Mapping[str, Any]]) -> str:
        """Keep the events. Returns the name for ``read``. Raises ``OSError``."""
        text = "".join(json.dumps(event, separators=(",", ":")) + "\n" for event in events)
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = self._path(digest)
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

    def read(self, digest: str) -> tuple[Mapping[str, Any], ...]:
        """The events. Raises ``Spoilt``, or ``OSError`` if the file is not to blame."""
        path = self._path(digest)
        try:
            data = _unpacked(path)
        except OSError as problem:
            if problem.errno in _OUR_TROUBLE:
                raise
            raise Spoilt(f"{path}: {problem.strerror or problem}") from None
        except (EOFError, zlib.error, ValueError) as problem:
            raise Spoilt(f"{path}: {problem}") from None
        if hashlib.sha256(data).hexdigest() != digest:
            raise Spoilt(f"{path} was changed")
        return tuple(older.event(json.loads(line)) for line in data.decode().splitlines())

    def _path(self, digest: str) -> Path:
        if not (digest.isascii() and digest.isalnum()):
            raise Spoilt(f"{digest[:80]!r} is not the name of a file of events")
        return self.folder / digest[:2] / f"{digest}.jsonl.gz"


def _unpacked(path: Path) -> bytes:
    """What the file holds, up to a size: a few bytes can stand for gigabytes."""
    # Without O_NONBLOCK, to open a pipe waits until somebody writes to it.
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file, gzip.GzipFile(fileobj=file) as packed:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise ValueError("it is no regular file")
        data = packed.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError(f"it unpacks to more than {MOST_BYTES // 2**20} MiB")
    return data

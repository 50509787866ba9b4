"""The raw events of trials: one compressed file each, named by the content's hash."""

from __future__ import annotations

import errno
import gzip
import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from interlock.record import older

_OUR_TROUBLE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""Errors of the machine, which do not mean that the file is damaged."""


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
            data = gzip.decompress(path.read_bytes())
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

"""Files named by their SHA-256: downloads, and wheels built from them.

Only this process writes here. Before each use a file is read again, and its hash compared.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from interlock.index import Listed, Upstream
from interlock.isolation import folders
from interlock.isolation.store import writing
from interlock.model import IndexUnreachable

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Kept:
    """A folder of files by content. Safe to use from several threads and processes."""

    def __init__(self, root: Path, *below: str) -> None:
        self._root = root
        self._below = below

    def find(self, sha256: str, name: str) -> Path | None:
        """The file with that content. None if it is missing or damaged."""
        place = (*self._below, sha256)
        try:
            with folders.opened(self._root, *place) as folder:
                with os.fdopen(os.open(name, _READ, dir_fd=folder), "rb") as content:
                    right = _sha256(content) == sha256
                with suppress(PermissionError):
                    os.utime(folder)
        except (FileNotFoundError, PermissionError):
            return None
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            right = False  # a link, which this process never puts there
        if right:
            return Path(self._root, *place, name)
        folders.remove(self._root, *place)
        return None

    def first(self) -> Path | None:
        """Any undamaged file that is kept here."""
        for sha256 in folders.names(self._root, *self._below):
            for name in folders.names(self._root, *self._below, sha256):
                if found := self.find(sha256, name):
                    return found
        return None

    @contextmanager
    def adding(self) -> Iterator[Unfinished]:
        """A new file. It is removed again unless it is finished."""
        name = f".{secrets.token_hex(8)}"
        with ExitStack() as stack:
            with writing(self._root):
                for depth in range(1, len(self._below) + 1):
                    folders.made(self._root, *self._below[:depth])
                folder = stack.enter_context(folders.opened(self._root, *self._below))
                handle = os.open(name, _NEW, 0o644, dir_fd=folder)
            stack.callback(_forget, handle, name, folder)
            os.fchmod(handle, 0o644)  # the installer may run as another user
            yield Unfinished(handle, name, self._root, self._below)


class Unfinished:
    """A file that is being written."""

    def __init__(self, handle: int, name: str, root: Path, below: tuple[str, ...]) -> None:
        self._handle = handle
        self._name = name
        self._root = root
        self._below = below
        self._digest = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        rest = memoryview(piece)
        with writing(self._root):
            while rest:
                rest = rest[os.write(self._handle, rest) :]

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def finish(self, name: str) -> Path:
        with writing(self._root):
            place = folders.made(self._root, *self._below, self.sha256)
            with (
                folders.opened(self._root, *self._below) as above,
                folders.opened(self._root, *self._below, self.sha256) as folder,
            ):
                os.rename(self._name, name, src_dir_fd=above, dst_dir_fd=folder)
        return place / name


def _forget(handle: int, name: str, folder: int) -> None:
    with suppress(OSError):
        os.close(handle)
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)


class Downloads:
    """The files of the index."""

    def __init__(self, root: Path, upstream: Upstream) -> None:
        self._kept = Kept(root, "downloads")
        self._upstream = upstream

    def of(self, listed: Listed) -> tuple[str, Path]:
        """The file's SHA-256 and place. Downloads it if it is not here already.

        Raises ``IndexUnreachable`` if the index sends something other than its page lists.
        """
        if listed.sha256 and (found := self._kept.find(listed.sha256, listed.name)):
            return listed.sha256, found
        with self._kept.adding() as unfinished:
            if not self._upstream.read(listed.url, unfinished.write):
                raise IndexUnreachable(f"{listed.url} is listed, but is not there")
            if listed.sha256 and listed.sha256 != unfinished.sha256:
                raise IndexUnreachable(
                    f"{listed.url} has the SHA-256 {unfinished.sha256}, "
                    f"but the index lists {listed.sha256}"
                )
            return unfinished.sha256, unfinished.finish(listed.name)


def _sha256(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while piece := content.read(1 << 20):
        digest.update(piece)
    return digest.hexdigest()

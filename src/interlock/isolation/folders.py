"""Open, own and remove folders without following links.

Installed or built code may have written in these folders, and left a symbolic link in a path of the
store. So each step down uses ``O_NOFOLLOW`` from the folder above, which stays open.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from interlock.model import StorageTrouble

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
Owner = tuple[int, int]


@contextmanager
def opened(top: Path, *below: str) -> Iterator[int]:
    """A folder below ``top``, held open. Raises ``StorageTrouble`` at a link.

    ``top`` itself is the user's and may be a link.
    """
    handle = os.open(top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number, name in enumerate(below, 1):
            handle, above = _down(handle, name, Path(top, *below[:number])), handle
            os.close(above)
        yield handle
    finally:
        os.close(handle)


def made(top: Path, *below: str, owner: Owner | None = None, mode: int = 0o755) -> Path:
    """The folder below ``top``. It is made if it is missing, and given to ``owner``."""
    above = below[:-1]
    with opened(top, *above) as parent:
        with suppress(FileExistsError):
            os.mkdir(below[-1], mode, dir_fd=parent)
        child = _down(parent, below[-1], Path(top, *below))
        try:
            is_now = os.fstat(child)
            if owner and (is_now.st_uid, is_now.st_gid) != owner:
                os.fchown(child, *owner)
        finally:
            os.close(child)
    return Path(top, *below)


def remove(top: Path, *below: str) -> None:
    """Remove the entry of that name below ``top``: a link itself, never its target."""
    try:
        with opened(top, *below[:-1]) as parent:
            kind = os.stat(below[-1], dir_fd=parent, follow_symlinks=False).st_mode
            if not stat.S_ISDIR(kind):
                os.unlink(below[-1], dir_fd=parent)
                return
            handle = _opened_to_empty(parent, below[-1], Path(top, *below))
            try:
                _empty(handle)
            finally:
                os.close(handle)
            os.rmdir(below[-1], dir_fd=parent)
    except FileNotFoundError:
        return


def move(top: Path, *below: str, to: tuple[str, ...]) -> None:
    """Give it another name below ``top``. Who holds it open keeps the content."""
    with opened(top, *below[:-1]) as source, opened(top, *to[:-1]) as target:
        os.rename(below[-1], to[-1], src_dir_fd=source, dst_dir_fd=target)


def names(top: Path, *below: str) -> list[str]:
    """The names in a folder below ``top``. Empty if it is missing or a link."""
    try:
        with opened(top, *below) as folder:
            return sorted(entry.name for entry in os.scandir(folder))
    except (FileNotFoundError, StorageTrouble):
        return []


def _down(parent: int, name: str, path: Path) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        # ELOOP for a link, ENOTDIR for a link if O_DIRECTORY is asked for as well.
        if not isinstance(error, NotADirectoryError) and error.errno != errno.ELOOP:
            raise
        raise StorageTrouble(
            f"{path} is not a folder; Interlock follows no link there, and did not touch it; "
            "check it, and remove it if it is not yours"
        ) from error


def _opened_to_empty(parent: int, name: str, path: Path) -> int:
    """A folder that is about to be emptied, even if it may not be read as it is."""
    try:
        return _down(parent, name, path)
    except PermissionError:
        held = os.open(name, _FOLDER | getattr(os, "O_PATH", 0), dir_fd=parent)
        try:
            # A descriptor of O_PATH can't be changed itself, and its name here is no link.
            Path(f"/proc/self/fd/{held}").chmod(0o700)
        finally:
            os.close(held)
        return _down(parent, name, path)


def _empty(folder: int) -> None:
    """Remove everything in a folder, however deep.

    Each folder is moved up before it is emptied. So two open folders are enough, no path gets long,
    and nothing recurses: installed code may nest folders deeper than either allows.
    """
    waiting = _without_files(folder)
    while waiting:
        name = waiting.pop()
        handle = _opened_to_empty(folder, name, Path(name))
        try:
            for inner in _without_files(handle):
                _make_writable(handle, inner)  # A folder that moves gets another parent.
                fresh = secrets.token_hex(16)
                os.rename(inner, fresh, src_dir_fd=handle, dst_dir_fd=folder)
                waiting.append(fresh)
        finally:
            os.close(handle)
        os.rmdir(name, dir_fd=folder)


def _without_files(folder: int) -> list[str]:
    """Unlink what is no folder, and return the names of the folders."""
    with suppress(PermissionError):
        os.fchmod(folder, 0o700)
    with os.scandir(folder) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in found:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
    return [name for name, is_folder in found if is_folder]


def _make_writable(parent: int, name: str) -> None:
    handle = _opened_to_empty(parent, name, Path(name))
    try:
        with suppress(PermissionError):
            os.fchmod(handle, 0o700)
    finally:
        os.close(handle)

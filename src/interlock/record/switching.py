"""Change several files of a folder at once, also if the command is killed in between.

Before the first file is renamed, a list of all changes is written beside them. Whoever opens the
folder next finds the list and finishes the change, or takes it back if that was under way. The
folder itself is locked meanwhile, so a reader waits for a writer that lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TextIO

from interlock.matrix import Unreadable, plain_files
from interlock.model import StorageTrouble, UsageError

FILE = ".interlock-change.json"
NEW, OLD = ".new", ".old"
_PATIENCE_S = 60
_LONGEST = 200
_AS_PUBLISHED = "use the folder as it was published"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Changes of files in one folder, by their paths below it."""

    put: Sequence[str]
    """These get what stands beside them as ``….new``."""
    gone: Sequence[str]
    added: Sequence[str]
    """Those of ``put`` that were not there before."""
    back: bool = False
    """It is being taken back: the others get what stands beside them as ``….old``."""

    def note(self, folder: Path) -> None:
        """Write the list. From now on the change is finished, even by another process."""
        fresh = folder / f"{FILE}{NEW}"
        try:
            with new_file(fresh) as file:
                json.dump(asdict(self), file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(folder / FILE)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        _sync(folder)

    def take_back(self, folder: Path) -> None:
        """Note that the change is being taken back, if it was noted at all."""
        if (folder / FILE).exists():
            with suppress(OSError):
                replace(self, back=True).note(folder)

    def finish(self, folder: Path) -> None:
        """Do what is left of it, and remove the list."""
        for name in (*self.put, *self.gone) if self.back else ():
            old = _beside(folder / name, OLD)
            if name in self.added:
                (folder / name).unlink(missing_ok=True)
            elif old.exists():
                old.replace(folder / name)
        if not self.back:
            for name in self.put:
                with suppress(FileNotFoundError):  # it is in its place already
                    _beside(folder / name, NEW).replace(folder / name)
            for name in self.gone:
                (folder / name).unlink(missing_ok=True)
        for name in (*self.put, *self.gone):
            # A rename between two names of the same file does nothing.
            _beside(folder / name, NEW).unlink(missing_ok=True)
            _beside(folder / name, OLD).unlink(missing_ok=True)
        _sync(folder)
        (folder / FILE).unlink(missing_ok=True)


@contextmanager
def locked(folder: Path, *, to_write: bool) -> Iterator[None]:
    """Hold the folder, and finish a change in it that a killed command left.

    A folder that is not there is not held. Raises ``StorageTrouble`` if another command writes for
    too long, or if the change can't be finished.
    """
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield  # whoever reads or writes the files says what is wrong
        return
    try:
        is_left = (folder / FILE).exists()
        _lock(handle, folder, alone=to_write or is_left)
        finish_left(folder)
        yield
    finally:
        os.close(handle)


def new_file(path: Path) -> TextIO:
    """A new text file, in place of one that a killed command left.

    Nothing is written through a link, or into a file that has another name as well.
    """
    path.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "w", encoding="utf-8", newline="\n")


def link_above(folder: Path, path: Path) -> Path | None:
    """The link on the way from a folder to a file below it. None if there is none."""
    for above in reversed(path.relative_to(folder).parents):
        if above.parts and (folder / above).is_symlink():
            return folder / above
    return None


def finish_left(folder: Path) -> None:
    """Finish the change that a killed command left, if there is one."""
    change = _left(folder)
    if change is None:
        return
    try:
        change.finish(folder)
    except OSError as problem:
        raise StorageTrouble(
            f"{folder}: a command was killed while it changed the files, and the change can't be "
            f"finished: {problem.strerror or problem}; run the command as a user who can write "
            "there"
        ) from problem


def _left(folder: Path) -> Change | None:
    path = folder / FILE
    try:
        content = json.loads(plain_files.read_text(path))
        change = Change(**{**content, "back": bool(content["back"])})
        names = [*change.put, *change.gone, *change.added]
    except FileNotFoundError:
        return None
    except Unreadable as problem:
        raise UsageError(f"{path}: {problem}; {_AS_PUBLISHED}") from None
    except (ValueError, TypeError, LookupError, RecursionError) as problem:
        raise UsageError(f"{path}: is no list of changes: {problem}; {_AS_PUBLISHED}") from None
    for name in names:
        if not _is_below(name) or link_above(folder, folder / name):
            said = repr(name)[:_LONGEST]
            raise UsageError(
                f"{path}: names {said}, which is not a file of this folder; {_AS_PUBLISHED}"
            )
    return change


def _is_below(name: object) -> bool:
    if not isinstance(name, str) or not name.isprintable():
        return False
    parts = PurePosixPath(name).parts
    return bool(parts) and not PurePosixPath(name).is_absolute() and ".." not in parts


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _lock(handle: int, folder: Path, *, alone: bool) -> None:
    until = time.monotonic() + _PATIENCE_S
    how = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise StorageTrouble(
                    f"{folder} is being written by another command; wait until it has ended"
                ) from None
            time.sleep(0.02)
        except OSError:
            return  # a file system without locks


def _sync(folder: Path) -> None:
    """Put the names in the folder on disk, where the file system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

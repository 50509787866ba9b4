"""What Interlock keeps on this machine: where, how much, and how old.

Everything is below one folder, ``INTERLOCK_HOME`` or the user's cache folder::

    ledger.sqlite     trials
    answers/          what questions read of published files, by its digest
    index/            answers of the package index
    resolutions/      what was resolved when, and the lock files
    images/           what is known of an image, by its id
    runs/             one locked file for each run, so that the next run finds dead ones
    docker/ process/  the store of a backend, the one folder that its commands see:
        downloads/      wheels and source distributions, by the SHA-256 of their content
        built/          wheels built from source distributions, by their sources
        environments/   virtual environments, by digest, each sealed with a list of hashes
        locks/          held while an environment is being made
        work/           work in progress

Each backend has a store of its own. A process of another user could not change what a container's
user wrote, and the other way round.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import platformdirs

from interlock.isolation import folders
from interlock.model import Backend, StorageTrouble, UsageError

HOME_VARIABLE = "INTERLOCK_HOME"

COMPLETE = "interlock-complete.json"
"""In an environment: its seal. The modification time is the time of the last use."""

_PARTS = ("downloads", "built", "environments", "locks", "work")
_OLDER_PARTS = ("uv",)
"""Folders of earlier versions. `clean` removes them."""


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One part of the store."""

    what: str
    path: Path
    count: int
    size_bytes: int
    """On disk. A file with several names counts once."""


@dataclass(frozen=True, kw_only=True)
class Store:
    home: Path

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Store:
        """The store that ``INTERLOCK_HOME`` names, or the user's cache folder.

        Raises ``UsageError`` if the name can't be a folder's.
        """
        named = environ.get(HOME_VARIABLE)
        if named is None:
            return cls(home=Path(platformdirs.user_cache_dir("interlock")).expanduser().resolve())
        return cls(home=_named_home(named))

    @property
    def index(self) -> Path:
        return self.home / "index"

    @property
    def resolutions(self) -> Path:
        return self.home / "resolutions"

    @property
    def images(self) -> Path:
        return self.home / "images"

    @property
    def runs(self) -> Path:
        return self.home / "runs"

    def of_backend(self, backend: Backend) -> Path:
        return self.home / backend.value

    def prepare(self, backend: Backend) -> Path:
        """Make the folders of a backend. They belong to the user who runs Interlock.

        The user may make the backend's own folder a link, to another disk. No folder in it may be
        one.
        """
        root = self.of_backend(backend)
        # Earlier versions gave them to the user of the containers.
        ours = (0, os.getgid()) if os.geteuid() == 0 else None
        with writing(root):
            root.mkdir(parents=True, exist_ok=True)
            if ours:
                with folders.opened(root) as handle:
                    os.fchown(handle, *ours)
            for part in _PARTS:
                folders.made(root, part, owner=ours)
        return root

    def holdings(self) -> list[Holding]:
        """The parts of the store and their sizes, largest first."""
        found = []
        for path in sorted(self.home.glob("*")):
            if path.name not in {backend.value for backend in Backend}:
                found.append(_holding(path.name, path))
                continue
            # A hard link between cache and environment counts at the first place.
            seen: set[tuple[int, int]] = set()
            for part in (*_PARTS, *_OLDER_PARTS):
                found.append(_holding(f"{path.name}/{part}", path / part, seen))
        return sorted(found, key=lambda holding: holding.size_bytes, reverse=True)

    def remove_older_than(self, age: timedelta) -> int:
        """Remove environments and resolutions that were not used for that long.

        Returns the freed bytes. The ledger stays, because trials are facts. Raises
        ``StorageTrouble``, also during a run: a new environment would be gone before it is
        imported.
        """
        with self._no_run_begins():
            if self.is_in_use:
                raise StorageTrouble(f"a run is under way in {self.home}; nothing was removed")
            return self._remove_all_older_than(age)

    def _remove_all_older_than(self, age: timedelta) -> int:
        before = sum(holding.size_bytes for holding in self.holdings())
        oldest = time.time() - age.total_seconds()
        with writing(self.home):
            for backend in Backend:
                self._remove_of(backend, oldest, everything=age <= timedelta(0))
            for resolution in self.resolutions.glob("*.json"):
                if resolution.lstat().st_mtime < oldest:
                    resolution.unlink()
        return before - sum(holding.size_bytes for holding in self.holdings())

    def _remove_of(self, backend: Backend, oldest: float, *, everything: bool) -> None:
        """Remove from one backend's folder, without following links."""
        root = self.of_backend(backend)
        for part in ("environments", "downloads", "built"):
            for name in folders.names(root, part):
                if _last_used(root / part / name) < oldest:
                    folders.remove(root, part, name)
        for name in folders.names(root, "work"):
            folders.remove(root, "work", name)
        for part in _OLDER_PARTS if everything else ():
            folders.remove(root, part)

    def claim_run(self, backend: Backend) -> tuple[str, int]:
        """A fresh run id, and the open file. Its lock shows that the run lives.

        The kernel drops the lock with the process, even after ``kill -9``. Unlike a process id, no
        other process ever gets it.
        """
        run = f"{backend.value}-{secrets.token_hex(6)}"
        with writing(self.runs):
            self.runs.mkdir(parents=True, exist_ok=True)
            # It is locked before it has its name, so nobody sees it without its lock.
            unnamed = self.home / f".{run}"
            lock = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self._no_run_begins():
                unnamed.rename(self.runs / run)
        return run, lock

    @contextmanager
    def _no_run_begins(self) -> Iterator[None]:
        """Meanwhile no other process claims a run, or removes what one needs."""
        try:
            handle = os.open(self.runs, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:  # nothing ran here yet
            yield
            return
        try:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def dead_runs(self, backend: Backend) -> list[str]:
        """Runs that have ended and were not swept yet."""
        found = sorted(self.runs.glob(f"{backend.value}-*"))
        return [path.name for path in found if not _locked(path)]

    @property
    def is_in_use(self) -> bool:
        """Whether a run is under way."""
        return any(_locked(path) for path in self.runs.glob("*"))

    def forget(self, run: str) -> None:
        (self.runs / run).unlink(missing_ok=True)


def _named_home(named: str) -> Path:
    advice = f"name a folder in {HOME_VARIABLE}, or unset it"
    if not named.strip():
        raise UsageError(f"{HOME_VARIABLE} is empty; {advice}")
    try:
        home = Path(named).expanduser().resolve()
        there = next(path for path in (home, *home.parents) if path.exists())
    except (OSError, RuntimeError, ValueError) as error:  # nobody's home, or a link to itself
        raise UsageError(f"{HOME_VARIABLE}={named}: {error}; {advice}") from error
    if home.is_symlink() or not there.is_dir():
        raise UsageError(f"{HOME_VARIABLE}={named}: {there} is not a folder; {advice}")
    return home


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Turn a full disk, or an unwritable folder, into ``StorageTrouble``."""
    try:
        yield
    except OSError as error:
        where = error.filename or place
        raise StorageTrouble(
            f"{where}: {error.strerror or error}; make room, or set INTERLOCK_HOME "
            "to another folder (`nox -s clean` shows what is kept)"
        ) from error


def _locked(path: Path) -> bool:
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return True  # gone, or another user's
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _holding(what: str, path: Path, seen: set[tuple[int, int]] | None = None) -> Holding:
    seen = set() if seen is None else seen
    size = 0
    if path.is_symlink():
        return Holding(what=what, path=path, count=1, size_bytes=_size(path, seen))
    for file in _files(path):
        size += _size(file, seen)
    if path.is_file():
        size = _size(path, seen)
    count = len(list(path.iterdir())) if path.is_dir() else int(path.exists())
    return Holding(what=what, path=path, count=count, size_bytes=size)


def _files(folder: Path) -> Iterator[Path]:
    """Every file below a folder. Up to Python 3.11 ``os.walk`` recurses, and folders may be deep.

    What can't be read is left out.
    """
    waiting = [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                else:
                    yield Path(entry.path)


def _size(path: Path, seen: set[tuple[int, int]]) -> int:
    try:
        stat = path.lstat()
    except OSError:
        return 0
    if (identity := (stat.st_dev, stat.st_ino)) in seen:
        return 0
    seen.add(identity)
    return stat.st_blocks * 512


def _last_used(path: Path) -> float:
    """The time of an environment's last use, from its seal if it has one.

    For a link, it is the link's own time.
    """
    try:
        return (path / COMPLETE).lstat().st_mtime if not path.is_symlink() else 0.0
    except OSError:
        return path.lstat().st_mtime

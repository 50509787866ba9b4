"""Make environments for pins and a Python: resolved, locked, installed once.

The digest of an environment covers the image, the architecture and the lock file with its hashes.
So cells with the same resolution share it. A resolution is remembered for ``resolve_fresh_for``, so
a repeated run asks no index. An environment that differs from its seal is made again
(``seals.py``).
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import uv

from interlock.index import IndexSettings, Listed, Upstream
from interlock.isolation import folders, seals
from interlock.isolation.downloads import Downloads
from interlock.isolation.gateway import Mirror
from interlock.isolation.install_failures import InstallFailed
from interlock.isolation.installs import Installs, Locked, Wanted
from interlock.isolation.sandbox import Image, Limits, Sandbox
from interlock.isolation.store import Store, writing
from interlock.model import (
    Backend,
    Environment,
    Pin,
    PythonVersion,
    TroubleError,
    digest_of,
    is_young,
    moment_in,
)


@dataclass(frozen=True, kw_only=True)
class Resolution:
    locked: Locked
    digest: str
    """Of the environment that results from it."""
    resolved_at: datetime


Made = tuple[Environment, bool] | InstallFailed
"""An environment and whether it existed already, or why there is none."""


class Environments:
    """Makes environments in a sandbox. Safe to call from several threads at once."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        store: Store,
        index: IndexSettings,
        only_binary: Iterable[str],
        resolve_fresh_for: timedelta,
        keep_failed: bool = False,
        limits: Limits,
    ) -> None:
        self._sandbox = sandbox
        self._store = store
        self._index = index
        self._only_binary = tuple(sorted(only_binary))
        self._fresh_for = resolve_fresh_for
        self._keep_failed = keep_failed
        upstream = Upstream(index)
        self._installs = Installs(
            sandbox=sandbox,
            root=sandbox.store,
            index=index,
            mirror=Mirror(upstream, Downloads(sandbox.store, upstream)),
            # In this thread: uv asks sysconfig, which fills its tables without a lock.
            uv=Path(uv.find_uv_bin()),
            limits=limits,
            keep_failed=keep_failed,
        )
        self._asked: dict[str, Future[Made]] = {}
        self._asked_lock = threading.Lock()

    def ensure(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str] = (),
        *,
        as_of: datetime | None = None,
    ) -> Made:
        """The environment for these releases, installed if it does not exist.

        ``as_of`` leaves out later uploads. Without it, today's newest releases count. Raises
        ``TroubleError`` for trouble of the index, the disk or the engine, which says nothing about
        the releases. Two calls at once make it only once.
        """
        return self._once(*self._wanted(pins, python, requirements, as_of))

    def there(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str] = (),
        *,
        as_of: datetime | None = None,
    ) -> Environment | None:
        """The environment if it exists and matches its seal. Installs nothing."""
        key, wanted = self._wanted(pins, python, requirements, as_of)
        known = self._known(key, forever=as_of is not None)
        whole = known is not None and self._whole(known.digest)
        return self._environment(known, wanted.image) if known and whole else None

    def _wanted(
        self,
        pins: Sequence[Pin],
        python: PythonVersion,
        requirements: Sequence[str],
        as_of: datetime | None,
    ) -> tuple[str, Wanted]:
        """What to install, and the key under which its resolution is remembered."""
        image = self._sandbox.available(python)
        requirements = [f"{pin.package}=={pin.version}" for pin in pins if pin.version] + [
            *requirements
        ]
        moment = as_of.astimezone(timezone.utc).isoformat() if as_of else None
        wanted = Wanted(
            requirements=tuple(requirements),
            only_binary=self._only_binary,
            as_of=moment,
            python=python,
            image=image,
            pins=tuple(pins),
        )
        key = digest_of(
            [requirements, [*self._only_binary], image.digest, self._index.digest, moment]
        )
        return key, wanted

    def _once(self, key: str, wanted: Wanted) -> Made:
        with self._asked_lock:
            first = key not in self._asked
            answer = self._asked.setdefault(key, Future())
        if not first:
            made = answer.result()
            if isinstance(made, InstallFailed):
                return made
            return (made[0], True) if self._whole(made[0].digest) else self._make(key, wanted)
        try:
            made = self._make(key, wanted)
        except BaseException as trouble:
            with self._asked_lock:
                del self._asked[key]
            answer.set_exception(trouble)
            raise
        answer.set_result(made)
        return made

    def _make(self, key: str, wanted: Wanted) -> Made:
        resolution = known = self._known(key, forever=wanted.as_of is not None)
        if known and self._whole(known.digest):
            return self._environment(known, wanted.image), True
        if resolution is None:
            locked = self._installs.resolve(wanted)
            if isinstance(locked, InstallFailed):
                return locked
            image = wanted.image
            resolution = Resolution(
                locked=locked,
                digest=digest_of([image.digest, image.machine, locked.lock]),
                resolved_at=datetime.now(timezone.utc),
            )
        installed = self._lay_out(resolution, wanted)
        if isinstance(installed, InstallFailed):
            return installed
        if not known:
            self._remember(key, resolution)
        return self._environment(resolution, wanted.image), not installed

    def _lay_out(self, resolution: Resolution, wanted: Wanted) -> bool | InstallFailed:
        """Make the environment in its own place. Returns False if it was there, complete.

        It is unusable until its seal exists. So nothing has to be renamed, and its files contain
        their own path. The kernel drops the lock if this process dies.
        """
        place = ("environments", resolution.digest)
        root = self._sandbox.store
        with self._held(resolution.digest):
            if self._whole(resolution.digest):
                return False
            wheels = self._installs.wheels(resolution.locked, wanted)
            if isinstance(wheels, InstallFailed):
                return wheels
            keep = False
            try:
                with writing(root):
                    self._clear(*place)
                    folder = folders.made(root, *place, owner=self._sandbox.owner)
                lock = resolution.locked.lock
                failed = self._installs.lay_out(folder, wheels, lock, wanted)
                if failed:
                    keep = self._keep_failed
                    return replace(failed, kept=folder if keep else None)
                with writing(root):
                    seals.seal(
                        root,
                        *place,
                        wheels=[*wheels],
                        python=wanted.python,
                        owner=self._owner,
                    )
                keep = True
            finally:
                if not keep:
                    folders.remove(root, *place)
        return True

    def _clear(self, *place: str) -> None:
        """Remove what is in the way.

        A probe may still use a damaged environment, so that is kept until the next `clean`.
        """
        root = self._sandbox.store
        if seals.is_sealed(root, *place):
            folders.move(root, *place, to=("work", f"damaged-{secrets.token_hex(8)}"))
        folders.remove(root, *place)

    @property
    def _owner(self) -> tuple[int, int] | None:
        """The owner of a finished environment, if another user made it."""
        return (os.geteuid(), os.getegid()) if self._sandbox.owner else None

    @contextmanager
    def _held(self, digest: str) -> Iterator[None]:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with writing(self._sandbox.store), folders.opened(self._sandbox.store, "locks") as folder:
            lock = os.open(digest, flags, 0o600, dir_fd=folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _environment(self, resolution: Resolution, image: Image) -> Environment:
        return Environment(
            digest=resolution.digest,
            path=self._sandbox.path(self._folder(resolution.digest)),
            lock=resolution.locked.lock,
            image=image.reference,
            image_digest=image.digest,
            python_full=image.python_full,
            resolved_at=resolution.resolved_at,
        )

    def place(self, environment: Environment) -> Path:
        """The path of the environment on this machine."""
        return self._folder(environment.digest)

    @contextmanager
    def unchanged(self, environment: Environment) -> Iterator[None]:
        """Raise trouble if something changes the environment meanwhile, or has changed it.

        A container has it read-only. But a process may write in it, and several trials use it: of
        other cells too, and at the same time. Then it was not what any of them says.
        """
        if self._sandbox.backend is not Backend.PROCESS:
            yield
            return
        before = self._state(environment.digest)
        yield
        if before is None or self._state(environment.digest) != before:
            raise TroubleError(
                f"the environment {environment.path} was changed while a trial used it, by its app "
                "or another's; it is made again for the next run, and in a container nothing can "
                "change it (--backend docker)"
            )

    def _state(self, digest: str) -> tuple[int, int] | None:
        """Which folder it is, since it may have been made again; None if it is not whole."""
        with suppress(OSError):
            said = self._folder(digest).stat()
            return (said.st_dev, said.st_ino) if self._whole(digest) else None
        return None

    def _folder(self, digest: str) -> Path:
        return self._sandbox.store / "environments" / digest

    def _whole(self, digest: str) -> bool:
        """Whether it exists and matches its seal. Notes that it is in use."""
        return seals.holds(self._sandbox.store, "environments", digest)

    def _known(self, key: str, *, forever: bool) -> Resolution | None:
        try:
            said = json.loads((self._store.resolutions / f"{key}.json").read_text())
            resolved_at = moment_in(said["resolved_at"])
            files = tuple(Listed.known(*file) for file in said["files"])
            locked = Locked(lock=said["lock"], files=files)
            found = Resolution(locked=locked, digest=said["digest"], resolved_at=resolved_at)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        now = datetime.now(timezone.utc)
        return found if forever or is_young(resolved_at, self._fresh_for, now) else None

    def _remember(self, key: str, resolution: Resolution) -> None:
        place = self._store.resolutions / f"{key}.json"
        said = {
            "lock": resolution.locked.lock,
            "files": [
                [file.name, file.url, file.sha256, file.metadata_sha256]
                for file in resolution.locked.files
            ],
            "digest": resolution.digest,
            "resolved_at": resolution.resolved_at.isoformat(),
        }
        with writing(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished = place.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
            unfinished.write_text(json.dumps(said))
            unfinished.replace(place)

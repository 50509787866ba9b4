"""The steps of an install, each in a sandbox of its own.

- **Resolve** runs uv, and builds of packages that state their requirements only then. It reaches
  the index through a gateway, and writes only in memory. It returns a lock file, as text.
- **Build** turns one source distribution into a wheel, in the same way. The wheel is kept for
  that source distribution and that image. So the output of one build reaches no other.
- **Lay out** has neither network nor gateway. It sees the wheels of one lock file, after this
  process compared their hashes. It writes only in the new environment's folder.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn
from zipfile import BadZipFile

from packaging.utils import canonicalize_name
from packaging.version import Version

from interlock.index import IndexSettings, Listed, redacted
from interlock.isolation import folders, gateway, lock_file
from interlock.isolation.downloads import Kept
from interlock.isolation.gateway import Gateway, Mirror
from interlock.isolation.install_failures import InstallFailed, disk_full, read_failure
from interlock.isolation.lock_file import package_of
from interlock.isolation.sandbox import Command, Ended, Image, Limits, Mount, Sandbox
from interlock.isolation.store import writing
from interlock.isolation.wheels import built_wrongly, defect, is_named, release_of, too_large
from interlock.model import (
    IndexUnreachable,
    Pin,
    PythonVersion,
    TroubleError,
    digest_of,
)

INSTALLER = Path(__file__).parent / "sandbox" / "installer.py"

_DOWNLOADS_AT_ONCE = 8
_FREE_BYTES = 64 << 20
"""With less, the disk counts as full: an environment needs more."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to resolve, and for which Python."""

    requirements: tuple[str, ...]
    only_binary: tuple[str, ...]
    as_of: str | None
    python: PythonVersion
    image: Image
    pins: tuple[Pin, ...] = ()
    """The releases under test."""

    def pinned(self, package: str) -> Set[Version]:
        """The version of a package, if it is under test."""
        name = canonicalize_name(package)
        return {
            pin.version
            for pin in self.pins
            if pin.version and canonicalize_name(pin.package) == name
        }


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A lock file, and those of its files that fit this Python."""

    lock: str
    files: tuple[Listed, ...]


Wheels = Mapping[Path, str]
"""Wheels, each with the SHA-256 of its content."""


class Installs:
    """Runs the steps. Safe to use from several threads."""

    def __init__(
        self,
        *,
        sandbox: Sandbox,
        root: Path,
        index: IndexSettings,
        mirror: Mirror,
        uv: Path,
        limits: Limits,
        keep_failed: bool,
    ) -> None:
        self._sandbox = sandbox
        self._root = root
        self._index = index
        self._mirror = mirror
        self._uv = uv
        self._limits = limits
        self._keep_failed = keep_failed

    def resolve(self, wanted: Wanted) -> Locked | InstallFailed:
        """The lock file, or the reason why there is no resolution."""
        with gateway.opened(self._mirror, self._root) as served, self._work() as work:
            order = {
                **self._through(served, work),
                "step": "resolve",
                "requirements": wanted.requirements,
                "only_binary": wanted.only_binary,
                "as_of": wanted.as_of,
            }
            said = self._run(order, wanted, (self._shown(served.folder), *work.mounts), served)
            if isinstance(said, InstallFailed):
                return replace(said, kept=work.keep())
            asked = list(served.asked.values())
        return Locked(lock=said["lock"], files=self._files(said["lock"], asked))

    def wheels(self, locked: Locked, wanted: Wanted) -> Wheels | InstallFailed:
        """The wheels of a lock file: downloaded, or built from source distributions."""
        found: dict[Path, str] = {}
        with ThreadPoolExecutor(_DOWNLOADS_AT_ONCE) as executor:
            contents = list(executor.map(self._content, locked.files))
        for listed, (sha256, path) in zip(locked.files, contents, strict=True):
            if sha256 not in locked.lock:
                raise IndexUnreachable(f"{listed.url} is no longer the file that was resolved")
            if path.suffix != ".whl":
                version = lock_file.version_in(locked.lock, package_of(path.name))
                built = self._wheel_of(path, sha256, version, wanted)
                if isinstance(built, InstallFailed):
                    return built
                path, sha256 = built, built.parent.name
            else:
                self._mirror.check(listed, path)
            found[path] = sha256
        if refused := self._refused([*found]):
            return InstallFailed(stage="install", output=refused)
        return found

    def lay_out(
        self, place: Path, wheels: Wheels, lock: str, wanted: Wanted
    ) -> InstallFailed | None:
        """Make the environment in its own folder, which exists and is empty."""
        target = self._sandbox.path(place)
        with self._folder("wheels", *wheels) as shown:
            order = {
                "step": "lay-out",
                "place": target,
                "wheels": self._sandbox.path(shown),
                "lock": lock_file.exact(lock, wheels),
            }
            mounts = (self._shown(shown), Mount(source=place, target=target, writable=True))
            said = self._run(order, wanted, mounts, wheels=wheels)
        return said if isinstance(said, InstallFailed) else None

    def _refused(self, wheels: Sequence[Path]) -> str | None:
        """Why these wheels are not unpacked. A file that is no archive may have been cut."""
        try:
            return too_large(wheels)
        except BadZipFile as error:
            raise IndexUnreachable(
                f"the package index ({self._index.described}) has a wheel that can't be read, "
                f"among {', '.join(wheel.name for wheel in wheels)}: {error}"
            ) from error

    def _content(self, listed: Listed) -> tuple[str, Path]:
        try:
            return self._mirror.content(listed)
        except TroubleError as trouble:
            self._raise(trouble)

    def _files(self, lock: str, asked: Sequence[Listed]) -> tuple[Listed, ...]:
        """The files that uv looked at and the lock file names: they fit this Python.

        A source distribution counts if its package has no wheel among them.
        """
        found: dict[str, Listed] = {}
        for listed in asked:
            sha256 = listed.sha256 or self._content(listed)[0]
            if sha256 not in lock:
                continue
            package = package_of(listed.name)
            if package not in found or listed.name.endswith(".whl"):
                found[package] = listed.resolved(sha256)
        missing = {canonicalize_name(name) for name, _ in lock_file.pins(lock)} - found.keys()
        if missing:
            raise TroubleError(f"the installer looked at no file of {', '.join(sorted(missing))}")
        return tuple(found.values())

    def _wheel_of(
        self, source: Path, sha256: str, version: str | None, wanted: Wanted
    ) -> Path | InstallFailed:
        """The wheel of a source distribution, built once for each image."""
        key = digest_of([wanted.image.digest, wanted.image.machine, sha256])
        kept = Kept(self._root, "built", key)
        built = kept.first() or self._build(source, kept, wanted)
        if isinstance(built, Path) and (why := built_wrongly(built, version)):
            return InstallFailed(stage="build", output=f"the build of {source.name} gave {why}")
        return built

    def _build(self, source: Path, kept: Kept, wanted: Wanted) -> Path | InstallFailed:
        with self._folder("source", source) as shown, kept.adding() as wheel:
            opened = gateway.opened(self._mirror, self._root, wheel=wheel)
            with opened as served, self._work() as work:
                order = {
                    **self._through(served, work),
                    "step": "build",
                    "source": f"{self._sandbox.path(shown)}/{source.name}",
                }
                mounts = (self._shown(served.folder), self._shown(shown), *work.mounts)
                said = self._run(order, wanted, mounts, served)
                if isinstance(said, InstallFailed):
                    return replace(said, kept=work.keep())
            name = served.wheel_name or ""
            if not name or package_of(name) != package_of(source.name):
                output = f"the build of {source.name} gave {name or 'no wheel'}"
                return InstallFailed(stage="build", output=output)
            return wheel.finish(name)

    def _run(
        self,
        order: Mapping[str, Any],
        wanted: Wanted,
        mounts: Sequence[Mount],
        served: Gateway | None = None,
        wheels: Iterable[Path] = (),
    ) -> dict[str, Any] | InstallFailed:
        """Run one step. Returns its answer, or why it failed."""
        lines: list[str] = []
        errors: list[str] = []
        command = self._command(order, mounts, wanted)
        ended = self._sandbox.run(command, lines.append, errors.append)
        if ended.guard == "memory" and order["step"] == "build":
            return InstallFailed(stage="build", output="killed: it took more memory than allowed")
        if ended.guard:
            raise TroubleError(
                f"installing {' '.join(wanted.requirements)} for Python {wanted.python} passed its "
                f"{ended.guard} limit after {ended.seconds:.0f} s"
            )
        said = self._answer(lines, errors, ended, wanted, served)
        if "stage" not in said:
            return said
        return self._failed(said["stage"], said["said"], wanted, served, wheels)

    def _defect(
        self, said: str, wanted: Wanted, served: Gateway | None, wheels: Iterable[Path]
    ) -> str | None:
        """Which wheel no installer takes, of those that had to be installed, and why.

        While uv resolves, that is a wheel under test, or one that uv named when it failed.
        """
        for listed in served.asked.values() if served else ():
            release = release_of(listed.name)
            is_needed = release and release[1] in wanted.pinned(release[0])
            if release and (is_needed or is_named(listed.name, said)):
                wheels = (*wheels, self._content(listed)[1])
        return next(filter(None, map(defect, wheels)), None)

    def _failed(
        self,
        stage: str,
        said: str,
        wanted: Wanted,
        served: Gateway | None,
        wheels: Iterable[Path],
    ) -> InstallFailed:
        """What could not be installed. Raises errors that are not about the packages."""
        if served and served.trouble:
            self._raise(served.trouble[0])
        if full := disk_full(said):
            # Lay out runs no code of a package, so it can be trusted about a full disk. Any other
            # step writes in memory, and may print anything.
            if served is None or shutil.disk_usage(self._root).free < _FREE_BYTES:
                raise full
            return InstallFailed(stage="build", output=said)
        try:
            return read_failure(
                stage,
                said,
                index=self._index.described,
                listed=lambda package: (
                    # The index listed a release under test when the run was planned.
                    self._mirror.upstream.versions(package) | wanted.pinned(package)
                ),
            )
        except TroubleError:
            if (refused := self._defect(said, wanted, served, wheels)) is None:
                raise
            return InstallFailed(stage="install", output=f"error: {refused}")

    def _raise(self, trouble: TroubleError) -> NoReturn:
        if isinstance(trouble, IndexUnreachable):
            raise IndexUnreachable(
                f"the package index did not answer ({self._index.described}): {trouble}"
            ) from trouble
        raise trouble

    def _answer(
        self,
        lines: Sequence[str],
        errors: Sequence[str],
        ended: Ended,
        wanted: Wanted,
        served: Gateway | None,
    ) -> dict[str, Any]:
        """The installer's last line, as JSON. Raises trouble if there is none."""
        try:
            said: dict[str, Any] = json.loads(lines[-1])
            if isinstance(said.get("said", ""), str):
                return said
        except (IndexError, ValueError, AttributeError):
            pass
        tail = "\n".join(errors)[-2000:]
        full = disk_full(tail) if served is None else None
        raise full or TroubleError(
            f"the installer for Python {wanted.python} ended with {ended.exit_code} and no "
            f"answer: {tail}"
        )

    def _command(
        self, order: Mapping[str, Any], mounts: Sequence[Mount], wanted: Wanted
    ) -> Command:
        sandbox = self._sandbox
        installer = sandbox.mount(INSTALLER, "installer.py")
        binary = sandbox.mount(self._uv, "bin/uv")
        return Command(
            argv=(wanted.image.python, "-I", installer.target),
            python=wanted.python,
            env={
                "UV_PYTHON_DOWNLOADS": "never",
                "INTERLOCK_INSTALL": json.dumps({"uv": binary.target, **order}),
            },
            mounts=(installer, binary, *mounts),
            limits=self._limits,
            tmp_bytes=self._limits.memory_bytes // 2,
            label="install",
        )

    def _through(self, served: Gateway, work: _Work) -> dict[str, Any]:
        """The installer's settings for the index, without credentials."""
        upstream = self._mirror.upstream
        return {
            "socket": f"{self._sandbox.path(served.folder)}/{gateway.SOCKET}",
            "indexes": [redacted(url) for url in upstream.indexes],
            "links": [redacted(link) for link in upstream.links],
            "strategy": upstream.strategy,
            "work": work.path,
        }

    def _shown(self, folder: Path) -> Mount:
        return Mount(source=folder, target=self._sandbox.path(folder))

    @contextmanager
    def _folder(self, kind: str, *files: Path) -> Iterator[Path]:
        """A folder of these files, to mount for one command."""
        name = f"{kind}-{secrets.token_hex(8)}"
        with writing(self._root):
            folder = folders.made(self._root, "work", name)
            for file in files:
                # A link, not a copy: the command can't write through a read-only mount.
                os.link(file, folder / file.name, follow_symlinks=False)
        try:
            yield folder
        finally:
            folders.remove(self._root, "work", name)

    @contextmanager
    def _work(self) -> Iterator[_Work]:
        """Where a step may write: in memory, or in a folder if it must be kept."""
        if not self._keep_failed:
            yield _Work()
            return
        name = f"failed-{secrets.token_hex(8)}"
        with writing(self._root):
            folder = folders.made(self._root, "work", name, owner=self._sandbox.owner)
        mount = replace(self._shown(folder), writable=True)
        work = _Work(path=mount.target, mounts=(mount,), folder=folder)
        try:
            yield work
        finally:
            if not work.kept:
                folders.remove(self._root, "work", name)


@dataclass(kw_only=True)
class _Work:
    path: str = ""
    mounts: tuple[Mount, ...] = ()
    folder: Path | None = None
    kept: bool = False

    def keep(self) -> Path | None:
        self.kept = True
        return self.folder

"""Compare an environment with its wheels, then check it at each use.

A seal lists the SHA-256 of every file, and its state in the file system. An unchanged state means
that nobody wrote there, because the time of the last change (ctime) can't be set. If the state
differs, the content decides. So a copied store is still valid. A disk may also spoil a file that
nobody wrote to. So every file is read again if that was last done more than ``READ_FOR`` ago.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import os
import posixpath
import re
import secrets
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from interlock.isolation import folders
from interlock.isolation.folders import Owner
from interlock.isolation.store import COMPLETE
from interlock.model import PythonVersion, StorageTrouble, TroubleError, is_young, moment_in

READ_FOR = timedelta(days=1)
"""How long the content of an environment counts as read."""
_FORMAT = 2
_WRITTEN_AGAIN = (
    *("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"),
    *("uv_cache.json", "uv_build.json"),
)
"""The installer's own files, whatever a wheel has of them."""
_COMPILED = re.compile(r"(?:^|/)__pycache__/[^/]*\.pyc$")
"""Everything is compiled after the layout, also what a wheel has compiled."""
_RECORD_BYTES = 16 << 20
"""What is read of a RECORD, which may unpack to gigabytes. Real ones have a megabyte."""
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Damaged(TroubleError):
    """An environment does not match its seal."""


@dataclass(frozen=True)
class Entry:
    """One file, link or folder of an environment."""

    content: str
    """SHA-256, ``-> target`` of a link, or ``/`` of a folder."""
    identity: tuple[int, ...]
    """Changes with every write: mode, size, times, inode."""


Manifest = Mapping[str, Entry]


@dataclass(frozen=True)
class Seal:
    """What was in an environment when every file was last read."""

    manifest: Manifest
    read_at: datetime | None
    """None in the seal of an earlier version."""


def seal(
    top: Path, *below: str, wheels: Sequence[Path], python: PythonVersion, owner: Owner | None
) -> None:
    """Take over a new environment, compare it with its wheels, and seal it.

    Afterwards it belongs to ``owner``, and its files can't be written. Raises ``Damaged`` if a file
    differs from its wheel.
    """
    manifest = dict(_walk(top, below, owner, take=True))
    _compare(manifest, wheels, f"lib/python{python}/site-packages")
    _write(top, below, Seal(manifest, datetime.now(timezone.utc)))


def is_sealed(top: Path, *below: str) -> bool:
    """Whether it was whole at some time, whatever is there now."""
    try:
        return bool(_read(top, below).manifest)
    except (OSError, StorageTrouble, ValueError, TypeError, LookupError):
        return False


def holds(top: Path, *below: str) -> bool:
    """Whether an environment is sealed and unchanged. Notes that it is in use."""
    now = datetime.now(timezone.utc)
    try:
        seal = _read(top, below)
        known = seal.manifest
        is_read = seal.read_at is not None and is_young(seal.read_at, READ_FOR, now)
        found = dict(_walk(top, below, None, known=known if is_read else None))
    except (FileNotFoundError, Damaged, StorageTrouble, ValueError, TypeError, LookupError):
        return False
    except RecursionError:  # Nested too deep to be read. No environment of ours is.
        return False
    if found != known and _contents(found) != _contents(known):
        return False
    # It may be in another user's store, which is only read here.
    with suppress(PermissionError):
        if not is_read or found != known:
            # What was not read this time was read when the seal says.
            _write(top, below, Seal(found, seal.read_at if is_read else now))
        with folders.opened(top, *below) as folder:
            os.utime(COMPLETE, dir_fd=folder, follow_symlinks=False)
    return True


def _contents(manifest: Manifest) -> dict[str, str]:
    return {path: entry.content for path, entry in manifest.items()}


def _walk(
    top: Path,
    below: Sequence[str],
    owner: Owner | None,
    *,
    take: bool = False,
    known: Manifest | None = None,
) -> Iterator[tuple[str, Entry]]:
    """Everything in it but the seal. A file with a known identity is not read."""
    with folders.opened(top, *below) as root:
        for folder, inner, files, handle in os.fwalk(dir_fd=root, follow_symlinks=False):
            if take and owner:
                os.fchown(handle, *owner)
            inside = "" if folder == "." else f"{posixpath.normpath(folder)}/"
            for name in (*inner, *files):
                path = f"{inside}{name}"
                if path != COMPLETE:
                    yield path, _entry(handle, name, path, owner, take, known)


def _entry(
    folder: int, name: str, path: str, owner: Owner | None, take: bool, known: Manifest | None
) -> Entry:
    said = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISDIR(said.st_mode):
        return Entry("/", (said.st_mode,))
    if stat.S_ISLNK(said.st_mode):
        if take and owner:
            os.chown(name, *owner, dir_fd=folder, follow_symlinks=False)
        return Entry(f"-> {os.readlink(name, dir_fd=folder)}", ())
    if not stat.S_ISREG(said.st_mode):
        raise Damaged(f"{path} is neither a file nor a folder")
    if known and (entry := known.get(path)) and entry.identity == _identity(said):
        return entry
    handle = os.open(name, _READ, dir_fd=folder)
    try:
        if take:
            if owner:
                os.fchown(handle, *owner)
            os.fchmod(handle, stat.S_IMODE(said.st_mode) & 0o555)
        digest = hashlib.sha256()
        while piece := os.read(handle, 1 << 20):
            digest.update(piece)
        return Entry(digest.hexdigest(), _identity(os.fstat(handle)))
    finally:
        os.close(handle)


def _identity(said: os.stat_result) -> tuple[int, ...]:
    return (said.st_mode, said.st_size, said.st_mtime_ns, said.st_ctime_ns, said.st_ino)


def _read(top: Path, below: Sequence[str]) -> Seal:
    with folders.opened(top, *below) as folder:
        handle = os.open(COMPLETE, _READ, dir_fd=folder)
    with os.fdopen(handle, encoding="utf-8") as file:
        said = json.load(file)
    if not isinstance(said, dict) or said.get("format") != _FORMAT:
        raise ValueError("the seal of another version")
    files: Mapping[str, tuple[str, list[int]]] = dict(said["files"])
    entries = {path: Entry(content, tuple(state)) for path, (content, state) in files.items()}
    return Seal(entries, moment_in(said["read_at"]) if "read_at" in said else None)


def _write(top: Path, below: Sequence[str], seal: Seal) -> None:
    files = {path: [entry.content, entry.identity] for path, entry in seal.manifest.items()}
    said = {
        "format": _FORMAT,
        "read_at": seal.read_at.isoformat() if seal.read_at else None,
        "files": files,
    }
    unfinished = f"seal-{secrets.token_hex(8)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    # Elsewhere until it is whole: another check may be reading the environment.
    with folders.opened(top, "work") as work, folders.opened(top, *below) as folder:
        handle = os.open(unfinished, flags, 0o444, dir_fd=work)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(said, file, separators=(",", ":"))
        os.rename(unfinished, COMPLETE, src_dir_fd=work, dst_dir_fd=folder)


def _compare(manifest: Manifest, wheels: Sequence[Path], site: str) -> None:
    """Check every file of every wheel against the wheel's RECORD, or its own bytes.

    A wheel with a wrong RECORD still installs everywhere, so its own bytes decide. Two wheels may
    hold one path. Then either of the two may be there.
    """
    expected: dict[str, list[tuple[Path, str, str]]] = {}
    for wheel in wheels:
        for place, member, recorded in _members(wheel, site):
            expected.setdefault(_followed(place, manifest), []).append((wheel, member, recorded))
    for path, sources in expected.items():
        found = manifest[path].content if path in manifest else "missing"
        if any(recorded == found for _, _, recorded in sources):
            continue
        if not any(_content(wheel, member) == found for wheel, member, _ in sources):
            raise Damaged(f"{path} differs from {sources[0][0].name}")


def _followed(path: str, manifest: Manifest) -> str:
    """A place behind the links that a virtual environment has at its top: ``lib64``."""
    top, slash, rest = path.partition("/")
    link = manifest[top].content if slash and top in manifest else ""
    return posixpath.join(link.removeprefix("-> "), rest) if link.startswith("-> ") else path


def _members(wheel: Path, site: str) -> Iterator[tuple[str, str, str]]:
    """The place of each file of a wheel, its name there, and its recorded SHA-256.

    Some are left out: what the installer or this module writes again, and what the installer does
    not unpack, since its name leads out of the environment.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            info = next(n for n in names if _is_record(n)).rpartition("/")[0]
            with archive.open(f"{info}/RECORD") as file:
                recorded = _recorded(file.read(_RECORD_BYTES).decode("utf-8", "replace"))
    except (zipfile.BadZipFile, StopIteration, KeyError) as error:
        raise Damaged(f"{wheel.name} can't be read as a wheel") from error
    data = f"{info.removesuffix('.dist-info')}.data/"
    own = {f"{info}/{name}" for name in _WRITTEN_AGAIN}
    for name in names:
        if name.startswith("/") or ".." in name.split("/"):
            continue
        where, inner = site, name
        if name.startswith(data):
            kind, _, inner = name.removeprefix(data).partition("/")
            if kind not in ("purelib", "platlib", "data"):
                continue
            where = "" if kind == "data" else site
        place = posixpath.normpath(posixpath.join(where, inner))
        if name not in own and place != COMPLETE and not _COMPILED.search(place):
            yield place, name, recorded.get(name, "")


def _is_record(name: str) -> bool:
    folder, _, last = name.rpartition("/")
    return last == "RECORD" and folder.endswith(".dist-info") and "/" not in folder


def _recorded(text: str) -> dict[str, str]:
    """The SHA-256 of each file, in hexadecimal, as far as the text can be read."""
    found: dict[str, str] = {}
    with suppress(csv.Error):  # A field that is too long, or a NUL.
        for row in csv.reader(io.StringIO(text)):
            if len(row) >= 2 and row[1].startswith("sha256="):
                encoded = row[1].removeprefix("sha256=")
                with suppress(ValueError):
                    digest = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
                    found[row[0]] = digest.hex()
    return found


def _content(wheel: Path, member: str) -> str:
    digest = hashlib.sha256()
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()

"""Published results from a folder, a zip file or a URL, as ``--data`` names them.

Whatever goes wrong on the way is trouble of our own, and never a pass: exit code 3.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from interlock.model import TroubleError, UsageError

FILES = ("verdicts.csv", "shared.json", "releases.json", "audits.csv")
"""What an answer reads. The first has to be there."""

MOST_BYTES = 64 * 2**20
"""Of one file, and of a download."""

TIMEOUT_S = 20.0
"""Without an answer for so long, a server is given up."""

_CHUNK_BYTES = 2**16


@contextmanager
def opened(named: str | None, otherwise: Path) -> Iterator[Path]:
    """The folder of the results. What was downloaded or unpacked is removed at the end."""
    if named is None:
        yield otherwise
        return
    if Path(named).is_dir():
        yield Path(named)
        return
    with tempfile.TemporaryDirectory(prefix="interlock-data-") as made:
        folder = Path(made)
        if "://" in named:
            _download(named, folder)
        elif Path(named).is_file():
            _unpack(Path(named), folder)
        else:
            raise UsageError(f"--data: {named} is no folder, zip file or URL")
        yield folder


def _download(url: str, folder: Path) -> None:
    """A zip file, or each file below the URL of a folder."""
    if not url.lower().startswith(("https://", "http://")):
        raise UsageError(f"--data: {url} has to begin with https:// or http://")
    if url.partition("?")[0].lower().endswith(".zip"):
        packed = folder / "data.zip"
        _fetch(url, packed, is_required=True)
        _unpack(packed, folder)
        return
    for name in FILES:
        _fetch(f"{url.rstrip('/')}/{name}", folder / name, is_required=name == FILES[0])


def _fetch(url: str, to: Path, *, is_required: bool) -> None:
    from http.client import HTTPException
    from urllib import error, request

    try:
        with request.urlopen(url, timeout=TIMEOUT_S) as answer, to.open("wb") as written:
            _copy(answer, written, url)
    except error.HTTPError as failed:
        if is_required or failed.code != 404:
            raise TroubleError(f"{url}: the server answered {failed.code}") from None
    except (OSError, HTTPException, ValueError) as failed:
        why = getattr(failed, "reason", None) or failed
        raise TroubleError(f"{url}: can't be read: {why}") from None


def _copy(content: IO[bytes], to: IO[bytes], name: str) -> None:
    size = 0
    while chunk := content.read(_CHUNK_BYTES):
        size += len(chunk)
        if size > MOST_BYTES:
            raise TroubleError(f"{name}: has more than {MOST_BYTES:,} bytes")
        to.write(chunk)


def _unpack(packed: Path, folder: Path) -> None:
    """The files of the results, wherever in the archive they are."""
    try:
        with zipfile.ZipFile(packed) as archive:
            names = [PurePosixPath(name) for name in archive.namelist()]
            roots = sorted(
                {n.parent for n in names if n.name == FILES[0]}, key=lambda r: len(r.parts)
            )
            if not roots:
                raise TroubleError(f"{packed.name}: has no {FILES[0]}")
            for name in FILES:
                inside = roots[0] / name
                if inside in names:
                    with archive.open(str(inside)) as content, (folder / name).open("wb") as to:
                        _copy(content, to, str(inside))
    except _BROKEN as failed:
        raise TroubleError(f"{packed.name}: is no readable zip file: {failed}") from None


_BROKEN = (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError)
"""What ``zipfile`` raises for an archive that is damaged, encrypted or unknown."""

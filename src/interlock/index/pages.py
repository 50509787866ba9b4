"""Read the index's pages (PEP 691 JSON, PEP 503 HTML, folders) as lists of files.

The cache keeps an answer's list of files, which is a twentieth of its size. A package with many
wheels has a page of 20 MB. A cache of whole answers (such as hishel's) would have to parse it at
every start. A fresh answer is used again. A stale one is checked with its ETag, and never replaces
an index that does not answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote, urlsplit

import httpx
from packaging.utils import canonicalize_name
from pydantic import BaseModel, Field, ValidationError

from interlock.index.fetching import PATIENCE, Answer, Fetching, Patience
from interlock.index.settings import IndexSettings, redacted
from interlock.model import IndexUnreachable, StorageTrouble, printable

FRESH_S = 600
"""How long an answer is fresh if the index does not say. pypi.org's own value."""

LONGEST_FRESH_S = 86_400
MOST_FILES = 200_000
"""Of one page. The package with the most files has a tenth of them."""

_SUFFIXES = (".whl", ".tar.gz", ".zip")
_FORMAT = 2
_PIECE_CHARS = 1 << 18


class File(NamedTuple):
    """One file of a package, in the form of a page."""

    name: str
    requires_python: str | None
    uploaded_at: str | None
    """ISO 8601. None if the page does not have it (PEP 700)."""
    yanked: bool
    yanked_because: str = ""
    """The publisher's reason, as it is on the page."""


class Pages:
    """The pages of every index in the settings. ``clock`` returns Unix time."""

    def __init__(
        self,
        settings: IndexSettings,
        cache: Path,
        clock: Callable[[], float] = time.time,
        patience: Patience = PATIENCE,
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._clock = clock
        self._patience = patience
        self._fetch = Fetching(settings, patience)
        self._listing: dict[str, tuple[str, ...]] = {}
        """By package, the indexes that ``files`` found it on."""

    def files(self, package: str) -> tuple[File, ...]:
        """Every file of a package that an installer would consider. Empty if unknown.

        With ``first-index`` (uv's default), only the first index that has the package counts.
        Raises ``IndexUnreachable`` if an index that must be asked does not answer.
        """
        name = canonicalize_name(package)
        found: dict[str, File] = {}
        for link in self._settings.find_links:
            for file in self._linked(link):
                if _belongs(file.name, name):
                    found.setdefault(file.name, file)
        listing = dict(self._on_indexes(name))
        for files in listing.values():
            for file in files:
                found.setdefault(file.name, file)
        self._listing[name] = tuple(listing)
        return tuple(found.values())

    def indexes(self, package: str) -> tuple[str, ...]:
        """The indexes that list files of a package. An installer asks no other about it."""
        name = canonicalize_name(package)
        known = self._listing.get(name)
        return tuple(url for url, _ in self._on_indexes(name)) if known is None else known

    def _on_indexes(self, name: str) -> Iterator[tuple[str, Sequence[File]]]:
        for url in self._settings.urls:
            files = self._page(f"{url.rstrip('/')}/{name}/")
            _refuse_another(files, name, url)
            if files:
                yield url, files
                if self._settings.strategy == "first-index":
                    return

    def _linked(self, link: str) -> Sequence[File]:
        if link.startswith(("http://", "https://")):
            return self._page(link)
        return _local(Path(link), self._patience)

    def _page(self, url: str) -> Sequence[File]:
        if url.startswith("file:"):
            return _local(Path(unquote(urlsplit(url).path)), self._patience)
        known = _Entry.read(self._entry_path(url))
        # What is fresh for longer than anything may be was kept by a clock that is ahead.
        if known and 0 < known.fresh_until - self._clock() <= LONGEST_FRESH_S:
            return known.files
        answer = self._fetch(url, known.validators if known else {})
        if answer.status == httpx.codes.NOT_FOUND:
            return ()
        if answer.status == httpx.codes.NOT_MODIFIED and known:
            files: Sequence[File] = known.files
        elif answer.is_success:
            files = _read(url, answer, self._patience)
        else:
            raise IndexUnreachable(
                f"the package index {redacted(url)} answered {answer.status} "
                f"{answer.reason}{_what_to_do(answer.status)}"
            )
        self._keep(url, answer, files, known)
        return files

    def _keep(self, url: str, answer: Answer, files: Sequence[File], known: _Entry | None) -> None:
        fresh_s = _fresh_s(answer.headers.get("cache-control", ""))
        if fresh_s is None:
            return
        before = known.validators if known else {}
        _Entry(
            etag=answer.headers.get("etag") or before.get("If-None-Match"),
            last_modified=answer.headers.get("last-modified") or before.get("If-Modified-Since"),
            fresh_until=self._clock() + fresh_s,
            files=tuple(files),
        ).write(self._entry_path(url))

    def _entry_path(self, url: str) -> Path:
        return self._cache / f"{hashlib.sha256(url.encode()).hexdigest()}.json"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One cached answer."""

    etag: str | None
    last_modified: str | None
    fresh_until: float
    files: tuple[File, ...]

    @property
    def validators(self) -> dict[str, str]:
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in told.items() if value}

    @classmethod
    def read(cls, path: Path) -> _Entry | None:
        """The cached answer. None if there is none, or another version wrote it."""
        try:
            kept = json.loads(path.read_bytes())
            if kept.pop("format") != _FORMAT:
                return None
            return cls(files=tuple(map(File._make, kept.pop("files"))), **kept)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, path: Path) -> None:
        kept = {
            "format": _FORMAT,
            "etag": self.etag,
            "last_modified": self.last_modified,
            "fresh_until": self.fresh_until,
            "files": self.files,
        }
        keep(path, kept)


def keep(path: Path, kept: Mapping[str, Any]) -> None:
    """Write an answer into the cache as JSON. The file is whole, or is not there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(kept, file, separators=(",", ":"))
            Path(unfinished).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(unfinished).unlink()
            raise
    except OSError as error:
        raise StorageTrouble(
            f"can't keep the index's answer in {path.parent}: {error.strerror or error}; make "
            "room, or set INTERLOCK_HOME to another folder"
        ) from error


# https://packaging.python.org/en/latest/specifications/simple-repository-api/
class _JsonFile(BaseModel):
    filename: str
    requires_python: str | None = Field(None, alias="requires-python")
    uploaded_at: str | None = Field(None, alias="upload-time")
    yanked: bool | str = False


class _JsonMeta(BaseModel):
    version: str = Field("1.0", alias="api-version")


class _JsonPage(BaseModel):
    meta: _JsonMeta | None = None
    files: list[_JsonFile] = Field(max_length=MOST_FILES)


class _HtmlPage(HTMLParser):
    """Collects a page's links to files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[File] = []
        self.is_of_an_index = False
        """Whether the page is marked as an index's page (PEP 629)."""
        self.version = "1.0"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "meta" and told.get("name") == "pypi:repository-version":
            self.is_of_an_index = True
            self.version = told.get("content") or self.version
        if tag != "a" or not told.get("href"):
            return
        try:
            name = unquote(urlsplit(str(told["href"])).path).rpartition("/")[2]
        except ValueError:  # no installer can follow it either
            return
        if name.endswith(_SUFFIXES):
            self.files.append(
                File(name, told.get("data-requires-python") or None, None, *_yanked(told))
            )


def _read(url: str, answer: Answer, patience: Patience) -> list[File]:
    where = f"the package index {redacted(url)}"
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        try:
            page = _JsonPage.model_validate_json(answer.content)
        except ValidationError as error:
            raise IndexUnreachable(
                f"{where} answered with JSON that is not PEP 691's: {error.errors()[0]['msg']}"
            ) from error
        _refuse_version(page.meta.version if page.meta else "1.0", where)
        # An empty reason counts too (PEP 592).
        return [
            File(
                f.filename,
                f.requires_python,
                f.uploaded_at,
                f.yanked is not False,
                _reason(f.yanked),
            )
            for f in page.files
        ]
    if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        found = fed(_HtmlPage(), where, answer.text, patience)
        _refuse_version(found.version, where)
        if found.files or found.is_of_an_index:
            return found.files
        raise IndexUnreachable(
            f"{where} answered with a page that lists no file; it may be a login page "
            "or an error page: open it in a browser"
        )
    raise IndexUnreachable(
        f"{where} answered with {kind or 'no content type'}, which no package index sends; "
        "check the index URL in the settings of pip and uv"
    )


def _reason(yanked: bool | str) -> str:
    return yanked if isinstance(yanked, str) else ""


def _yanked(told: Mapping[str, str | None]) -> tuple[bool, str]:
    """Whether a link is yanked, and the reason (PEP 592)."""
    return "data-yanked" in told, told.get("data-yanked") or ""


class _Lists(Protocol):
    """A parser that collects the files of a page."""

    @property
    def files(self) -> Sized: ...

    def feed(self, data: str) -> None: ...


P = TypeVar("P", bound=_Lists)


def fed(page: P, where: str, text: str, patience: Patience) -> P:
    """The parser, after the text. Raises ``IndexUnreachable`` at a limit on number or time."""
    latest = time.monotonic() + patience.page_s
    # Piece by piece, because the parser scans an unclosed tag again and again.
    for start in range(0, len(text), _PIECE_CHARS):
        try:
            page.feed(text[start : start + _PIECE_CHARS])
        except AssertionError as error:  # html.parser's word for a declaration that is none
            raise IndexUnreachable(f"{where} answered with what is no HTML: {error}") from error
        if len(page.files) > MOST_FILES:
            raise IndexUnreachable(f"{where} lists more than {MOST_FILES} files on one page")
        if time.monotonic() > latest:
            raise IndexUnreachable(f"{where} answered with a page that can't be read in time")
    return page  # not closed, because the rest of the text is not a whole link


def _local(folder: Path, patience: Patience) -> list[File]:
    """The page or the files in a folder of a ``file://`` index or of find-links."""
    try:
        page = folder if folder.is_file() else folder / "index.html"
        if page.is_file():
            if page.stat().st_size > patience.page_bytes:
                raise IndexUnreachable(f"{page} is too large for a page of a package index")
            text = page.read_text(encoding="utf-8")
            return fed(_HtmlPage(), str(page), text, patience).files
        if not folder.is_dir():
            return []
        return [File(path.name, None, None, False) for path in sorted(folder.iterdir())]
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnreachable(f"the package index {folder} can't be read: {error}") from error


def _belongs(file: str, package: str) -> bool:
    stem = file.removesuffix(".whl").removesuffix(".tar.gz").removesuffix(".zip")
    if stem == file:
        return False
    name = stem.partition("-")[0] if file.endswith(".whl") else stem.rpartition("-")[0]
    return canonicalize_name(name) == package


def _refuse_another(files: Sequence[File], package: str, index: str) -> None:
    """Raise trouble for a page with files of other packages alone."""
    known = [file.name for file in files if file.name.endswith(_SUFFIXES)]
    if known and not any(_belongs(name, package) for name in known):
        raise IndexUnreachable(
            f"the package index {redacted(index)} answered with the page of another package: "
            f"asked for {package}, it lists {printable(known[0][:100])}; check the index URL, "
            "and any proxy before it"
        )


def _refuse_version(version: str, where: str) -> None:
    """Raise trouble for a page in a format that nobody can read yet (PEP 629)."""
    if version.partition(".")[0] != "1":
        raise IndexUnreachable(
            f"{where} answered in version {printable(version[:20])!r} of the format; "
            "Interlock reads 1.x"
        )


def _fresh_s(cache_control: str) -> float | None:
    """Seconds for which an answer may be reused. None if it must not be kept."""
    told = cache_control.lower()
    if "no-store" in told:
        return None
    if "no-cache" in told:
        return 0
    found = re.search(r"max-age=(\d+)", told)
    return min(float(found[1]), LONGEST_FRESH_S) if found else FRESH_S


def _what_to_do(status: int) -> str:
    if status in (401, 403, 407):
        return "; check the user name and password in the settings of pip and uv"
    return "; try again later" if status >= 500 else "; check the index URL"

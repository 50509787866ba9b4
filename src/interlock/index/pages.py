"""The package index's own pages → files: PEP 691 JSON, PEP 503 HTML, folders of files.

What is kept of an answer is its list of files, a twentieth of it: a package with many wheels has a
page of 20 MB, and a cache of whole answers (hishel's, say) would have to parse that at every start.
An answer is used again while it is fresh, and asked about with its ETag afterwards; a stale one
is never used in the place of an index that does not answer.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import httpx
from packaging.utils import canonicalize_name
from pydantic import BaseModel, Field, ValidationError

from interlock.index.settings import IndexSettings, redacted
from interlock.model import IndexUnreachable, StorageTrouble

ACCEPT = (
    "application/vnd.pypi.simple.v1+json, "
    "application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
)
FRESH_S = 600
"""How long an answer is fresh where the index does not say; what pypi.org says of its own."""
TIMEOUT_S = 30

_FORMAT = 1


class File(NamedTuple):
    """One file of a package, as a page lists it."""

    name: str
    requires_python: str | None
    uploaded_at: str | None
    """ISO 8601; None where the page does not say (PEP 700)."""
    yanked: bool


class Pages:
    """The pages of every index of the settings; ``clock`` gives seconds since the epoch."""

    def __init__(
        self, settings: IndexSettings, cache: Path, clock: Callable[[], float] = time.time
    ) -> None:
        self._settings = settings
        self._cache = cache
        self._clock = clock

    def files(self, package: str) -> tuple[File, ...]:
        """Every file of a package that an installer would consider; none where nobody knows it.

        Where the settings say ``first-index``, as uv does by default, the first index that has the
        package counts. Raises ``IndexUnreachable`` if one that has to be asked does not answer.
        """
        name = canonicalize_name(package)
        found: dict[str, File] = {}
        with _client(self._settings) as client:
            for link in self._settings.find_links:
                for file in self._linked(client, link):
                    if _belongs(file.name, name):
                        found.setdefault(file.name, file)
            for url in self._settings.urls:
                files = self._page(client, f"{url.rstrip('/')}/{name}/")
                for file in files:
                    found.setdefault(file.name, file)
                if files and self._settings.strategy == "first-index":
                    break
        return tuple(found.values())

    def _linked(self, client: httpx.Client, link: str) -> Sequence[File]:
        if link.startswith(("http://", "https://")):
            return self._page(client, link)
        return _local(Path(link))

    def _page(self, client: httpx.Client, url: str) -> Sequence[File]:
        if url.startswith("file:"):
            return _local(Path(unquote(urlsplit(url).path)))
        known = _Entry.read(self._entry_path(url))
        if known and self._clock() < known.fresh_until:
            return known.files
        headers = {"Accept": ACCEPT, **(known.validators if known else {})}
        try:
            response = client.get(url, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise IndexUnreachable(
                f"the package index {redacted(url)} did not answer: {error or type(error).__name__}"
                "; check the network, and the index and proxy that pip and uv are told to use"
            ) from error
        if response.status_code == httpx.codes.NOT_FOUND:
            return ()
        if response.status_code == httpx.codes.NOT_MODIFIED and known:
            files: Sequence[File] = known.files
        elif response.is_success:
            files = _read(url, response)
        else:
            raise IndexUnreachable(
                f"the package index {redacted(url)} answered {response.status_code} "
                f"{response.reason_phrase}{_what_to_do(response.status_code)}"
            )
        self._keep(url, response, files, known)
        return files

    def _keep(
        self, url: str, response: httpx.Response, files: Sequence[File], known: _Entry | None
    ) -> None:
        fresh_s = _fresh_s(response.headers.get("cache-control", ""))
        if fresh_s is None:
            return
        before = known.validators if known else {}
        _Entry(
            etag=response.headers.get("etag") or before.get("If-None-Match"),
            last_modified=response.headers.get("last-modified") or before.get("If-Modified-Since"),
            fresh_until=self._clock() + fresh_s,
            files=tuple(files),
        ).write(self._entry_path(url))

    def _entry_path(self, url: str) -> Path:
        return self._cache / f"{hashlib.sha256(url.encode()).hexdigest()}.json"


@dataclass(frozen=True, kw_only=True)
class _Entry:
    """One kept answer."""

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
        """What is kept there; None for nothing, or for what another version wrote."""
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
            raise StorageTrouble(f"can't keep the index's answer in {path.parent}: {error}") from (
                error
            )


# https://packaging.python.org/en/latest/specifications/simple-repository-api/
class _JsonFile(BaseModel):
    filename: str
    requires_python: str | None = Field(None, alias="requires-python")
    uploaded_at: str | None = Field(None, alias="upload-time")
    yanked: bool | str = False


class _JsonPage(BaseModel):
    files: list[_JsonFile]


class _HtmlPage(HTMLParser):
    """Collects the anchors of a page that are files."""

    def __init__(self) -> None:
        super().__init__()
        self.files: list[File] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        anchor = dict(attrs)
        if tag != "a" or not anchor.get("href"):
            return
        name = unquote(urlsplit(str(anchor["href"])).path).rpartition("/")[2]
        if name.endswith((".whl", ".tar.gz", ".zip")):
            self.files.append(
                File(
                    name, anchor.get("data-requires-python") or None, None, "data-yanked" in anchor
                )
            )


def _read(url: str, response: httpx.Response) -> list[File]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/vnd.pypi.simple.v1+json":
        try:
            page = _JsonPage.model_validate_json(response.content)
        except ValidationError as error:
            raise IndexUnreachable(
                f"the package index {redacted(url)} answered with JSON that is not PEP 691's: "
                f"{error.errors()[0]['msg']}"
            ) from error
        # yanked may be a reason, and an empty reason is one too (PEP 592)
        return [
            File(f.filename, f.requires_python, f.uploaded_at, f.yanked is not False)
            for f in page.files
        ]
    if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
        return _html(response.text)
    raise IndexUnreachable(
        f"{redacted(url)} answered with {kind or 'no content type'}, which no package index does; "
        "check the index URL that pip and uv are told to use"
    )


def _html(text: str) -> list[File]:
    page = _HtmlPage()
    page.feed(text)
    page.close()
    return page.files


def _local(folder: Path) -> list[File]:
    """A folder of a ``file://`` index or of find-links: its page, or the files themselves."""
    if folder.is_file():
        return _html(folder.read_text(encoding="utf-8"))
    page = folder / "index.html"
    if page.is_file():
        return _html(page.read_text(encoding="utf-8"))
    if not folder.is_dir():
        return []
    return [File(path.name, None, None, False) for path in sorted(folder.iterdir())]


def _belongs(file: str, package: str) -> bool:
    stem = file.removesuffix(".whl").removesuffix(".tar.gz").removesuffix(".zip")
    if stem == file:
        return False
    name = stem.partition("-")[0] if file.endswith(".whl") else stem.rpartition("-")[0]
    return canonicalize_name(name) == package


def _fresh_s(cache_control: str) -> float | None:
    """Seconds an answer may be used unasked; None where it must not be kept."""
    told = cache_control.lower()
    if "no-store" in told:
        return None
    if "no-cache" in told:
        return 0
    found = re.search(r"max-age=(\d+)", told)
    return float(found[1]) if found else FRESH_S


def _what_to_do(status: int) -> str:
    if status in (401, 403, 407):
        return "; check the user name and password that pip and uv are told to use"
    return "; try again later" if status >= 500 else "; check the index URL"


def _client(settings: IndexSettings) -> httpx.Client:
    """A client that travels as the settings say, and never as the environment says beside them."""
    verified = ssl.create_default_context(
        cafile=str(settings.ca_bundle) if settings.ca_bundle else None
    )
    if settings.client_cert:
        verified.load_cert_chain(settings.client_cert)
    mounts: dict[str, httpx.BaseTransport | None] = {}
    for scheme in ("all", "http", "https"):
        if proxy := settings.proxies.get(scheme):
            mounts[f"{scheme}://"] = httpx.HTTPTransport(verify=verified, proxy=proxy)
    for pattern in _direct(settings.proxies.get("no", "")):
        mounts[pattern] = None
    for host in settings.trusted_hosts:
        mounts[f"all://{host}"] = httpx.HTTPTransport(verify=False)
    direct = httpx.HTTPTransport(verify=verified, retries=2)
    return httpx.Client(
        transport=direct,
        mounts=mounts,
        trust_env=False,
        follow_redirects=True,
        timeout=TIMEOUT_S,
    )


def _direct(no_proxy: str) -> Iterator[str]:
    """Patterns of hosts that are reached without the proxy."""
    for entry in filter(None, re.split(r"[,\s]+", no_proxy)):
        if entry == "*":
            yield "all://"
        else:
            host = entry.removeprefix("*").removeprefix(".")
            yield f"all://{host}"
            yield f"all://*.{host}"

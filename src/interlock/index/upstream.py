"""What the indexes of the settings list and send, for those who may not ask them directly.

Whoever asks here needs no credentials, no certificates and no proxy: these stay in this process.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

import httpx

from interlock.index.pages import ACCEPT, _client as client_for
from interlock.index.settings import IndexSettings, redacted
from interlock.model import IndexUnreachable

PAGE_BYTES = 128 << 20
FILE_BYTES = 2 << 30
TOTAL_S = 600.0
"""Of one answer, whatever its size."""
_TRIES = 3
_AGAIN = frozenset({429, 500, 502, 503, 504})
_ENDINGS = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One file, as a page lists it."""

    name: str
    url: str
    """Absolute and without credentials; may be ``file://``."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The other keys of PEP 691: ``hashes``, ``requires-python``, ``yanked``, …"""

    @property
    def sha256(self) -> str | None:
        found: str | None = self.details.get("hashes", {}).get("sha256")
        return found.lower() if found else None

    @property
    def has_metadata(self) -> bool:
        """Whether the index also sends the metadata alone (PEP 658)."""
        return bool(self.details.get("core-metadata"))


class Upstream:
    """The indexes and pages of links; safe to use from several threads.

    Raises ``IndexUnreachable`` for whatever is not an answer, and for one that is too large.
    """

    def __init__(self, settings: IndexSettings) -> None:
        self.indexes = settings.urls
        self.links = settings.find_links
        self.strategy = settings.strategy
        self._settings = settings
        self._credentials = dict(_credentials([*settings.urls, *settings.find_links]))
        self._made: httpx.Client | None = None
        self._lock = threading.Lock()

    def page(self, place: str) -> tuple[Listed, ...] | None:
        """What a page or a folder lists; None where there is none."""
        if not place.startswith(("http://", "https://")):
            return _folder(_path(place))
        parts: list[bytes] = []
        with self._answer(place, {"Accept": ACCEPT}) as response:
            if response is None:
                return None
            _copy(place, response, parts.append, PAGE_BYTES)
            kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
            base, encoding = str(response.url), response.encoding or "utf-8"
        content = b"".join(parts)
        if kind == "application/vnd.pypi.simple.v1+json":
            return _json(place, base, content)
        if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
            return _html(base, content.decode(encoding, "replace"))
        raise IndexUnreachable(
            f"{redacted(place)} answered with {kind or 'no content type'}, which no index does"
        )

    def read(self, url: str, write: Callable[[bytes], object], most: int = FILE_BYTES) -> bool:
        """Hand over what is there, piece by piece; False where there is nothing."""
        if url.startswith("file:"):
            return _read_file(_path(url), write)
        with self._answer(url, {"Accept-Encoding": "identity"}) as response:
            if response is None:
                return False
            _copy(url, response, write, most)
        return True

    @contextmanager
    def _answer(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response | None]:
        """A response of status 200, or None for 404; what failed for a moment is asked again."""
        told, handed_over = "", False
        for number in range(_TRIES):
            time.sleep(number * 0.5)
            try:
                with self._client().stream("GET", self._authenticated(url), headers=headers) as got:
                    if got.status_code in (404, 410):
                        yield None
                        return
                    if got.is_success:
                        handed_over = True
                        yield got
                        return
                    told = f"{got.status_code} {got.reason_phrase}"
                    if got.status_code not in _AGAIN:
                        break
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                told = str(error) or type(error).__name__
                if handed_over:
                    break  # some of it may have been used
        raise IndexUnreachable(f"{redacted(url)}: {told}")

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._made is None:
                self._made = client_for(self._settings)
            return self._made

    def _authenticated(self, url: str) -> str:
        """With what the settings know about this host; a page names its files without."""
        parts = urlsplit(url)
        who = self._credentials.get((parts.scheme, parts.netloc))
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}")) if who else url


def _credentials(urls: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for url in urls:
        who, at, host = urlsplit(url).netloc.rpartition("@")
        if at:
            yield (urlsplit(url).scheme, host), who


def _copy(url: str, response: httpx.Response, write: Callable[[bytes], object], most: int) -> None:
    deadline = time.monotonic() + TOTAL_S
    size = 0
    for piece in response.iter_bytes(1 << 16):
        size += len(piece)
        if size > most or time.monotonic() > deadline:
            limit = f"{most >> 20} MiB" if size > most else f"{TOTAL_S:.0f} s"
            raise IndexUnreachable(f"{redacted(url)} sends more than {limit}")
        write(piece)


def _path(place: str) -> Path:
    return Path(unquote(urlsplit(place).path)) if place.startswith("file:") else Path(place)


def _read_file(path: Path, write: Callable[[bytes], object]) -> bool:
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                write(piece)
    except (FileNotFoundError, IsADirectoryError):
        return False
    except OSError as error:
        raise IndexUnreachable(f"{path}: {error.strerror}") from error
    return True


def _folder(folder: Path) -> tuple[Listed, ...] | None:
    """A folder of a ``file://`` index or of find-links: its page, or the files themselves."""
    page = folder if folder.is_file() else folder / "index.html"
    try:
        if page.is_file():
            return _html(page.absolute().as_uri(), page.read_text(encoding="utf-8"))
        files = sorted(path for path in folder.iterdir() if path.name.endswith(_ENDINGS))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise IndexUnreachable(f"{folder}: {error}") from error
    return tuple(Listed(name=path.name, url=path.absolute().as_uri()) for path in files)


def _json(place: str, base: str, content: bytes) -> tuple[Listed, ...]:
    try:
        files = json.loads(content)["files"]
        listed = (_listed(base, f["url"], f["filename"], _details(f)) for f in files)
        return tuple(file for file in listed if _is_plain(file.name))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise IndexUnreachable(
            f"{redacted(place)} answered with JSON that is not PEP 691's ({error!r})"
        ) from error


def _details(file: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in file.items() if key not in ("url", "filename")}
    kept.setdefault("hashes", {})
    if "core-metadata" not in kept and "dist-info-metadata" in kept:
        kept["core-metadata"] = kept["dist-info-metadata"]
    return kept


def _listed(base: str, link: str, name: str, details: Mapping[str, Any]) -> Listed:
    if link.startswith("https://") and not {"#", "@"} & set(link):
        return Listed(name=name, url=link, details=details)  # as pypi.org has 20,000 on a page
    parts = urlsplit(urldefrag(urljoin(base, link)).url)
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return Listed(name=name, url=urlunsplit(bare), details=details)


def _is_plain(name: str) -> bool:
    """Whether it can be a file's name here; a page may say anything."""
    return bool(name) and name[0] != "." and not {"/", "\0", "\\"} & set(name) and len(name) < 250


class _Anchors(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.files: list[Listed] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        link = said.get("href")
        if not link:
            return
        if tag == "base":
            self.base = urljoin(self.base, link)
            return
        name = unquote(urlsplit(link).path).rpartition("/")[2]
        if tag == "a" and name.endswith(_ENDINGS) and _is_plain(name):
            self.files.append(_listed(self.base, link, name, _attributes(link, said)))


def _attributes(link: str, said: Mapping[str, str | None]) -> dict[str, Any]:
    """An anchor's attributes as PEP 691 names them."""
    details: dict[str, Any] = {"hashes": dict(_pairs(urldefrag(link).fragment))}
    if requires := said.get("data-requires-python"):
        details["requires-python"] = requires
    if "data-yanked" in said:
        details["yanked"] = said["data-yanked"] or True
    metadata = said.get("data-core-metadata") or said.get("data-dist-info-metadata")
    if metadata:
        details["core-metadata"] = dict(_pairs(metadata)) or True
    return details


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if equals and name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512"):
            yield name, value


def _html(base: str, text: str) -> tuple[Listed, ...]:
    page = _Anchors(base)
    page.feed(text)
    page.close()
    return tuple(page.files)

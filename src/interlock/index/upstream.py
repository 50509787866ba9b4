"""Ask the indexes for code that may not reach them itself.

Its callers need no credentials, certificates or proxies, because these stay in this process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit, urlunsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from interlock.index.fetching import PATIENCE, Answer, Fetching, Patience
from interlock.index.pages import fed
from interlock.index.releases import version_of
from interlock.index.settings import IndexSettings, redacted
from interlock.model import IndexUnreachable

FILE_BYTES = 2 << 30
_PLAIN = re.compile(r"[^./\\\0][^/\\\0]{0,248}")
_NAME_BYTES = 249
"""A file system takes 255. A longer name could not be kept, which would read as a full disk."""
_ENDINGS = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar")


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One file in the list of a page."""

    name: str
    url: str
    """Absolute and without credentials. May be ``file://``."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """The other keys of PEP 691: ``hashes``, ``requires-python``, ``yanked``, …"""

    @property
    def sha256(self) -> str | None:
        found: str | None = self.details.get("hashes", {}).get("sha256")
        return found.lower() if found else None

    @property
    def metadata_sha256(self) -> str | None:
        """The hash of the metadata, if the index also sends that alone (PEP 658).

        Without a hash, nothing shows that it is the file's own.
        """
        told = self.details.get("core-metadata")
        found = told.get("sha256") if isinstance(told, dict) else None
        return found.lower() if isinstance(found, str) else None

    def resolved(self, sha256: str) -> Listed:
        """What a resolution keeps of it: its hashes alone."""
        return Listed.known(self.name, self.url, sha256, self.metadata_sha256)

    @classmethod
    def known(cls, name: str, url: str, sha256: str, metadata: str | None = None) -> Listed:
        """A file by its hash, and that of its metadata."""
        details = {"hashes": {"sha256": sha256}}
        more = {"core-metadata": {"sha256": metadata}} if metadata else {}
        return cls(name=name, url=url, details={**details, **more})


class Upstream:
    """The indexes and pages of links. Safe to use from several threads.

    Raises ``IndexUnreachable`` for an invalid answer, or one that is too large.
    """

    def __init__(self, settings: IndexSettings, patience: Patience = PATIENCE) -> None:
        self.indexes = settings.urls
        self.links = settings.find_links
        self.strategy = settings.strategy
        self._credentials = dict(_credentials([*settings.urls, *settings.find_links]))
        self._patience = patience
        self._fetch = Fetching(settings, patience)

    def page(self, place: str) -> tuple[Listed, ...] | None:
        """The files on a page or in a folder. None if it does not exist."""
        if not place.startswith(("http://", "https://")):
            return _folder(_path(place), self._patience)
        answer = self._fetch(self._authenticated(place), {})
        if _is_missing(place, answer):
            return None
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "application/vnd.pypi.simple.v1+json":
            return _json(place, answer.url or place, answer.content)
        if kind in ("text/html", "application/vnd.pypi.simple.v1+html"):
            where = answer.url or place
            page = fed(_Anchors(where), where, answer.text, self._patience)
            if page.files or page.is_of_an_index:
                return tuple(page.files)
            raise IndexUnreachable(
                f"{redacted(place)} answered with a page that lists no file; it may be a login "
                "page or an error page: open it in a browser"
            )
        raise IndexUnreachable(
            f"{redacted(place)} answered with {kind or 'no content type'}, which no package "
            "index sends"
        )

    def versions(self, package: str) -> frozenset[Version]:
        """Every listed version of a package, asked now. Empty if no index has it."""
        name = canonicalize_name(package)
        places = [*self.links, *(f"{url.rstrip('/')}/{name}/" for url in self.indexes)]
        names = (file.name for place in places for file in self.page(place) or ())
        return frozenset(found for file in names if (found := version_of(file, name)))

    def read(self, url: str, write: Callable[[bytes], object], most: int = FILE_BYTES) -> bool:
        """Pass on the content piece by piece. Returns False if there is nothing."""
        if url.startswith("file:"):
            return _read_file(_path(url), write)
        return not _is_missing(url, self._fetch.copy(self._authenticated(url), write, most))

    def _authenticated(self, url: str) -> str:
        """The URL with this host's credentials from the settings. A page omits them."""
        parts = urlsplit(url)
        who = self._credentials.get((parts.scheme, parts.netloc))
        return urlunsplit(parts._replace(netloc=f"{who}@{parts.netloc}")) if who else url


def _credentials(urls: list[str]) -> Iterator[tuple[tuple[str, str], str]]:
    for url in urls:
        who, at, host = urlsplit(url).netloc.rpartition("@")
        if at:
            yield (urlsplit(url).scheme, host), who


def _is_missing(url: str, answer: Answer) -> bool:
    """Whether there is no such page or file. Raises for any other failure."""
    if not answer.is_success and answer.status not in (404, 410):
        raise IndexUnreachable(f"{redacted(url)}: {answer.status} {answer.reason}")
    return not answer.is_success


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


def _folder(folder: Path, patience: Patience) -> tuple[Listed, ...] | None:
    """The page or the files in a folder of a ``file://`` index or of find-links."""
    page = folder if folder.is_file() else folder / "index.html"
    try:
        if page.is_file():
            if page.stat().st_size > patience.page_bytes:
                raise IndexUnreachable(f"{page} is too large for a page of a package index")
            text = page.read_text(encoding="utf-8")
            where = page.absolute().as_uri()
            return tuple(fed(_Anchors(where), where, text, patience).files)
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
    hashes = kept.setdefault("hashes", {})
    if not isinstance(hashes, dict) or not all(isinstance(v, str) for v in hashes.values()):
        raise TypeError("hashes are no texts by name")
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
    """Whether it is valid as a file's name here. A page may contain anything."""
    fits = len(name.encode(errors="surrogatepass")) <= _NAME_BYTES
    return fits and _PLAIN.fullmatch(name) is not None


class _Anchors(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = base
        self.files: list[Listed] = []
        self.is_of_an_index = False
        """Whether the page is marked as an index's page (PEP 629)."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        if tag == "meta" and said.get("name") == "pypi:repository-version":
            self.is_of_an_index = True
        link = said.get("href")
        if not link:
            return
        try:
            if tag == "base":
                self.base = urljoin(self.base, link)
                return
            name = unquote(urlsplit(link).path).rpartition("/")[2]
            if tag == "a" and name.endswith(_ENDINGS) and _is_plain(name):
                self.files.append(_listed(self.base, link, name, _attributes(link, said)))
        except ValueError:  # no installer can follow it either
            return


def _attributes(link: str, said: Mapping[str, str | None]) -> dict[str, Any]:
    """The attributes of a link, under the names of PEP 691."""
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

"""The known vulnerabilities of a release, where its index reports them.

pypi.org does, in its JSON API beside the Simple API. Many mirrors do not, or only for the newest
release. What no index reports is unknown, and never none.

No question waits for it: an index that has no such page, or does not answer, is not asked again.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import BaseModel, Field, ValidationError

from interlock.index.fetching import Fetching, Patience
from interlock.index.pages import keep
from interlock.index.settings import IndexSettings
from interlock.index.vulnerabilities import Known, joined
from interlock.model import IndexUnreachable

FRESH_S = timedelta(days=1).total_seconds()
"""How long an answer counts. New advisories come out on any day, and few of them."""

BRIEF = Patience(silence_s=5.0, page_s=30.0, attempts=1)
"""For a page that nothing depends on."""

_FORMAT = 1
_MOST = 1000
"""Vulnerabilities of one release."""
_ABSENT = (httpx.codes.NOT_FOUND, httpx.codes.GONE)


class Indexes(Protocol):
    """Returns the indexes that list a package: ``pages.Pages``."""

    def indexes(self, package: str) -> tuple[str, ...]: ...


class Advisories:
    """What the indexes report about releases. ``clock`` returns Unix time.

    Only an index that lists the package is asked about it: its name may be private.
    """

    def __init__(
        self,
        settings: IndexSettings,
        listing: Indexes,
        cache: Path,
        clock: Callable[[], float] = time.time,
        patience: Patience = BRIEF,
    ) -> None:
        self._listing = listing
        self._cache = cache
        self._clock = clock
        self._fetch = Fetching(settings, patience)
        self._indexes: dict[str, tuple[str, ...]] = {}
        """By package."""
        self._finding_indexes = threading.Lock()
        self._pages: dict[str, Page] = {}
        self._answered: set[str] = set()
        """Kinds of pages that an index has."""
        self._silent: set[str] = set()
        """Kinds of pages that an index does not have, or does not send."""

    def of(self, package: str, version: Version) -> Known:
        """The known vulnerabilities of a release that is on the index.

        None if no index reports any for it. An index that does not answer raises nothing.
        """
        name = canonicalize_name(package)
        for index in self._indexes_of(name):
            if (root := api_of(index)) is None:
                continue
            for kind, url in (
                ("release", f"{root}/{name}/{version}/json"),
                ("newest", f"{root}/{name}/json"),
            ):
                page = self._asked(f"{root} {kind}", url)
                if page and page.version == version and page.vulnerabilities is not None:
                    return page.vulnerabilities
        return None

    def _indexes_of(self, name: str) -> tuple[str, ...]:
        """Asked once, also by threads that come together: to read a long page takes long."""
        with self._finding_indexes:
            if name not in self._indexes:
                self._indexes[name] = self._listing.indexes(name)
            return self._indexes[name]

    def _asked(self, kind: str, url: str) -> Page | None:
        """The page, unless the index has no pages of this kind."""
        if url in self._pages:
            return self._pages[url]
        if kind not in self._answered and self._is_silent(kind):
            return None
        now = self._clock()
        page = kept_page(self._path(url), now) or self._fetched(kind, url)
        if page:
            self._answered.add(kind)
            self._pages[url] = page
        elif kind not in self._answered:
            self._silent.add(kind)
        return page

    def _is_silent(self, kind: str) -> bool:
        if kind not in self._silent and has_none(self._path(kind), self._clock()):
            self._silent.add(kind)
        return kind in self._silent

    def _fetched(self, kind: str, url: str) -> Page | None:
        try:
            answer = self._fetch(url, {"Accept": "application/json"})
        except IndexUnreachable:
            return None
        page = read_page(answer.content) if answer.is_success else None
        fresh_until = self._clock() + FRESH_S
        if page:
            keep(self._path(url), page.as_kept(fresh_until))
        elif kind not in self._answered and (answer.is_success or answer.status in _ABSENT):
            keep(self._path(kind), {"format": _FORMAT, "fresh_until": fresh_until})
        return page

    def _path(self, what: str) -> Path:
        return self._cache / f"{hashlib.sha256(what.encode()).hexdigest()}.json"


def api_of(index: str) -> str | None:
    """Where the JSON API of an index would be. None for an index of another layout."""
    plain = index.rstrip("/")
    if not plain.startswith(("http://", "https://")) or not plain.endswith("/simple"):
        return None
    return f"{plain.removesuffix('/simple')}/pypi"


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page of the JSON API reports about one release."""

    version: Version
    vulnerabilities: Known

    def as_kept(self, fresh_until: float) -> dict[str, Any]:
        names = [sorted(one.names) for one in self.vulnerabilities or ()]
        known = None if self.vulnerabilities is None else names
        version = str(self.version)
        return {
            "format": _FORMAT,
            "fresh_until": fresh_until,
            "version": version,
            "vulnerabilities": known,
        }


def kept_page(path: Path, now: float) -> Page | None:
    """The cached page. None if there is none, or it is no longer fresh."""
    try:
        kept = _fresh(path, now)
        known = kept["vulnerabilities"]
        return Page(
            version=Version(kept["version"]),
            vulnerabilities=None if known is None else joined(known),
        )
    except (LookupError, TypeError, ValueError):
        return None


def has_none(path: Path, now: float) -> bool:
    """Whether the cache says that an index has no pages of a kind."""
    return bool(_fresh(path, now))


def _fresh(path: Path, now: float) -> dict[str, Any]:
    """What is kept there. Empty if it is not fresh, or a clock ahead kept it."""
    try:
        kept = json.loads(path.read_bytes())
        is_fresh = kept["format"] == _FORMAT and 0 < kept["fresh_until"] - now <= FRESH_S
        return dict(kept) if is_fresh else {}
    except (OSError, LookupError, TypeError, ValueError):
        return {}


# https://docs.pypi.org/api/json/#known-vulnerabilities
class _Reported(BaseModel):
    id: str
    aliases: list[str] = []
    withdrawn: str | None = None


class _Info(BaseModel):
    version: str


class _JsonApi(BaseModel):
    info: _Info
    vulnerabilities: list[_Reported] | None = Field(None, max_length=_MOST)


def read_page(content: bytes) -> Page | None:
    """The page in an answer. None if it is no page of the JSON API."""
    try:
        told = _JsonApi.model_validate_json(content)
        version = Version(told.info.version)
    except (ValidationError, ValueError):
        return None
    if told.vulnerabilities is None:
        return Page(version=version, vulnerabilities=None)
    names = [[one.id, *one.aliases] for one in told.vulnerabilities if not one.withdrawn]
    return Page(version=version, vulnerabilities=joined(names))

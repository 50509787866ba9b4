"""Known vulnerabilities, as an index's JSON API reports them over real HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fake_index import FakeIndex
from packaging.version import Version

from interlock.index.advisories import FRESH_S, Advisories, api_of
from interlock.index.fetching import Patience
from interlock.index.pages import Pages
from interlock.index.settings import IndexSettings

IMPATIENT = Patience(attempts=1)
CVE = {"id": "PYSEC-1", "aliases": ["CVE-1", "GHSA-1"], "withdrawn": None}
SAME = {"id": "GHSA-1", "aliases": ["CVE-1"]}
OTHER = {"id": "GHSA-2", "aliases": [], "fixed_in": ["1.1"], "link": "https://example.org"}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    served = FakeIndex()
    for package in ("left-lib", "right-lib"):
        stem = package.replace("-", "_")
        served.add(package, *(f"{stem}-{v}-py3-none-any.whl" for v in ("1.0", "1.1", "2.0")))
    with served.serve():
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


def advisories(
    index: FakeIndex, folder: Path, clock: Clock, settings: IndexSettings | None = None
) -> Advisories:
    """As after a new start: only what is on disk is known."""
    settings = settings or IndexSettings(index_url=index.url)
    pages = Pages(settings, folder / "pages", clock)
    return Advisories(settings, pages, folder / "advisories", clock, IMPATIENT)


@pytest.fixture
def known(index: FakeIndex, tmp_path: Path, clock: Clock) -> Advisories:
    return advisories(index, tmp_path, clock)


def page(version: str, *vulnerabilities: dict[str, Any]) -> dict[str, Any]:
    return {"info": {"version": version}, "vulnerabilities": list(vulnerabilities)}


def ids(known: Advisories, version: str, package: str = "left-lib") -> str | None:
    """Those of a release; None if it is unknown."""
    found = known.of(package, Version(version))
    return None if found is None else " ".join(one.id for one in found)


def asked(index: FakeIndex) -> list[str]:
    return [path.removeprefix("/pypi/") for path, _ in index.asked if path.startswith("/pypi/")]


def test_the_vulnerabilities_of_a_release_are_known_by_their_cve(
    index: FakeIndex, known: Advisories
) -> None:
    index.api = {
        "left-lib/1.0/json": page("1.0", CVE, OTHER),
        "left-lib/1.1/json": page("1.1"),
    }
    assert (ids(known, "1.0"), ids(known, "1.1")) == ("CVE-1 GHSA-2", "")


def test_two_reports_of_one_vulnerability_are_one(index: FakeIndex, known: Advisories) -> None:
    linked = {"id": "OTHER-1", "aliases": ["GHSA-1"]}
    index.api = {"left-lib/1.0/json": page("1.0", OTHER, linked, CVE, SAME)}
    assert ids(known, "1.0") == "CVE-1 GHSA-2"


def test_a_withdrawn_report_does_not_count(index: FakeIndex, known: Advisories) -> None:
    index.api = {"left-lib/1.0/json": page("1.0", {**CVE, "withdrawn": "2026-01-01T00:00:00Z"})}
    assert ids(known, "1.0") == ""


@pytest.mark.parametrize(
    "answer",
    [
        {"info": {"version": "1.0"}},
        {"info": {"version": "1.0"}, "vulnerabilities": None},
        {"info": {"version": "1.0"}, "vulnerabilities": "none"},
        {"info": {"version": "1.0"}, "vulnerabilities": [{"aliases": []}]},
        {"info": {}, "vulnerabilities": []},
        {"info": {"version": "one"}, "vulnerabilities": []},
        {"info": {"version": "1.1"}, "vulnerabilities": []},
        {},
        [],
        "nothing",
    ],
)
def test_what_the_page_does_not_report_is_unknown(
    index: FakeIndex, known: Advisories, answer: object
) -> None:
    index.api = {"left-lib/1.0/json": answer}
    assert ids(known, "1.0") is None


def test_a_mirror_may_know_of_the_newest_release_alone(index: FakeIndex, known: Advisories) -> None:
    index.api = {"left-lib/json": page("2.0", OTHER), "right-lib/json": page("2.0")}
    assert [ids(known, version) for version in ("1.0", "1.1", "2.0")] == [None, None, "GHSA-2"]
    assert ids(known, "2.0", "right-lib") == ""
    # once a page of a release is missing, no other is asked for
    assert asked(index) == ["left-lib/1.0/json", "left-lib/json", "right-lib/json"]


@pytest.mark.parametrize("status", [404, 410, 403, 500, 503])
def test_an_index_without_the_api_is_asked_once_and_all_is_unknown(
    index: FakeIndex, known: Advisories, status: int
) -> None:
    index.api_status = status
    versions = ("1.0", "1.1", "2.0")
    assert {ids(known, v, p) for v in versions for p in ("left-lib", "right-lib")} == {None}
    assert asked(index) == ["left-lib/1.0/json", "left-lib/json"]


def test_one_release_that_is_missing_silences_no_other(
    index: FakeIndex, tmp_path: Path, clock: Clock
) -> None:
    index.api = {"left-lib/1.0/json": page("1.0"), "left-lib/2.0/json": page("2.0", CVE)}
    for _ in range(2):
        known = advisories(index, tmp_path, clock)
        assert [ids(known, version) for version in ("1.0", "1.1", "2.0")] == ["", None, "CVE-1"]


def test_an_answer_counts_for_a_day(index: FakeIndex, tmp_path: Path, clock: Clock) -> None:
    index.api = {"left-lib/1.0/json": page("1.0")}
    assert ids(advisories(index, tmp_path, clock), "1.0") == ""
    index.api = {"left-lib/1.0/json": page("1.0", CVE)}
    clock.now += FRESH_S - 1
    assert ids(advisories(index, tmp_path, clock), "1.0") == ""
    clock.now += 2
    assert ids(advisories(index, tmp_path, clock), "1.0") == "CVE-1"


def test_that_an_index_has_no_api_is_remembered_for_a_day(
    index: FakeIndex, tmp_path: Path, clock: Clock
) -> None:
    assert ids(advisories(index, tmp_path, clock), "1.0") is None
    assert ids(advisories(index, tmp_path, clock), "1.1") is None
    assert len(asked(index)) == 2
    clock.now += FRESH_S + 1
    index.api = {"left-lib/1.1/json": page("1.1")}
    assert ids(advisories(index, tmp_path, clock), "1.1") == ""


def test_an_index_that_did_not_answer_is_asked_at_the_next_start(
    index: FakeIndex, tmp_path: Path, clock: Clock
) -> None:
    index.api_status = 503
    assert ids(advisories(index, tmp_path, clock), "1.0") is None
    index.api = {"left-lib/1.0/json": page("1.0")}
    assert ids(advisories(index, tmp_path, clock), "1.0") == ""


@pytest.mark.parametrize("kept", ["", "{}", "[]", "null", '{"format": 1}', "{"])
def test_a_spoilt_cache_is_asked_about_again(
    index: FakeIndex, tmp_path: Path, clock: Clock, kept: str
) -> None:
    index.api = {"left-lib/1.0/json": page("1.0")}
    assert ids(advisories(index, tmp_path, clock), "1.0") == ""
    for path in (tmp_path / "advisories").iterdir():
        path.write_text(kept)
    index.api = {"left-lib/1.0/json": page("1.0", CVE)}
    assert ids(advisories(index, tmp_path, clock), "1.0") == "CVE-1"


def test_only_an_index_that_has_the_package_is_asked_about_it(
    index: FakeIndex, tmp_path: Path, clock: Clock
) -> None:
    """Its name may be private."""
    with FakeIndex().serve() as private:
        private.add("own-lib", "own_lib-1.0-py3-none-any.whl")
        settings = IndexSettings(index_url=index.url, extra_index_urls=(private.url,))
        index.api = {"own-lib/1.0/json": page("1.0"), "left-lib/1.0/json": page("1.0")}
        known = advisories(index, tmp_path, clock, settings)
        assert (ids(known, "1.0", "own-lib"), ids(known, "1.0")) == (None, "")
        assert asked(index) == ["left-lib/1.0/json"]
        assert asked(private) == ["own-lib/1.0/json", "own-lib/json"]


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        ("https://pypi.org/simple", "https://pypi.org/pypi"),
        ("https://pypi.org/simple/", "https://pypi.org/pypi"),
        ("https://user:word@host/a/pypi/simple", "https://user:word@host/a/pypi/pypi"),
        ("https://host/root/pypi/+simple/", None),
        ("https://host/packages", None),
        ("file:///srv/simple", None),
    ],
)
def test_the_api_is_beside_the_simple_one(index: str, expected: str | None) -> None:
    assert api_of(index) == expected


def test_threads_that_ask_together_read_the_index_once(index: FakeIndex, tmp_path: Path) -> None:
    class Slow:
        asked = 0

        def indexes(self, package: str) -> tuple[str, ...]:
            self.asked += 1
            together.wait(0.2)  # the others would come in meanwhile
            return (index.url,)

    listing, together = Slow(), threading.Event()
    known = Advisories(IndexSettings(index_url=index.url), listing, tmp_path)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: known.of("left-lib", Version("1.0")), range(4)))
    assert listing.asked == 1

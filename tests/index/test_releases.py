"""Releases as an index lists them, read over real HTTP on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import pytest
from fake_index import FakeIndex
from grids import LEFT, release
from packaging.version import Version

from interlock.index.fetching import Patience
from interlock.index.pages import File, Pages
from interlock.index.releases import Releases, releases, unsupported
from interlock.index.settings import IndexSettings
from interlock.model import IndexUnreachable, PythonVersion, Reason, UsageError

IMPATIENT = Patience(first_wait_s=0.001, longest_wait_s=0.002)
WHEEL = "left_lib-{}-py3-none-any.whl"


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex().serve() as served:
        yield served


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pages(index: FakeIndex, tmp_path: Path, clock: Clock) -> Pages:
    return Pages(IndexSettings(index_url=index.url), tmp_path / "index", clock, IMPATIENT)


def names(pages: Pages, package: str = "left-lib") -> list[str]:
    return [file.name for file in pages.files(package)]


@pytest.mark.parametrize("html", [False, True], ids=["PEP 691", "PEP 503"])
def test_both_forms_of_a_page_say_the_same(index: FakeIndex, pages: Pages, html: bool) -> None:
    index.html = html
    index.add("left-lib", WHEEL.format("1.0"), "left-lib-1.0.tar.gz", requires_python=">=3.8")
    index.add("left-lib", WHEEL.format("1.1"), yanked="broken")
    one, other = Releases(pages).of("left-lib")
    assert (str(one.version), str(one.requires_python)) == ("1.0", ">=3.8")
    assert [wheel.filename for wheel in one.wheels] == [WHEEL.format("1.0")]
    assert (str(other.version), other.yanked) == ("1.1", True)


def test_the_newest_upload_of_a_release_is_its_time(index: FakeIndex, pages: Pages) -> None:
    index.add("left-lib", WHEEL.format("1.0"), upload_time="2024-03-15T17:27:36.123Z")
    index.add("left-lib", "left-lib-1.0.tar.gz", upload_time="2024-03-16T08:00:00.4Z")
    (found,) = Releases(pages).of("left-lib")
    assert found.uploaded_at == datetime(2024, 3, 16, 8, tzinfo=timezone.utc)


def test_versions_are_in_version_order_with_what_nobody_recommends() -> None:
    listed = ["1.10", "1.9", "2.0rc1", "2.0", "1.9.post1"]
    found = releases("left-lib", [File(WHEEL.format(v), None, None, False) for v in listed])
    assert [str(r.version) for r in found] == ["1.9", "1.9.post1", "1.10", "2.0rc1", "2.0"]


@pytest.mark.parametrize("name", ["left_lib", "Left.Lib", "LEFT__lib"])
def test_a_wheel_may_write_its_packages_name_in_any_way(name: str) -> None:
    (found,) = releases("left-lib", [File(f"{name}-1.0-py3-none-any.whl", None, None, False)])
    assert str(found.version) == "1.0"


def test_a_release_is_yanked_when_all_its_files_are() -> None:
    wheel, sdist = WHEEL.format("1.0"), "left-lib-1.0.tar.gz"
    (half,) = releases("left-lib", [File(wheel, None, None, True), File(sdist, None, None, False)])
    (whole,) = releases("left-lib", [File(wheel, None, None, True), File(sdist, None, None, True)])
    assert (half.yanked, whole.yanked) == (False, True)


@pytest.mark.parametrize("html", [False, True], ids=["PEP 691", "PEP 503"])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("broken on 3.9", "broken on 3.9"),
        ("", ""),
        (" two\n lines ", "two lines"),
        ("a\x1b[31mcolour", r"a\x1b[31mcolour"),
        ("x" * 900, "x" * 200),
    ],
)
def test_the_reason_for_yanking_is_one_safe_line(
    index: FakeIndex, pages: Pages, html: bool, given: str, expected: str
) -> None:
    index.html = html
    index.add("left-lib", WHEEL.format("1.0"), yanked=given)
    (found,) = Releases(pages).of("left-lib")
    assert (found.yanked, found.yanked_because) == (True, expected)


def test_a_release_that_is_not_wholly_yanked_has_no_reason() -> None:
    wheel, sdist = WHEEL.format("1.0"), "left-lib-1.0.tar.gz"
    files = [File(wheel, None, None, True, "broken"), File(sdist, None, None, False)]
    (found,) = releases("left-lib", files)
    assert (found.yanked, found.yanked_because) == (False, "")


def test_an_empty_reason_yanks_too(index: FakeIndex, pages: Pages) -> None:
    index.add("left-lib", WHEEL.format("1.0"), yanked="")
    assert Releases(pages).of("left-lib")[0].yanked


@pytest.mark.parametrize(
    "name",
    [
        *("left_lib-1.0.exe", "left_lib-1.0-py3.egg", "left_lib.whl"),
        *("left_lib-one-py3-none-any.whl", "right_lib-1.0-py3-none-any.whl", "right-lib-1.0.zip"),
    ],
)
def test_files_that_no_installer_reads_are_left_out(name: str) -> None:
    assert releases("left-lib", [File(name, None, None, False)]) == ()


def test_the_source_is_asked_once_a_package(index: FakeIndex, pages: Pages) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    index.headers = {"Cache-Control": "no-store"}
    known = Releases(pages)
    assert known.of("left-lib") is known.of("left-lib")
    assert len(index.asked) == 1


def test_a_package_nobody_knows_is_named(pages: Pages) -> None:
    with pytest.raises(UsageError, match='no package index has "left-lbi"'):
        Releases(pages).of("left-lbi")


# --- keeping answers -----------------------------------------------------------------------------


def statuses(index: FakeIndex) -> list[int]:
    return [status for _, status in index.asked]


def test_a_fresh_answer_is_not_asked_again(index: FakeIndex, pages: Pages, clock: Clock) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    index.headers = {"Cache-Control": "max-age=60, public"}
    first = pages.files("left-lib")
    clock.now += 59
    assert pages.files("left-lib") == first
    assert statuses(index) == [200]


@pytest.mark.parametrize("behind_s", [86_400 * 2, 86_400 * 365, 86_400 * 365 * 80])
def test_an_answer_that_a_clock_ahead_kept_is_asked_about(
    index: FakeIndex, pages: Pages, clock: Clock, behind_s: float
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    index.headers = {"Cache-Control": "max-age=60"}
    pages.files("left-lib")
    clock.now -= behind_s
    pages.files("left-lib")
    assert statuses(index) == [200, 304]


def test_an_old_answer_is_asked_about_and_used_again(
    index: FakeIndex, pages: Pages, clock: Clock
) -> None:
    index.add("left-lib", WHEEL.format("1.0"), requires_python=">=3.8")
    index.headers = {"Cache-Control": "max-age=60"}
    first = pages.files("left-lib")
    clock.now += 61
    assert pages.files("left-lib") == first
    clock.now += 59
    assert pages.files("left-lib") == first
    assert statuses(index) == [200, 304]


def test_a_new_release_is_seen_when_the_answer_is_old(
    index: FakeIndex, pages: Pages, clock: Clock
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    pages.files("left-lib")
    index.add("left-lib", WHEEL.format("1.1"))
    assert names(pages) == [WHEEL.format("1.0")]
    clock.now += 601  # ten minutes, where the index says nothing
    assert names(pages) == [WHEEL.format("1.0"), WHEEL.format("1.1")]


@pytest.mark.parametrize(
    ("control", "expected"), [("no-store", [200, 200]), ("no-cache", [200, 304])]
)
def test_an_index_may_forbid_using_an_answer_unasked(
    index: FakeIndex, pages: Pages, control: str, expected: list[int]
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    index.headers = {"Cache-Control": control}
    assert pages.files("left-lib") == pages.files("left-lib")
    assert statuses(index) == expected


def test_a_damaged_entry_is_asked_for_again(index: FakeIndex, pages: Pages, tmp_path: Path) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    pages.files("left-lib")
    for entry in (tmp_path / "index").iterdir():
        entry.write_text('{"format": 1, "files": [["half')
    assert names(pages) == [WHEEL.format("1.0")]
    assert statuses(index) == [200, 200]


def test_a_stale_answer_does_not_stand_in_for_a_silent_index(
    index: FakeIndex, tmp_path: Path, clock: Clock
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    settings = IndexSettings(index_url=index.url)
    Pages(settings, tmp_path, clock).files("left-lib")
    gone = Pages(
        replace(settings, proxies={"http": "http://127.0.0.1:9"}), tmp_path, clock, IMPATIENT
    )
    assert names(gone) == [WHEEL.format("1.0")]
    clock.now += 601
    with pytest.raises(IndexUnreachable, match="did not answer"):
        gone.files("left-lib")


# --- where it asks -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (401, "answered 401 Unauthorized; check the user name and password"),
        (500, "answered 500 Internal Server Error; try again later"),
        (418, "answered 418"),
    ],
)
def test_an_index_that_refuses_is_trouble_of_ours(
    index: FakeIndex, pages: Pages, status: int, expected: str
) -> None:
    index.status = status
    with pytest.raises(IndexUnreachable, match=expected) as caught:
        pages.files("left-lib")
    assert caught.value.exit_code == 3


def test_a_page_that_is_no_index_is_trouble_of_ours(index: FakeIndex, pages: Pages) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    index.headers = {"Content-Type": "application/json"}
    with pytest.raises(IndexUnreachable, match="application/json, which no package index sends"):
        pages.files("left-lib")


def test_a_password_is_not_printed(tmp_path: Path) -> None:
    settings = IndexSettings(index_url="http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(IndexUnreachable) as caught:
        Pages(settings, tmp_path, patience=IMPATIENT).files("left-lib")
    assert "secret" not in str(caught.value) and "me:****@127.0.0.1:9" in str(caught.value)


def test_credentials_of_the_url_are_sent(index: FakeIndex, tmp_path: Path) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    url = index.url.replace("http://", "http://me:secret@")
    Pages(IndexSettings(index_url=url), tmp_path).files("left-lib")
    assert index.sent[0]["Authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [("first-index", ["2.0"]), ("unsafe-best-match", ["1.0", "2.0"])],
)
def test_several_indexes_count_as_the_installer_counts_them(
    index: FakeIndex, tmp_path: Path, strategy: str, expected: list[str]
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    with FakeIndex().serve() as extra:
        extra.add("left-lib", WHEEL.format("2.0"))
        settings = IndexSettings(
            index_url=index.url, extra_index_urls=(extra.url,), strategy=strategy
        )
        found = Releases(Pages(settings, tmp_path)).of("left-lib")
    assert [str(r.version) for r in found] == expected


def test_an_extra_index_that_lacks_the_package_is_passed_over(
    index: FakeIndex, tmp_path: Path
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    with FakeIndex().serve() as extra:
        settings = IndexSettings(index_url=index.url, extra_index_urls=(extra.url,))
        assert names(Pages(settings, tmp_path)) == [WHEEL.format("1.0")]


def test_find_links_folders_and_file_indexes_are_read(index: FakeIndex, tmp_path: Path) -> None:
    links, folder = tmp_path / "links", tmp_path / "simple"
    (folder / "left-lib").mkdir(parents=True)
    links.mkdir()
    for name in (WHEEL.format("1.0"), "other-1.0.tar.gz", "left_lib_extra-1.0-py3-none-any.whl"):
        (links / name).touch()
    (folder / "left-lib" / "index.html").write_text(
        f'<a href="../../files/{WHEEL.format("1.1")}">x</a><a href="../">up</a>'
    )
    settings = IndexSettings(index_url=folder.as_uri(), find_links=(str(links),))
    assert names(Pages(settings, tmp_path / "cache")) == [WHEEL.format("1.0"), WHEEL.format("1.1")]


def test_names_are_asked_for_in_their_canonical_form(index: FakeIndex, pages: Pages) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    assert names(pages, "Left.Lib") == [WHEEL.format("1.0")]
    assert index.asked[0][0] == "/simple/left-lib/"


def test_the_proxy_is_used_but_for_the_hosts_it_is_not_for(
    index: FakeIndex, tmp_path: Path
) -> None:
    index.add("left-lib", WHEEL.format("1.0"))
    with FakeIndex(files=index.files).serve() as proxy:
        through = {"http": proxy.url.removesuffix("/simple")}
        host = "http://index.invalid/simple"
        assert names(Pages(IndexSettings(index_url=host, proxies=through), tmp_path / "a"))
        assert proxy.asked == [("http://index.invalid/simple/left-lib/", 200)]
        direct = {**through, "no": "localhost, 127.0.0.1"}
        assert names(Pages(IndexSettings(index_url=index.url, proxies=direct), tmp_path / "b"))
    assert len(proxy.asked) == 1 and len(index.asked) == 1


# --- where a release installs --------------------------------------------------------------------

CP310 = "cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64"


@pytest.mark.parametrize(
    ("wheels", "requires", "python", "expected"),
    [
        ("py3-none-any", None, "3.10", None),
        ("py2.py3-none-any", None, "3.14", None),
        (CP310, ">=3.7", "3.10", None),
        ("cp310-cp310-linux_x86_64", None, "3.10", None),
        ("cp38-abi3-manylinux2014_x86_64", None, "3.12", None),
        ("cp37-cp37m-manylinux2010_x86_64", None, "3.7", None),
        #
        (CP310, None, "3.11", Reason.NO_WHEEL),
        ("cp312-abi3-manylinux2014_x86_64", None, "3.11", Reason.NO_WHEEL),
        ("py2-none-any", None, "3.10", Reason.NO_WHEEL),
        ("", None, "3.10", Reason.NO_WHEEL),
        # the ordinary build on x86-64 with glibc, and nothing else
        ("cp313-cp313t-manylinux2014_x86_64", None, "3.13", Reason.NO_WHEEL),
        ("cp310-cp310-manylinux2014_aarch64", None, "3.10", Reason.NO_WHEEL),
        ("cp310-cp310-musllinux_1_1_x86_64", None, "3.10", Reason.NO_WHEEL),
        ("cp310-cp310-win_amd64 cp310-cp310-macosx_11_0_arm64", None, "3.10", Reason.NO_WHEEL),
        #
        ("py3-none-any", ">=3.9", "3.8", Reason.REQUIRES_PYTHON),
        ("py3-none-any", ">=3.9,<3.15", "3.15", Reason.REQUIRES_PYTHON),
        (CP310, ">=3.9", "3.8", Reason.REQUIRES_PYTHON),
        ("", ">=3.9", "3.8", Reason.REQUIRES_PYTHON),
        # some patch release of that Python will do, so it is not certain
        ("py3-none-any", ">=3.8.1", "3.8", None),
        ("py3-none-any", "!=3.10.0", "3.10", None),
    ],
)
def test_wheels_and_requires_python_decide_where_a_release_installs(
    wheels: str, requires: str | None, python: str, expected: Reason | None
) -> None:
    made = release(LEFT, "1.0", wheels=wheels, requires=requires)
    found = unsupported(made, PythonVersion.parse(python), "x86_64")
    assert (found and found.reason) == expected


def test_what_is_unsupported_is_said_in_words() -> None:
    no_wheel = unsupported(release(LEFT, "1.0", wheels=CP310), PythonVersion(3, 12), "x86_64")
    too_old = unsupported(release(LEFT, "1.0", requires=">=3.9"), PythonVersion(3, 8), "x86_64")
    assert no_wheel and no_wheel.detail == "left-lib 1.0 has no wheel for CPython 3.12 on x86_64"
    assert too_old and too_old.detail == "left-lib 1.0 requires Python >=3.9"


def test_an_unreadable_requires_python_says_nothing() -> None:
    wheel = File(WHEEL.format("1.0"), ">=2.7, !=3.0*", None, False)
    (found,) = releases("left-lib", [wheel])
    assert found.requires_python is None and found.version == Version("1.0")
    assert unsupported(found, PythonVersion(3, 10), "x86_64") is None

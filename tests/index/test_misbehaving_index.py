"""An index that misbehaves: trouble of our own, in bounded time and memory."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from interlock.index.fetching import PATIENCE, Patience, retry_after_s
from interlock.index.pages import MOST_FILES, File, Pages
from interlock.index.releases import releases
from interlock.index.settings import IndexSettings
from interlock.index.upstream import Upstream
from interlock.model import IndexUnreachable, UsageError

JSON = "application/vnd.pypi.simple.v1+json"
GOOD = b'<a href="left-1.0-py3-none-any.whl">left</a>'
MIB = 1 << 20
IMPATIENT = replace(
    PATIENCE,
    silence_s=5.0,
    page_s=60.0,
    page_bytes=MIB,
    first_wait_s=0.001,
    longest_wait_s=0.002,
)

Answers = Callable[[BaseHTTPRequestHandler, int], None]
"""Answers a request; the number counts them, from 1."""


class Served:
    url = ""
    asked = 0


@contextmanager
def serve(answers: Answers) -> Iterator[Served]:
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked += 1
            try:
                answers(self, served.asked)
            except OSError:  # the client has had enough
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}/simple"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int = 200, body: bytes = GOOD, kind: str = "text/html", **headers: str) -> Answers:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return answer


def files(served: Served, cache: Path, patience: Patience = IMPATIENT) -> list[str]:
    pages = Pages(IndexSettings(index_url=served.url), cache, patience=patience)
    return [file.name for file in pages.files("left")]


# What is asked for again --------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_that_passes_costs_nothing(status: int, tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        (says(status, b"", Retry_After="0") if number < 3 else says())(request, number)

    with serve(answer) as served:
        assert files(served, tmp_path) == ["left-1.0-py3-none-any.whl"]
        assert served.asked == 3


@pytest.mark.parametrize("status", [429, 503])
def test_trouble_that_stays_is_told_as_it_is(status: int, tmp_path: Path) -> None:
    with serve(says(status, b"")) as served:
        with pytest.raises(IndexUnreachable, match=str(status)):
            files(served, tmp_path)
        assert served.asked == IMPATIENT.attempts


@pytest.mark.parametrize("status", [400, 401, 403, 410, 451])
def test_a_refusal_is_asked_for_once(status: int, tmp_path: Path) -> None:
    with serve(says(status, b"")) as served:
        with pytest.raises(IndexUnreachable, match=str(status)):
            files(served, tmp_path)
        assert served.asked == 1


def test_a_connection_that_breaks_is_asked_for_again(tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        (says(length="1000") if number == 1 else says())(request, number)

    with serve(answer) as served:
        assert files(served, tmp_path) == ["left-1.0-py3-none-any.whl"]


NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Thu, 01 Jan 2026 00:01:00 GMT", 60.0),
        ("Thu, 01 Jan 2026 00:01:00", 60.0),
        # it has passed
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("9" * 5000, None),
        ("Thu, 99 Foo 2026 00:01:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_or_a_date(text: str, seconds: float | None) -> None:
    assert retry_after_s(text, lambda: NOW) == seconds


def test_an_index_may_not_make_us_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", slept.append)
    with serve(says(503, b"", Retry_After="86400")) as served, pytest.raises(IndexUnreachable):
        files(served, tmp_path, replace(IMPATIENT, longest_wait_s=7.0))
    assert slept == [7.0, 7.0, 7.0]


# What is never waited for, nor held in memory -----------------------------------------------------


def drip(headers: bool, stop: Event) -> Answers:
    """A byte now and then: never silent for long, and never done."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if headers:
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        else:
            says(length="1000000", body=b"")(request, number)
        while not stop.wait(0.05):
            request.wfile.write(b"x")

    return answer


@pytest.mark.parametrize("headers", [False, True], ids=["page", "headers"])
def test_a_page_that_drips_is_given_up(headers: bool, tmp_path: Path) -> None:
    stop = Event()
    with serve(drip(headers, stop)) as served:
        with pytest.raises(IndexUnreachable, match="its whole answer within 1 s"):
            files(served, tmp_path, replace(IMPATIENT, page_s=1.0))
        stop.set()
        assert served.asked == 1


def endless(request: BaseHTTPRequestHandler, number: int) -> None:
    request.send_response(302 if request.path.endswith("/moved/") else 200)
    request.send_header("Content-Type", "text/html")
    request.send_header("Location", "/simple/left/")
    request.end_headers()
    while True:
        request.wfile.write(b"<p>more</p>" * 10_000)


def test_a_page_without_end_is_given_up(tmp_path: Path) -> None:
    with (
        serve(endless) as served,
        pytest.raises(IndexUnreachable, match="more than 1 MiB"),
    ):
        files(served, tmp_path)


def test_the_page_of_a_redirect_is_not_read(tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        if "/moved/" in request.path:
            says()(request, number)
        else:
            request.send_response(302)
            request.send_header("Location", "/moved/left/")
            request.end_headers()
            while True:
                request.wfile.write(b"x" * 100_000)

    with serve(answer) as served:
        assert files(served, tmp_path) == ["left-1.0-py3-none-any.whl"]


def deflated(body: bytes) -> bytes:
    return zlib.compress(body)


@pytest.mark.parametrize(
    ("body", "encoding", "told"),
    [
        (gzip.compress(bytes(50 * MIB)), "gzip", "more than 1 MiB"),
        (deflated(bytes(50 * MIB)), "deflate", "more than 1 MiB"),
        (gzip.compress(gzip.compress(bytes(50 * MIB))), "gzip, gzip", "encoding"),
        (b"zstd", "zstd", "encoding"),
        (b"no gzip at all", "gzip", "did not answer"),
    ],
)
def test_a_page_that_unpacks_to_too_much_is_given_up(
    body: bytes, encoding: str, told: str, tmp_path: Path
) -> None:
    patient = IMPATIENT
    with (
        serve(says(body=body, Content_Encoding=encoding)) as served,
        pytest.raises(IndexUnreachable, match=told),
    ):
        files(served, tmp_path, patient)


def test_a_circle_of_redirects_is_told(tmp_path: Path) -> None:
    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        says(302, b"", Location=f"/simple/{number}/")(request, number)

    with serve(answer) as served, pytest.raises(IndexUnreachable, match="circle"):
        files(served, tmp_path)


@pytest.mark.parametrize(
    "to",
    [
        *("ftp://host/", "https://[::1", "http://127.0.0.1:1/", "//"),
        *("http://127.0.0.1:99999/", "http://a..b/", f"http://{'a' * 70}.org/"),
    ],
)
def test_a_redirect_to_nowhere_is_told(to: str, tmp_path: Path) -> None:
    with serve(says(302, b"", Location=to)) as served, pytest.raises(IndexUnreachable):
        files(served, tmp_path)


# What is no page of an index ----------------------------------------------------------------------

PORTAL = b"<!DOCTYPE html><html><body><a href='/login'>Please sign in</a></body></html>"
EMPTY = b'<html><head><meta name="pypi:repository-version" content="1.0"></head></html>'


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (PORTAL, "text/html", "login page"),
        (b"", "text/html", "login page"),
        (b"<a href='https://[::1/left-1.0.zip'>x</a>", "text/html", "login page"),
        (b"<![foo<a href='left-1.0.zip'>", "text/html", "no HTML"),
        # Encodings that can't put one character in place of another.
        (b"\xff" * 99, "text/html; charset=idna", "login page"),
        (b"\xff" * 99, "text/html; charset=punycode", "login page"),
        (b"hello", "text/plain", "text/plain"),
        (b"", "", "no content type"),
        (b"", JSON, "not PEP 691"),
        (b"<html>", JSON, "not PEP 691"),
        (b"[]", JSON, "not PEP 691"),
        (b'{"files": 5}', JSON, "not PEP 691"),
        (b'{"files": [5]}', JSON, "not PEP 691"),
        (b'{"files": [{"filename": 5}]}', JSON, "not PEP 691"),
        (b"[" * 100_000, JSON, "not PEP 691"),
        (b'{"files": [{"filename": "\xff"}]}', JSON, "not PEP 691"),
        # In a format that is not known yet.
        (b'{"meta": {"api-version": "2.0"}, "files": []}', JSON, "version '2.0'"),
        (b'{"meta": {"api-version": 1}, "files": []}', JSON, "not PEP 691"),
        (EMPTY.replace(b"1.0", b"9.1"), "text/html", r"version '9\.1'"),
        # Of another package.
        (b"<a href='right-1.0.zip'>x</a>", "text/html", "page of another package.*right-1"),
        (b'{"files": [{"filename": "right-1.0-py3-none-any.whl"}]}', JSON, "another package"),
    ],
)
def test_what_is_no_page_of_an_index_is_trouble(
    body: bytes, kind: str, told: str, tmp_path: Path
) -> None:
    with serve(says(body=body, kind=kind)) as served, pytest.raises(IndexUnreachable, match=told):
        files(served, tmp_path)


def test_a_part_of_a_page_is_not_the_page(tmp_path: Path) -> None:
    with serve(says(206, body=EMPTY)) as served, pytest.raises(IndexUnreachable, match="206"):
        files(served, tmp_path)


CUT = GOOD + b"<a href='left-2.0-py3"
WHOLE = b"<html><body>" + GOOD + b"</body></html>"


def until_closed(body: bytes, kind: str) -> Answers:
    """An answer without a length, which lasts until the connection is closed."""

    def answer(request: BaseHTTPRequestHandler, number: int) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(body)
        request.close_connection = True

    return answer


@pytest.mark.parametrize(
    ("body", "kind", "is_whole"),
    [
        (WHOLE, "text/html", True),
        (WHOLE.upper().replace(GOOD.upper(), GOOD), "text/html; charset=utf-8", True),
        (WHOLE + b"\n<!--SERIAL 123-->\n", "application/vnd.pypi.simple.v1+html", True),
        (b'{"files": [{"filename": "left-1.0-py3-none-any.whl"}]}', JSON, True),
        #
        (CUT, "text/html", False),
        (GOOD, "text/html", False),
        (WHOLE[:-1], "application/vnd.pypi.simple.v1+html", False),
    ],
)
def test_a_page_that_may_be_cut_is_not_read(
    body: bytes, kind: str, is_whole: bool, tmp_path: Path
) -> None:
    with serve(until_closed(body, kind)) as served:
        if is_whole:
            assert files(served, tmp_path) == ["left-1.0-py3-none-any.whl"]
            return
        with pytest.raises(IndexUnreachable, match="its page may be cut"):
            files(served, tmp_path)
        assert served.asked == IMPATIENT.attempts
        with pytest.raises(IndexUnreachable, match="its page may be cut"):
            Upstream(IndexSettings(index_url=served.url), IMPATIENT).page(f"{served.url}/left/")


@pytest.mark.parametrize("hashes", ["[]", "5", '{"sha256": 5}', '{"sha256": null}'])
def test_hashes_that_are_no_texts_are_no_page(hashes: str) -> None:
    body = f'{{"files": [{{"filename": "left-1.0.zip", "url": "x", "hashes": {hashes}}}]}}'
    with serve(says(body=body.encode(), kind=JSON)) as served:
        upstream = Upstream(IndexSettings(index_url=served.url), IMPATIENT)
        with pytest.raises(IndexUnreachable, match="not PEP 691"):
            upstream.page(f"{served.url}/left/")


@pytest.mark.parametrize(("body", "kind"), [(EMPTY, "text/html"), (b'{"files": []}', JSON)])
def test_an_index_may_say_that_there_is_nothing(body: bytes, kind: str, tmp_path: Path) -> None:
    with serve(says(body=body, kind=kind)) as served:
        assert files(served, tmp_path) == []


@pytest.mark.parametrize(
    ("link", "kind", "page"),
    [
        ('<a href="l-1.zip">', "text/html", "{}"),
        ('{"filename":"l-1.zip"}', JSON, '{{"files":[{}]}}'),
    ],
    ids=["HTML", "JSON"],
)
def test_a_page_of_a_million_links_is_trouble(
    link: str, kind: str, page: str, tmp_path: Path
) -> None:
    separator = "," if kind == JSON else ""
    body = page.format(separator.join([link] * (MOST_FILES + 1))).encode()
    patient = replace(IMPATIENT, page_bytes=64 * MIB)
    with (
        serve(says(body=body, kind=kind)) as served,
        pytest.raises(IndexUnreachable, match=str(MOST_FILES)),
    ):
        files(served, tmp_path, patient)


def test_a_page_of_unclosed_tags_is_given_up(tmp_path: Path) -> None:
    body = b"<a " * (300 << 10)
    with serve(says(body=body)) as served, pytest.raises(IndexUnreachable):
        files(served, tmp_path)


# Files that no installer could use ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        f"left-{'9' * 5000}-py3-none-any.whl",
        f"left-{'9' * 5000}.tar.gz",
        f"left-{'9' * 200}!1-py3-none-any.whl" * 2,
        "left-2.0-" + ".".join(["py3"] * 300) + "-none-any.whl",
    ],
)
def test_a_name_that_is_too_long_is_passed_over(name: str) -> None:
    good = File("left-1.0-py3-none-any.whl", None, None, False)
    found = releases("left", [File(name, None, None, False), good])
    assert [str(release.version) for release in found] == ["1.0"]


@pytest.mark.parametrize("kind", ["text/html", JSON])
@pytest.mark.parametrize(
    ("tag", "is_listed"),
    [("a" * 200, True), ("a" * 240, False), ("é" * 100, True), ("é" * 150, False)],
)
def test_a_name_that_no_file_can_have_is_passed_over(kind: str, tag: str, is_listed: bool) -> None:
    name = f"left-1.0-1{tag}-py3-none-any.whl"
    other = "left-1.0.zip"
    links = "".join(f"<a href='{each}'>x</a>" for each in (name, other))
    listed = json.dumps({"files": [{"filename": each, "url": each} for each in (name, other)]})
    with serve(says(body=(listed if kind == JSON else links).encode(), kind=kind)) as served:
        upstream = Upstream(IndexSettings(index_url=served.url), IMPATIENT)
        found = upstream.page(f"{served.url}/left/")
    assert found is not None
    assert [file.name for file in found] == ([name] if is_listed else []) + [other]


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ({"requires_python": f">={'9' * 4999}"}, None),
        ({"requires_python": ">=3," * 10_000 + ">=3"}, None),
        ({"uploaded_at": "9999-12-31T23:59:59.999999-23:59"}, None),
        ({"uploaded_at": "0001-01-01T00:00:00+23:59"}, None),
        ({"uploaded_at": "9" * 5000}, None),
    ],
)
def test_a_value_that_can_not_be_is_as_if_it_were_not_there(
    said: Mapping[str, str], value: None
) -> None:
    (name,) = said
    blank = File("left-1.0-py3-none-any.whl", None, None, False)
    (found,) = releases("left", [blank._replace(**said)])
    assert getattr(found, name) is value


# Certificates -------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_file_without_a_certificate_is_a_mistake(text: str, tmp_path: Path) -> None:
    file = tmp_path / "company.pem"
    file.write_text(text)
    for settings in (IndexSettings(ca_bundle=file), IndexSettings(client_cert=file)):
        settings = replace(settings, certificates_from="SSL_CERT_FILE")
        with pytest.raises(UsageError, match=rf"^{file}: .*SSL_CERT_FILE"):
            Pages(settings, tmp_path / "index").files("left")


def test_a_certificate_is_read_from_a_regular_file_alone(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        for settings in (IndexSettings(ca_bundle=path), IndexSettings(client_cert=path)):
            with pytest.raises(UsageError, match="no regular file"):
                Pages(settings, tmp_path / "index").files("left")


def test_a_folder_that_can_not_be_read_is_trouble(tmp_path: Path) -> None:
    page = tmp_path / "simple" / "left" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(b"\xff\xfe")
    index = IndexSettings(index_url=(tmp_path / "simple").as_uri())
    with pytest.raises(IndexUnreachable, match=str(page.parent)):
        Pages(index, tmp_path / "index").files("left")
    page.write_bytes(bytes(2 * MIB))
    with pytest.raises(IndexUnreachable, match="too large"):
        Pages(index, tmp_path / "index", patience=IMPATIENT).files("left")


@pytest.mark.parametrize("no_proxy", ["::1", "[::1]", "10.0.0.0/8", "http://[", ".", "*,,", " "])
def test_an_odd_list_of_hosts_without_proxy_is_no_mistake(no_proxy: str, tmp_path: Path) -> None:
    with serve(says()) as served:
        settings = IndexSettings(
            index_url=served.url, proxies={"no": f"127.0.0.1,{no_proxy}", "http": "127.0.0.1:1"}
        )
        pages = Pages(settings, tmp_path, patience=IMPATIENT)
        assert [file.name for file in pages.files("left")] == ["left-1.0-py3-none-any.whl"]

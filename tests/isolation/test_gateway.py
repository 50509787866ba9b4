"""A container reaches through the gateway only pages of the index and their files."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import socket
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from interlock.index import IndexSettings, Listed, Upstream
from interlock.isolation import gateway
from interlock.isolation.downloads import Downloads, Kept
from interlock.isolation.gateway import Gateway, Mirror
from interlock.isolation.store import Store
from interlock.model import Backend, IndexUnreachable

WHEEL = b"what a wheel holds"
METADATA = b"Name: left\n"
METADATA_HASH = {"sha256": hashlib.sha256(METADATA).hexdigest()}
SECRET = "me:hush"


class Index(ThreadingHTTPServer):
    """An index that wants a password, on the loopback of this machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Index)
        self.asked: list[tuple[str, str | None]] = []
        self.sends: dict[str, bytes] = {
            "/files/left-1.0-py3-none-any.whl": WHEEL,
            "/files/left-1.0-py3-none-any.whl.metadata": METADATA,
            "/files/lies-1.0-py3-none-any.whl": WHEEL,
            "/files/lies-1.0-py3-none-any.whl.metadata": b"Requires-Dist: nowhere",
            "/files/silent-1.0-py3-none-any.whl": WHEEL,
            "/files/silent-1.0-py3-none-any.whl.metadata": METADATA,
            "/files/secret.txt": b"on the same host, on no page",
            "/files/bad-1.0-py3-none-any.whl": b"something else",
            "/simple/left/": self.page("left", hashlib.sha256(WHEEL).hexdigest()),
            "/simple/lies/": self.page("lies", hashlib.sha256(WHEEL).hexdigest()),
            "/simple/silent/": self.page("silent", hashlib.sha256(WHEEL).hexdigest(), True),
            "/simple/bad/": self.page("bad", "0" * 64),
            "/simple/page/": b"<html>",
        }

    def page(self, name: str, sha256: str, metadata: object = METADATA_HASH) -> bytes:
        wheel = f"{name}-1.0-py3-none-any.whl"
        listed = {
            "filename": wheel,
            "url": f"../../files/{wheel}",
            "hashes": {"sha256": sha256},
            "core-metadata": metadata,
            "dist-info-metadata": metadata,
            "requires-python": ">=3.8",
        }
        beside = {"filename": "../../../etc/cron.d/left", "url": "x", "hashes": {}}
        return json.dumps({"meta": {}, "name": name, "files": [listed, beside]}).encode()

    @property
    def url(self) -> str:
        return f"http://{SECRET}@127.0.0.1:{self.server_port}/simple"


class _Index(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("authorization")))
        found = self.server.sends.get(self.path)
        status = 500 if "broken" in self.path else 200 if found is not None else 404
        self.send_response(status)
        self.send_header("content-type", "application/vnd.pypi.simple.v1+json")
        self.send_header("content-length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def index() -> Iterator[Index]:
    server = Index()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Store(home=tmp_path / "home").prepare(Backend.DOCKER)


@pytest.fixture
def mirror(index: Index, root: Path) -> Mirror:
    upstream = Upstream(IndexSettings(index_url=index.url))
    return Mirror(upstream, Downloads(root, upstream))


@pytest.fixture
def served(mirror: Mirror, root: Path) -> Iterator[Gateway]:
    with gateway.opened(mirror, root) as served:
        yield served


def ask(
    served: Gateway, path: str, method: str = "GET", body: bytes | None = None
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("gateway")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(20)
    folder = os.open(served.folder, os.O_RDONLY)  # the whole path may be too long for a socket's
    try:
        connection.sock.connect(f"/proc/self/fd/{folder}/{gateway.SOCKET}")
        connection.request(method, path, body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        os.close(folder)
        connection.close()


def link(served: Gateway, package: str = "left") -> str:
    """The path of the one file on a package's page."""
    status, page = ask(served, f"/i/0/{package}/")
    assert status == 200
    (file,) = json.loads(page)["files"]
    return "/" + str(file["url"]).removeprefix("../../../")


def test_a_page_names_its_files_without_the_index_and_its_credentials(
    served: Gateway, index: Index
) -> None:
    status, page = ask(served, "/i/0/left/")
    assert status == 200
    assert b"hush" not in page and str(index.server_port).encode() not in page
    (file,) = json.loads(page)["files"]
    assert file["hashes"] == {"sha256": hashlib.sha256(WHEEL).hexdigest()}
    assert file["requires-python"] == ">=3.8"
    assert index.asked[0][1]  # and the index was told who asks


def test_a_file_and_its_metadata_come_from_the_index_with_credentials(
    served: Gateway, index: Index, root: Path
) -> None:
    path = link(served)
    assert ask(served, path) == (200, WHEEL)
    assert ask(served, f"{path}.metadata") == (200, METADATA)
    assert all(said for _, said in index.asked)
    (kept,) = (root / "downloads").rglob("*.whl")
    assert kept.parent.name == hashlib.sha256(WHEEL).hexdigest()
    assert [listed.name for listed in served.asked.values()] == ["left-1.0-py3-none-any.whl"]


def test_what_was_asked_for_before_is_not_fetched_again(
    served: Gateway, mirror: Mirror, index: Index, root: Path
) -> None:
    for _ in range(2):
        ask(served, link(served))
    with gateway.opened(mirror, root) as another:
        ask(another, link(another))
    assert len(index.asked) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/i/0/",
        "/i/1/left/",
        "/i/-1/left/",
        "/i/00000000000000000000000001/left/",
        "/i/%C2%B2/left/",
        "/i/0/..%2F..%2Ffiles%2Fsecret.txt/",
        "/i/0/../../files/secret.txt",
        "/i/0/left%3Fx=y/",
        "/i/0/@127.0.0.1/",
        "/i/0/" + "a" * 300 + "/",
        "/l/0/",
        "/f/0123456789abcdef0123456789abcdef/left-1.0-py3-none-any.whl",
        "/files/secret.txt",
        "http://127.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//169.254.169.254/",
    ],
)
def test_nothing_else_can_be_named(served: Gateway, index: Index, path: str) -> None:
    status, body = ask(served, path)
    assert (status, body) == (404, b"")
    assert index.asked == []
    assert served.trouble == []


@pytest.mark.parametrize("method", ["CONNECT", "POST", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_but_reading_is_understood(served: Gateway, method: str) -> None:
    assert ask(served, "169.254.169.254:80", method)[0] == 501


def test_another_file_of_the_same_host_is_not_sent(served: Gateway, index: Index) -> None:
    folder = link(served).rpartition("/")[0]
    for name in ("secret.txt", "../secret.txt", "..%2Fsecret.txt", "left-1.0.tar.gz"):
        assert ask(served, f"{folder}/{name}")[0] == 404
    assert [path for path, _ in index.asked] == ["/simple/left/"]


def test_a_file_that_is_not_what_its_page_says_is_trouble_and_is_not_kept(
    served: Gateway, root: Path
) -> None:
    assert ask(served, link(served, "bad"))[0] == 424
    (trouble,) = served.trouble
    assert isinstance(trouble, IndexUnreachable) and "SHA-256" in str(trouble)
    assert list((root / "downloads").iterdir()) == []


def test_metadata_that_is_not_what_its_page_says_is_trouble(served: Gateway) -> None:
    assert ask(served, f"{link(served, 'lies')}.metadata")[0] == 424
    (trouble,) = served.trouble
    assert isinstance(trouble, IndexUnreachable) and "SHA-256" in str(trouble)


OWN = b"""Metadata-Version: 2.1
Name: left
Version: 1.0
Summary: left
Requires-Python: >=3.8,<4
Requires-Dist: shared>=1
Requires-Dist: other; extra == 'more'

what it is
"""


@pytest.mark.parametrize(
    ("sent", "agrees"),
    [
        (OWN, True),
        (OWN.replace(b"\n", b"\r\n"), True),
        (OWN.replace(b"Summary: left\n", b"").partition(b"what")[0], True),
        (OWN.replace(b"shared>=1", b"shared (>=1)").replace(b"Name: left", b"Name: LEFT"), True),
        (OWN.replace(b">=3.8,<4", b"<4, >=3.8"), True),
        (OWN.replace(b"1.0\n", b"1.0.0\n"), True),
        #
        (OWN.replace(b"shared>=1", b"shared>=2"), False),
        (OWN.replace(b"Requires-Dist: shared>=1\n", b""), False),
        (
            OWN.replace(b"Requires-Dist: shared", b"Requires-Dist: more\nRequires-Dist: shared"),
            False,
        ),
        (OWN.replace(b"; extra == 'more'", b""), False),
        (OWN.replace(b">=3.8,<4", b">=3.8"), False),
        (OWN.replace(b"Name: left", b"Name: right"), False),
        (OWN.replace(b"Version: 1.0", b"Version: 1.1"), False),
        (b"", False),
        (b"\xff\0", False),
    ],
)
def test_metadata_that_is_not_the_wheels_own_is_trouble(
    served: Gateway, index: Index, tmp_path: Path, sent: bytes, agrees: bool
) -> None:
    """The page has the hash of what is sent, so only the wheel tells that it is another's."""
    wheel = tmp_path / "left-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("left-1.0.dist-info/METADATA", OWN)
    index.sends[f"/files/{wheel.name}.metadata"] = sent
    url = f"http://127.0.0.1:{index.server_port}/files/{wheel.name}"
    listed = Listed.known(wheel.name, url, "0" * 64, hashlib.sha256(sent).hexdigest())
    if agrees:
        served.mirror.check(listed, wheel)
        return
    with pytest.raises(IndexUnreachable, match="is not the metadata of left-1"):
        served.mirror.check(listed, wheel)


def test_metadata_are_compared_where_the_index_has_them_alone(
    served: Gateway, tmp_path: Path
) -> None:
    wheel = tmp_path / "left-1.0-py3-none-any.whl"
    wheel.write_bytes(b"no archive")
    for metadata in ("0" * 64, None):
        served.mirror.check(Listed.known(wheel.name, "http://nowhere/", "0" * 64, metadata), wheel)


def test_metadata_without_a_hash_is_not_offered(served: Gateway, index: Index) -> None:
    """The wheel is read then: it has its own metadata."""
    _, page = ask(served, "/i/0/silent/")
    (file,) = json.loads(page)["files"]
    assert (file["core-metadata"], file["dist-info-metadata"]) == (False, False)
    assert ask(served, f"{link(served, 'silent')}.metadata")[0] == 404


@pytest.mark.parametrize("package", ["broken", "page"])
def test_an_index_that_fails_is_trouble(served: Gateway, package: str) -> None:
    assert ask(served, f"/i/0/{package}/")[0] == 424
    assert "hush" not in str(served.trouble[0])


def test_more_than_is_allowed_is_refused(served: Gateway) -> None:
    path = link(served)
    served.allowed_bytes = len(WHEEL)
    assert [ask(served, path)[0] for _ in range(2)] == [200, 403]


# A wheel that was built --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/built/left-1.0-py3-none-any.whl", 200),
        ("/built/left-1.0+a.b-py3-none-any.whl", 200),
        ("/built/..%2Fleft.whl", 403),
        ("/built/left%00.whl", 403),
        ("/built/.whl", 403),
        ("/built/left.txt", 403),
        ("/downloads/left-1.0-py3-none-any.whl", 403),
    ],
)
def test_a_build_hands_over_a_wheel(mirror: Mirror, root: Path, path: str, status: int) -> None:
    with (
        Kept(root, "built", "key").adding() as wheel,
        gateway.opened(mirror, root, wheel=wheel) as served,
    ):
        assert ask(served, path, "PUT", WHEEL)[0] == status
        assert (served.wheel_name is not None) is (status == 200)
        assert wheel.sha256 == hashlib.sha256(WHEEL if status == 200 else b"").hexdigest()


def test_a_build_hands_over_one_wheel_and_whoever_resolves_none(
    mirror: Mirror, served: Gateway, root: Path
) -> None:
    assert ask(served, "/built/left-1.0-py3-none-any.whl", "PUT", WHEEL)[0] == 403
    with (
        Kept(root, "built", "key").adding() as wheel,
        gateway.opened(mirror, root, wheel=wheel) as building,
    ):
        paths = ["/built/left-1.0-py3-none-any.whl", "/built/left-2.0-py3-none-any.whl"]
        assert [ask(building, path, "PUT", WHEEL)[0] for path in paths] == [200, 403]
    assert list((root / "built" / "key").iterdir()) == []  # nothing that nobody finished


# Folders -----------------------------------------------------------------------------------------


def test_a_folder_of_files_is_a_page_of_links(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / "left-1.0-py3-none-any.whl").write_bytes(WHEEL)
    (folder / "notes.txt").write_text("not listed")
    upstream = Upstream(IndexSettings(index_url=None, find_links=(str(folder),)))
    with gateway.opened(Mirror(upstream, Downloads(root, upstream)), root) as served:
        status, page = ask(served, "/l/0/")
        assert status == 200 and b"notes" not in page and str(tmp_path).encode() not in page
        path = "/" + page.decode().partition('href="../../')[2].partition('"')[0]
        assert ask(served, path) == (200, WHEEL)


def test_a_file_kept_under_a_wrong_hash_is_not_found(root: Path) -> None:
    kept = Kept(root, "downloads")
    with kept.adding() as unfinished:
        unfinished.write(WHEEL)
        path = unfinished.finish("left.whl")
    assert kept.find(path.parent.name, "left.whl") == path
    path.write_bytes(io.BytesIO(WHEEL).read()[::-1])
    assert kept.find(path.parent.name, "left.whl") is None
    assert kept.first() is None


def test_a_link_among_downloads_is_not_followed(root: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.whl"
    outside.write_bytes(WHEEL)
    sha256 = hashlib.sha256(WHEEL).hexdigest()
    (root / "downloads" / sha256).mkdir()
    (root / "downloads" / sha256 / "left.whl").symlink_to(outside)
    assert Kept(root, "downloads").find(sha256, "left.whl") is None

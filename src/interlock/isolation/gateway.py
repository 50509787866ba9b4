"""The only way out of an install container: a socket that answers for the index.

A container that installs has no network. This server listens on a Unix socket that is mounted in
the container. It asks the indexes of the settings itself, and keeps their credentials. It sends
pages of packages, and files that one of its pages lists. A request can't name any other address.
"""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from packaging.utils import canonicalize_name

from interlock.index import Listed, Upstream
from interlock.isolation import folders
from interlock.isolation.downloads import Downloads, Unfinished
from interlock.isolation.store import writing
from interlock.isolation.wheels import metadata_of, statements
from interlock.model import IndexUnreachable, TroubleError

SOCKET = "index.sock"
WHEEL_BYTES = 512 << 20
"""The largest wheel that a build may hand over."""

ALLOWED_BYTES = 8 << 30
"""The most bytes for one container. A build that asks for more fails by itself."""

_PAGES_BYTES = 256 << 20
"""Pages and metadata kept in memory. Beyond this they are fetched again."""
_CONNECTIONS = 64
_IDLE_S = 60
_METADATA_KEYS = ("core-metadata", "dist-info-metadata")
"""Of PEP 714, and of PEP 658 before it."""
_METADATA_BYTES = 16 << 20
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")
_WHEEL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+!-]{0,199}\.whl")
_JSON = "application/vnd.pypi.simple.v1+json"


class Mirror:
    """Shared by the gateways of one run: pages and metadata in memory, files on disk."""

    def __init__(self, upstream: Upstream, downloads: Downloads) -> None:
        self.upstream = upstream
        self.downloads = downloads
        self._files: dict[str, Listed] = {}
        self._answers: dict[str, bytes | None] = {}
        self._kept_bytes = 0
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def index_page(self, number: int, package: str) -> bytes | None:
        name = canonicalize_name(package)
        place = f"{self.upstream.indexes[number].rstrip('/')}/{name}/"

        def page() -> bytes | None:
            listed = self.upstream.page(place)
            return None if listed is None else self._as_json(name, listed)

        return self._answer(place, page)

    def links_page(self, number: int) -> bytes | None:
        place = self.upstream.links[number]

        def page() -> bytes | None:
            listed = self.upstream.page(place)
            return None if listed is None else self._as_html(listed)

        return self._answer(place, page)

    def file(self, identity: str) -> Listed | None:
        return self._files.get(identity)

    def content(self, listed: Listed) -> tuple[str, Path]:
        with self._once(listed.url):
            return self.downloads.of(listed)

    def metadata(self, listed: Listed) -> bytes | None:
        url = f"{listed.url}.metadata"

        def metadata() -> bytes | None:
            parts: list[bytes] = []
            if not self.upstream.read(url, parts.append, _METADATA_BYTES):
                return None
            found = sha256(content := b"".join(parts)).hexdigest()
            if found != listed.metadata_sha256:
                raise IndexUnreachable(
                    f"{url} has the SHA-256 {found}, but the index lists {listed.metadata_sha256}"
                )
            return content

        return self._answer(url, metadata)

    def check(self, listed: Listed, wheel: Path) -> None:
        """Compare the metadata that the index sends with those in the wheel.

        uv resolves by the former alone. If they are another file's, a package gets the wrong
        dependencies, and fails for that. Raises ``IndexUnreachable``.
        """
        own = metadata_of(wheel) if listed.metadata_sha256 else None
        if own is None or sha256(own).hexdigest() == listed.metadata_sha256:
            return
        sent = self.metadata(listed)
        if sent is not None and statements(sent) != statements(own):
            raise IndexUnreachable(
                f"{listed.url}.metadata is not the metadata of {listed.name}: the package index "
                "contradicts itself; try again later"
            )

    def _answer(self, url: str, fetch: Callable[[], bytes | None]) -> bytes | None:
        with self._once(url):
            if url in self._answers:
                return self._answers[url]
            answer = fetch()
            with self._lock:
                self._kept_bytes += len(answer or b"")
                if self._kept_bytes > _PAGES_BYTES:
                    self._answers.clear()
                    self._kept_bytes = len(answer or b"")
                self._answers[url] = answer
            return answer

    @contextmanager
    def _once(self, what: str) -> Iterator[None]:
        """The content. Several requests at once fetch it only once."""
        with self._lock:
            lock = self._locks.setdefault(what, threading.Lock())
        with lock:
            yield

    def _as_json(self, name: str, listed: tuple[Listed, ...]) -> bytes:
        files = [
            {
                **file.details,
                **dict.fromkeys(_METADATA_KEYS, file.metadata_sha256 is not None),
                "filename": file.name,
                "url": f"../../../{self._link(file)}",
            }
            for file in listed
        ]
        meta = {"api-version": "1.1"}
        return json.dumps({"meta": meta, "name": name, "files": files}).encode()

    def _as_html(self, listed: tuple[Listed, ...]) -> bytes:
        """The page as HTML. uv reads nothing else from a page of links."""
        return "\n".join(["<!DOCTYPE html>", *map(self._anchor, listed)]).encode()

    def _anchor(self, file: Listed) -> str:
        said = f'<a href="../../{self._link(file)}'
        said += f'#sha256={file.sha256}"' if file.sha256 else '"'
        if requires := file.details.get("requires-python"):
            said += f' data-requires-python="{html.escape(requires)}"'
        return f"{said}>{html.escape(file.name)}</a><br>"

    def _link(self, file: Listed) -> str:
        identity = sha256(file.url.encode()).hexdigest()[:32]
        self._files[identity] = file
        name = file.name if _NAME.fullmatch(file.name) else quote(file.name, safe="")
        return f"f/{identity}/{name}"


class Gateway:
    """The server of one container. Keeps the requests made through it, and the errors."""

    def __init__(self, mirror: Mirror, folder: Path, wheel: Unfinished | None = None) -> None:
        self.mirror = mirror
        self.folder = folder
        """Holds the socket, and nothing else."""
        self.asked: dict[str, Listed] = {}
        """Files whose content or metadata was requested, by URL."""
        self.trouble: list[TroubleError] = []
        """Why the index did not answer. Then the installer's error is not a verdict."""
        self.wheel = wheel
        """Where to put the wheel that the container hands over. None if it may not."""
        self.wheel_name: str | None = None
        self.allowed_bytes = ALLOWED_BYTES


@contextmanager
def opened(
    mirror: Mirror, root: Path, part: str = "work", wheel: Unfinished | None = None
) -> Iterator[Gateway]:
    """Serve on a socket in a fresh folder below ``root``, until the context ends."""
    name = f"gateway-{secrets.token_hex(8)}"
    with writing(root):
        folder = folders.made(root, part, name)
        folder.chmod(0o755)
    gateway = Gateway(mirror, folder, wheel)
    try:
        with folders.opened(root, part, name) as handle, _Server(handle, gateway) as server:
            serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            serving.start()
            try:
                yield gateway
            finally:
                server.shutdown()
                serving.join()
    finally:
        folders.remove(root, part, name)


class _Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, folder: int, gateway: Gateway) -> None:
        self.gateway = gateway
        self._free = threading.Semaphore(_CONNECTIONS)
        # A socket's address has at most 107 bytes, and a folder's path may have more.
        super().__init__(f"/proc/self/fd/{folder}/{SOCKET}", _Handler)

    def server_bind(self) -> None:
        super().server_bind()
        # Another user connects. The folder around it is hidden from all others.
        os.chmod(str(self.server_address), 0o666)  # noqa: PTH101 - a path of /proc, not of ours

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(timeout=_IDLE_S):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note what went wrong here. A container that hangs up is not an error."""
        error = sys.exc_info()[1]
        if isinstance(error, TroubleError):
            self.gateway.trouble.append(error)
        elif not isinstance(error, ConnectionError | TimeoutError | ValueError):
            self.gateway.trouble.append(TroubleError(f"the gateway to the index failed: {error!r}"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        """Receive a wheel that was built in the container."""
        gateway = self.server.gateway
        size = int(self.headers.get("content-length") or 0)
        name = unquote(self.path.removeprefix("/built/"))
        plain = self.path.startswith("/built/") and _WHEEL.fullmatch(name)
        if gateway.wheel is None or gateway.wheel_name or not plain or not 0 < size <= WHEEL_BYTES:
            self.close_connection = True
            self.rfile.read(max(0, min(size, 1 << 20)))  # so that the answer is read, too
            self._refuse(403)
            return
        gateway.wheel_name = name
        while size > 0 and (piece := self.rfile.read(min(size, 1 << 20))):
            gateway.wheel.write(piece)
            size -= len(piece)
        self._send(b"", "text/plain")

    def _answer(self) -> None:
        try:
            self._dispatch([unquote(part) for part in self.path.split("/")[1:]])
        except TroubleError as trouble:
            self.server.gateway.trouble.append(trouble)
            # Not 5xx: this process has already retried what can be retried.
            self._refuse(424)

    def _dispatch(self, parts: list[str]) -> None:
        mirror = self.server.gateway.mirror
        match parts:
            case ["i", number, package, ""] if _among(number, mirror.upstream.indexes):
                page = mirror.index_page(int(number), package) if _NAME.fullmatch(package) else None
                self._send(page, _JSON)
            case ["l", number, ""] if _among(number, mirror.upstream.links):
                # A folder without content is an empty page.
                self._send(mirror.links_page(int(number)) or b"<!DOCTYPE html>", "text/html")
            case ["f", identity, name] if listed := mirror.file(identity):
                self.server.gateway.asked[listed.url] = listed
                if name == listed.name:
                    self._send_file(mirror.content(listed)[1])
                elif name == f"{listed.name}.metadata" and listed.metadata_sha256:
                    self._send(mirror.metadata(listed), "application/octet-stream")
                else:
                    self._refuse(404)
            case _:
                self._refuse(404)

    def _send(self, body: bytes | None, kind: str) -> None:
        if body is None:
            self._refuse(404)
            return
        if not self._allows(len(body)):
            return
        self._start(200, kind, len(body))
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_file(self, path: Path) -> None:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if not self._allows(size):
                return
            self._start(200, "application/octet-stream", size)
            if self.command != "HEAD":
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.connection.sendfile(file)

    def _allows(self, size: int) -> bool:
        gateway = self.server.gateway
        gateway.allowed_bytes -= size
        if gateway.allowed_bytes < 0:
            self._refuse(403)
        return gateway.allowed_bytes >= 0

    def _start(self, status: int, kind: str, size: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _refuse(self, status: int) -> None:
        self._start(status, "text/plain", 0)

    def address_string(self) -> str:
        return "a container"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the gateway keeps what matters."""


def _among(number: str, places: tuple[str, ...]) -> bool:
    return number.isascii() and number.isdigit() and len(number) < 4 and int(number) < len(places)

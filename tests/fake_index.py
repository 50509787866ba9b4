"""A small package index on loopback: PEP 691 JSON or PEP 503 HTML."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class FakeIndex:
    """``files`` are those of each package, each a mapping as PEP 691 writes it."""

    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    html: bool = False
    """Only PEP 503, as older indexes have it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Of every answer, beside the content type."""
    etags: bool = True
    status: int = 200
    api: dict[str, Any] = field(default_factory=dict)
    """The pages of the JSON API, by their path below ``/pypi``: ``left-lib/1.0/json``."""
    api_status: int = 404
    """Of every other page there."""
    url: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)
    """Every requested path, and the status of its answer."""
    sent: list[Mapping[str, str]] = field(default_factory=list)
    """The headers of every request."""

    def add(self, package: str, *names: str, **more: Any) -> None:
        """Publish files of a package, all with the same ``requires-python``, ``yanked``, …"""
        keys = {key.replace("_", "-"): value for key, value in more.items()}
        self.files.setdefault(package, []).extend({"filename": n, **keys} for n in names)

    @contextmanager
    def serve(self) -> Iterator[FakeIndex]:
        index = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = index.answer(self.path, self.headers)
                index.asked.append((self.path, status))
                index.sent.append(dict(self.headers))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}/simple"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str, asked: Any) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/pypi/"):
            page = path.removeprefix("/pypi/")
            if page not in self.api:
                return self.api_status, {}, b""
            return 200, {"Content-Type": "application/json"}, json.dumps(self.api[page]).encode()
        package = path.strip("/").rpartition("/")[2]
        if self.status != 200:
            return self.status, {}, b""
        if package not in self.files:
            return 404, {}, b""
        body = self.page(package).encode()
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {**self.headers, **({"ETag": etag} if self.etags else {})}
        if self.etags and asked.get("If-None-Match") == etag:
            return 304, headers, b""
        return 200, {"Content-Type": "text/html" if self.html else JSON, **headers}, body

    def page(self, package: str) -> str:
        files = self.files[package]
        if not self.html:
            full = [{"url": f"/files/{f['filename']}", "hashes": {}, **f} for f in files]
            return json.dumps({"meta": {"api-version": "1.1"}, "name": package, "files": full})
        rows = []
        for file in files:
            attributes = ""
            if requires := file.get("requires-python"):
                attributes += f' data-requires-python="{requires.replace(">", "&gt;")}"'
            if (reason := file.get("yanked", False)) is not False:
                attributes += f' data-yanked="{reason}"'
            name = file["filename"]
            rows.append(f'<a href="../../files/{name}#sha256=0"{attributes}>{name}</a><br>')
        return "<!DOCTYPE html><html><body>" + "\n".join(rows) + "</body></html>"

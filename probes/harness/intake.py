"""The endpoints of Sentry and Datadog that the libraries under test send to.

A process of its own, on the base interpreter, so that nothing under test runs in it. It answers as
the real ones do. It keeps the bodies that a proof of life may ask for, raw and within limits.

On its standard output it reports each request, one JSON object a line. For each byte on its
standard input it says there how many requests it has reported. It is asked when every client has
ended. So it first reports what the clients had sent by then.
"""

from __future__ import annotations

import base64
import contextlib
import fnmatch
import json
import os
import queue
import resource
import select
import selectors
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

LARGEST_BODY = 64 << 20
"""What is read of one request at all; more is refused."""

MOST_AT_WORK = 16
"""Threads that read requests. They count against the limit of the app's container.

A connection on which nothing comes needs none.
"""
REQUEST_WITHIN_S = 10.0
"""How long a request may pause while it is read. A thread waits for it."""

FINISHED_WITHIN_S = 1.0
"""How long the last requests may take before they are counted all the same."""

KEPT_HEADERS = ("content-type", "content-encoding", "user-agent", "x-sentry-auth", "dd-evp-origin")

# path, status, answer, whether the body is kept
ROUTES = (
    ("/api/*/envelope/", 200, {"id": "0" * 32}, True),
    ("/api/*/store/", 200, {"id": "0" * 32}, True),
    ("/profiling/v1/input", 200, {}, True),
    ("/v0.[345]/traces", 200, {"rate_by_service": {}}, False),
    ("/v0.6/stats", 200, {}, False),
    ("/v0.7/config", 200, {}, False),
    ("/telemetry/*", 202, {}, False),
    ("/evp_proxy/*", 202, {}, False),
    (
        "/info",
        200,
        {
            "version": "7.60.0",
            "endpoints": [
                "/v0.4/traces",
                "/v0.5/traces",
                "/v0.6/stats",
                "/profiling/v1/input",
                "/telemetry/proxy/",
                "/evp_proxy/v2/",
            ],
            "client_drop_p0s": False,
            "config": {},
        },
        False,
    ),
)


class Intake(HTTPServer):
    """The server on a socket that already listens, with what is left of its limits."""

    def __init__(self, listening: socket.socket, kept_bytes: int) -> None:
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        # A client may be gone before it is accepted. Then nothing may wait for the next one.
        listening.setblocking(False)
        self.socket = listening
        self.left_bytes = kept_bytes
        self.reported = 0
        self.body_bytes = max(1, kept_bytes // 4)
        self.lock = threading.Lock()
        self.accepting = threading.Lock()
        self.open = 0
        """Connections that were accepted and are not closed."""
        self._ready: queue.SimpleQueue = queue.SimpleQueue()
        """Connections on which something came."""
        self._answered: queue.SimpleQueue = queue.SimpleQueue()
        """Connections on which all that came was answered."""
        self._woken, self._wake = os.pipe()
        self._threads = 0
        self._at_work = 0

    def serve(self) -> None:
        """Serve for ever: watch all connections at once, and read where something comes."""
        with selectors.DefaultSelector() as waiting:
            waiting.register(self.socket, selectors.EVENT_READ)
            waiting.register(self._woken, selectors.EVENT_READ)
            while True:
                for key, _ in waiting.select():
                    if key.fileobj is self.socket:
                        self._accept(waiting)
                    elif key.fd == self._woken:
                        self._watch_again(waiting)
                    else:
                        waiting.unregister(key.fileobj)
                        self._hand_on(key.data)

    def _accept(self, waiting: selectors.BaseSelector) -> None:
        try:
            request, address = self.get_request()
        except BlockingIOError:
            return  # The client is gone already.
        except OSError:
            time.sleep(0.05)  # There is no descriptor left for it now.
            return
        waiting.register(request, selectors.EVENT_READ, Handler(request, address, self))

    def _watch_again(self, waiting: selectors.BaseSelector) -> None:
        os.read(self._woken, 4096)
        while not self._answered.empty():
            handler = self._answered.get()
            self._at_work -= 1
            if handler.connection.fileno() != -1:
                waiting.register(handler.connection, selectors.EVENT_READ, handler)

    def _hand_on(self, handler: Handler) -> None:
        self._at_work += 1
        if self._threads < min(self._at_work, MOST_AT_WORK):
            self._threads += 1
            threading.Thread(target=self._work, daemon=True).start()
        self._ready.put(handler)

    def _work(self) -> None:
        while True:
            handler = self._ready.get()
            try:
                handler.answer_all()
            except Exception:
                handler.close_connection = True
                self.handle_error(handler.request, handler.client_address)
            if handler.close_connection:
                with contextlib.suppress(OSError):
                    handler.finish()
                self.shutdown_request(handler.request)
            self._answered.put(handler)
            os.write(self._wake, b".")

    def get_request(self) -> tuple:
        with self.accepting:
            accepted = super().get_request()
            self.open += 1
        return accepted

    def shutdown_request(self, request: socket.socket) -> None:
        super().shutdown_request(request)
        with self.accepting:
            self.open -= 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that has gone: children of the app are killed at any time."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, socket.timeout)):
            super().handle_error(request, client_address)

    def report(self, method: str, path: str, headers: dict, body: bytes, keep: bool) -> None:
        with self.lock:
            kept = keep and len(body) <= min(self.body_bytes, self.left_bytes)
            if kept:
                self.left_bytes -= len(body)
            line = json.dumps(
                {
                    "method": method,
                    "path": path[:500],
                    "headers": headers,
                    "length": len(body),
                    "body": base64.b64encode(body).decode("ascii") if kept else None,
                }
            )
            self.reported += 1
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    def answer_questions(self) -> None:
        """Say how many requests were reported, each time that it is asked."""
        while os.read(0, 1):
            self.finish()
            with self.lock:
                sys.stdout.write(json.dumps({"requests": self.reported}) + "\n")
                sys.stdout.flush()

    def finish(self) -> None:
        """Wait for the clients' last requests: each has connected, sent all, and gone."""
        waiting = select.poll()
        waiting.register(self.socket, select.POLLIN)
        until = time.monotonic() + FINISHED_WITHIN_S
        while time.monotonic() < until:
            with self.accepting:
                if not self.open and not waiting.poll(0):
                    return
            time.sleep(0.001)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Intake

    def __init__(self, request: socket.socket, address: object, server: Intake) -> None:
        """Only keep the connection: requests are read when they come, see ``answer_all``."""
        self.request, self.client_address, self.server = request, address, server
        self.close_connection = False
        self.setup()

    def answer_all(self) -> None:
        """Answer the request that has begun to come, and those that came together with it."""
        more = True
        while more and not self.close_connection:
            self.connection.settimeout(REQUEST_WITHIN_S)
            self.close_connection = True
            self.handle_one_request()
            if not self.close_connection:
                self.connection.setblocking(False)
                more = bool(self.rfile.peek(1))

    def answer(self) -> None:
        try:
            body = self._body()
        except ValueError:  # a length that is no number
            body = None
        if body is None:
            self.close_connection = True
            self.send_error(413)
            return
        path = self.path.partition("?")[0]
        status, answer, keep = 404, {}, False
        for pattern, *found in ROUTES:
            if fnmatch.fnmatchcase(path, pattern):
                status, answer, keep = found
                break
        headers = {
            name.lower(): value[:500]
            for name, value in self.headers.items()
            if name.lower() in KEPT_HEADERS
        }
        # Before the answer: what the app has seen accepted is known here.
        self.server.report(self.command, path, headers, body, keep)
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = answer

    def _body(self) -> bytes | None:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            length = int(self.headers.get("Content-Length") or 0)
            return self.rfile.read(length) if 0 <= length <= LARGEST_BODY else None
        parts, total = [], 0
        while True:
            size = int(self.rfile.readline(100).partition(b";")[0] or b"0", 16)
            total += size
            if size < 0 or total > LARGEST_BODY:
                return None
            if size == 0:
                while self.rfile.readline(1000).strip():
                    pass
                return b"".join(parts)
            parts.append(self.rfile.read(size))
            self.rfile.readline(100)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: the report is on standard output."""


def serve(listening: socket.socket, kept_bytes: int) -> None:
    """Serve for ever, on a socket that listens already."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    intake = Intake(listening, kept_bytes)
    threading.Thread(target=intake.answer_questions, daemon=True).start()
    intake.serve()


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]))

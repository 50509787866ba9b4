"""The intake answers as the real ones do, and keeps what it may."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

INTAKE = Path(__file__).parents[2] / "probes" / "harness" / "intake.py"


class Server:
    """The intake in a process of its own, and what it reports."""

    def __init__(self, kept_bytes: int) -> None:
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, "-I", str(INTAKE), str(listening.fileno()), str(kept_bytes)],
            stdout=subprocess.PIPE,
            pass_fds=(listening.fileno(),),
            text=True,
        )
        listening.close()
        self.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)

    def send(self, method: str, path: str, body: Any = b"", **headers: str) -> tuple[int, Any]:
        self.client.request(
            method,
            path,
            body,
            {name.replace("_", "-"): value for name, value in headers.items()},
            encode_chunked=headers.get("Transfer_Encoding") == "chunked",
        )
        answer = self.client.getresponse()
        return answer.status, json.loads(answer.read())

    def reported(self) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(self.process.stdout.readline())
        return report


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server(kept_bytes=4000)
    yield server
    server.client.close()
    server.process.kill()
    server.process.communicate()


@pytest.mark.parametrize(
    ("method", "path", "status", "key"),
    [
        ("POST", "/api/1/envelope/", 200, "id"),
        ("POST", "/api/1/store/", 200, "id"),
        ("PUT", "/v0.5/traces", 200, "rate_by_service"),
        ("GET", "/info", 200, "endpoints"),
        ("POST", "/profiling/v1/input", 200, None),
        ("POST", "/telemetry/proxy/api/v2/apmtelemetry", 202, None),
        ("GET", "/nothing", 404, None),
    ],
)
def test_each_endpoint_answers_what_its_client_expects(server, method, path, status, key):
    answered, answer = server.send(method, path)
    assert answered == status
    assert key is None or key in answer
    assert (server.reported()["method"], server.client.sock is not None) == (method, True)


def test_a_body_is_kept_as_it_came(server):
    body = bytes(range(256))
    server.send("POST", "/api/1/envelope/?sentry_key=public", body, Content_Encoding="gzip")
    report = server.reported()
    assert base64.b64decode(report["body"]) == body
    assert report["path"] == "/api/1/envelope/"
    assert report["headers"]["content-encoding"] == "gzip"


def test_a_body_in_chunks_is_kept_whole(server):
    server.send("POST", "/profiling/v1/input", [b"one", b"two"], Transfer_Encoding="chunked")
    assert base64.b64decode(server.reported()["body"]) == b"onetwo"


def test_a_body_over_its_limit_is_told_by_its_length_alone(server):
    server.send("POST", "/api/1/envelope/", b"x" * 1001)
    report = server.reported()
    assert (report["length"], report["body"]) == (1001, None)


def test_bodies_are_kept_until_the_limit_of_all_is_reached(server):
    kept = []
    for _ in range(5):
        server.send("POST", "/api/1/envelope/", b"x" * 1000)
        kept.append(server.reported()["body"] is not None)
    assert kept == [True, True, True, True, False]


def test_what_no_proof_asks_for_is_not_kept(server):
    server.send("PUT", "/v0.5/traces", b"spans")
    assert server.reported()["body"] is None


def test_connections_on_which_nothing_comes_take_no_thread(server: Server) -> None:
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(200)]
    assert server.send("GET", "/info")[0] == 200
    assert len(list(Path(f"/proc/{server.process.pid}/task").iterdir())) < 10
    idle[150].sendall(b"GET /info HTTP/1.1\r\n\r\n")
    assert idle[150].recv(15) == b"HTTP/1.1 200 OK"
    for connection in idle:
        connection.close()


def test_a_client_that_sends_half_a_request_keeps_no_other_one_waiting(server: Server) -> None:
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(8)]
    for connection in slow:
        connection.sendall(b"POST /v0.4/traces HTTP/1.1\r\nContent-Length: 9\r\n\r\n1")
    assert server.send("GET", "/info")[0] == 200
    for connection in slow:
        connection.close()


def test_requests_that_come_together_are_answered_one_by_one(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"GET /info HTTP/1.1\r\n\r\n" * 3)
        assert [server.reported()["path"] for _ in range(3)] == ["/info"] * 3
        client.sendall(b"GET /info HTTP/1.1\r\n\r\n")
        assert server.reported()["path"] == "/info"

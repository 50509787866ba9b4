"""Bodies as real clients sent them, decoded; and bodies made to do harm."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import lz4.frame
import pytest
import uv
import zstandard
from hypothesis import given, strategies as st

from interlock.evidence import intake
from interlock.evidence.events import Event, Fact, IntakeRequest
from interlock.evidence.intake import Undecodable, decode, profile_totals, prove
from interlock.model import Proof, ProofRule

DATA = Path(__file__).parents[1] / "data" / "intake"
RECORDED = sorted(DATA.glob("*.jsonl"))

PROFILE = ProofRule(
    name="profile", says="", path="/profiling/v1/input", pprof=("lock-acquire", "lock-release")
)
ENVELOPE = ProofRule(
    name="event", says="", path="/api/*/envelope/", contains="interlock: proof of life"
)


def recorded(path: Path) -> list[IntakeRequest]:
    return [
        IntakeRequest(event="intake", **json.loads(line)) for line in path.read_text().splitlines()
    ]


def request(body: bytes | None, path: str = "/in", **headers: str) -> IntakeRequest:
    return IntakeRequest(
        event="intake",
        method="POST",
        path=path,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        length=len(body or b""),
        body=None if body is None else base64.b64encode(body).decode(),
    )


def only(rule: ProofRule, *events: Event) -> Proof:
    (proof,) = prove([rule], events)
    return proof


def test_every_encoding_of_the_releases_is_recorded() -> None:
    magic = {"2.14.2": b"\x1f\x8b", "3.2.1": b"\x04\x22\x4d\x18"}
    for path in RECORDED:
        (body,) = [
            base64.b64decode(sent.body or "")
            for sent in recorded(path)
            if sent.path == "/profiling/v1/input"
        ]
        version = path.stem.removeprefix("ddtrace-")
        assert magic.get(version, b"\x28\xb5\x2f\xfd") in body


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_real_profile_shows_its_lock_samples(path: Path) -> None:
    proof = only(PROFILE, *recorded(path))
    assert proof.ok, proof.detail
    # The recorded app enters a lock 100 times in each of two threads.
    count = int(proof.detail.rpartition(" ")[2])
    assert 200 <= count < 400


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_real_profile_does_not_show_what_was_not_sampled(path: Path) -> None:
    rule = ProofRule(name="x", says="", path="/profiling/v1/input", pprof=("alloc-samples",))
    proof = only(rule, *recorded(path))
    assert not proof.ok
    # The profile has the type, and no sample of it.
    assert proof.detail.endswith(": a profile in which alloc-samples is 0")
    other = ProofRule(name="x", says="", path="/profiling/v1/input", pprof=("moon-time",))
    detail = only(other, *recorded(path)).detail
    assert "a profile without moon-time, of " in detail
    assert "alloc-samples" in detail and "lock-acquire" in detail


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_a_real_envelope_shows_the_event_that_was_sent(path: Path) -> None:
    assert only(ENVELOPE, *recorded(path)).ok
    other = ProofRule(name="x", says="", path="/api/*/envelope/", contains="something else")
    proof = only(other, *recorded(path))
    assert not proof.ok
    assert proof.detail == "1 to /api/*/envelope/, none proves it: lacks 'something else'"


@pytest.mark.parametrize(
    ("value", "ok", "detail"),
    [
        (True, True, "profiled-lock is true"),
        ("_ProfiledLock", True, 'profiled-lock is "_ProfiledLock"'),
        (False, False, "profiled-lock is false"),
        (None, False, "profiled-lock is null"),
        (0, False, "profiled-lock is 0"),
    ],
)
def test_a_fact_proves_what_it_says(value: Any, ok: bool, detail: str) -> None:
    rule = ProofRule(name="lock", says="", fact="profiled-lock")
    fact = Fact(event="fact", name="profiled-lock", value=value)
    assert only(rule, fact) == Proof(name="lock", ok=ok, detail=detail)


@pytest.mark.parametrize(
    ("ran_with", "asked"),
    [
        ({"locks": True, "level": 2}, True),
        ({"locks": False, "level": 2}, False),
        ({"locks": True, "level": 3}, False),
        # If the app does not report a number, no less is required.
        ({"locks": True}, True),
        ({"level": 3}, False),
        ({}, True),
        (None, True),
        ("locks", True),
    ],
)
def test_a_proof_about_settings_is_asked_for_unless_the_app_ran_with_others(
    ran_with: Any, asked: bool
) -> None:
    rule = ProofRule(name="lock", says="", fact="locked", when={"locks": True, "level": 2})
    stated = Fact(event="fact", name=intake.SETTINGS, value=ran_with)
    assert [proof.name for proof in prove([rule], [stated])] == (["lock"] if asked else [])


def test_settings_that_nobody_stated_leave_every_proof_asked_for() -> None:
    rules = [ProofRule(name=str(on), says="", fact="f", when={"locks": on}) for on in (True, False)]
    assert [proof.name for proof in prove(rules, [])] == ["True", "False"]


def test_nothing_proves_nothing() -> None:
    assert not only(ProofRule(name="lock", says="", fact="profiled-lock")).ok
    assert only(PROFILE).detail == "no request to /profiling/v1/input arrived"
    assert prove([], []) == ()


@pytest.mark.parametrize(
    ("pattern", "path", "ok"),
    [
        ("/api/*/envelope/", "/api/1/envelope/", True),
        ("/api/*/envelope/", "/api/1/envelope/?sentry_key=x", True),
        ("/api/*/envelope/", "/api/1/store/", False),
        ("/in", "/IN", False),
        ("/in", "/in/side", False),
    ],
)
def test_a_path_is_matched_as_a_glob(pattern: str, path: str, ok: bool) -> None:
    rule = ProofRule(name="x", says="", path=pattern)
    assert only(rule, request(b"", path)).ok is ok


def test_one_of_several_requests_is_enough_and_the_reasons_of_the_others_are_kept() -> None:
    rule = ProofRule(name="x", says="", path="/in", contains="here")
    bad = [request(None), request(b"\x1f\x8b broken"), request(b"odd"), request(b"odd")]
    assert only(rule, *bad, request(gzip.compress(b"is here"))).ok
    detail = only(rule, *bad).detail
    assert detail.startswith("4 to /in, none proves it: a body of 0 bytes was over the limit")
    assert "broken compression" in detail
    assert detail.count("lacks 'here'") == 1


COMPRESS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "lz4": lz4.frame.compress,
    "zstd": zstandard.compress,
}


@given(st.binary(max_size=2000), st.sampled_from(sorted(COMPRESS)))
def test_what_was_compressed_is_had_back(content: bytes, how: str) -> None:
    if content.startswith((b"\x1f\x8b", b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd")):
        return
    (part,) = decode(COMPRESS[how](content), {"Content-Encoding": how})
    assert part.content == content


@pytest.mark.parametrize("how", sorted(COMPRESS))
def test_a_body_that_grows_beyond_the_limit_is_refused_early(how: str) -> None:
    bomb = COMPRESS[how](bytes(intake.LIMIT_BYTES * 4))
    assert len(bomb) < intake.LIMIT_BYTES // 50
    with pytest.raises(Undecodable, match="more than 33554432 bytes"):
        decode(bomb, {})


def test_a_body_that_is_just_within_the_limit_is_read() -> None:
    content = bytes(1000)
    assert decode(gzip.compress(content), {}, limit=1000)[0].content == content
    with pytest.raises(Undecodable, match="more than 999 bytes"):
        decode(gzip.compress(content), {}, limit=999)


def test_parts_of_a_form_share_one_limit() -> None:
    body = form({"a": gzip.compress(bytes(600)), "b": gzip.compress(bytes(600))})
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert [len(p.content) for p in decode(body, headers, limit=1200)] == [600, 600]
    with pytest.raises(Undecodable, match="more than 400 bytes"):
        decode(body, headers, limit=1000)


def test_compression_in_compression_ends_somewhere() -> None:
    body = b"core"
    for _ in range(10):
        body = gzip.compress(body)
    (part,) = decode(body, {})
    assert part.content != b"core"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(b"whole" * 100, mtime=0)[:-20], {}),
        (lz4.frame.compress(bytes(range(256)) * 9)[:-20], {}),
        (b"\x1f\x8b\x08\x00rubbish", {}),
        (b"\x28\xb5\x2f\xfdrubbish", {}),
        (b"\x04\x22\x4d\x18rubbish", {}),
        (b"x", {"content-encoding": "br"}),
        (b"x", {"content-type": "multipart/form-data"}),
        (b"x", {"content-type": "multipart/form-data; boundary=y"}),
        (b"--y\r\nno header", {"content-type": "multipart/form-data; boundary=y"}),
        (
            b'--y\r\nContent-Disposition: form-data; name="a"\r\n\r\n\x1f\x8bx\r\n--y--\r\n',
            {"content-type": "multipart/form-data; boundary=y"},
        ),
    ],
)
def test_a_broken_body_is_told_not_raised(body: bytes, headers: dict[str, str]) -> None:
    with pytest.raises(Undecodable):
        decode(body, headers)
    rule = ProofRule(name="x", says="", path="/in", contains="x")
    proof = only(rule, request(body, **{k.replace("-", "_"): v for k, v in headers.items()}))
    assert not proof.ok
    assert "a body that cannot be read: " in proof.detail


@given(st.binary(max_size=300), st.sampled_from(["", "multipart/form-data; boundary=b", "=;"]))
def test_whatever_arrives_is_decoded_or_refused(body: bytes, kind: str) -> None:
    for content in (body, b"--b\r\n" + body + b"\r\n--b--\r\n", zlib.compress(body, wbits=31)):
        for rule in (PROFILE, ENVELOPE):
            sent = request(content, path=(rule.path or "").replace("*", "1"), content_type=kind)
            assert not only(rule, sent).ok


def test_headers_are_known_in_any_case() -> None:
    body = form({"a": b"one"})
    (part,) = decode(body, {"CONTENT-TYPE": "Multipart/Form-Data; boundary=x"})
    assert (part.name, part.content) == ("a", b"one")


@pytest.mark.parametrize("content", [b"", b"{}", b"\x0a\x02\x08\x63", b"\xff" * 40])
def test_what_is_no_profile_has_no_values(content: bytes) -> None:
    with pytest.raises(Undecodable, match="not a pprof profile"):
        profile_totals(content)


def test_a_profile_without_samples_proves_nothing() -> None:
    """profile.proto by hand: sample_type {type: 1}, string_table "", "lock-acquire"."""
    empty = b"\x0a\x02\x08\x01" + b"\x32\x00" + b"\x32\x0clock-acquire"
    assert profile_totals(empty) == {"lock-acquire": 0}
    # … and a sample with the values [5] and [7], packed and not packed.
    full = empty + b"\x12\x03\x12\x01\x05" + b"\x12\x02\x10\x07"
    assert profile_totals(full) == {"lock-acquire": 12}
    rule = ProofRule(name="x", says="", path="/in", pprof=("lock-acquire",))
    assert not only(rule, request(empty)).ok
    assert only(rule, request(full)).detail == "a profile with lock-acquire 12"


def form(parts: Mapping[str, bytes]) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\n%s\r\n'
    return b"".join(head % (n.encode(), c) for n, c in parts.items()) + b"--x--\r\n"


@pytest.fixture(scope="module")
def test_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Datadog's own test agent, from the package index, on loopback: its URL."""
    port, *others = free_ports(3)
    log = tmp_path_factory.mktemp("agent") / "log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [
                *[uv.find_uv_bin(), "tool", "run", "--from", "ddapm-test-agent"],
                *["ddapm-test-agent", "--host=127.0.0.1", f"--port={port}"],
                *[f"--otlp-http-port={others[0]}", f"--otlp-grpc-port={others[1]}"],
            ],
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as agent,
    ):
        try:
            wait_for(port, agent, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(agent.pid, signal.SIGTERM)


@pytest.fixture
def harness_intake() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The harness's intake: its URL, and the process that reports what it received."""
    program = Path(__file__).parents[2] / "probes" / "harness" / "intake.py"
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        server = subprocess.Popen(
            [sys.executable, "-I", program, str(listening.fileno()), str(8 * 2**20)],
            pass_fds=[listening.fileno()],
            stdout=subprocess.PIPE,
            text=True,
        )
    with server:
        try:
            yield f"http://127.0.0.1:{port}", server
        finally:
            server.kill()


@pytest.mark.e2e
@pytest.mark.timeout(200)
@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_the_real_test_agent_keeps_what_the_harness_keeps(
    path: Path, test_agent: str, harness_intake: tuple[str, subprocess.Popen[str]]
) -> None:
    (sent,) = [r for r in recorded(path) if r.path == "/profiling/v1/input"]
    ours, process = harness_intake
    body = base64.b64decode(sent.body or "")
    headers = {k: v for k, v in sent.headers.items() if k in ("content-type", "user-agent")}

    for url in (test_agent, ours):
        assert httpx.post(f"{url}{sent.path}", content=body, headers=headers).status_code == 200
    assert process.stdout
    line = process.stdout.readline()
    here = IntakeRequest(event="intake", **json.loads(line))
    (*_, there) = httpx.get(f"{test_agent}/test/session/requests").json()

    assert there["url"].endswith("/profiling/v1/input")
    assert base64.b64decode(there["body"]) == base64.b64decode(here.body or "") == body
    agents = IntakeRequest(
        event="intake",
        method=there["method"],
        path=sent.path,
        headers=there["headers"],
        length=len(body),
        body=there["body"],
    )
    assert only(PROFILE, here) == only(PROFILE, agents)
    assert only(PROFILE, here).ok


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for free in sockets:
            free.bind(("127.0.0.1", 0))
        return [int(free.getsockname()[1]) for free in sockets]


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path, within_s: float = 150) -> None:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise AssertionError(f"nothing listens on {port}")

"""How the probe `gunicorn_flask` evaluates its measurements."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from interlock.matrix.matrix_file import load

ROOT = Path(__file__).parents[2]
PROBE = ROOT / "probes" / "gunicorn_flask"


def module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"gunicorn_flask_{name}", PROBE / f"{name}.py")
    assert spec and spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # dataclasses look their own module up
    spec.loader.exec_module(loaded)
    return loaded


measures: Any = module("measures")
clients: Any = module("clients")
machine: Any = module("machine")
server: Any = module("server")
ALLOWED = measures.Allowed(slower=5, graceful_timeout_s=4, exit_margin_s=1, others=0.15)


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Any:
    """As gunicorn's driver imports it: beside the probe's other modules."""
    for folder in (PROBE.parent, PROBE):
        monkeypatch.syspath_prepend(str(folder))
    for loaded in (measures, clients, machine, server):
        monkeypatch.setitem(sys.modules, loaded.__name__.rpartition("_")[2], loaded)
    return module("course")


def measured(**values: Any) -> Any:
    return measures.Measured(**values)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        # The nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method
        ((15, 20, 35, 40, 50), 5, 15),
        ((15, 20, 35, 40, 50), 30, 20),
        ((15, 20, 35, 40, 50), 40, 20),
        ((15, 20, 35, 40, 50), 50, 35),
        ((15, 20, 35, 40, 50), 100, 50),
        #
        ((3, 1, 2), 50, 2),
        ((7,), 99, 7),
        (tuple(range(1, 101)), 99, 99),
        ((), 50, None),
    ],
)
def test_a_percentile_is_a_value_that_was_measured(
    values: tuple[float, ...], percent: float, expected: float | None
) -> None:
    assert measures.percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("served", "plain", "expected"),
    [
        ((10, 20, 30), (4, 5, 6), 4),
        ((10,), (), None),
        ((), (10,), None),
    ],
)
def test_slower_is_a_ratio_where_both_were_measured(
    served: tuple[float, ...], plain: tuple[float, ...], expected: float | None
) -> None:
    both = measured(answered_ms=served), measured(answered_ms=plain)
    assert measures.ratio(*both, 50) == expected


@pytest.mark.parametrize(
    ("served_ms", "plain_ms", "expected"),
    [
        (25, 5, []),
        (
            26,
            5,
            [
                "the median request took 26.0 ms, 5.2 times the 5.0 ms of the same app without the "
                "libraries; 5 times are allowed"
            ],
        ),
    ],
)
def test_too_slow_is_what_goes_beyond_the_threshold(
    served_ms: float, plain_ms: float, expected: list[str]
) -> None:
    both = measured(answered_ms=(served_ms,)), measured(answered_ms=(plain_ms,))
    assert measures.too_slow(*both, ALLOWED) == expected


def test_nothing_is_too_slow_that_was_not_measured() -> None:
    assert measures.too_slow(measured(), measured(answered_ms=(1.0,)), ALLOWED) == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        # a worker that is replaced may close a connection that it has not read from
        ({"refused": 3}, []),
        ({"timed_out": 2}, ["requests that timed out: 2 (none may)"]),
        ({"failed": 1}, ["requests answered with an error: 1 (none may)"]),
    ],
)
def test_every_request_has_to_be_answered(values: dict[str, int], expected: list[str]) -> None:
    assert measures.unanswered(measured(**values)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"exit_s": 5.0}, []),
        (
            {"exit_s": 5.1},
            [
                "the server ended 5.1 s after SIGTERM, with a graceful timeout of 4 s; "
                "5 s are allowed"
            ],
        ),
        (
            {"exit_s": 3.0, "given_up": True},
            [
                "the server was still there 3.0 s after SIGTERM, with a graceful timeout of 4 s; "
                "5 s are allowed"
            ],
        ),
        ({"killed": 1, "workers": 8}, ["workers that had to be killed: 1 of 8 (none may)"]),
    ],
)
def test_the_shutdown_has_to_be_graceful(values: dict[str, Any], expected: list[str]) -> None:
    assert measures.not_graceful(measured(**values), ALLOWED) == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ((0.0, 0.15), None),
        ((0.4, 0.1), "40% of the machine went to something else, 15% are allowed"),
    ],
)
def test_a_busy_machine_is_a_reason_to_doubt(
    others: tuple[float, ...], expected: str | None
) -> None:
    assert measures.doubt(tuple(measured(others=one) for one in others), ALLOWED) == expected


def test_what_processors_did_leaves_out_idling_and_guests() -> None:
    # user nice system idle iowait irq softirq steal guest guest_nice
    assert machine.busy_of("cpu  1 20 300 4000 50000 600000 7000000 80000000 1 1\n") == 87_600_321


def test_a_process_may_be_called_anything() -> None:
    text = "41 (a) b (c) S 7 41 41 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 100 1 1"
    assert machine.times_of(text) == (7, 33)


BUSY = [sys.executable, "-c", "import time\nwhile time.process_time() < 0.5: pass"]


@pytest.mark.e2e
def test_what_the_trial_waited_for_is_its_own() -> None:
    before = machine._own_s()
    subprocess.run(BUSY, check=True)
    assert machine._own_s() - before >= 0.5


@pytest.mark.e2e
def test_what_nobody_of_the_trial_started_is_the_others() -> None:
    began, share = time.monotonic(), machine.Share()
    # Its parent ends at once: it is the child of a process that is none of the trial's.
    detached = f"import subprocess; print(subprocess.Popen({BUSY!r}, stdout=-3).pid)"
    done = subprocess.run([sys.executable, "-c", detached], stdout=subprocess.PIPE, check=True)
    while Path(f"/proc/{int(done.stdout)}").exists():
        time.sleep(0.02)
    others_s = share.of_others() * (time.monotonic() - began) * (os.cpu_count() or 1)
    assert others_s >= 0.4


@pytest.mark.e2e
def test_how_long_a_server_takes_to_end_is_not_how_long_one_looked_away() -> None:
    ending = server.Server.__new__(server.Server)
    ending.process = subprocess.Popen(["sleep", "60"])
    ending.terminate()
    time.sleep(1)
    until_s = time.monotonic() - 0.5
    assert ending.ended_at() < until_s


@pytest.mark.parametrize(
    ("passed_s", "reported", "expected"),
    [(0, 0, True), (19, 60, True), (20, 60, False), (20, 59, True), (50, 59, False)],
)
def test_rounds_go_on_for_a_time_and_then_until_enough_have_reported(
    passed_s: float, reported: int, expected: bool
) -> None:
    knobs = {"seconds": 20, "longest_s": 50, "reports": 60}
    so_far = measured(reported=reported)
    assert measures.another_round(knobs, passed_s, so_far) is expected


def test_rounds_add_up_and_the_longest_exit_counts() -> None:
    one = measured(answered_ms=(1.0,), timed_out=1, exit_s=2.0, workers=3, reported=2, others=0.1)
    two = measured(answered_ms=(3.0,), refused=4, exit_s=1.0, workers=5, killed=1, reported=5)
    assert (one + two).facts() == {
        "answered": 2,
        "failed": 0,
        "timed out": 1,
        "refused": 4,
        "waiting": 0,
        "p50 ms": 1.0,
        "p99 ms": 3.0,
        "exit s": 2.0,
        "workers": 8,
        "workers killed": 1,
        "workers that reported": 7,
        "others %": 10,
    }


def test_what_is_published_is_what_the_app_measures() -> None:
    published = load(ROOT / "matrix.yaml", ROOT / "probes").probes["gunicorn_flask"].measures
    assert {(m.fact, m.item) for m in published if m.fact not in (None, "rounds")} == {
        ("p50 ratio", None),
        ("p99 ratio", None),
    }
    of_rounds = {m.item for m in published if m.fact == "rounds"}
    assert of_rounds
    assert of_rounds <= measured().facts().keys()


@pytest.fixture
def answering() -> Iterator[Any]:
    """A small server: each connection gets the given answer, and is closed."""
    listening = socket.create_server(("127.0.0.1", 0))
    kept = []

    def serve(*answers: bytes | None) -> int:
        def answer() -> None:
            for text in answers:
                connection, _ = listening.accept()
                connection.recv(1000)
                if text is None:
                    kept.append(connection)  # never answered
                else:
                    connection.sendall(text)
                    connection.close()

        threading.Thread(target=answer, daemon=True).start()
        port: int = listening.getsockname()[1]
        return port

    yield serve
    for connection in (*kept, listening):
        connection.close()


def wait_for(asking: Any) -> None:
    while asking.under_way():
        time.sleep(0.01)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nyes"
ERROR = b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"


@pytest.mark.e2e
def test_what_becomes_of_a_request_is_told_apart(answering: Any) -> None:
    port = answering(OK, ERROR, b"", OK, None)
    asking = clients.Clients(port, "/", threads=1, timeout_s=0.3, at_most=5).start()
    wait_for(asking)
    assert len(asking.answered_ms) == 2
    assert (asking.failed, asking.refused, asking.timed_out) == (1, 1, 1)
    assert asking.last == b"ye"
    assert "timed out" in asking.outcome
    assert (asking.waiting(), asking.longest_wait_s()) == (0, 0.0)


@pytest.mark.e2e
def test_a_request_under_way_is_seen_to_wait(answering: Any) -> None:
    port = answering(None)
    asking = clients.Clients(port, "/", threads=1, timeout_s=1, at_most=1).start()
    while asking.longest_wait_s() < 0.3:
        assert asking.under_way()
        time.sleep(0.01)
    assert asking.waiting() == 1
    wait_for(asking)
    assert asking.timed_out == 1


ABOUT = b'{"facts": {"spam": 1}, "lacks": [], "errors": []}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ABOUT), ABOUT)


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("answers", "ended", "comes_up"),
    [
        ((ANSWER,), False, True),
        ((b"", b"", ANSWER), False, True),
        ((b"",), True, False),
        ((ERROR,), False, False),
    ],
)
def test_a_server_comes_up_though_a_worker_closes_a_connection(
    course: Any, answering: Any, answers: tuple[bytes, ...], ended: bool, comes_up: bool
) -> None:
    told: dict[str, object] = {}
    coming = course.Drive.__new__(course.Drive)
    coming.knobs, coming.looked = {"up_s": 9}, 0
    coming.course = SimpleNamespace(plain=False, counted=True, name="rounds")
    coming.trial = SimpleNamespace(
        fact=told.__setitem__, beat=lambda: None, error=lambda *_: told.update(failed=True)
    )
    coming.server = SimpleNamespace(
        port=answering(*answers), listen=lambda: 0, ended=lambda: ended, crashes=list
    )
    with contextlib.nullcontext() if comes_up else pytest.raises(course.Trouble):
        coming._come_up()
    assert told == ({"spam": 1} if comes_up else {"failed": True})


@pytest.mark.e2e
def test_what_a_service_raised_is_passed_on_as_it_was(course: Any, answering: Any) -> None:
    raised = {"error": "json.decoder.JSONDecodeError", "message": "no", "feature": "profiling"}
    body = json.dumps({"facts": {}, "lacks": [], "errors": [raised]}).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    told: list[object] = []
    coming = course.Drive.__new__(course.Drive)
    coming.knobs, coming.looked = {"up_s": 9}, 0
    coming.course = SimpleNamespace(plain=False, counted=True, name="rounds")
    coming.trial = SimpleNamespace(beat=lambda: None, pass_on=told.append)
    coming.server = SimpleNamespace(
        port=answering(answer), listen=lambda: 0, ended=lambda: False, crashes=list
    )
    with pytest.raises(course.Trouble):
        coming._come_up()
    assert told == [raised]


@pytest.mark.e2e
def test_clients_begin_nothing_after_they_were_stopped(answering: Any) -> None:
    asking = clients.Clients(answering(OK), "/", threads=3, timeout_s=1, at_most=9)
    asking.stop()
    asking.start()
    wait_for(asking)
    assert not asking.answered_ms
    assert not asking.refused

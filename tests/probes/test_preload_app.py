"""How the probe `preload_app` sees its workers: running, ended or overdue."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from ours import PROBES

KNOBS = {"workers": 2, "worker_s": 5.0, "seconds": 60, "forks": 3}


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    path = str(PROBES)
    sys.path.insert(0, path)  # for libraries
    try:
        spec = importlib.util.spec_from_file_location(
            "preload_app_app", PROBES / "preload_app" / "app.py"
        )
        assert spec and spec.loader
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        yield loaded
    finally:
        sys.path.remove(path)


class FakeTrial:
    """Counts, and keeps the looks that it is asked for."""

    def __init__(self, **knobs: float) -> None:
        self.knobs = {**KNOBS, **knobs}
        self.exposures = 0
        self.phases: list[str] = []
        self.looks: list[int] = []

    def expose(self) -> None:
        self.exposures += 1

    def phase(self, name: str) -> None:
        self.phases.append(name)

    def look(self, why: str, silent_s: float, process: int) -> None:
        assert "has not ended" in why
        self.looks.append(process)

    def look_around(self, before: str) -> None:
        assert self.phases == [], f"it is too late for a look before {before}"


@pytest.fixture
def pipe() -> Iterator[SimpleNamespace]:
    read, write = os.pipe()
    os.set_blocking(read, False)
    yield SimpleNamespace(read=read, write=write)
    os.close(read)
    os.close(write)


@pytest.fixture
def course(app: Any, pipe: SimpleNamespace) -> Any:
    def of(trial: FakeTrial) -> Any:
        return app.Course(trial, None, 1, pipe.read)

    return of


def ago(seconds: float) -> float:
    return time.monotonic() - seconds


def test_a_worker_counts_once_it_has_answered_and_ended(course: Any) -> None:
    trial = FakeTrial()
    going = course(trial)
    going._served = {11: ago(1), 12: ago(1)}
    going.gone.update({12, 13})  # 13 ended without an answer
    going._count()
    going._count()
    assert trial.exposures == 1
    assert going._served.keys() == {11}


def test_workers_are_up_when_as_many_have_said_so_as_there_are_to_be(
    app: Any, course: Any, pipe: SimpleNamespace
) -> None:
    going = course(FakeTrial())
    assert not going._all_up()
    os.write(pipe.write, app.PID.pack(11))
    assert not going._all_up()
    os.write(pipe.write, app.PID.pack(12))
    assert going._all_up()
    going.gone.add(11)  # until another takes its place
    assert not going._all_up()
    os.write(pipe.write, app.PID.pack(13))
    assert going._all_up()


def test_a_worker_is_looked_at_once_when_it_is_overdue(course: Any) -> None:
    trial = FakeTrial()
    going = course(trial)
    going._served = {11: ago(4), 12: ago(6)}
    going._look()
    going._look()
    assert trial.looks == [12]


def test_a_look_gives_the_others_their_time_again(course: Any) -> None:
    trial = FakeTrial()
    going = course(trial)
    going._served = {11: ago(9), 12: ago(9)}
    going._look()
    going._look()
    assert trial.looks == [11]
    going._looked_s = ago(6)
    going._look()
    assert trial.looks == [11, 12]


@pytest.mark.parametrize(
    ("stuck", "ends"),
    [
        ({}, True),
        ({"_asking": {0}}, False),
        ({"_served": {12: float("inf")}}, False),
        ({"gone": {11}}, False),
    ],
)
def test_the_server_is_ended_only_when_nothing_is_stuck_and_all_workers_are_up(
    app: Any,
    course: Any,
    pipe: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    stuck: dict[str, Any],
    ends: bool,
) -> None:
    trial = FakeTrial(seconds=0)
    going = course(trial)
    os.write(pipe.write, app.PID.pack(11) + app.PID.pack(12))
    for name, value in stuck.items():
        setattr(going, name, value)
    ended: list[int] = []
    turns: list[None] = []

    def turn() -> None:
        """Stands for the look that ends each turn.

        Three turns are enough to see that it stays.
        """
        turns.append(None)
        if len(turns) == 3:
            raise InterruptedError

    monkeypatch.setattr(app.os, "kill", lambda pid, number: ended.append(pid))
    monkeypatch.setattr(going, "_look", turn)
    with contextlib.nullcontext() if ends else pytest.raises(InterruptedError):
        going._watch()
    assert ended == ([os.getpid()] if ends else [])
    assert trial.phases == (["shutdown"] if ends else [])


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n41", 41),
        (b"HTTP/1.1 500 No\r\n\r\n41", None),
        (b"", None),
    ],
)
def test_a_client_learns_which_worker_answered(
    app: Any, answer: bytes, expected: int | None
) -> None:
    listening = app.socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        connection.recv(1000)
        connection.sendall(answer)
        connection.close()

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    assert app.ask(listening.getsockname()[1]) == expected
    serving.join()
    listening.close()


@pytest.mark.e2e
def test_a_client_that_nobody_listens_to_has_no_answer(app: Any) -> None:
    listening = app.socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    assert app.ask(port) is None

"""Containers that wait for their command: which may be used, and how often."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from interlock.isolation.sandbox import Command, Limits, Mount
from interlock.isolation.sandbox.ahead import Ahead, Started
from interlock.model import PythonVersion, TroubleError


class Engine:
    """Starts containers that are names alone."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.begun = threading.Event()
        self.may_start = threading.Event()
        self.may_start.set()
        self.trouble: Exception | None = None

    def start(self, image: str, command: Command) -> Started:
        self.begun.set()
        assert self.may_start.wait(10)
        if self.trouble:
            raise self.trouble
        self.running.append(f"{image}-{len(self.running)}")
        ours, theirs = socket.socketpair()
        theirs.close()
        return Started(name=self.running[-1], stream=ours, open=ExitStack())

    def discard(self, started: Started) -> None:
        self.running.remove(started.name)


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def ahead(engine: Engine) -> Ahead:
    return Ahead(engine.start, engine.discard, most=2)


@pytest.fixture
def command(tmp_path: Path) -> Command:
    environment = tmp_path / "environment"
    environment.mkdir()
    return Command(
        argv=("python3", "supervisor.py"),
        python=PythonVersion(3, 10),
        mounts=(Mount(source=environment, target="/environment"),),
        limits=Limits(wall_s=10, memory_bytes=1 << 20, pids=8, output_bytes=1 << 20),
        label="probe",
    )


def made_again(command: Command) -> Command:
    """What is installed anew is in a new folder, of the same name."""
    folder = command.mounts[0].source
    folder.rename(folder.with_name("damaged"))
    folder.mkdir()
    return command


def gone(command: Command) -> Command:
    command.mounts[0].source.rmdir()
    return command


@pytest.mark.parametrize(
    ("image", "changed", "fits"),
    [
        ("image", lambda command: command, True),
        ("image", lambda command: replace(command, stdin="another trial"), True),
        ("another", lambda command: command, False),
        ("image", lambda command: replace(command, argv=("python3",)), False),
        ("image", lambda command: replace(command, env={"A": "1"}), False),
        ("image", lambda command: replace(command, mounts=()), False),
        (
            "image",
            lambda command: replace(command, limits=replace(command.limits, wall_s=11)),
            False,
        ),
        ("image", made_again, False),
        ("image", gone, False),
    ],
)
def test_a_container_fits_what_differs_in_its_input_alone(
    ahead: Ahead, command: Command, image: str, changed: Callable[[Command], Command], fits: bool
) -> None:
    ahead.prepare("image", command)
    assert (ahead.take(image, changed(command)) is not None) is fits


def test_a_container_is_used_once(ahead: Ahead, command: Command) -> None:
    ahead.prepare("image", command)
    assert ahead.take("image", command)
    assert ahead.take("image", command) is None


def test_one_that_is_being_started_is_waited_for(
    engine: Engine, ahead: Ahead, command: Command
) -> None:
    engine.may_start.clear()
    with ThreadPoolExecutor(2) as executor:
        executor.submit(ahead.prepare, "image", command)
        assert engine.begun.wait(10)
        taken = executor.submit(ahead.take, "image", command)
        engine.may_start.set()
        started = taken.result(10)
    assert started
    assert started.name == "image-0"


def test_one_that_could_not_be_started_is_nobodys(
    engine: Engine, ahead: Ahead, command: Command
) -> None:
    engine.trouble = TroubleError("no engine")
    with pytest.raises(TroubleError, match="no engine"):
        ahead.prepare("image", command)
    engine.trouble = None
    assert ahead.take("image", command) is None
    ahead.prepare("image", command)
    assert ahead.take("image", command)


def test_the_oldest_gives_way(engine: Engine, ahead: Ahead, command: Command) -> None:
    for image in ("a", "b", "c"):
        ahead.prepare(image, command)
    assert [name[0] for name in engine.running] == ["b", "c"]
    assert ahead.take("a", command) is None


def test_the_input_of_one_that_has_ended_is_no_trouble(ahead: Ahead, command: Command) -> None:
    ahead.prepare("image", command)
    started = ahead.take("image", command)
    assert started
    started.tell("x" * 1_000_000, within_s=1)

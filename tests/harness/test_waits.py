"""What a parked thread waits for, read off its frames."""

from __future__ import annotations

import ctypes
import os
import queue
import select
import selectors
import socket
import subprocess
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest


def test_a_with_statement_waits_for_its_lock(parked, blocked):
    def target() -> None:
        with blocked.lock:
            pass

    assert (parked(target).kind, parked(target).waits) == ("lock", "Blocked.lock")


def test_a_call_of_acquire_waits_for_its_lock(parked, blocked):
    assert parked(lambda: _acquire(blocked)).waits == "Blocked.lock"


def _acquire(blocked: Any) -> None:
    if blocked.lock.acquire(
        True,
        5,
    ):
        blocked.lock.release()


@pytest.mark.parametrize(
    ("arguments", "named", "bounded"),
    [
        ((), {}, False),
        ((True,), {}, False),
        ((True, -1), {}, False),
        ((), {"timeout": -1}, False),
        ((True, 5), {}, True),
        ((True, 0.5), {}, True),
        ((), {"timeout": 5}, True),
        ((), {"blocking": True, "timeout": 0.5}, True),
    ],
)
def test_a_wait_with_a_timeout_is_bounded_however_it_is_handed_on(
    parked, blocked, arguments, named, bounded
):
    def handed_on(acquire, *args, **kwargs) -> None:
        if acquire(*args, **kwargs):
            blocked.lock.release()

    read = parked(lambda: handed_on(blocked.lock.acquire, *arguments, **named))
    assert (read.kind, read.bounded) == ("lock", bounded)
    assert not read.unresolved


def test_a_timeout_that_can_not_be_read_may_be_one(parked, blocked):
    def target() -> None:
        if blocked.lock.acquire(timeout=float("5")):
            blocked.lock.release()

    read = parked(target)
    assert (read.kind, read.bounded, read.unresolved) == ("lock", True, ["blocked.lock"])


@pytest.mark.parametrize(("timeout", "bounded"), [(None, False), (5, True)])
def test_a_join_with_a_timeout_is_bounded(parked, blocked, timeout, bounded):
    other = threading.Thread(target=blocked.lock.acquire, args=(True, 1), daemon=True)
    other.start()
    read = parked(lambda: other.join(timeout))
    assert (read.kind, read.bounded) == ("join", bounded)


@pytest.mark.parametrize(("timeout", "bounded"), [(None, False), (5, True)])
def test_a_wait_for_an_event_with_a_timeout_is_bounded(parked, timeout, bounded):
    event = threading.Event()
    read = parked(lambda: event.wait(timeout))
    event.set()
    assert (read.kind, read.bounded) == ("event", bounded)


def test_a_condition_is_named_after_the_lock_that_it_was_made_of(parked):
    ours = queue.Queue()

    def take() -> None:
        with ours.not_full:
            pass

    def await_other() -> None:
        with ours.not_empty:
            pass

    with ours.mutex:
        assert [parked(take).waits, parked(await_other).waits] == ["Queue.mutex", "Queue.mutex"]


def test_a_wrapped_lock_is_named_by_who_asked_for_it(parked, blocked):
    class Wrapped:
        __slots__ = ("__wrapped__",)

        def __init__(self, lock: threading.Lock) -> None:
            self.__wrapped__ = lock

        def __enter__(self) -> None:
            self._acquire(self.__wrapped__.acquire)

        def _acquire(self, inner: Callable[[], bool]) -> None:
            inner()

        def __exit__(self, *_: object) -> None:
            self.__wrapped__.release()

    class Worker:
        def __init__(self) -> None:
            self._lock = Wrapped(blocked.lock)

        def start(self) -> None:
            with self._lock:
                pass

    read = parked(Worker().start)
    assert (read.waits, read.thread["waits"]["expression"]) == ("Worker._lock", "self._lock")


@pytest.mark.parametrize("lock", [threading.Lock, threading.RLock], ids=["lock", "rlock"])
def test_a_condition_that_wakes_waits_for_its_lock_again(parked, blocked, lock):
    blocked.condition = threading.Condition(lock())

    def take() -> None:
        with blocked.condition:
            time.sleep(0.2)

    def wait_and_wake() -> None:
        with blocked.condition:
            threading.Thread(target=take, daemon=True).start()
            blocked.condition.wait(0.01)

    read = parked(wait_and_wake)
    assert (read.kind in ("lock", "rlock"), read.waits) == (True, "Blocked.condition")
    assert (read.holds, read.bounded, read.unresolved) == (set(), False, [])


def test_an_event_is_named_by_who_waits_for_it(parked):
    class Server:
        def __init__(self) -> None:
            self.ready = threading.Event()

        def serve(self) -> None:
            self.ready.wait(1)

    read = parked(Server().serve)
    assert (read.kind, read.waits) == ("event", "Server.ready")


def test_a_lock_is_named_after_the_class_that_defines_the_attribute(parked, blocked):
    class Derived(type(blocked)):
        pass

    derived = Derived(blocked.lock)
    assert parked(lambda: _acquire(derived)).waits == "Blocked.lock"


MODULE_LOCK = threading.Lock()


def test_a_lock_of_a_module_is_named_after_it(parked):
    def target() -> None:
        with MODULE_LOCK:
            pass

    with MODULE_LOCK:
        assert parked(target).waits == f"{__name__}.MODULE_LOCK"


def test_what_is_computed_is_said_to_be_unresolved(parked, blocked):
    def the_lock() -> threading.Lock:
        return blocked.lock

    def target() -> None:
        with the_lock():
            pass

    read = parked(target)
    assert (read.kind, read.unresolved) == ("unresolved", ["the_lock(…)"])


def _sleeps() -> None:
    time.sleep(1)


def _sleeps_by_another_name() -> None:
    nap = time.sleep
    nap(1)


def _sleeps_by_what_is_computed() -> None:
    [time.sleep][0](1)


def _sleeps_in_c_code() -> None:
    ctypes.CDLL(None).usleep(900_000)


def _polls(seconds: float | None) -> Callable[[], object]:
    def poll() -> None:
        ours, _theirs = socket.socketpair()
        select.select([ours], [], [], seconds)

    return poll


def _polls_by_position(seconds: float) -> Callable[[], object]:
    def poll() -> None:
        poller = select.epoll()
        poller.poll(seconds, 1)

    return poll


def _selects() -> None:
    with selectors.DefaultSelector() as selector:
        selector.select(1)


def _receives(seconds: float | None) -> Callable[[], object]:
    def receive() -> None:
        ours, _theirs = socket.socketpair()
        ours.settimeout(seconds)
        ours.recv(1)

    return receive


def _takes_with_hidden(**limit: float) -> Callable[[], object]:
    ours: queue.SimpleQueue[int] = queue.SimpleQueue()

    def take() -> None:
        ours.get(**limit)

    return take


def _reads_a_pipe() -> None:
    reading, _writing = os.pipe()
    os.read(reading, len("x"))


def _awaits_a_process() -> None:
    subprocess.Popen(["sleep", "1"]).wait()


@pytest.mark.parametrize(
    ("target", "kind", "bounded"),
    [
        pytest.param(_sleeps, "call", True, id="sleep"),
        pytest.param(_sleeps_by_another_name, "call", True, id="sleep by another name"),
        pytest.param(_sleeps_by_what_is_computed, "unresolved", False, id="computed"),
        pytest.param(_sleeps_in_c_code, "unresolved", False, id="ctypes"),
        pytest.param(_polls(1), "call", True, id="select with a timeout"),
        pytest.param(_polls(None), "call", False, id="select"),
        pytest.param(_polls_by_position(1), "call", True, id="epoll with a timeout"),
        pytest.param(_polls_by_position(-1), "call", False, id="epoll"),
        pytest.param(_selects, "call", True, id="selector with a timeout"),
        pytest.param(_receives(1), "call", True, id="socket with a timeout"),
        pytest.param(_receives(None), "call", False, id="socket"),
        pytest.param(_takes_with_hidden(timeout=1), "call", True, id="arguments handed on"),
        pytest.param(_takes_with_hidden(), "call", True, id="no arguments handed on"),
        pytest.param(_reads_a_pipe, "call", False, id="pipe"),
        pytest.param(_awaits_a_process, "call", False, id="process"),
    ],
)
def test_a_call_of_c_code_is_endless_only_if_that_is_known(parked, target, kind, bounded):
    read = parked(target)
    assert (read.kind, read.bounded) == (kind, bounded)


def test_a_snapshot_keeps_nothing_alive_of_a_thread_without_source(watcher, blocked):
    from harness.sources import Sources

    class Kept: ...

    functions: dict[str, Any] = {}
    exec("def hold(kept, started, lock):\n    started.set(); lock.acquire()", functions)
    kept, sources, started = Kept(), Sources(), threading.Event()
    reference = weakref.ref(kept)
    thread = threading.Thread(target=functions["hold"], args=(kept, started, blocked.first))
    del kept
    with blocked.first:
        thread.start()
        started.wait()
        watcher.snapshot(sources, threading.main_thread().ident)
    thread.join()
    assert reference() is None

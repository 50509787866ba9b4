"""What a parked thread waits for, and what it is inside of, read off its frames."""

from __future__ import annotations

import logging
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HARNESS = Path(__file__).parents[2] / "probes"


@pytest.fixture(scope="module")
def watcher() -> Iterator[ModuleType]:
    sys.path.insert(0, str(HARNESS))
    try:
        from harness import watcher
    finally:
        sys.path.remove(str(HARNESS))
    yield watcher


class Read:
    """One thread of one snapshot, with its locks by name."""

    def __init__(self, snapshot: dict[str, Any], name: str) -> None:
        (self.thread,) = [t for t in snapshot["threads"] if t["name"] == name]
        wait = self.thread["waits"]
        mine = {hold["lock"] for hold in self.thread["holds"]} | {wait and wait["lock"]}
        self.locks = {lock: entry for lock, entry in snapshot["locks"].items() if int(lock) in mine}

    def _name(self, lock: int) -> str:
        return str(self.locks[str(lock)]["names"][0])

    @property
    def waits(self) -> str | None:
        wait = self.thread["waits"]
        return self._name(wait["lock"]) if wait and wait["lock"] is not None else None

    @property
    def kind(self) -> str | None:
        return self.thread["waits"]["kind"] if self.thread["waits"] else None

    @property
    def holds(self) -> set[str]:
        return {self._name(hold["lock"]) for hold in self.thread["holds"]}

    @property
    def bounded(self) -> bool:
        return bool(self.thread["waits"]["bounded"])

    @property
    def unresolved(self) -> list[str]:
        return [part["expression"] for part in self.thread["unresolved"]]


@pytest.fixture
def parked(watcher) -> Callable[..., Read]:
    """Start a thread that blocks, and read where it stands."""

    def park(target: Callable[[], object]) -> Read:
        from harness.sources import Sources

        name = f"parked-{time.monotonic_ns()}"
        threading.Thread(target=target, name=name, daemon=True).start()
        time.sleep(0.03)
        return Read(watcher.snapshot(Sources(), threading.main_thread().ident), name)

    return park


@pytest.fixture
def block() -> Iterator[threading.Lock]:
    """A lock that is taken for as long as the test runs."""
    lock = threading.Lock()
    lock.acquire()
    yield lock
    lock.release()


class Blocked:
    """What the threads under test wait for; released at the end."""

    def __init__(self, lock: threading.Lock) -> None:
        self.lock = lock
        self.first = threading.Lock()
        self.second = threading.Lock()
        self.again = threading.RLock()
        self.condition = threading.Condition(threading.Lock())


@pytest.fixture
def blocked(block: threading.Lock) -> Blocked:
    return Blocked(block)


def test_a_with_statement_waits_for_its_lock(parked, blocked):
    def target() -> None:
        with blocked.lock:
            pass

    assert (parked(target).kind, parked(target).waits) == ("lock", "Blocked.lock")


def test_a_call_of_acquire_waits_for_its_lock(parked, blocked):
    assert parked(lambda: _acquire(blocked)).waits == "Blocked.lock"


def _acquire(blocked: Blocked) -> None:
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


def test_of_a_thread_that_moves_while_it_is_looked_at_nothing_is_left_behind(watcher, monkeypatch):
    from harness import leaving

    threads = [{"ident": ident, "holds": [{"lock": ident}]} for ident in (1, 2)]
    seen = leaving.Left(threads, {1: "one", 2: "two"})
    moves = iter(range(100))
    looks = []

    def places(_):
        return {1: "still", 2: next(moves)}

    monkeypatch.setattr(leaving, "_places", places)
    monkeypatch.setattr(leaving, "_look", lambda _: looks.append(None) or seen)
    leaving.look()
    found = leaving._seen
    leaving.forget()
    assert len(looks) == leaving.LOOKS
    assert [thread["ident"] for thread in found.threads] == [1]
    assert found.locks == {1: "one"}


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


def test_every_with_statement_around_is_held(parked, blocked):
    def target() -> None:
        with blocked.first, blocked.again, blocked.second:
            _acquire(blocked)

    assert parked(target).holds == {"Blocked.first", "Blocked.second", "Blocked.again"}


def test_of_several_items_those_before_the_awaited_one_are_held(parked, blocked):
    def target() -> None:
        with blocked.first, blocked.lock, blocked.second:
            pass

    read = parked(target)
    assert (read.waits, read.holds) == ("Blocked.lock", {"Blocked.first"})


def test_a_with_statement_that_is_over_is_not_held(parked, blocked):
    def target() -> None:
        with blocked.first:
            pass
        _acquire(blocked)

    assert parked(target).holds == set()


def test_a_lock_that_its_own_exit_has_released_is_not_held(parked, blocked):
    class LogsOnExit:
        def __init__(self, lock: threading.Lock) -> None:
            self.__wrapped__ = lock

        def __enter__(self) -> None:
            self.__wrapped__.acquire()

        def __exit__(self, *_: object) -> None:
            self.__wrapped__.release()
            self.__wrapped__.acquire(False)  # As if another had taken it by now.
            _acquire(blocked)

    wrapped = LogsOnExit(threading.Lock())

    def target() -> None:
        with blocked.second, wrapped:
            pass

    assert parked(target).holds == {"Blocked.second"}


def test_a_wrapper_that_logs_after_it_has_acquired_holds_the_lock(parked, blocked):
    class LogsOnEnter:
        def __init__(self, lock: threading.Lock) -> None:
            self.__wrapped__ = lock

        def acquire(self) -> None:
            self._acquire(self.__wrapped__.acquire)

        def _acquire(self, inner: Callable[[], bool]) -> None:
            try:
                inner()
            finally:
                _acquire(blocked)

        def release(self) -> None:
            self.__wrapped__.release()

    blocked.first = LogsOnEnter(threading.Lock())

    def target() -> None:
        blocked.first.acquire()

    read = parked(target)
    assert read.waits == "Blocked.lock"
    assert len(read.holds) == 1


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


def test_a_finally_that_releases_is_held_from_within_its_try(parked, blocked):
    def target() -> None:
        blocked.first.acquire()
        try:
            _acquire(blocked)
        finally:
            blocked.first.release()

    assert parked(target).holds == {"Blocked.first"}


def test_acquire_inside_of_the_try_that_releases_is_no_hold(parked, blocked):
    def target() -> None:
        try:
            blocked.lock.acquire()
        finally:
            blocked.lock.release()

    read = parked(target)
    assert (read.waits, read.holds) == ("Blocked.lock", set())


def test_a_logging_handler_holds_the_lock_of_its_base_class(parked, blocked):
    class Deaf(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            _acquire(blocked)

    assert parked(lambda: Deaf().handle(logging.makeLogRecord({}))).holds == {"Handler.lock"}


def test_a_condition_that_is_waited_for_has_released_its_lock(parked, blocked):
    def target() -> None:
        with blocked.first, blocked.condition:
            blocked.condition.wait(0.5)

    read = parked(target)
    assert (read.kind, read.waits) == ("condition", "Blocked.condition")
    assert read.holds == {"Blocked.first"}


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


def test_a_re_entrant_lock_names_its_owner_whatever_the_frames_let_see(parked, blocked):
    def take(lock: Any) -> None:
        lock.acquire()

    def target() -> None:
        take(blocked.again)
        with blocked.again:
            _acquire(blocked)

    read = parked(target)
    (lock,) = [lock for lock in read.locks.values() if lock["type"] == "_thread.RLock"]
    assert lock["owner"] == read.thread["ident"]
    assert read.holds == {"Blocked.again"}


def test_a_re_entrant_lock_in_python_names_its_owner_too(parked, blocked):
    blocked.again = threading._PyRLock()

    def target() -> None:
        with blocked.again:
            _acquire(blocked)

    assert parked(target).holds == {"Blocked.again"}
    waits = parked(target)
    assert (waits.kind, waits.waits) == ("rlock", "Blocked.again")


def test_a_lock_is_named_after_the_class_that_defines_the_attribute(parked, blocked):
    class Derived(Blocked):
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


def test_nothing_of_the_app_is_run_to_find_a_lock(parked, blocked):
    ran = []

    class Proxy:
        @property
        def lock(self) -> threading.RLock:
            ran.append("property")
            return blocked.again

        def __getattr__(self, name: str) -> object:
            ran.append(name)
            return blocked.again

        @property
        def __class__(self) -> type:
            ran.append("__class__")
            return Blocked

    proxy = Proxy()

    def target() -> None:
        blocked.again.acquire()
        blocked.again.acquire()
        with blocked.again:
            try:
                try:
                    _acquire(blocked)
                finally:
                    proxy.other_lock.release()
            finally:
                proxy.lock.release()

    read = parked(target)
    assert ran == []
    assert read.holds == {"Blocked.again"}
    assert sorted(read.unresolved) == ["proxy.lock", "proxy.other_lock"]


def test_what_is_computed_is_said_to_be_unresolved(parked, blocked):
    def the_lock() -> threading.Lock:
        return blocked.lock

    def target() -> None:
        with the_lock():
            pass

    read = parked(target)
    assert (read.kind, read.unresolved) == ("unresolved", ["the_lock(…)"])


def test_a_thread_that_sleeps_waits_for_no_lock(parked):
    read = parked(lambda: time.sleep(0.2))
    assert (read.kind, read.holds) == (None, set())

"""Which locks a parked thread is inside of, read off its frames."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any


def _acquire(blocked: Any) -> None:
    if blocked.lock.acquire(
        True,
        5,
    ):
        blocked.lock.release()


def test_every_with_statement_around_is_held(parked, blocked):
    def target() -> None:
        with blocked.first, blocked.again, blocked.second:
            _acquire(blocked)

    assert parked(target).holds == {"Blocked.first", "Blocked.second", "Blocked.again"}


def test_a_lock_whose_name_gets_another_value_inside_is_not_taken_for_held(parked, blocked):
    """The name may stand for another lock by now than the one that was taken."""

    def target() -> None:
        with blocked.first, blocked.second:
            _acquire(blocked)
            blocked.first = threading.Lock()

    assert parked(target).holds == {"Blocked.second"}


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
            return type(blocked)

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

"""Which blocked threads the cheap look suspects, on this very Python."""

from __future__ import annotations

import queue
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest


class Held:
    """Locks that are taken for as long as a test runs."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.again = threading.RLock()


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    held.lock.acquire()
    held.again.acquire()
    yield held
    held.again.release()
    held.lock.release()


@pytest.fixture
def is_suspect(watcher: ModuleType) -> Callable[[Callable[[], object]], bool]:
    def ask(target: Callable[[], object]) -> bool:
        from harness.sources import Sources

        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        time.sleep(0.03)
        suspects = watcher.glance(Sources())["suspects"]
        return thread.ident in {suspect["thread"] for suspect in suspects}

    return ask


def enter(lock) -> None:
    with lock:
        pass


def acquire(lock) -> None:
    lock.acquire()


def acquire_for_ever(lock) -> None:
    lock.acquire(timeout=-1)


def acquire_for_a_while(lock) -> None:
    lock.acquire(True, 5)


def through_a_wrapper(acquire) -> None:
    acquire()


WAITING: dict[str, Callable[[Held], object]] = {
    "with": lambda held: enter(held.lock),
    "acquire": lambda held: acquire(held.lock),
    "with RLock": lambda held: enter(held.again),
    "wrapper": lambda held: through_a_wrapper(held.lock.acquire),
    "-1 s": lambda held: acquire_for_ever(held.lock),
}
IDLE: dict[str, Callable[[Held], object]] = {
    "event": lambda held: threading.Event().wait(),
    "queue": lambda held: queue.Queue().get(),
    "simple queue": lambda held: queue.SimpleQueue().get(),
    "semaphore": lambda held: threading.Semaphore(0).acquire(),
    "barrier": lambda held: threading.Barrier(2).wait(),
    "timeout": lambda held: acquire_for_a_while(held.lock),
    "timeout of RLock": lambda held: acquire_for_a_while(held.again),
    "sleep": lambda held: time.sleep(1),
    "socket": lambda held: socket.socketpair()[0].recv(1),
    "select": lambda held: select.select([socket.socketpair()[0]], [], [], 1),
    "join": lambda held: idle().join(),
}


def idle() -> threading.Thread:
    thread = threading.Thread(target=time.sleep, args=(1,), daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("wait", WAITING.values(), ids=WAITING)
def test_who_takes_a_lock_without_a_timeout_is_suspected(is_suspect, held, wait) -> None:
    assert is_suspect(lambda: wait(held))


@pytest.mark.parametrize("wait", IDLE.values(), ids=IDLE)
def test_who_is_idle_or_gives_up_is_not_suspected(is_suspect, held, wait) -> None:
    assert not is_suspect(lambda: wait(held))


def test_who_joins_a_suspect_is_suspected(is_suspect, held) -> None:
    def join() -> None:
        waiting = threading.Thread(target=enter, args=(held.lock,), daemon=True)
        waiting.start()
        waiting.join()

    assert is_suspect(join)


def test_who_was_woken_and_takes_the_condition_again_is_suspected(is_suspect) -> None:
    condition, waits = threading.Condition(threading.RLock()), threading.Event()

    def wait() -> None:
        with condition:
            waits.set()
            condition.wait()

    def wake() -> None:
        waits.wait()
        with condition:  # It is free when the other thread waits.
            condition.notify()
            time.sleep(0.5)

    def woken() -> None:
        threading.Thread(target=wake, daemon=True).start()
        wait()

    assert is_suspect(woken)

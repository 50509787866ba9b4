"""Programs that look closed, and end by themselves: none of them is stopped or called a hang."""

from __future__ import annotations

import textwrap

import pytest
from detours import ALL_OF_IT, BY_NAME, DELETED, INTERRUPTED, PASSED_ON, SENT
from plays import HEAD, REBOUND, RELEASED, RUN

from interlock.model import Hang, Reason, Unproven


def check(run_app, play: str, **limits: float) -> None:
    told = run_app(HEAD + textwrap.dedent(play) + RUN, **limits)
    assert told.fact.get("ended") is True
    assert not told.all("signal")
    assert not isinstance(told.judged(), Hang)


@pytest.mark.parametrize("play", REBOUND.values(), ids=REBOUND)
def test_a_name_that_stands_for_another_lock_by_now_proves_no_hold(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", RELEASED.values(), ids=RELEASED)
def test_a_plain_lock_that_something_else_may_release_closes_no_wait(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", BY_NAME.values(), ids=BY_NAME)
def test_a_lock_that_is_found_by_its_name_in_a_text_may_be_released(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", ALL_OF_IT.values(), ids=ALL_OF_IT)
def test_a_lock_may_be_released_with_all_that_is_there(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", DELETED.values(), ids=DELETED)
def test_a_lock_may_be_released_when_an_object_is_deleted(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", SENT.values(), ids=SENT)
def test_a_signal_of_another_process_may_end_the_main_thread_s_wait(run_app, play):
    check(run_app, play)


def test_a_handler_that_raises_ends_no_wait_if_nobody_is_left_to_send_its_signal(run_app):
    told = run_app(
        HEAD
        + textwrap.dedent(
            """
            def give_up(*_): raise RuntimeError("it took too long")
            def play():
                signal.signal(signal.SIGUSR2, give_up)
                box.lock = threading.Lock()
                with box.lock: box.lock.acquire()
            """
        )
        + RUN
    )
    assert isinstance(told.judged(), Hang)


def test_a_process_beside_a_handler_that_raises_nothing_ends_no_wait(run_app):
    told = run_app(
        HEAD
        + textwrap.dedent(
            """
            def play():
                signal.signal(signal.SIGUSR2, lambda *_: None)
                os.spawnlp(os.P_NOWAIT, "sleep", "sleep", "60")
                box.lock = threading.Lock()
                with box.lock: box.lock.acquire()
            """
        )
        + RUN
    )
    assert isinstance(told.judged(), Hang)


@pytest.mark.parametrize("play", PASSED_ON.values(), ids=PASSED_ON)
def test_a_lock_that_other_variables_and_classes_have_may_be_released(run_app, play):
    check(run_app, play)


@pytest.mark.parametrize("play", INTERRUPTED.values(), ids=INTERRUPTED)
def test_a_thread_that_sends_a_signal_may_end_the_main_thread_s_wait(run_app, play):
    check(run_app, play)


def test_a_release_that_no_snapshot_can_show_comes_before_the_third(run_app):
    """The lock's ``release`` is found by an expression that no reading of code follows."""
    check(
        run_app,
        """
        def later():
            time.sleep(2)
            getattr(vars(box)["kcol"[::-1]], "esaeler"[::-1])()
        def play():
            box.lock = threading.Lock()
            start(later)
            with box.lock:
                box.lock.acquire()
        """,
        closed_s=4,
    )


NAPS = {
    "by itself": "def play(): time.sleep(60)",
    "under another name": "def play(): getattr(time, 'sle' + 'ep')(60)",
    "in C": "def play(): __import__('ctypes').CDLL(None).sleep(60)",
    "in a poll": "def play(): __import__('select').select([], [], [], 60)",
    "with a timeout": "def play(): __import__('subprocess').run(['sleep', '60'], timeout=50)",
    "in a list of results": "def play(): list(map(time.sleep, [60]))",
    "between two steps of a loop": """
        def play():
            for _ in map(time.sleep, [60]): pass
        """,
    "in a key": "def play(): sorted([60, 60], key=time.sleep)",
    "in a program": "def play(): __import__('subprocess').run(['sleep', '60'])",
    "before another thread sets an event": """
        def late():
            time.sleep(60)
            box.event.set()
        def play():
            box.event = threading.Event()
            start(late)
            box.event.wait()
        """,
    "before a timer puts into a queue": """
        import queue
        def play():
            items = queue.Queue()
            timer = threading.Timer(60, items.put, [1])
            timer.daemon = True
            timer.start()
            items.get()
        """,
    "in C, in a thread of a pool": """
        from concurrent.futures import ThreadPoolExecutor
        def play(): ThreadPoolExecutor(1).submit(__import__("ctypes").CDLL(None).sleep, 60).result()
        """,
    "before an alarm": """
        def play():
            signal.signal(signal.SIGALRM, lambda *_: None)
            signal.alarm(60)
            signal.pause()
        """,
    "before an alarm that sets an event": """
        def play():
            event = threading.Event()
            signal.signal(signal.SIGALRM, lambda *_: event.set())
            signal.alarm(60)
            event.wait()
        """,
}


@pytest.mark.parametrize("nap", NAPS.values(), ids=NAPS)
def test_a_sleep_that_outlasts_the_deadline_is_slow(run_app, nap):
    told = run_app(HEAD + textwrap.dedent(nap) + RUN, deadline_s=1.5, still_s=2)
    assert told.all("stood")
    found = told.judged()
    assert (type(found), found.reason) == (Unproven, Reason.SLOW)


def test_a_thread_that_only_takes_the_lock_in_turn_could_not_release_it(run_app):
    told = run_app(
        HEAD
        + textwrap.dedent(
            """
            class Worker:
                def __init__(self): self._lock = threading.Lock()
                def submit(self):
                    with self._lock: pass
                def stop(self):
                    self._lock.acquire()
                    try: pass
                    finally: self._lock.release()
            class Other:
                def __init__(self): self._lock = threading.Lock()
                def give_back(self): self._lock.release()
            worker, other = Worker(), Other()
            def play():
                start(time.sleep, 30)
                with worker._lock: worker.submit()
            """
        )
        + RUN
    )
    hang = told.judged()
    assert isinstance(hang, Hang)
    assert str(hang.signature) == "Worker._lock → Worker._lock"


def test_a_release_that_nobody_is_left_to_make_ends_no_wait(run_app):
    told = run_app(
        HEAD
        + textwrap.dedent(
            """
            def give_back(): box.lock.release()
            def play():
                box.lock = threading.Lock()
                with box.lock: box.lock.acquire()
            """
        )
        + RUN
    )
    assert isinstance(told.judged(), Hang)


def test_a_timeout_that_has_another_value_by_now_ends_the_wait_all_the_same(run_app):
    check(
        run_app,
        """
        def later(): box.timeout = -1
        def play():
            box.lock, box.timeout = threading.Lock(), 2
            threading.Timer(0.1, later).start()
            with box.lock:
                box.lock.acquire(timeout=box.timeout)
        """,
    )


UNMADE = {
    "in the other half of a condition": "box.lock.acquire() if box is None else time.sleep(1.6)",
    "behind an or": "time.sleep(1.6) or (box is None and box.lock.acquire())",
    "in a lambda": "time.sleep(1.6 if (lambda: box.lock.acquire()) else 0)",
    "after another statement": "box is None and box.lock.acquire(); time.sleep(min(1.6, 3))",
    "on another line of the statement": "(box.lock.acquire(\n        ) if box is None\n"
    "        else time.sleep(\n        1.6))",
}


@pytest.mark.parametrize("line", UNMADE.values(), ids=UNMADE)
def test_a_call_that_is_not_made_takes_no_lock(run_app, line):
    check(
        run_app,
        f"""
        def play():
            box.lock = threading.Lock()
            with box.lock:
                {line}
        """,
    )


MADE = {
    "with arguments": "box.lock.acquire(True, -1) or print(str(1))",
    "with a tuple": "box.lock.acquire(*(True,)) or print(str(1))",
    "by its name": "take() or print(str(1))",
    "in an argument": "print(box.lock.acquire(blocking=True))",
}


@pytest.mark.parametrize("line", MADE.values(), ids=MADE)
def test_a_call_that_is_made_takes_the_lock(run_app, line):
    told = run_app(
        HEAD
        + textwrap.dedent(
            f"""
            def play():
                box.lock = threading.Lock()
                take = box.lock.acquire
                with box.lock:
                    {line}
            """
        )
        + RUN
    )
    assert isinstance(told.judged(), Hang)

"""What a look at a silence finds, and which silences get a look."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone

CLOSED = "the same closed wait in three snapshots"


def test_self_deadlock_is_proven_within_a_second_and_a_half_of_the_last_heartbeat(run_app):
    told = run_app(
        """
        import threading
        class Worker:
            def __init__(self):
                self._lock = threading.Lock()
            def start(self):
                with self._lock:
                    self.start()
        def run(trial):
            trial.phase("serving")
            trial.expose(7)
            Worker().start()
        """,
        stall_s=0.5,
    )
    stall, stop = told.one("stall"), told.all("signal")[0]
    assert (stall["phase"], stall["exposures"]) == ("serving", 7)
    assert stop["reason"] == CLOSED
    assert stop["at"] - (stall["at"] - stall["silent_s"]) < 1.5
    assert told.waits("MainThread") == "Worker._lock"
    assert told.holds("MainThread") == {"Worker._lock"}
    assert told.thread("MainThread", 0) == told.thread("MainThread", 1)
    assert not told.all("done")


def test_it_says_so_when_it_only_waits_for_the_silence_to_last(run_app):
    told = run_app(
        """
        import threading
        def run(trial):
            trial.phase("serving")
            lock = threading.Lock()
            with lock:
                with lock: pass
        """,
        closed_s=1.5,
    )
    waiting, third = told.one("waiting"), told.all("snapshot")[2]
    assert third["index"] == 2
    assert 0 < waiting["seconds"] < 1.5
    assert third["at"] >= waiting["at"] + waiting["seconds"] - 0.01
    assert told.all("snapshot")[1]["at"] < waiting["at"]


def test_two_threads_that_take_two_locks_in_different_order_are_a_closed_wait(run_app):
    told = run_app(
        """
        import threading, time
        class Left: lock = threading.Lock()
        class Right: lock = threading.Lock()
        def other():
            with Right.lock:
                time.sleep(0.05)
                with Left.lock: pass
        def run(trial):
            trial.phase("serving")
            with Left.lock:
                threading.Thread(target=other, name="other").start()
                time.sleep(0.05)
                with Right.lock: pass
        """
    )
    assert told.all("signal")[0]["reason"] == CLOSED
    assert (told.waits("MainThread"), told.holds("MainThread")) == ("Right.lock", {"Left.lock"})
    assert (told.waits("other"), told.holds("other")) == ("Left.lock", {"Right.lock"})


def test_joining_a_thread_that_waits_for_what_the_joining_one_holds_is_a_closed_wait(run_app):
    told = run_app(
        """
        import threading
        guard = threading.RLock()
        def other():
            guard.acquire()
        def run(trial):
            trial.phase("serving")
            thread = threading.Thread(target=other, name="other")
            with guard:
                thread.start()
                thread.join()
        """
    )
    assert told.all("signal")[0]["reason"] == CLOSED
    wait = told.thread("MainThread")["waits"]
    assert (wait["kind"], wait["thread"]) == ("join", told.thread("other")["ident"])
    assert told.waits("other") == "app.guard"


def test_a_look_at_an_interpreter_that_has_put_faulthandler_away_does_not_end_it(run_app):
    told = run_app(
        """
        import faulthandler, signal, time
        def run(trial):
            trial.phase("serving")
            faulthandler.unregister(signal.SIGRTMIN + 7)
            time.sleep(1)
            trial.expose()
        """
    )
    assert told.all("stall")
    assert (told.one("exit")["code"], told.one("done")["exposures"]) == (0, 1)


def test_an_event_that_nobody_sets_is_stopped_at_the_deadline_and_shown_to_stand_still(run_app):
    told = run_app(
        """
        import threading
        def run(trial):
            trial.phase("serving")
            threading.Event().wait()
        """,
        deadline_s=1,
        still_s=2,
    )
    assert told.one("deadline")["phase"] == "serving"
    assert told.all("signal")[0]["reason"] == "deadline"
    stood = told.one("stood")
    assert stood["seconds"] >= 2
    assert stood["tasks_before"] == stood["tasks_after"]
    last = told.all("stall")[-1]["number"]
    around = [event["index"] for event in told.all("snapshot") if event["number"] == last]
    assert around == [0, 1]
    assert told.thread("MainThread")["waits"]["kind"] == "event"


def test_a_busy_loop_does_not_stand_still(run_app):
    told = run_app(
        """
        def run(trial):
            trial.phase("serving")
            while True: pass
        """,
        deadline_s=1,
    )
    stood = told.one("stood")
    assert stood["tasks_after"][0]["run_ns"] > stood["tasks_before"][0]["run_ns"]
    assert told.thread("MainThread")["waits"] is None
    assert told.all("signal")[0]["reason"] == "deadline"


def test_a_thread_that_is_not_daemonic_and_never_ends_hangs_the_shutdown(run_app):
    told = run_app(
        """
        import threading
        def wait(): threading.Event().wait()
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=wait, name="endless").start()
        """,
        deadline_s=2,
    )
    assert told.all("stall")[-1]["phase"] == "shutdown"
    assert told.one("exit")["phase"] == "shutdown"
    wait = told.thread("MainThread")["waits"]
    assert (wait["kind"], wait["thread"]) == ("join", told.thread("endless")["ident"])
    assert told.one("stood")["tasks_before"] == told.one("stood")["tasks_after"]


def test_a_deadlock_in_an_exit_handler_is_a_closed_wait_in_shutdown(run_app):
    told = run_app(
        """
        import atexit, threading
        lock = threading.Lock()
        def close():
            with lock:
                lock.acquire()
        def run(trial):
            trial.phase("serving")
            atexit.register(close)
        """
    )
    assert told.one("stall")["phase"] == "shutdown"
    assert told.all("signal")[0]["reason"] == CLOSED
    assert not told.all("done")


def test_where_the_gil_is_held_only_faulthandler_speaks(run_app):
    told = run_app(
        """
        import ctypes
        def lock_twice_in_native_code():
            mutex = ctypes.create_string_buffer(64)
            for _ in range(2):
                ctypes.PyDLL(None).pthread_mutex_lock(mutex)
        def run(trial):
            trial.phase("serving")
            lock_twice_in_native_code()
        """,
        deadline_s=1,
    )
    assert not told.all("snapshot")
    last = told.one("stood")["number"]
    texts = [event["text"] for event in told.all("witness") if event["number"] == last]
    assert len(texts) == 2 and texts[0] == texts[1]
    assert "in lock_twice_in_native_code" in texts[0]
    main = min(task["tid"] for task in told.one("stood")["tasks_after"])
    before, after = (
        [task for task in told.one("stood")[when] if task["tid"] == main]
        for when in ("tasks_before", "tasks_after")
    )
    assert before == after


def test_an_app_that_is_slow_but_beats_does_not_stall(run_app):
    told = run_app(
        """
        import time
        def run(trial):
            trial.phase("serving")
            for _ in range(4):
                time.sleep(0.2)
                trial.expose()
        """,
        stall_s=0.4,
    )
    assert not told.all("stall")
    assert told.one("done")["exposures"] == 4


def test_an_app_that_pauses_and_goes_on_is_resumed(run_app):
    told = run_app(
        """
        import time
        def run(trial):
            trial.phase("serving")
            time.sleep(0.6)
            trial.expose()
        """
    )
    assert told.one("resumed")["number"] == told.one("stall")["number"]
    assert told.one("done") and told.one("exit")["code"] == 0
    assert not told.all("signal")


@pytest.mark.parametrize(
    "waits",
    ["lock.acquire(timeout=1.5)", "other.join(1.5)", "lock.acquire(*(True, 1.5))"],
)
def test_who_waits_with_a_timeout_for_what_it_holds_goes_on_in_the_end(run_app, waits):
    told = run_app(
        f"""
        import threading
        def run(trial):
            trial.phase("serving")
            lock = threading.Lock()
            def take():
                with lock: pass
            other = threading.Thread(target=take, daemon=True)
            with lock:
                other.start()
                {waits}
            trial.expose()
        """
    )
    assert told.all("stall")
    assert told.one("done") and told.one("exit")["code"] == 0
    assert not told.all("signal")


OF_EVERY_SHAPE = """
import logging, queue, threading, time
class Left: lock = threading.Lock()
class Right: lock = threading.RLock()
class Handler(logging.StreamHandler):
    def emit(self, record): Left.lock.acquire()
def event(): threading.Event().wait()
def get(): queue.Queue().get()
def join(): threads["event"].join()
def cycle():
    with Right.lock:
        time.sleep(0.05)
        Handler().handle(logging.makeLogRecord({}))
def several():
    mine = threading.Lock()
    with mine, Left.lock: pass
threads = {
    function.__name__: threading.Thread(target=function, name=function.__name__)
    for function in (event, get, join, cycle, several)
}
def run(trial):
    trial.phase("serving")
    with Left.lock:
        for thread in threads.values():
            thread.start()
        time.sleep(0.05)
        with Right.lock: pass
"""


def _interpreters() -> dict[str, str]:
    """The CPythons that run here, by version: on the path, or under pyenv."""
    found = {}
    for minor in range(8, 15):
        name = f"python3.{minor}"
        pyenv = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        for candidate in [*map(str, pyenv), shutil.which(name)]:
            if (
                candidate
                and subprocess.run([candidate, "-c", ""], capture_output=True).returncode == 0
            ):
                found[name] = candidate
                break
    return found


def test_every_python_that_is_here_reads_the_same_waits(start_app, told_by):
    running = {name: start_app(OF_EVERY_SHAPE, python) for name, python in _interpreters().items()}
    assert running
    for name, supervisor in running.items():
        _check_every_shape(told_by(supervisor), name)


def _check_every_shape(told, name: str) -> None:
    assert told.all("signal")[0]["reason"] == CLOSED, name
    assert told.holds("MainThread") == {"Left.lock"}
    assert told.waits("MainThread") == "Right.lock"
    assert told.waits("cycle") == "Left.lock"
    assert told.holds("cycle") == {"Right.lock", "Handler.lock"}
    assert told.waits("several") == "Left.lock"
    assert told.holds("several") == {"several.mine"}
    assert told.waits("get") == "Queue.not_empty"
    assert told.thread("get")["waits"]["kind"] == "condition"
    assert told.thread("event")["waits"]["kind"] == "event"
    assert told.thread("join")["waits"]["thread"] == told.thread("event")["ident"]
    assert all(not told.thread(name)["holds"] for name in ("get", "event", "join"))

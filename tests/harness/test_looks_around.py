"""What is found in other threads and processes while the driver goes on to its end."""

from __future__ import annotations

import pytest

from interlock.model import Hang, Pass, Reason, Unproven

DEADLOCK = """
import threading
class Account:
    def __init__(self):
        self.lock = threading.Lock()
    def pay(self):
        with self.lock:
            self.pay()
"""
SELF = "Account.lock → Account.lock"

IN_A_DAEMON_THREAD = """
import time
def run(trial):
    trial.phase("serving")
    threading.Thread(target=Account().pay, daemon=True).start()
    work(trial)
"""
IN_A_WORKER_OF_A_POOL = """
from multiprocessing.pool import ThreadPool
def run(trial):
    trial.phase("serving")
    pool = ThreadPool(2)
    pool.apply_async(Account().pay)
    trial.pool = pool
    work(trial)
"""
IN_A_CHILD_OF_A_POOL = """
import multiprocessing
def pay():
    Account().pay()
def run(trial):
    trial.phase("serving")
    trial.pool = multiprocessing.get_context("fork").Pool(1)
    trial.pool.apply_async(pay)
    work(trial)
"""
IN_A_FORKED_CHILD = """
import os
def run(trial):
    trial.phase("serving")
    if os.fork() == 0:
        Account().pay()
    work(trial)
"""
IN_A_DAEMON_THREAD_OF_A_FORKED_CHILD = """
import os
def run(trial):
    trial.phase("serving")
    if os.fork() == 0:
        threading.Thread(target=Account().pay, daemon=True).start()
        threading.Event().wait()
    work(trial)
"""
IN_A_CHILD_OF_A_CHILD = """
import os
def run(trial):
    trial.phase("serving")
    if os.fork() == 0:
        if os.fork() == 0:
            Account().pay()
        threading.Event().wait()
    work(trial)
"""
LEFT_LOCKED_BY_A_FORK = """
import os
def run(trial):
    trial.phase("serving")
    account, taken = Account(), threading.Event()
    def hold():
        with account.lock:
            taken.set()
            time.sleep(0.5)
    threading.Thread(target=hold, daemon=True).start()
    taken.wait()
    if os.fork() == 0:
        account.pay()
    work(trial)
"""
IN_A_WORKER_OF_A_SERVER = """
import os, signal, socket
def serve(listening):
    threading.Thread(target=Account().pay, name="background", daemon=True).start()
    while True:
        connection, _ = listening.accept()
        connection.sendall(b"well")
        connection.close()
def run(trial):
    trial.phase("serving")
    listening = socket.create_server(("127.0.0.1", 0))
    worker = os.fork()
    if worker == 0:
        serve(listening)
    trial.fact("profiled-lock", True)
    for _ in range(20):
        with socket.create_connection(listening.getsockname()) as asking:
            assert asking.recv(10) == b"well"
        trial.expose()
    trial.look_around("the server's end")
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
"""
AT_EXIT = """
import atexit
def run(trial):
    trial.phase("serving")
    atexit.register(threading.Thread(target=Account().pay, daemon=True).start)
    work(trial)
"""

WORK = """
import time
def work(trial):
    trial.fact("profiled-lock", True)
    for _ in range(20):
        trial.expose()
        time.sleep(0.01)
"""
APP, FORKED = (), ("It is in a process that the app forked.",)


@pytest.mark.parametrize(
    ("app", "before", "where"),
    [
        (IN_A_DAEMON_THREAD, "the exit handlers", APP),
        (IN_A_WORKER_OF_A_POOL, "the exit handlers", APP),
        (IN_A_CHILD_OF_A_POOL, "the exit handlers", FORKED),
        (IN_A_FORKED_CHILD, "the exit handlers", FORKED),
        (IN_A_DAEMON_THREAD_OF_A_FORKED_CHILD, "the exit handlers", FORKED),
        (IN_A_CHILD_OF_A_CHILD, "the exit handlers", FORKED),
        (IN_A_WORKER_OF_A_SERVER, "the server's end", FORKED),
        (AT_EXIT, "its end", APP),
    ],
)
def test_a_deadlock_beside_a_driver_that_goes_on_is_a_hang(run_app, app, before, where):
    told = run_app(DEADLOCK + WORK + app, stall_s=5)
    hang = told.judged()
    assert isinstance(hang, Hang)
    assert (hang.reason, str(hang.signature)) == (Reason.SELF_DEADLOCK, SELF)
    first = f"It was found in the look before {before}: the driver still ran."
    assert hang.evidence[: 1 + len(where)] == (first, *where)
    assert hang.exposures == 20
    assert not told.all("done")


CYCLE = """
import contextlib, time
from_ = threading.RLock(), threading.RLock()
met = threading.Barrier(2)
def take(first, second):
    with first:
        met.wait()
        {how}
def run(trial):
    trial.phase("serving")
    for locks in (from_, from_[::-1]):
        threading.Thread(target=take, args=locks, daemon=True).start()
    time.sleep(0.1)
    work(trial)
"""


@pytest.mark.parametrize(
    ("how", "kind"),
    [
        ("contextlib.ExitStack().enter_context(second)", Hang),
        ("acquire = type(second).acquire; acquire(second)", Hang),
        ("second.acquire(timeout=threading.TIMEOUT_MAX)", Hang),
        ("second.acquire(True, 1000000)", Hang),
        ("acquire = type(second).acquire; acquire(second, True, 3600)", Pass),
        ("second.acquire(timeout=3600)", Pass),
    ],
)
def test_however_a_lock_is_taken_a_cycle_of_waits_without_an_end_is_seen(run_app, how, kind):
    told = run_app(DEADLOCK + WORK + CYCLE.format(how=how), stall_s=5)
    assert isinstance(told.judged(), kind)


def test_a_lock_that_a_fork_left_locked_is_found_though_nobody_waits_for_the_child(run_app):
    hang = run_app(DEADLOCK + WORK + LEFT_LOCKED_BY_A_FORK, stall_s=5).judged()
    assert isinstance(hang, Hang) and hang.reason is Reason.ORPHANED_LOCK


IDLE = """
import queue, select, socket, threading, time
from concurrent.futures import ThreadPoolExecutor
def sleepy(lock):
    with lock: time.sleep(0.4)
def waits_for(lock):
    with lock: pass
def join(thread):
    thread.join()
def run(trial):
    trial.phase("serving")
    held, here, there = threading.Lock(), *socket.socketpair()
    taken, again = threading.Lock(), threading.RLock()
    taken.acquire()
    again.acquire()
    idle = threading.Thread(target=threading.Event().wait, daemon=True)
    idle.start()
    condition = threading.Condition()
    def on_condition():
        with condition: condition.wait()
    for target, *arguments in (
        (queue.Queue().get,),
        (queue.SimpleQueue().get,),
        (threading.Semaphore(0).acquire,),
        (threading.Barrier(2).wait,),
        (on_condition,),
        (here.recv, 1),
        (select.select, [there], [], []),
        (taken.acquire, True, 60),
        (lambda: again.acquire(timeout=60),),
        (join, idle),
        (sleepy, held),
        (waits_for, held),
    ):
        threading.Thread(target=target, args=arguments, daemon=True).start()
    pool = ThreadPoolExecutor(2)
    list(pool.map(str, range(4)))
    time.sleep(0.1)
    trial.expose(20)
    trial.fact("profiled-lock", True)
    trial.fact("closed", trial.look_around("its end"))
"""


def test_threads_that_are_idle_or_wait_for_one_that_works_are_no_hang(run_app):
    told = run_app(IDLE, stall_s=5)
    assert told.fact["closed"] is False
    assert told.judged().proofs[-1].detail == (
        "processes looked at: 1; ended before a look: 0; not joined, so only seen from outside: 0"
    )


def test_of_an_idle_app_no_snapshot_is_taken(run_app):
    told = run_app(IDLE.replace("        (waits_for, held),\n", ""), stall_s=5)
    assert [looked["number"] for looked in told.all("looked")] == [None, None, None]
    assert not told.all("stall") and not told.all("snapshot")
    order = [event["event"] for event in told.raw if event["event"] in ("looked", "done", "exit")]
    assert order == ["looked", "looked", "looked", "done", "exit"]


def test_a_process_that_cannot_answer_leaves_a_pass_unproven_and_is_dumped(run_app):
    told = run_app(
        """
        import os, signal, time
        def run(trial):
            trial.phase("serving")
            trial.fact("profiled-lock", True)
            child = os.fork()
            if child == 0:
                os.kill(os.getpid(), signal.SIGSTOP)
            time.sleep(0.3)
            trial.expose(20)
            trial.look_around("the child's end")
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            trial.fact("child", child)
        """,
        stall_s=5,
    )
    child = told.fact["child"]
    assert [looked["unanswered"] for looked in told.all("looked")] == [[child], [], []]
    assert {event["process"] for event in told.all("witness")} == {child}
    unproven = told.judged()
    assert isinstance(unproven, Unproven)
    assert unproven.detail.endswith(f"no answer from process {child}")


def test_a_process_that_ends_before_it_could_answer_is_no_doubt(run_app):
    told = run_app(
        """
        import os, signal, threading
        def run(trial):
            trial.phase("serving")
            trial.fact("profiled-lock", True)
            child = os.fork()
            if child == 0:
                os.kill(os.getpid(), signal.SIGSTOP)
            def end():
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
            trial.expose(20)
            threading.Timer(0.8, end).start()
            trial.look_around("the child's end")
        """,
        stall_s=5,
        answer_s=0.5,
    )
    assert told.all("looked")[0]["number"] == 1
    assert [looked["unanswered"] for looked in told.all("looked")] == [[], [], []]
    assert isinstance(told.judged(), Pass)


def test_a_program_that_cannot_join_is_named(run_app):
    told = run_app(
        """
        import subprocess
        def run(trial):
            trial.phase("serving")
            trial.fact("profiled-lock", True)
            trial.expose(20)
            trial.fact("program", subprocess.Popen(["sleep", "60"]).pid)
        """
    )
    assert told.all("looked")[-1]["unjoined"] == [told.fact["program"]]
    assert told.judged().proofs[-1].detail.endswith("only seen from outside: 1")


def test_an_app_that_says_done_by_itself_and_leaves_was_not_looked_at(run_app):
    told = run_app(
        """
        import os
        def run(trial):
            trial.phase("serving")
            trial.fact("profiled-lock", True)
            trial.expose(20)
            os.write(trial._fd, b'{"done": 20, "number": 9}\\n')
            os._exit(0)
        """
    )
    assert told.one("done")["exposures"] == 20
    unproven = told.judged()
    assert isinstance(unproven, Unproven)

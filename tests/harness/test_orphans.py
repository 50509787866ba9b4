"""What is reported of a child that waits for something that a fork left behind."""

from __future__ import annotations

from interlock.model import Hang, Reason

CLOSED = "the same closed wait in three snapshots"


ORPHANING = """
import os, threading, time
class Worker:
    def __init__(self):
        self._lock = threading.Lock()
        self.inside = threading.Event()
    def work(self):
        with self._lock:
            self.inside.set()
            time.sleep(0.5)
    def submit(self):
        with self._lock: pass
def orphan():
    worker = Worker()
    thread = threading.Thread(target=worker.work, name="worker")
    thread.start()
    worker.inside.wait()
    child = os.fork()
    if child == 0:
        worker.submit()
        os._exit(0)
    thread.join()
    return child
"""


def test_a_child_that_waits_for_what_the_fork_left_behind_is_a_closed_wait(run_app):
    told = run_app(
        ORPHANING
        + """
def run(trial):
    trial.phase("serving")
    trial.expose(3)
    child = orphan()
    os.waitpid(child, 0)
""",
        stall_s=0.8,
    )
    assert told.all("signal")[0]["reason"] == CLOSED
    hang = told.judged()
    assert isinstance(hang, Hang)
    assert hang.reason is Reason.ORPHANED_LOCK
    assert str(hang.signature) == "Worker._lock → a thread that the fork left behind"
    where, waits, held = hang.evidence
    assert where == "It is in a process that the app forked."
    assert "MainThread of a forked child waits for Worker._lock" in waits and "in submit" in waits
    assert "worker of the parent was inside of Worker._lock" in held and "in work" in held


def test_a_look_that_the_app_asks_for_proves_a_hang_of_its_child_while_it_lives(run_app):
    told = run_app(
        ORPHANING
        + """
def beat(trial):
    while True:
        trial.beat()
        time.sleep(0.01)
def run(trial):
    trial.phase("serving")
    child = orphan()
    threading.Thread(target=beat, args=[trial], daemon=True).start()
    trial.look("a child does not end", silent_s=0.5)
    time.sleep(5)
""",
        stall_s=2,
    )
    (stall,) = told.all("stall")
    assert (stall["asked"], stall["silent_s"]) == ("a child does not end", 0.5)
    assert told.all("signal")[0]["reason"] == CLOSED
    assert not told.all("resumed")
    assert told.judged().signature.orphaned


def test_a_child_hangs_beside_others_that_end_and_so_break_every_silence(run_app):
    told = run_app(
        ORPHANING
        + """
def run(trial):
    trial.phase("serving")
    stuck = orphan()
    for _ in range(12):
        child = os.fork()
        if child == 0:
            time.sleep(1.2)
            os._exit(0)
        os.waitpid(child, 0)
        trial.expose()
    os.kill(stuck, 9)
    os.waitpid(stuck, 0)
""",
        stall_s=0.7,
        closed_s=4,
    )
    assert len(told.all("resumed")) >= 2
    assert told.all("signal")[0]["reason"] == CLOSED
    hang = told.judged()
    assert isinstance(hang, Hang)
    assert str(hang.signature) == "Worker._lock → a thread that the fork left behind"


def test_a_child_hangs_beside_the_one_that_is_overdue(run_app):
    told = run_app(
        ORPHANING
        + """
def run(trial):
    trial.phase("serving")
    stuck = orphan()
    child = os.fork()
    if child == 0:
        time.sleep(2)
        os._exit(0)
    trial.look("a child is slow", 0.3, process=child)
    for _ in range(120):
        trial.beat()
        time.sleep(0.1)
    os.kill(stuck, 9)
    os.waitpid(stuck, 0)
""",
        stall_s=9,
        closed_s=4,
    )
    assert told.all("signal")[0]["reason"] == CLOSED
    assert told.judged().reason is Reason.ORPHANED_LOCK


def test_a_third_snapshot_that_comes_late_counts_though_the_driver_has_gone_on(run_app):
    told = run_app(
        ORPHANING.replace("worker.submit()", "slow() ; worker.submit()")
        + """
def slow():
    from harness import watcher
    search = watcher._doubt
    watcher._doubt = lambda *found: (time.sleep(1.5), search(*found))
def run(trial):
    trial.phase("serving")
    child = orphan()
    time.sleep(0.3)
    trial.fact("closed", trial.look("a child does not end", 0.9, process=child))
    for _ in range(80):
        trial.beat()
        time.sleep(0.1)
""",
        stall_s=2,
    )
    assert told.fact["closed"] is False
    assert told.all("signal")[0]["reason"] == CLOSED
    assert told.judged().reason is Reason.ORPHANED_LOCK


def test_a_lock_that_the_child_makes_new_is_no_orphan(run_app):
    told = run_app(
        """
        import os, threading, time
        class Worker: lock = threading.Lock()
        def renew(): Worker.lock = threading.Lock()
        os.register_at_fork(after_in_child=renew)
        def hold():
            with Worker.lock: time.sleep(0.5)
        def wait():
            with Worker.lock: pass
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=hold).start()
            time.sleep(0.05)
            child = os.fork()
            if child == 0:
                Worker.lock.acquire()
                threading.Thread(target=wait).start()
                time.sleep(1)
                Worker.lock.release()
                os._exit(0)
            time.sleep(0.2)
            trial.fact("closed", trial.look("a child is slow"))
            os.waitpid(child, 0)
        """,
        stall_s=5,
    )
    assert told.fact["closed"] is False


def test_a_lock_that_the_parent_held_for_a_moment_is_no_orphan(run_app):
    told = run_app(
        """
        import os, threading, time
        class Worker: lock = threading.Lock()
        def wait():
            with Worker.lock: pass
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                Worker.lock.acquire()
                threading.Thread(target=wait).start()
                time.sleep(1)
                Worker.lock.release()
                os._exit(0)
            time.sleep(0.2)
            trial.fact("closed", trial.look("a child is slow"))
            os.waitpid(child, 0)
        """,
        stall_s=5,
    )
    assert told.fact["closed"] is False
    (child,) = {event["process"] for event in told.all("process") if event["forked"]}
    assert all(not event["at_fork"] for event in told.snapshots_of(child))


def test_a_grandchild_waits_for_what_the_first_fork_left_behind(run_app):
    told = run_app(
        ORPHANING.replace("worker.submit()", "os.fork() or worker.submit() ; os.wait()")
        + """
def run(trial):
    trial.phase("serving")
    os.waitpid(orphan(), 0)
""",
        stall_s=0.8,
    )
    assert told.judged().reason is Reason.ORPHANED_LOCK


def test_who_waits_for_a_thread_that_waits_for_the_orphan_hangs_with_it(run_app):
    told = run_app(
        """
        import os, threading, time
        class Worker:
            lock = threading.Lock()
            other = threading.RLock()
        def hold():
            with Worker.lock: time.sleep(0.5)
        def child():
            threading.Thread(target=between, name="between", daemon=True).start()
            time.sleep(0.1)
            with Worker.other: pass
        def between():
            with Worker.other:
                with Worker.lock: pass
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=hold, name="holder").start()
            time.sleep(0.05)
            pid = os.fork()
            if pid == 0:
                child()
                os._exit(0)
            os.waitpid(pid, 0)
        """,
        stall_s=0.8,
    )
    hang = told.judged()
    assert str(hang.signature) == "Worker.lock → a thread that the fork left behind"
    assert any(s.startswith("MainThread waits for Worker.other") for s in hang.evidence)
    assert hang.evidence[1].startswith("between of a forked child waits for Worker.lock")


def test_a_re_entrant_lock_is_orphaned_although_a_new_thread_may_have_its_owners_number(run_app):
    told = run_app(
        """
        import os, threading, time
        class Worker: lock = threading.RLock()
        def hold():
            with Worker.lock: time.sleep(0.5)
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=hold, name="holder").start()
            time.sleep(0.05)
            pid = os.fork()
            if pid == 0:
                for _ in range(3):
                    threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
                with Worker.lock: pass
                os._exit(0)
            os.waitpid(pid, 0)
        """,
        stall_s=0.8,
    )
    assert str(told.judged().signature) == "Worker.lock → a thread that the fork left behind"


def test_an_orphan_that_keeps_no_main_thread_does_not_keep_a_child_from_ending(run_app):
    told = run_app(
        """
        import os, threading, time
        class Worker: lock = threading.Lock()
        def hold():
            with Worker.lock: time.sleep(0.5)
        def wait():
            with Worker.lock: pass
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=hold).start()
            time.sleep(0.1)
            child = os.fork()
            if child == 0:
                threading.Thread(target=wait, daemon=True).start()
                time.sleep(2)
                os._exit(0)
            time.sleep(0.3)
            trial.fact("closed", trial.look("a child is slow", 0.1, process=child))
            os.waitpid(child, 0)
            trial.expose(20)
        """
    )
    assert told.all("stall")[-1]["asked"] is None
    assert told.fact["closed"] is False
    assert told.judged().reason is Reason.NOT_LIVE


def test_a_lock_that_was_just_being_released_at_the_fork_is_an_orphan_too(run_app):
    told = run_app(
        """
        import os, threading, time
        class Slow:
            def __init__(self): self._lock = threading.Lock()
            def acquire(self): return self._lock.acquire()
            def release(self):
                time.sleep(0.5)
                self._lock.release()
            def __enter__(self): self.acquire()
            def __exit__(self, *why): self.release()
        class Worker: lock = Slow()
        def hold():
            with Worker.lock: pass
        def run(trial):
            trial.phase("serving")
            threading.Thread(target=hold, name="holder").start()
            time.sleep(0.2)
            child = os.fork()
            if child == 0:
                with Worker.lock: pass
                os._exit(0)
            os.waitpid(child, 0)
        """,
        stall_s=1,
    )
    hang = told.judged()
    assert str(hang.signature) == "Worker.lock → a thread that the fork left behind"
    assert "holder of the parent was just releasing Worker.lock" in hang.evidence[2]


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

"""Start both libraries in a process that forks many times while its threads work.

A server with a preloaded application does this, and so does ``multiprocessing`` with the start
method ``fork``. The parent's threads log, send events and take locks. A fork copies one thread, and
every lock in its current state. Each child works like a worker: it logs, captures an event, takes a
profiled lock, flushes, and ends normally, with its exit handlers.

It uses no private name of either library.
"""

from __future__ import annotations

import os
import select
import sys
import threading
import time

from libraries import profiler
from libraries.forking import act, begin

CHILD_FLUSH_S = 0.5


def run(trial) -> None:
    begun = begin(trial, "prefork")
    if begun is None:
        return
    settings, sentry_sdk = begun
    work = Work(sentry_sdk, trial.knobs)
    children = Children(trial, sentry_sdk)
    with settings.switching_every(trial.knobs["switch_interval_s"]):
        work.start()
        children.fork()
        trial.look_around("the last children's end")
        work.stop()
    children.await_all()
    profiler.state_recorded(trial)
    trial.phase("shutdown")


class Work:
    """The parent's threads, which work like an application's."""

    def __init__(self, sentry_sdk, knobs: dict) -> None:
        self._sentry = sentry_sdk
        self._pause_s = knobs["pause_s"]
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, name=f"work-{number}", daemon=True)
            for number in range(knobs["threads"])
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while not self._stopped.wait(self._pause_s):
            act(self._sentry, self._lock, "the parent")


class Children:
    """Children that have not ended, each with the end of its pipe."""

    def __init__(self, trial, sentry_sdk) -> None:
        self._trial = trial
        self._sentry = sentry_sdk
        self._began: dict = {}
        self._pids: dict = {}
        self._looked_at: set = set()
        self._looked_at_s = 0.0
        self._poll = select.poll()

    def fork(self) -> None:
        """Fork until the knobs' number or time is reached, with so many children at once."""
        knobs = self._trial.knobs
        until = time.monotonic() + knobs["seconds"]
        for _ in range(knobs["forks"]):
            while len(self._pids) >= knobs["at_once"]:
                self._await_one()
            if time.monotonic() >= until:
                break
            ended, says = os.pipe()
            pid = os.fork()
            if pid == 0:
                child(self._sentry)
            os.close(says)  # The child alone has it, and its end closes it.
            self._pids[ended], self._began[ended] = pid, time.monotonic()
            self._poll.register(ended, select.POLLIN)

    def await_all(self) -> None:
        while self._pids:
            self._await_one()

    def _await_one(self) -> None:
        """Wait until a child has ended, or is overdue and was inspected, once each.

        If no child ends any more, silence brings the next looks, and the deadline brings the proof.
        """
        within_s = self._trial.knobs["child_s"]
        due = [began for fd, began in self._began.items() if fd not in self._looked_at]
        left_ms = None
        if due:
            left_s = max(min(due), self._looked_at_s) + within_s - time.monotonic()
            left_ms = max(0, left_s * 1000)
        for fd, _ in self._poll.poll(left_ms):
            self._ended(fd)
            return
        if left_ms is not None:
            silent_s = time.monotonic() - min(due)
            fd = next(fd for fd, began in self._began.items() if began == min(due))
            self._looked_at.add(fd)
            why = f"a forked child has not ended after {silent_s:.1f} s"
            self._trial.look(why, silent_s, process=self._pids[fd])
            self._looked_at_s = time.monotonic()

    def _ended(self, fd: int) -> None:
        self._poll.unregister(fd)
        os.close(fd)
        pid, _ = self._pids.pop(fd), self._began.pop(fd)
        self._looked_at.discard(fd)
        _, status = os.waitpid(pid, 0)
        if os.WIFSIGNALED(status):
            self._trial.child_ended(pid, status)
        elif os.WEXITSTATUS(status):
            code = os.WEXITSTATUS(status)
            self._trial.error(RuntimeError(f"a forked child ended with exit code {code}"))
        self._trial.expose()


def child(sentry_sdk) -> None:
    """A worker's life. It leaves by ``SystemExit``, so the interpreter ends normally."""
    act(sentry_sdk, threading.Lock(), "a forked child")
    if sentry_sdk is not None:
        sentry_sdk.flush(CHILD_FLUSH_S)
    sys.exit(0)

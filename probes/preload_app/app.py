"""gunicorn with a preloaded application: both libraries in a master that forks.

The app is the master: a custom application, as gunicorn documents it, with ``preload_app``. Each
forked worker answers one request, in which it logs, captures an event and takes a profiled lock. It
ends as gunicorn's workers end, with its exit handlers.

It uses no private name of either library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import threading
import time

from libraries import profiler
from libraries.forking import act, begin

TICK_S = 0.02
PID = struct.Struct("=i")
FOR_EVER_S = 3600
"""Longer than any deadline, so gunicorn kills no worker before its inspection."""


def run(trial) -> None:
    begun = begin(trial, "preload_app")
    if begun is None:
        return
    settings, sentry_sdk = begun
    with settings.switching_every(trial.knobs["switch_interval_s"]):
        serve(trial, sentry_sdk)


def serve(trial, sentry_sdk) -> None:
    """Be gunicorn's master until the workers have answered all requests."""
    from gunicorn.app.base import BaseApplication

    class Preloaded(BaseApplication):
        def load_config(self) -> None:
            for name, value in options(trial, sentry_sdk).items():
                if name in self.cfg.settings:
                    self.cfg.set(name, value)

        def load(self):
            return Service(sentry_sdk)

    master = os.getpid()
    try:
        Preloaded().run()
    except SystemExit as end:
        # A worker leaves through here as well, and goes on to its exit handlers.
        if os.getpid() != master or end.code:
            raise


def options(trial, sentry_sdk) -> dict:
    up_r, up_w = os.pipe()
    os.set_blocking(up_r, False)

    def when_ready(server) -> None:
        """In the master, before it forks its first worker."""
        course = Course(trial, sentry_sdk, server.LISTENERS[0].getsockname()[1], up_r)
        report_ends(trial, course.gone)
        course.start()

    def post_worker_init(worker) -> None:
        """In the worker, which handles signals from here on."""
        os.write(up_w, PID.pack(os.getpid()))

    return {
        "bind": "127.0.0.1:0",
        "preload_app": True,
        "workers": trial.knobs["workers"],
        "max_requests": 1,
        "timeout": 0,
        "graceful_timeout": FOR_EVER_S,
        "worker_tmp_dir": "/tmp",
        "loglevel": "warning",
        # A socket for a command that nobody sends here. gunicorn has it since 25.
        "control_socket_disable": True,
        "when_ready": when_ready,
        "post_worker_init": post_worker_init,
    }


def report_ends(trial, gone: set) -> None:
    """In the master, report which workers end, and how. gunicorn only logs it."""
    master, waitpid = os.getpid(), os.waitpid

    def noting(pid, options):
        found, status = waitpid(pid, options)
        if found and os.getpid() == master:
            gone.add(found)
            if os.WIFSIGNALED(status):
                if os.WTERMSIG(status) != signal.SIGTERM:
                    trial.child_ended(found, status)
            elif os.WEXITSTATUS(status):
                code = os.WEXITSTATUS(status)
                trial.error(RuntimeError(f"a worker ended with exit code {code}"))
        return found, status

    os.waitpid = noting


class Service:
    """The preloaded application: a request's work in a worker, and the worker's name."""

    def __init__(self, sentry_sdk) -> None:
        self._sentry = sentry_sdk

    def __call__(self, environ, start_response):
        act(self._sentry, threading.Lock(), "a preloaded worker")
        who = str(os.getpid()).encode()
        start_response(
            "200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(who)))]
        )
        return [who]


class Course:
    """The activity in the master beside gunicorn: threads that work, and clients."""

    def __init__(self, trial, sentry_sdk, port: int, up: int) -> None:
        self._trial = trial
        self._sentry = sentry_sdk
        self._port = port
        self._up_fd = up
        self._up: set = set()
        """Workers that have reported that they are up."""
        self.gone: set = set()
        """Workers that have ended."""
        self._stopped = threading.Event()
        self._asking: set = set()
        """Clients that have no answer yet."""
        self._served: dict = {}
        """By worker: the time of its answer, until it has ended."""
        self._looked_at: set = set()
        self._looked_s = 0.0
        """When the last look was over, by the monotonic clock."""

    def start(self) -> None:
        knobs, lock = self._trial.knobs, threading.Lock()
        for number in range(knobs["threads"]):
            self._thread(f"work-{number}", self._work, lock)
        for number in range(knobs["workers"]):
            self._thread(f"client-{number}", self._ask, number)
        self._thread("course", self._watch)

    @staticmethod
    def _thread(name: str, target, *arguments) -> None:
        threading.Thread(target=target, args=arguments, name=name, daemon=True).start()

    def _work(self, lock) -> None:
        while not self._stopped.wait(self._trial.knobs["pause_s"]):
            act(self._sentry, lock, "the master")

    def _ask(self, number: int) -> None:
        """Send one request after another, each to whichever worker takes it."""
        while not self._stopped.is_set():
            self._asking.add(number)
            who = ask(self._port)
            if who is None:
                time.sleep(TICK_S)  # Its worker has ended, or the server is not there yet.
            else:
                self._served[who] = time.monotonic()
            self._asking.discard(number)

    def _watch(self) -> None:
        """Count the workers that end, inspect the others, and end the server at last.

        If a worker is stuck, the server is not ended, because nobody could inspect an ended
        process. Silence then brings the next looks, and the deadline brings the proof. The server
        is not ended either while a worker is starting: gunicorn would tell it to end before it
        listens, and wait.
        """
        knobs, began = self._trial.knobs, time.monotonic()
        while True:
            time.sleep(TICK_S)
            self._count()
            enough = self._trial.exposures >= knobs["forks"]
            if enough or time.monotonic() - began >= knobs["seconds"]:
                self._stopped.set()
                if not self._asking and not self._served and self._all_up():
                    break
            self._look()
        profiler.state_recorded(self._trial)
        self._trial.look_around("the server's end")
        self._trial.phase("shutdown")
        os.kill(os.getpid(), signal.SIGTERM)

    def _all_up(self) -> bool:
        with contextlib.suppress(BlockingIOError):
            for (who,) in PID.iter_unpack(os.read(self._up_fd, 1 << 16)):
                self._up.add(who)
        return len(self._up - self.gone) == self._trial.knobs["workers"]

    def _count(self) -> None:
        for who in self.gone.intersection(self._served):
            del self._served[who]
            self._trial.expose()

    def _look(self) -> None:
        """Inspect each overdue worker once. Not all at a time: a look delays the others.

        A worker that is stuck in its answer is never overdue: silence brings the look there.
        """
        now, patience_s = time.monotonic(), self._trial.knobs["worker_s"]
        for who, since in list(self._served.items()):
            overdue = now - max(since, self._looked_s) > patience_s
            if overdue and who not in self._looked_at:
                self._looked_at.add(who)
                why = f"a worker has not ended {now - since:.1f} s after its last request"
                self._trial.look(why, now - since, process=who)
                self._looked_s = time.monotonic()
                return


def ask(port: int) -> int | None:
    """The worker that answered. None without an answer. Waits for as long as it takes."""
    answer = b""
    try:
        with socket.socket() as connection:
            connection.connect(("127.0.0.1", port))
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while data := connection.recv(4096):
                answer += data
    except OSError:
        return None
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(body) if head.startswith(b"HTTP/1.") and b" 200 " in head.split(b"\r\n")[0] else None

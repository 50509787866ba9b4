"""One gunicorn: start it, listen to it, end it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
"""The signals by which a master, or its user, ends a process on purpose."""
HERE = os.path.dirname(os.path.abspath(__file__))


class Server:
    """A gunicorn that serves ``service.py`` on a port of its own."""

    def __init__(self, told: dict, environment: dict, traced: bool) -> None:
        """``told`` is for the service and gunicorn. ``traced``: under ``ddtrace-run``."""
        self.reported = 0
        """Workers that reported their first error."""
        self.forked: set = set()
        self.killed: dict = {}
        """By worker: the last signal with which the master had to end it."""
        self._crashed: list = []
        self._rest = b""
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        self.port = listening.getsockname()[1]
        self._words, words = os.pipe()
        os.set_blocking(self._words, False)
        programs = os.path.dirname(sys.executable)
        command = [os.path.join(programs, "ddtrace-run")] if traced else []
        command += [os.path.join(programs, "gunicorn")]
        command += ["--config", os.path.join(HERE, "gunicorn.conf.py")]
        command += ["--bind", f"fd://{listening.fileno()}", "--chdir", HERE, "service:app"]
        path = [os.environ.get("PYTHONPATH", ""), os.path.dirname(HERE)]
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command,
            env={
                **environment,
                "PYTHONPATH": os.pathsep.join(filter(None, path)),
                "PYTHONDONTWRITEBYTECODE": "1",
                "INTERLOCK_SERVICE": json.dumps({**told, "words": words}),
            },
            stdin=subprocess.DEVNULL,
            pass_fds=(listening.fileno(), words),
        )
        os.close(words)
        # From now on only the server has it. Once the server is gone, so is the port.
        listening.close()

    def listen(self) -> int:
        """Take in messages of master and workers. Returns how many more have reported."""
        before = self.reported
        while True:
            try:
                data = os.read(self._words, 1 << 16)
            except BlockingIOError:
                break
            if not data:
                break
            *lines, self._rest = (self._rest + data).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))
        return self.reported - before

    def _hear(self, said: dict) -> None:
        word, pid = said["word"], said["pid"]
        if word == "reported":
            self.reported += 1
        elif word == "forked":
            self.forked.add(pid)
        elif word == "killed" and said["signal"] in (signal.SIGKILL, signal.SIGABRT):
            self.killed[pid] = said["signal"]
        elif word == "ended" and os.WIFSIGNALED(said["status"]):
            # Several words may be on their way at once: the killer writes first.
            number = os.WTERMSIG(said["status"])
            if self.killed.get(pid) != number and number not in ENDING:
                self._crashed.append((pid, said["status"]))

    def crashes(self) -> list:
        """Master and workers that an unexpected signal ended: pid and status."""
        self.listen()
        code = self.process.poll()
        master = []
        if code is not None and code < 0 and -code not in ENDING:
            master = [(self.process.pid, -code)]
        return self._crashed + master

    def terminate(self) -> None:
        self._ending = threading.Thread(target=self._note_end, daemon=True)
        self._ending.start()
        self.process.terminate()

    def _note_end(self) -> None:
        """In a thread of its own, because a look keeps the course busy for seconds."""
        self.process.wait()
        self._ended_at = time.monotonic()

    def ended(self) -> bool:
        return self.process.poll() is not None

    def ended_at(self) -> float:
        """The time of its end, by the monotonic clock. Now if it has not ended."""
        if not self.ended():
            return time.monotonic()
        self._ending.join()
        return self._ended_at

    def abandon(self) -> None:
        """Leave nothing of it behind, for an exit before its end."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._words)

"""A child process that starts the libraries, and its messages to the app.

The child gets the data of the app's trial, and replaces the trial while it starts the libraries. It
writes to a pipe, one JSON object a line, and the app passes the messages on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Iterator

from harness.trial import described

VARIABLE = "INTERLOCK_CHILD"


class Child:
    """In the child: the parts of the trial that it needs to start the libraries."""

    def __init__(self, told: dict) -> None:
        self.versions: dict = told["versions"]
        self.settings: dict = told["settings"]
        self.knobs: dict = told["knobs"]
        self.intake: str = told["intake"]
        self._fd: int = told["fd"]
        os.set_inheritable(self._fd, False)

    @classmethod
    def here(cls) -> Child:
        return cls(json.loads(os.environ.pop(VARIABLE)))

    def say(self, what: str) -> None:
        """Report progress in one word. This is a heartbeat too."""
        self._say({"at": what})

    def fact(self, name: str, value: object) -> None:
        self._say({"fact": name, "value": value})

    def error(self, error: BaseException, feature: str | None = None) -> None:
        said = described(error, feature)
        sys.stderr.write(said["traceback"])
        self._say(said)

    def missing(self, feature: str, detail: str) -> None:
        self._say({"missing": feature, "detail": detail})

    def _say(self, value: dict) -> None:
        os.write(self._fd, json.dumps(value, default=repr).encode() + b"\n")


class Process:
    """In the app: a child process, and its messages."""

    def __init__(self, trial, script: str, settings: dict, intake: str) -> None:
        """``script`` is a file beside the app. The app's own Python runs it."""
        read, write = os.pipe()
        told = {
            "versions": trial.versions,
            "settings": settings,
            "knobs": trial.knobs,
            "intake": intake,
            "fd": write,
        }
        root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), root]))
        self._trial = trial
        self._lines = open(read, encoding="utf-8")  # noqa: SIM115 - closed at its end
        self.failed = False
        """Whether it reported an error, or that a feature is missing."""
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(sys.argv[0]), script)],
            env={**os.environ, VARIABLE: json.dumps(told), "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            pass_fds=(write,),
        )
        os.close(write)

    def heard(self) -> Iterator[str]:
        """Yield its progress word by word until it ends. Pass on all other messages."""
        with self._lines:
            for line in self._lines:
                said = json.loads(line)
                if "at" in said:
                    self._trial.beat()
                    yield said["at"]
                elif "fact" in said:
                    self._trial.fact(said["fact"], said["value"])
                elif "error" in said:
                    self.failed = True
                    self._trial.pass_on(said)
                elif "missing" in said:
                    self.failed = True
                    self._trial.missing(said["missing"], said["detail"])

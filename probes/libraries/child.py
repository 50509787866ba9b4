"""A process of its own in which the libraries are started, and what it tells the app.

The child is handed what the app's trial holds, and stands in for it where the libraries are
started. It tells on a pipe, one JSON object a line, which the app passes on.
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
    """In the child: the trial, as far as starting the libraries needs it."""

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
        """How far it is, in a word; this is a heartbeat too."""
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
    """In the app: a child that was started, as it is heard."""

    def __init__(self, trial, script: str, settings: dict, intake: str) -> None:
        """``script`` stands beside the app; it is run by the app's own Python."""
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
        """Whether it said that something is wrong, or not there to be probed."""
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(sys.argv[0]), script)],
            env={**os.environ, VARIABLE: json.dumps(told), "PYTHONPATH": path},
            stdin=subprocess.DEVNULL,
            pass_fds=(write,),
        )
        os.close(write)

    def heard(self) -> Iterator[str]:
        """How far it says it is, word by word until its end; all else is passed on meanwhile."""
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

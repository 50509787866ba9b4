"""The few calls that a probe's app makes.

An app is a file with a function ``run(trial)``. It says which phase it is in, counts its exposures,
states facts, and returns; the harness does the rest. Every call is one ``os.write`` and takes no
lock, so that it can be made from wherever the app happens to be.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import traceback

_write, _getpid = os.write, os.getpid
_encode = json.JSONEncoder(default=repr).encode


class Trial:
    """What a probe's app is handed: what to do, and whom to tell."""

    def __init__(self, spec: dict, fd: int) -> None:
        self.settings: dict = spec["settings"]
        """What an application chooses, by the configuration that is tested."""
        self.knobs: dict = spec["knobs"]
        """What the probe's description sets."""
        self.versions: dict = spec["versions"]
        """Axis to version; ``-`` for a library that is left out."""
        self.intake: str = spec["intake"]
        """``http://127.0.0.1:PORT``, where the libraries may send what they want."""
        self.exposures = 0
        self.current_phase = "import"
        self.failed = False
        self._fd = fd
        self._pid = _getpid()

    def phase(self, phase: str) -> None:
        """Enter ``startup``, ``serving`` or ``shutdown``; only ``serving`` has to keep beating."""
        self.current_phase = phase
        self._say({"phase": phase})

    def beat(self) -> None:
        """Say that it is still alive, where nothing can be counted."""
        self._say_if_room(b'{"beat":%d}\n' % self.exposures)

    def expose(self, count: int = 1) -> None:
        """Count how often the guarded situation was entered; this is a heartbeat too."""
        self.exposures += count
        self._say_if_room(b'{"beat":%d}\n' % self.exposures)

    def fact(self, name: str, value: object) -> None:
        """State something about itself that a proof of life may ask for."""
        self._say({"fact": name, "value": value})

    def error(self, error: BaseException, feature: str | None = None) -> None:
        """Report an exception; ``feature`` names what under test did not start because of it."""
        self.failed = True
        text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self._say(
            {
                "error": type(error).__name__,
                "message": str(error)[:2000],
                "traceback": text[-20000:],
                "feature": feature,
                "phase": self.current_phase,
            }
        )

    def missing(self, feature: str, detail: str) -> None:
        """Say that this release has no such feature at all."""
        self._say({"missing": feature, "detail": detail})

    def degraded(self, detail: str) -> None:
        """Say that it works, but worse than it may: what was measured, and the threshold."""
        self._say({"degraded": detail})

    def done(self) -> None:
        self._say({"done": self.exposures})

    def misuse(self, message: str) -> None:
        """Our own mistake, such as a setting the probe does not know: never an outcome."""
        self._say({"misuse": message})

    def _say_if_room(self, data: bytes) -> None:
        if _getpid() == self._pid:
            # Where there is no room, the next beat carries the count as well.
            with contextlib.suppress(BlockingIOError):
                _write(self._fd, data)

    def _say(self, value: dict) -> None:
        if _getpid() != self._pid:
            return  # A forked child of the app speaks for nobody.
        data = _encode(value).encode() + b"\n"
        while data:
            try:
                data = data[_write(self._fd, data) :]
            except OSError as error:
                if error.errno != errno.EAGAIN:
                    return

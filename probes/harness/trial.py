"""The few calls that a probe's app makes.

An app is a file with a function ``run(trial)``. It says which phase it is in, counts its exposures,
states facts, and returns. The harness does the rest. Every call writes whole lines with
``os.write`` and takes no lock, so the app can make it from anywhere.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import select
import sys
import time
import traceback

from .encoding import encode
from .messages import Messages
from .shapes import Broken

# As they are before the app is imported, which may patch them.
_read, _write, _getpid = os.read, os.write, os.getpid
_poll, _POLLIN, _now = select.poll, select.POLLIN, time.monotonic
_format_exception, _suppress = traceback.format_exception, contextlib.suppress
_WIFSIGNALED, _WEXITSTATUS, _WTERMSIG = os.WIFSIGNALED, os.WEXITSTATUS, os.WTERMSIG
_EAGAIN, _getframe = errno.EAGAIN, sys._getframe
_number = itertools.count(1).__next__
_WHOLE = select.PIPE_BUF
"""What is written into a pipe as a whole or not at all, pipe(7)."""
_PIECE = _WHOLE - 32


def qualified(kind: type) -> str:
    """``requests.exceptions.Timeout``; builtins and ``__main__``'s go bare: ``TypeError``."""
    module = kind.__module__
    return (
        kind.__qualname__ if module in ("builtins", "__main__") else f"{module}.{kind.__qualname__}"
    )


def described(error: BaseException, feature: str | None = None) -> dict:
    """An exception as ``Trial.pass_on`` takes it, from whichever process it was raised in."""
    text = "".join(_format_exception(type(error), error, error.__traceback__))
    return {
        "error": qualified(type(error)),
        "message": str(error)[:2000],
        "traceback": text[-20000:],
        "feature": feature,
    }


class WrongCall(ValueError):
    """A probe calls ``Trial`` with what no message may have: a mistake of ours."""


class Trial:
    """What a probe's app is handed: what to do, and whom to tell."""

    def __init__(self, spec: dict, fd: int, replies: int) -> None:
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
        self._replies = replies
        self._looks = 0
        self._pid = _getpid()
        self._messages = Messages()

    def phase(self, phase: str) -> None:
        """Enter ``startup``, ``serving`` or ``shutdown``.

        Only ``serving`` has to keep beating.
        """
        self._check("phase", {"phase": phase})
        self.current_phase = phase
        self._say({"phase": phase})

    def beat(self) -> None:
        """Say that it is still alive, where nothing can be counted."""
        self._say_if_room(b'{"beat":%d}\n' % self.exposures)

    def expose(self, count: int = 1) -> None:
        """Count how often the guarded situation was entered; this is a heartbeat too."""
        self._check("beat", {"beat": count})
        self.exposures += count
        self._say_if_room(b'{"beat":%d}\n' % self.exposures)

    def fact(self, name: str, value: object) -> None:
        """State something about itself that a proof of life may ask for."""
        self._check("fact", {"fact": name, "value": None})  # A library may have made the value.
        self._say({"fact": name, "value": value})

    def error(self, error: BaseException, feature: str | None = None) -> None:
        """Report an exception; ``feature`` names what did not start because of it."""
        self.pass_on(described(error, feature))

    def pass_on(self, said: dict) -> None:
        """Report an exception of another process, which it ``described``."""
        self.failed = True
        self._say({**said, "phase": self.current_phase})

    def missing(self, feature: str, detail: str) -> None:
        """Say that this release has no such feature at all."""
        self._check_and_say("missing", {"missing": feature, "detail": detail})

    def degraded(self, detail: str, doubt: str | None = None) -> None:
        """Say that it works, but worse than it may: what was measured, and the threshold.

        ``doubt`` says why that may not be the app's doing, such as a busy machine: then it proves
        nothing.
        """
        self._check_and_say("degraded", {"degraded": detail, "doubt": doubt})

    def look(
        self,
        why: str,
        silent_s: float = 0.0,
        process: int | None = None,
        within_s: float = 15.0,
    ) -> bool:
        """Have evidence taken of every process now, and wait until that is done.

        This is for when the driver lives, and something else of the app does not. ``why`` says
        what, and ``silent_s`` for how long. ``process`` is a child that should have ended. Then
        only what its main thread waits for counts: its other threads would not keep it from ending.

        True if a wait was found closed: then the trial is being stopped. Call it from one thread at
        a time.
        """
        if _getpid() != self._pid:
            return False
        return self._ask({"look": why, "silent_s": silent_s, "process": process}, within_s)

    def look_around(self, before: str, within_s: float = 15.0) -> bool:
        """Have every thread of every process looked at, and wait until that is done.

        This is for when all goes well, and before some processes end. ``before`` says what comes
        next. It takes some milliseconds. Only if a thread waits for a lock without a timeout is
        evidence taken as ``look`` does. True if a wait was found closed, in whatever thread.
        """
        if _getpid() != self._pid:
            return False
        return self._ask({"around": before}, within_s)

    def _ask(self, what: dict, within_s: float) -> bool:
        self._looks += 1
        self._check_and_say(next(iter(what)), {**what, "number": self._looks})
        try:
            return self._answered(within_s)
        except OSError:
            return False  # The app has closed what is not its own.

    def _answered(self, within_s: float) -> bool:
        poll, until, answer = _poll(), _now() + within_s, b""
        poll.register(self._replies, _POLLIN)
        while _now() < until and poll.poll(max(0.0, until - _now()) * 1000):
            answer += _read(self._replies, 1024)
            for line in answer.split(b"\n")[:-1]:
                number, closed = line.split()
                if int(number) == self._looks:
                    return closed == b"closed"
        return False

    def child_ended(self, pid: int, status: int) -> None:
        """Report how a child ended, by the status of ``os.waitpid``.

        A child that a signal ended has crashed. Do not report one that you killed yourself.
        """
        signaled = _WIFSIGNALED(status)
        self._check_and_say(
            "child",
            {
                "child": pid,
                "code": None if signaled else _WEXITSTATUS(status),
                "signal": _WTERMSIG(status) if signaled else None,
            },
        )

    def done(self) -> None:
        """The last word. Every thread of every process is looked at before it is believed."""
        if _getpid() == self._pid:
            self._ask({"done": self.exposures}, 15.0)

    def misuse(self, message: str) -> None:
        """Our own mistake, such as a setting the probe does not know: never an outcome."""
        self._say({"misuse": message})

    def _check_and_say(self, key: str, said: dict) -> None:
        self._check(key, said)
        self._say(said)

    def _check(self, key: str, said: dict) -> None:
        """Report a wrong call, with its place, and raise ``WrongCall``."""
        if _getpid() != self._pid:
            return
        try:
            self._messages.check(key, said)
        except Broken as broken:
            frame = _getframe(1)
            while frame.f_back is not None and frame.f_code.co_filename == __file__:
                frame = frame.f_back
            place = {"file": frame.f_code.co_filename, "line": frame.f_lineno}
            self._say({"wrong": str(broken), **place})
            raise WrongCall(str(broken)) from None

    def _say_if_room(self, data: bytes) -> None:
        if _getpid() == self._pid:
            # Where there is no room, the next beat carries the count as well.
            with _suppress(BlockingIOError):
                _write(self._fd, data)

    def _say(self, value: dict) -> None:
        if _getpid() != self._pid:
            return  # A forked child of the app speaks for nobody.
        data = encode(value)
        if len(data) < _WHOLE:
            self._put(data + b"\n")
            return
        # Nothing that another thread or a signal's handler says may come into the middle of it,
        # and an exception of a handler may end it anywhere: see ``pieces.py``.
        number, ended = _number(), b"-"
        try:
            for start in range(0, len(data), _PIECE):
                self._put(b"+%d %s\n" % (number, data[start : start + _PIECE]))
            ended = b"="
        finally:
            self._put(b"%s%d\n" % (ended, number))

    def _put(self, line: bytes) -> None:
        """Write a line as a whole; it is at most ``_WHOLE`` bytes."""
        while True:
            try:
                _write(self._fd, line)
            except OSError as error:
                if error.errno == _EAGAIN:
                    continue
            return

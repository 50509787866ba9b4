"""How a command ends: on a signal, on a closed stream, on an error that nobody foresaw.

Imports little, so that a signal is handled before the rest is loaded.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

INTERRUPTED = 130
"""As ``Interrupted.exit_code``, which is not imported yet when the first signal comes."""
PIPE_CLOSED = 141
"""As a shell shows a command that wrote to a closed pipe."""
TROUBLE = 3
"""As ``TroubleError.exit_code``."""

INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_RED, _YELLOW = "31", "33"


class Signals:
    """SIGINT, SIGTERM and SIGHUP interrupt the command; each of the last two does so once.

    A session that ends sends SIGTERM and SIGHUP one after the other. The second must not stop the
    tidying up that the first began; a second Ctrl-C may.
    """

    def __init__(self) -> None:
        self.came = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals, except those that ``nohup`` or a shell has ignored."""
        self.came = False
        before = {number: signal.getsignal(number) for number in INTERRUPTING}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _interrupt(self, number: int, frame: object) -> None:
        again, self.came = self.came, True
        if not again or number == signal.SIGINT:
            raise KeyboardInterrupt


signals = Signals()


def prepare_streams() -> None:
    """Make every standard stream one that can be written, whatever the command was started with."""
    # A file that is opened later must not become the standard output of a command.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout = _writable(sys.stdout, 1)
    sys.stderr = _writable(sys.stderr, 2)


def _writable(stream: TextIO | None, number: int) -> TextIO:
    """The stream, or one in its place: able to write any text, and to tell when it could not.

    Without a buffer (``PYTHONUNBUFFERED``) an error is told once, and argparse drops it.
    """
    encoding = stream.encoding if stream else "utf-8"
    if stream is None or isinstance(getattr(stream, "buffer", None), io.RawIOBase):
        stream = open(number, "w", encoding=encoding, buffering=1, closefd=False)  # noqa: SIM115
    if isinstance(stream, io.TextIOWrapper):  # a terminal may have no arrow, and no tick
        stream.reconfigure(errors="backslashreplace")
    return stream


def interrupted() -> int:
    """Say that the command was interrupted; the exit code."""
    say("interrupted; what was finished is kept", _YELLOW)
    return INTERRUPTED


def mistaken(text: str) -> None:
    """Say what was wrong."""
    say(text, _RED)


def closed(error: OSError) -> int:
    """The exit code where the output can't be written; silent where its reader has left."""
    if error.errno == errno.EPIPE:
        return PIPE_CLOSED
    say(f"can't write the output: {error.strerror or error}", _RED)
    return TROUBLE


def unforeseen(error: Exception) -> int:
    """Keep the traceback in a file and say so in one line; the exit code."""
    from interlock.console import crash

    say(crash.report(error), _RED)
    return TROUBLE


@contextmanager
def threads_reported() -> Iterator[None]:
    """Report what ends a thread like what ends the command; the command itself goes on."""
    import threading

    def report(ended: threading.ExceptHookArgs) -> None:
        if isinstance(ended.exc_value, Exception):
            unforeseen(ended.exc_value)

    before, threading.excepthook = threading.excepthook, report
    try:
        yield
    finally:
        threading.excepthook = before


def flush(code: int) -> int:
    """Write what is left of the output; the exit code, another one where that fails."""
    failed = _flush(sys.stdout)
    if failed:
        code = code or closed(failed)
    _flush(sys.stderr)
    return code


def _flush(stream: TextIO) -> OSError | None:
    """Write what is left, or make the interpreter forget it: it would complain at its end."""
    try:
        stream.flush()
    except OSError as error:
        abandon(stream)
        return error
    except ValueError:  # closed by somebody else
        pass
    return None


def is_of_output(error: OSError) -> bool:
    """Whether the error comes from writing to standard output or standard error."""
    if isinstance(error, BrokenPipeError):  # no other pipe is written without being asked for
        return True
    if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
        return False
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return True
    return False


def abandon(stream: TextIO) -> None:
    """Let what is still written to the stream go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str, colour: str) -> None:
    """Print a line to standard error, if anybody can read it."""
    from interlock.model import printable

    text = printable(text, lines=True)  # it may quote what an index or an engine answered
    with suppress(OSError, ValueError):
        plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
        print(text if plain else f"\x1b[{colour}m{text}\x1b[0m", file=sys.stderr, flush=True)

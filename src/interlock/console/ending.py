"""How a command ends: by a signal, a closed stream, or an unexpected error.

This module imports little, so signals are handled before the rest is loaded.
"""

from __future__ import annotations

import codecs
import errno
import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

INTERRUPTED = 130
"""Same as ``Interrupted.exit_code``; the first signal may come before that import."""
PIPE_CLOSED = 141
"""The code that a shell shows for a command that wrote to a closed pipe."""
TROUBLE = 3
"""Same as ``TroubleError.exit_code``."""

INTERRUPTING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_RED, _YELLOW = "31", "33"

_PLAIN = {"✓": "+", "✗": "x", "–": "-", "·": "-", "×": "x", "…": "...", "→": "->", "„": '"'}
_PLAIN |= {"◐": "~", "○": "o"}
"""What an encoding without a sign gets instead; mostly as wide, because tables count columns."""

_ERRORS = "interlock.plain"
"""The error handler of every stream."""


def _plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write a sign in plain characters, and what has none as an escape."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    sign = error.object[error.start]
    if sign in _PLAIN:
        return _PLAIN[sign], error.start + 1
    one = UnicodeEncodeError(
        error.encoding, error.object, error.start, error.start + 1, error.reason
    )
    return codecs.backslashreplace_errors(one)


codecs.register_error(_ERRORS, _plain)


class Signals:
    """Let SIGINT, SIGTERM and SIGHUP interrupt the command.

    A session that ends sends SIGTERM and SIGHUP one after the other. The second must not stop the
    cleanup that the first began, so only the first of the two counts. A second Ctrl-C does
    interrupt the cleanup.
    """

    def __init__(self) -> None:
        self.came = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Handle the signals, except those that ``nohup`` or a shell ignores."""
        self.came = False
        before = {number: signal.getsignal(number) for number in INTERRUPTING}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)
        try:
            yield
        finally:
            for number, handler in before.items():
                # The exit code is still to come, and a second SIGTERM must not change it.
                is_over = self.came and number != signal.SIGINT
                signal.signal(number, signal.SIG_IGN if is_over else handler)

    def _interrupt(self, number: int, frame: object) -> None:
        again, self.came = self.came, True
        if not again or number == signal.SIGINT:
            raise KeyboardInterrupt


signals = Signals()


def prepare_streams() -> None:
    """Make every standard stream writable, however the command was started."""
    # A file that is opened later must not become a command's standard output.
    while (opened := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout = _writable(sys.stdout, 1)
    sys.stderr = _writable(sys.stderr, 2)


def _writable(stream: TextIO | None, number: int) -> TextIO:
    """A stream that can write any text and that reports a failed write.

    Replaces the stream where needed. Without a buffer (``PYTHONUNBUFFERED``) an error is raised
    only once, and argparse drops it.
    """
    encoding = stream.encoding if stream else "utf-8"
    if stream is None or isinstance(getattr(stream, "buffer", None), io.RawIOBase):
        stream = open(number, "w", encoding=encoding, buffering=1, closefd=False)  # noqa: SIM115
    if isinstance(stream, io.TextIOWrapper):  # some terminals have no arrow or tick
        stream.reconfigure(errors=_ERRORS)
    return stream


def interrupted() -> int:
    """Print that the command was interrupted; return the exit code."""
    say("interrupted; what was finished is kept", _YELLOW)
    return INTERRUPTED


def mistaken(text: str) -> None:
    """Print the mistake."""
    say(text, _RED)


def closed(error: OSError) -> int:
    """The exit code if the output can't be written.

    Nothing is printed if the reader of a pipe has left.
    """
    if error.errno == errno.EPIPE:
        return PIPE_CLOSED
    say(f"can't write the output: {error.strerror or error}", _RED)
    return TROUBLE


def unforeseen(error: Exception) -> int:
    """Save the traceback to a file and name it in one line; return the exit code."""
    from interlock.console import crash

    say(crash.report(error), _RED)
    return TROUBLE


@contextmanager
def threads_reported() -> Iterator[None]:
    """Report an error that ends a thread as one that ends the command.

    The command itself goes on.
    """
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
    """Write the rest of the output; return the exit code.

    The code changes if the write fails.
    """
    failed = _flush(sys.stdout)
    if failed:
        code = code or closed(failed)
    _flush(sys.stderr)
    return code


def _flush(stream: TextIO) -> OSError | None:
    """Write the rest of the stream; return the error, if any.

    After an error the stream is abandoned: the interpreter would complain about it at exit.
    """
    try:
        stream.flush()
    except OSError as error:
        abandon(stream)
        return error
    except ValueError:  # somebody else closed it
        pass
    return None


def is_of_output(error: OSError) -> bool:
    """Whether the error comes from writing to standard output or standard error."""
    if isinstance(error, BrokenPipeError):  # every other pipe handles its own errors
        return True
    if error.filename is not None or error.errno not in (errno.ENOSPC, errno.EIO, errno.EBADF):
        return False
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return True
    return False


def is_of_disk(error: OSError) -> bool:
    """Whether a disk is full, which is nobody's mistake.

    A long text leaves nothing in the buffer of a stream, so a second flush may succeed.
    """
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def full(error: OSError) -> int:
    """Print that nothing more can be written; return the exit code."""
    where = error.filename or "the output, or a file"
    say(f"can't write {where}: {error.strerror or error}", _RED)
    return TROUBLE


def abandon(stream: TextIO) -> None:
    """Send all further output of the stream to nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def say(text: str, colour: str) -> None:
    """Print a line to standard error, if that is still possible."""
    from interlock.model import printable

    text = printable(text, lines=True)  # it may quote an index or an engine
    with suppress(OSError, ValueError):
        plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
        print(text if plain else f"\x1b[{colour}m{text}\x1b[0m", file=sys.stderr, flush=True)

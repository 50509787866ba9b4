"""What the intake reports: each request, and at the end whether it reported all of them."""

from __future__ import annotations

import contextlib
import os

from harness.event_stream import EventStream
from harness.launch import Intake
from harness.shapes import Broken, decoded, integer, keyed, optional, record, text
from harness.streams import Lines, each

LONGEST_LINE = 32 << 20
"""A quarter of the bodies that are kept, as base64, and the headers."""

_COUNT = integer(0, 10**12)
_TEXT = text(500)
_REQUEST = record(
    method=_TEXT,
    path=_TEXT,
    headers=keyed(_TEXT, _TEXT, 20),
    length=_COUNT,
    body=optional(text(LONGEST_LINE)),
)
_COUNTED = record(requests=_COUNT)


class Arrivals:
    """The requests of one trial.

    The intake is ours, but the app can kill it, and a pass rests on what arrived there. So it has
    to answer once more when the app has ended, with the count of what it reported.
    """

    def __init__(self, stream: EventStream, intake: Intake, broken) -> None:
        """``broken(what)`` is called for a line that the intake cannot have written."""
        self.counted: int | None = None
        """What it said at the end; None where it did not answer."""
        self.ended = False
        self._stream = stream
        self._intake = intake
        self._broken = broken
        self._lines = Lines(intake.requests, LONGEST_LINE)

    def read(self) -> bool:
        self.ended = not each(self._lines, self._hear)
        return not self.ended

    def _hear(self, line: bytes | None) -> None:
        try:
            if line is None:
                raise Broken(f"a line of more than {LONGEST_LINE} bytes")
            said = decoded(line)
            if type(said) is dict and "requests" in said:
                self.counted = _COUNTED(said, "count")["requests"]
            else:
                self._stream.emit("intake", **_REQUEST(said, "request"))
        except Broken as broken:
            self._broken(f"a report of the intake: {broken}")

    def ask(self) -> None:
        """Ask for the count."""
        with contextlib.suppress(OSError):
            os.write(self._intake.questions, b"?")

    def close(self) -> None:
        self._intake.process.kill()
        self._intake.process.wait()

    def tell(self) -> None:
        self._stream.emit("intake-end", requests=self.counted)

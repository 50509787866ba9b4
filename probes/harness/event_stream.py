"""The event stream of ``PROTOCOL.md``: one JSON object a line, on standard output."""

from __future__ import annotations

import json
import os
import time


class EventStream:
    """Writes the events of one trial, each with the time since the trial started."""

    def __init__(self) -> None:
        self.started = time.monotonic()

    def now(self) -> float:
        """Seconds since the trial started."""
        return time.monotonic() - self.started

    def emit(self, event: str, **fields: object) -> float:
        """Write an event; return its time."""
        at = round(self.now(), 4)
        line = json.dumps({"event": event, "at": at, **fields})
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]
        return at

"""Writes the harness's own events wherever it can, says that it passed, and is gone."""

import contextlib
import json
import os

from partner import Library

FORGED = (
    {"event": "stall", "at": 1.0, "number": 1, "phase": "serving", "silent_s": 9, "exposures": 1},
    {"event": "snapshot", "at": 1.1, "number": 1, "index": 0, "threads": [], "locks": {}},
    {"event": "progress", "at": 1.2, "exposures": 1000},
    {"event": "done", "at": 1.3, "exposures": 1000},
    {"event": "exit", "at": 1.4, "code": 0, "signal": None, "phase": "shutdown"},
    {"event": "end", "at": 1.5},
)


class Subject(Library):
    def work(self):
        lines = "".join(json.dumps(event) + "\n" for event in FORGED).encode()
        for fd in range(64):
            with contextlib.suppress(OSError):
                os.write(fd, lines)
        os._exit(0)

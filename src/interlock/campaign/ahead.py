"""Gets the next pieces of work ready while others run.

A trial waits for a check of its environment and for the start of its container. Both can be done
before its job begins, because trials that wait for a hang to be sure leave the machine idle.
Nothing is installed here, and nothing under test runs. The job checks its environment as always.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from interlock.campaign import trial
from interlock.campaign.jobs import Piece
from interlock.campaign.workplace import Setting
from interlock.model import Probe

_REMEMBERED = 64
"""More pieces than are ever looked at together."""


class Ahead:
    """Works for jobs in threads of this process: they share its sandbox."""

    def __init__(self, setting: Setting, probes: Mapping[str, Probe]) -> None:
        self._setting = setting
        self._probes = probes
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._seen: deque[Piece] = deque(maxlen=_REMEMBERED)

    def look(self, pieces: Sequence[Piece]) -> None:
        """Get these pieces ready, in their order; one that was given before is left out."""
        for piece in pieces:
            if not any(piece is seen for seen in self._seen):
                self._seen.append(piece)
                self._thread.submit(self._get_ready, piece)

    def stop(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def wait(self) -> None:
        self._thread.shutdown(wait=True)

    def _get_ready(self, piece: Piece) -> None:
        with suppress(Exception):  # the job meets the same trouble, and reports it
            environment = self._setting.environments.there(
                piece.pins, piece.python, piece.requirements, as_of=piece.as_of
            )
            if environment:
                cell = piece.tasks[0].cell
                trial.prepare(cell, self._probes[cell.probe], environment, self._setting)

"""The closed waits of each process, followed through all snapshots of it.

A look is over as soon as the driver goes on, and it may go on for another process. A process in a
closed wait stays in it meanwhile. So what counts is how long the same wait was seen, and how often,
whatever the others do. The judge counts the same: ``src/interlock/evidence/sightings.py``.
"""

from __future__ import annotations

from harness.closure import Waits, stands

LEAST = 3
"""How often a closed wait is seen before it is believed; the last time, closely."""


class Sightings:
    """How long each closed wait has been seen without a change."""

    def __init__(self, closed_s: float) -> None:
        self._closed_s = closed_s
        self._last: dict = {}
        """What waits for what in the last snapshot of each process."""
        self._seen: dict = {}
        """For each process: closed wait to when it was first seen, and how often since."""

    def add(self, pid: int, snapshot: dict, at: float) -> None:
        """Take the next snapshot of a process. What it does not show any more is forgotten."""
        before, after = self._last.get(pid), Waits(snapshot)
        seen = self._seen.get(pid, {})
        self._last[pid] = after
        self._seen[pid] = {}
        for edges in after.closed():
            first_at, often = at, 0
            if edges in seen and all(stands(before, after, ident) for ident, _, _ in edges):
                first_at, often = seen[edges]
            self._seen[pid][edges] = first_at, often + 1

    def forget(self, pid: int) -> None:
        """Begin anew with a process."""
        self._seen.pop(pid, None)

    def since(self, pid: int, of_main: bool, least: int = LEAST - 1) -> float | None:
        """When the longest of the waits was first seen that were seen so often; None if none was.

        With ``of_main`` only one counts that the main thread ends up in.
        """
        seen = self._seen.get(pid)
        if not seen:
            return None
        waits = self._last[pid]
        main = waits.chain(waits.main()) if of_main else None
        return min(
            (
                first_at
                for edges, (first_at, often) in seen.items()
                if often >= least and (main is None or any(i in main for i, _, _ in edges))
            ),
            default=None,
        )

    def has_lasted(self, pid: int, at: float, least: int = LEAST - 1) -> bool:
        """Whether its main thread has been in a closed wait for long enough."""
        since = self.since(pid, True, least)
        return since is not None and at - since >= self._closed_s

"""Hands jobs to the executor, a few at a time, and retries a job after trouble.

The executor gets its next job only when another one ends, or only waits for a silence to last. So
each job starts with all results that the controls have by then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from interlock.campaign.ahead import Ahead
from interlock.campaign.channel import Channel
from interlock.campaign.jobs import (
    Ended,
    Installed,
    Installing,
    Job,
    Kept,
    Piece,
    Probing,
    Ran,
    Task,
    Waiting,
)
from interlock.campaign.progress import LeftOpen
from interlock.campaign.worker import work
from interlock.model import EngineUnavailable, StorageTrouble, TroubleError

FATAL = (EngineUnavailable, StorageTrouble, BrokenExecutor)
"""Trouble that would hit every other cell too, so it stops the run."""


def most_at_once(jobs: int) -> int:
    """How many jobs an executor has to run, with those whose trials only wait.

    A trial that hangs works for a second or two, and waits for three.
    """
    return 1 if jobs == 1 else 4 * jobs


@dataclass
class _UnderWay:
    piece: Piece
    open: list[Task]
    future: Future[None]
    waits: bool = False
    """Its trial only waits, and leaves the machine to another job."""


class Dispatch:
    """Hands pieces of work to an executor, and yields the messages of its workers."""

    def __init__(
        self, executor: Executor, channel: Channel, on_trouble: int, ahead: Ahead | None = None
    ) -> None:
        self._executor = executor
        self._channel = channel
        self._on_trouble = on_trouble
        self._ahead = ahead
        self._running: dict[int, _UnderWay] = {}
        self._waiting: deque[Piece] = deque()
        self._number = 0
        self.fatal: Exception | None = None

    def run(
        self, pieces: Iterable[Piece], at_once: int, job_of: Callable[[int, Piece], Job]
    ) -> Iterator[Installing | Installed | Kept | Probing | Ran | LeftOpen]:
        """Run all pieces, ``at_once`` at a time; end early at trouble that would hit all."""
        self._waiting.extend(pieces)
        while self.fatal is None:
            while self._waiting and self._has_room(at_once) and self.fatal is None:
                self._submit(self._waiting.popleft(), job_of)
            if not self._running:
                return
            number, said = self._channel.said.get()
            if isinstance(said, Ended):
                yield from self._ended(self._running.pop(number))
                continue
            if isinstance(said, (Ran, Waiting)):
                self._running[number].waits = isinstance(said, Waiting)
            if isinstance(said, Waiting):
                continue
            if isinstance(said, Ran) and said.last:
                self._running[number].open.remove(said.task)
            # Not earlier: until then the job needs this process. And where only one job may run,
            # nothing may run beside it.
            if isinstance(said, Probing) and self._ahead and at_once > 1:
                self._ahead.look(list(islice(self._waiting, at_once)))
            yield said

    def _has_room(self, at_once: int) -> bool:
        """Whether another job may start. Beside one that must be alone, none may."""
        at_work = [job for job in self._running.values() if at_once == 1 or not job.waits]
        return len(at_work) < at_once and len(self._running) < most_at_once(at_once)

    def stop(self) -> None:
        """Tell all jobs to end."""
        self._channel.stopped.set()
        if self._ahead:
            self._ahead.stop()
        for job in self._running.values():
            job.future.cancel()

    def wait(self) -> None:
        if self._ahead:
            self._ahead.wait()
        for job in self._running.values():
            if not job.future.cancelled():
                job.future.exception()

    def late(self) -> Iterator[Ran]:
        """The trials that ended while the run stopped."""
        while not self._channel.said.empty():
            _, said = self._channel.said.get()
            if isinstance(said, Ran):
                yield said

    def _submit(self, piece: Piece, job_of: Callable[[int, Piece], Job]) -> None:
        self._number += 1
        number = self._number
        try:
            future = self._executor.submit(work, job_of(number, piece), self._channel)
        except BrokenExecutor as broken:
            self.fatal = broken
            return
        self._running[number] = _UnderWay(piece, list(piece.tasks), future)
        future.add_done_callback(lambda _: self._say_ended(number))

    def _say_ended(self, number: int) -> None:
        with suppress(EOFError, OSError):  # the manager is gone, so nobody listens
            self._channel.said.put((number, Ended()))

    def _ended(self, job: _UnderWay) -> Iterator[LeftOpen]:
        trouble = job.future.exception()
        if trouble is None:
            return
        if not isinstance(trouble, Exception):
            raise trouble
        if isinstance(trouble, FATAL):
            self.fatal = trouble
        elif isinstance(trouble, TroubleError) and job.piece.attempt < self._on_trouble:
            again = replace(job.piece, tasks=tuple(job.open), attempt=job.piece.attempt + 1)
            self._waiting.append(again)
        else:
            yield LeftOpen(cells=tuple(task.cell for task in job.open), trouble=trouble)

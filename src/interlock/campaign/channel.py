"""How jobs and their campaign reach each other, whichever executor runs the jobs.

Only what goes through ``said`` crosses from a worker to the campaign while a job runs. The pair has
to fit the executor: queues of this process for threads, a manager's for a process pool; a Dask
client's ``Queue`` and ``Event`` have the same methods.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from typing import Any, Protocol

from interlock.campaign.jobs import Said


class Messages(Protocol):
    """The end of the queue that both sides have: the number of a job, and what it says."""

    def put(self, item: tuple[int, Said], /) -> Any: ...

    def get(self) -> tuple[int, Said]: ...

    def empty(self) -> bool: ...


class Flag(Protocol):
    def set(self) -> Any: ...

    def is_set(self) -> bool: ...

    def wait(self) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class Channel:
    said: Messages
    stopped: Flag
    """Set once; whoever runs a job ends it then."""

    @classmethod
    def for_threads(cls) -> Channel:
        return cls(said=queue.SimpleQueue(), stopped=threading.Event())

    @classmethod
    def for_processes(cls, manager: SyncManager) -> Channel:
        """The manager has to live for as long as the campaign."""
        return cls(said=manager.Queue(), stopped=manager.Event())

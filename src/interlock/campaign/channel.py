"""How a campaign and its jobs communicate, in any kind of executor.

While a job runs, its worker reaches the campaign only through ``said``. The queue and the flag must
fit the executor: this process's own for threads, a manager's for a process pool. A Dask client's
``Queue`` and ``Event`` have the same methods.
"""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass
from multiprocessing.managers import SyncManager
from typing import Any, Protocol

from interlock.campaign.jobs import Said
from interlock.campaign.workplace import Flag


class Messages(Protocol):
    """A queue of pairs: the number of a job, and its message."""

    def put(self, item: tuple[int, Said], /) -> Any: ...

    def get(self) -> tuple[int, Said]: ...

    def empty(self) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Channel:
    said: Messages
    stopped: Flag
    """Set once, to end every job."""

    @classmethod
    def for_threads(cls) -> Channel:
        return cls(said=queue.SimpleQueue(), stopped=threading.Event())

    @classmethod
    def for_processes(cls, manager: SyncManager) -> Channel:
        """For a process pool; the manager must live as long as the campaign."""
        return cls(said=manager.Queue(), stopped=manager.Event())

"""How long threads of processes waited for a processor, by the kernel's count."""

from __future__ import annotations

import os


class Starved:
    """From its creation on, added up over all threads that were seen, also ended ones."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._waited_ns: dict = {}
        self.look()
        self._before_ns = dict(self._waited_ns)

    def look(self) -> None:
        for pid in self._pids:
            try:
                tids = os.listdir(f"/proc/{pid}/task")
            except OSError:
                continue  # It has ended.
            for tid in tids:
                try:
                    with open(f"/proc/{pid}/task/{tid}/schedstat", encoding="ascii") as file:
                        self._waited_ns[tid] = int(file.read().split()[1])
                except (OSError, IndexError):
                    continue

    @property
    def seconds(self) -> float:
        before = self._before_ns
        return sum(now - before.get(tid, 0) for tid, now in self._waited_ns.items()) / 1e9

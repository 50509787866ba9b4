"""The closed waits of one snapshot, and whether a thread of one has moved until the next.

Where ``sightings.py`` finds the same wait often enough, the app is stopped early. The verdict is
made outside, from the same facts, by ``src/interlock/evidence/waits.py``. This check only saves the
time until the deadline, so it follows the same rules. It is stricter in one point: no thread of a
cycle may have run between the snapshots. Within one look the judge asks that of an orphan alone. A
cycle with a thread that ran is not stopped: the app may resume, and is then no hang.
``tests/evidence/test_closure.py`` compares the two.
"""

from __future__ import annotations

MAIN = "MainThread"
PASSING = ("entering", "leaving")
"""At a fork: the thread was just taking the lock, or releasing it."""


def stands(before: Waits, after: Waits, ident: int) -> bool:
    """Whether it is the same thread, in the same place, and has not run meanwhile."""
    one, other = before.threads[ident], after.threads[ident]
    tid = other["native_id"]
    if one["native_id"] != tid or _stack(one) != _stack(other):
        return False
    if tid is None:
        return True  # Its task is not known.
    return tid in after.counted and before.counted.get(tid) == after.counted[tid]


def _stack(thread: dict) -> list:
    return [(frame["file"], frame["function"], frame["line"]) for frame in thread["frames"]]


class Waits:
    """What waits for what in one snapshot, as far as that is certain."""

    def __init__(self, snapshot: dict) -> None:
        self.threads = {thread["ident"]: thread for thread in snapshot["threads"]}
        self.counted = {task["tid"]: {**task, "state": ""} for task in snapshot["tasks"]}
        self._locks = snapshot["locks"]
        self._left = snapshot["at_fork"]

    def main(self) -> int | None:
        return next((ident for ident, t in self.threads.items() if t["name"] == MAIN), None)

    def closed(self) -> set:
        """Each cycle and each orphan that nothing else could end, as the set of its edges."""
        found = self._cycles() | self._orphans()
        return {edges for edges in found if not self._may_be_ended(edges)}

    def _may_be_ended(self, edges: frozenset) -> bool:
        """Whether something else could release one of its locks: a thread that is not stuck."""
        locks = {("lock", what) for _, (kind, what), _ in edges if kind != "thread"}
        among = {ident for ident, _, _ in edges}
        among |= {ident for ident in self.threads if self._awaited(ident) in locks}
        free = {ident for ident in self.threads if among.isdisjoint(self.chain(ident))}
        # A task without a thread of Python's may call into Python at any time. In a forked child it
        # began after the fork, and knows nothing of a lock that was left behind.
        is_left = any(kind == "left" for _, (kind, _), _ in edges)
        runs = bool(free) or (not is_left and self._has_native())
        return any(
            releaser["signal"] is not None
            or (runs if releaser["thread"] is None else releaser["thread"] in free)
            for _, (kind, what), _ in edges
            if kind != "thread"
            for releaser in self._locks[str(what)]["could_release"]
        )

    def _has_native(self) -> bool:
        """Whether a task is none of the threads; those without a number may be any task."""
        known = {thread["native_id"] for thread in self.threads.values()}
        unnumbered = sum(t["native_id"] is None for t in self.threads.values())
        return len(self.counted.keys() - known) > unnumbered

    def chain(self, start: int | None) -> list:
        """The thread, the one that it waits for, and so on; each once."""
        path: list = []
        at = start
        while at is not None and at not in path:
            path.append(at)
            edge = self._edge(at)
            at = edge[2] if edge else None
        return path

    def _cycles(self) -> set:
        cycles = set()
        for start in self.threads:
            path = self.chain(start)
            last = self._edge(path[-1])
            if last:  # It leads back to a thread of the path.
                cycles.add(frozenset(self._edge(ident) for ident in path[path.index(last[2]) :]))
        return cycles

    def _orphans(self) -> set:
        """One edge for each wait for a lock that a fork left locked, and nobody holds.

        Where several threads read as being inside of it at the fork, none is believed. Of several
        that were just taking or releasing it, one had it.
        """
        orphans = set()
        for ident in self.threads:
            kind, lock = self._awaited(ident)
            if kind != "lock" or self._holders(lock):
                continue
            claims = _claims(self._left, lock)
            held = [claim for claim in claims if claim[1] not in PASSING] or claims[:1]
            if len(held) == 1:
                orphans.add(frozenset([(ident, ("left", lock), held[0][0])]))
        return orphans

    def _edge(self, ident: int) -> tuple | None:
        """The thread, what it waits for, and the thread that this leads to."""
        kind, what = self._awaited(ident)
        if kind == "thread":
            return ident, (kind, what), what
        holders = self._holders(what) if kind == "lock" else []
        # Two threads inside of one lock are a misreading: nothing is concluded.
        return (ident, (kind, what), holders[0]) if len(holders) == 1 else None

    def _awaited(self, ident: int) -> tuple:
        """What a thread waits for without a timeout: a lock, or a thread that is there."""
        wait = self.threads[ident]["waits"]
        if wait is None or wait["bounded"]:
            return None, None
        if wait["kind"] == "join" and wait["thread"] in self.threads:
            return "thread", wait["thread"]
        if wait["kind"] not in ("lock", "rlock") or wait["lock"] is None:
            return None, None
        lock = self._locks[str(wait["lock"])]
        # A thread may enter again what is re-entrant and its own.
        again = lock["type"].endswith("RLock") and ident in self._holders(wait["lock"])
        return (None, None) if lock["locked"] is False or again else ("lock", wait["lock"])

    def _holders(self, ident: int) -> list:
        """The owner that a lock names, else the threads that read as being inside of it."""
        lock = self._locks[str(ident)]
        if lock["locked"] is False:
            return []
        claims = _claims(self.threads.values(), ident)
        if _claims(self._left, ident):
            # The owner's number may be that of a new thread by now: only frames are believed.
            return [thread for thread, how in claims if how != "owner"]
        if lock["owner"] is None:
            return [thread for thread, _ in claims]
        return [lock["owner"]] if lock["owner"] in self.threads else []


def _claims(threads, lock: int) -> list:
    """Each thread that reads as having a lock, and how that was read."""
    claims = []
    for thread in threads:
        hows = [hold["how"] for hold in thread["holds"] if hold["lock"] == lock]
        if hows:
            claims.append((thread["ident"], min(hows, key=_doubt)))
    return claims


def _doubt(how: str) -> int:
    """The rank of what was read: a frame inside of the lock, its owner, then the rest."""
    if how in PASSING:
        return 2
    return 1 if how == "owner" else 0

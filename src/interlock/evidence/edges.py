"""The parts of the wait-for graph: its nodes, and the edges with what each was read from.

Each edge is read from one thread of a dump.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from interlock.evidence.dumps import Dump, Lock, Thread
from interlock.evidence.wire import Frame
from interlock.model import ProtocolError

PASSING = {"entering": "was just taking", "leaving": "was just releasing"}
"""How a thread at a fork may have had a lock that it does not read as holding."""


class Node(NamedTuple):
    kind: Literal["thread", "lock"]
    ident: int


@dataclass(frozen=True, kw_only=True)
class Edge:
    """``source`` waits for ``target``; a lock as ``source`` is held by ``target``.

    The edge was read in the frames of ``thread``. It has no ``frame`` only where the lock itself
    names its owner.
    """

    source: Node
    target: Node
    thread: Thread
    frame: Frame | None
    expression: str
    how: str

    def __post_init__(self) -> None:
        if self.frame is None and self.how != "owner":
            raise ProtocolError(
                f"an edge without evidence: {self.thread.name}, {self.expression or self.how}"
            )

    @property
    def claim(self) -> tuple[Node, Node]:
        return self.source, self.target


Graph: TypeAlias = Mapping[Node, Edge]


def awaited(thread: Thread, dump: Dump) -> Edge | None:
    wait = thread.waits
    if wait is None or wait.bounded:
        return None
    source = Node("thread", thread.ident)
    if wait.kind in ("lock", "rlock") and wait.lock is not None:
        if _admits(dump.locks[wait.lock], thread, dump):
            return None
        target = Node("lock", wait.lock)
    elif wait.kind == "join" and wait.thread is not None and wait.thread in dump.threads:
        target = Node("thread", wait.thread)
    else:
        return None
    return Edge(
        source=source,
        target=target,
        thread=thread,
        frame=thread.frames[wait.frame],
        expression=wait.expression,
        how=wait.kind,
    )


def _admits(lock: Lock, thread: Thread, dump: Dump) -> bool:
    """Whether the thread was only about to take it: it is free, or re-entrant and its own."""
    own = any(edge.thread is thread for edge in holders(lock, dump))
    return lock.locked is False or (own and lock.type.endswith("RLock"))


def holders(lock: Lock, dump: Dump) -> tuple[Edge, ...]:
    """Who holds it: the owner that it names, else whoever reads as being inside of it."""
    if lock.locked is False:
        return ()
    claims = claimed(lock, dump.threads.values())
    if claimed(lock, dump.left):
        # The owner's number may be that of a new thread by now; only frames are believed.
        return tuple(edge for edge in claims if edge.frame is not None)
    if lock.owner is None:
        return claims
    if lock.owner not in dump.threads:
        return ()
    owned = tuple(edge for edge in claims if edge.thread.ident == lock.owner)
    return owned or (
        Edge(
            source=Node("lock", lock.ident),
            target=Node("thread", lock.owner),
            thread=dump.threads[lock.owner],
            frame=None,
            expression="",
            how="owner",
        ),
    )


def claimed(lock: Lock, threads: Iterable[Thread]) -> tuple[Edge, ...]:
    """One edge for each thread, from the outermost frame that is inside of the lock.

    That frame shows since when the thread holds it. A frame says more than an owner that the lock
    names.
    """
    edges = []
    for thread in threads:
        holds = [hold for hold in thread.holds if hold.lock == lock.ident]
        if holds:
            hold = max(holds, key=lambda h: (h.how not in PASSING, h.how != "owner", h.frame))
            edges.append(
                Edge(
                    source=Node("lock", lock.ident),
                    target=Node("thread", thread.ident),
                    thread=thread,
                    frame=None if hold.how == "owner" else thread.frames[hold.frame],
                    expression=hold.expression,
                    how=hold.how,
                )
            )
    return tuple(edges)

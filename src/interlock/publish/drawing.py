"""The parts of a drawing: threads and locks in the order of the waits.

``cycle.svg.j2`` draws it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Box:
    """A thread or a lock."""

    kind: str
    """``thread``, ``lock``, or ``gone`` for a thread that is in another process."""
    name: str


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Boxes in the order of the waits."""

    boxes: list[Box]
    held: str
    """The words beside the arrow from a lock to its holder."""
    closed: bool
    """Whether an arrow leads from the last box back to the first."""
    says: str
    """The same in words, for readers who can't see it."""


def cycle(locks: Sequence[str], threads: Sequence[str]) -> Drawing:
    """Thread, the lock that it waits for, the thread that holds it, and so on.

    There are as many ``threads`` as ``locks``. The first thread waits for the first lock. One of
    each is a thread that waits for itself.
    """
    boxes = []
    for thread, lock in zip(threads, locks, strict=True):
        boxes += [Box(kind="thread", name=thread), Box(kind="lock", name=lock)]
    return Drawing(boxes=boxes, held="is held by", closed=True, says=in_words(locks, threads))


def orphan(lock: str, thread: str, holder: str) -> Drawing:
    """A thread, the lock that it waits for, and the holder in another process."""
    return Drawing(
        boxes=[
            Box(kind="thread", name=thread),
            Box(kind="lock", name=lock),
            Box(kind="gone", name=holder),
        ],
        held="was held by",
        closed=False,
        says=f"{thread} waits for {lock}, held at the fork by {holder}",
    )


def in_words(locks: Sequence[str], threads: Sequence[str]) -> str:
    """Each wait, and the holder of its lock."""
    holders = [*threads[1:], threads[0]]
    steps = [
        f"{thread} waits for {lock}, held by {'itself' if holder == thread else holder}"
        for thread, lock, holder in zip(threads, locks, holders, strict=True)
    ]
    return "; ".join(steps)

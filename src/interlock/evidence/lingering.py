"""Threads that still wait for a lock at the end, where no cycle closes. Pure.

Such a thread may wait for ever: who holds the lock waits to be woken in turn, or is not known. That
is no hang, since nothing proves it, and no pass either. Threads that are idle stay out of it. They
wait for a queue, an event or a condition, and hold nothing that another thread wants.
"""

from __future__ import annotations

from interlock.evidence.dumps import OF_HARNESS, Dump, Thread, place
from interlock.evidence.edges import Edge, awaited, holders
from interlock.evidence.waits import chain, has_native, moved, rested


def lingering(first: Dump, second: Dump) -> tuple[str, ...]:
    """One sentence for each thread that waits for a lock in both dumps, with no end in sight.

    Nothing is said while any thread of the process could go on by itself: it may end the wait.
    A lock that a thread takes and does not give back may be a signal. It counts only if the thread
    reads as being inside of it.
    """
    if has_native(second) or any(map(_is_free, second.threads.values())):
        return ()
    found = []
    for ident, thread in second.threads.items():
        before = first.threads.get(ident)
        if before is not None and _is_unread(before) and _is_unread(thread):
            if not moved(first, second, [ident]) and rested(first, second, [ident]):
                found.append(f"{thread.name} still waits for a `with` that has no source to read")
            continue
        edge = awaited(thread, second)
        earlier = awaited(before, first) if before is not None else None
        if edge is None or edge.target.kind != "lock":
            continue
        if earlier is None or earlier.claim != edge.claim:
            continue
        if not moved(first, second, [ident]) and rested(first, second, [ident]):
            why = _unknown(edge, thread, second)
            if why:
                lock = second.locks[edge.target.ident].name
                found.append(f"{thread.name} still waits for {lock}{_place(edge)}, {why}")
    return tuple(found)


def _unknown(edge: Edge, thread: Thread, dump: Dump) -> str:
    """Why nobody knows when the wait ends. Empty if that may be how the thread is idle."""
    last = dump.threads[chain(dump, thread.ident)[-1]]
    after = awaited(last, dump)
    if after is not None and after.target.kind == "thread":
        return ""
    if after is not None and len(holders(dump.locks[after.target.ident], dump)) == 1:
        return "and it may wait for itself, directly or in turn"
    if thread.waits is None or not thread.waits.gives_back:
        return ""
    if after is not None:
        return "and nobody is known to hold it"
    return "" if _takes_turns(edge, dump) else f"and {last.name} waits to be woken"


def _takes_turns(edge: Edge, dump: Dump) -> bool:
    """Whether its holder took the lock by the same code, as workers do that take work in turn."""
    return any(
        other.frame is not None
        and edge.frame is not None
        and (other.frame.file, other.frame.qualname) == (edge.frame.file, edge.frame.qualname)
        and other.expression == edge.expression
        for other in holders(dump.locks[edge.target.ident], dump)
    )


def _is_free(thread: Thread) -> bool:
    """Whether it may go on by itself, and then end another thread's wait.

    The driver that is back in the harness is not free: it waits for this very look.
    """
    if all(frame.file.endswith(OF_HARNESS) for frame in thread.frames):
        return False
    wait = thread.waits
    if wait is None or wait.bounded or wait.kind == "call":
        return True
    return wait.kind == "unresolved" and not _is_unread(thread)


def _is_unread(thread: Thread) -> bool:
    """Whether it takes what a ``with`` names, in code without a source."""
    wait = thread.waits
    return wait is not None and wait.kind == "unresolved" and wait.gives_back


def _place(edge: Edge) -> str:
    return f" ({place(edge.frame)})" if edge.frame is not None else ""

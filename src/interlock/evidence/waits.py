"""The wait-for graph: who waits for which lock while holding which.

Its nodes are threads and lock objects, by identity. A thread waits for at most one thing, and a
lock is held by at most one thread. So each node has at most one way out, and a cycle is found by
following it. A cycle is a deadlock if it is in all snapshots and none of its threads moved. Each
edge has the frame and the expression that it was read from. Prose is only a rendering.

A fork copies one thread, and every lock as it was. What another thread held stays locked in the
child for good: nobody there can release it. The thread was read just before the fork, which gives
the edge that leads out of the child. Such a wait is closed as well (``Orphan``).

A wait for an event or a condition closes no cycle: no object says who would set it. Nor does a wait
with a timeout: it gives up, and may then release what it holds. Both are described (``describe``).
They are a hang only if nothing moves until the deadline (``stillness.py``). The same goes for a
wait for a plain lock that something else could release: any thread may release one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from interlock.evidence.dumps import Dump, place
from interlock.evidence.edges import (
    PASSING,
    Edge,
    Graph,
    Node,
    awaited,
    claimed,
    holders,
)
from interlock.evidence.sentences import evidence, inside, open_wait, released, sentence, standing
from interlock.evidence.wire import Releaser, Task
from interlock.model import LEFT_BEHIND, Reason, Signature

JOIN = "Thread.join"
"""The name of a wait for a thread's end in a signature. Names of threads are not stable."""


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """A closed wait, starting at the smallest name, with the dump that it was read from."""

    edges: tuple[Edge, ...]
    dump: Dump

    @property
    def signature(self) -> Signature:
        return Signature(locks=tuple(_step_name(edge, self.dump) for edge in _waits(self.edges)))

    @property
    def threads(self) -> tuple[int, ...]:
        return tuple(edge.source.ident for edge in _waits(self.edges))

    @property
    def reason(self) -> Reason:
        return Reason.SELF_DEADLOCK if len(self.threads) == 1 else Reason.LOCK_CYCLE

    def explain(self) -> tuple[str, ...]:
        """One sentence a thread: what it waits for, and who holds that since when."""
        held = {edge.source: edge for edge in self.edges if edge.source.kind == "lock"}
        return tuple(
            sentence(edge, held.get(edge.target), self.dump) for edge in _waits(self.edges)
        )


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A thread of a forked child that waits for what only a thread of the parent held."""

    wait: Edge
    held: Edge
    """By whom it was held at the fork: a thread that is not in the dump."""
    dump: Dump

    @property
    def edges(self) -> tuple[Edge, ...]:
        return self.wait, self.held

    @property
    def signature(self) -> Signature:
        return Signature(locks=(_step_name(self.wait, self.dump), LEFT_BEHIND))

    @property
    def threads(self) -> tuple[int, ...]:
        return (self.wait.source.ident,)

    @property
    def reason(self) -> Reason:
        return Reason.ORPHANED_LOCK

    def explain(self) -> tuple[str, ...]:
        """Who waits, who was inside of it at the fork, and who waits for the waiting one."""
        name = self.dump.locks[self.held.source.ident].name
        others = concerned(self.dump, self.threads)[1:]
        did = PASSING.get(self.held.how, "was inside of")
        return (
            f"{self.wait.thread.name} of a forked child waits for {name} "
            f"({evidence(self.wait)}); it was locked when the child began, and no thread of the "
            "child is inside of it.",
            f"At the fork {self.held.thread.name} of the parent {did} {name} "
            f"({evidence(self.held)}); a fork copies the lock as it is, and only the thread that "
            "forks.",
            *describe(self.dump, others),
        )


Closed: TypeAlias = Cycle | Orphan


def closed(*dumps: Dump) -> tuple[Closed, ...]:
    """Closed waits on the same objects in all dumps, whose threads did not move.

    Cycles come first, then waits that the main thread ends up in. The rest is in the order of the
    signatures. Names are those of the last dump.
    """
    *earlier, last = dumps
    before = [{(type(wait), _claims(wait)) for wait in _all_closed(dump)} for dump in earlier]
    main = chain(last, last.main.ident) if last.main else ()

    def rank(wait: Closed) -> tuple[bool, bool, tuple[str, ...], tuple[Node, Node]]:
        aside = isinstance(wait, Orphan) and set(wait.threads).isdisjoint(main)
        return isinstance(wait, Orphan), aside, wait.signature.locks, wait.edges[0].claim

    def stood(wait: Closed) -> bool:
        return all(
            not moved(*pair, wait.threads)
            and (isinstance(wait, Cycle) or rested(*pair, wait.threads))
            for pair in pairwise(dumps)
        )

    unchanged = [
        wait
        for wait in _all_closed(last)
        if all((type(wait), _claims(wait)) in known for known in before) and stood(wait)
    ]
    return tuple(sorted(unchanged, key=rank))


def closed_at_rest(*dumps: Dump) -> tuple[Closed, ...]:
    """Those of them none of whose threads ran between the dumps. The app is stopped for these."""
    return tuple(
        wait
        for wait in closed(*dumps)
        if all(rested(*pair, wait.threads) for pair in pairwise(dumps))
    )


def _all_closed(dump: Dump) -> tuple[Closed, ...]:
    found: tuple[Closed, ...] = (*cycles(dump), *orphans(dump))
    return tuple(wait for wait in found if not any(_enders(wait)))


def _enders(wait: Closed) -> Iterator[Releaser]:
    """What could still end it: code that may release one of its plain locks, and can run.

    A thread can run that does not wait for one of the wait's own, or for the same lock as they do.
    So can a signal's handler, and a task that is no thread of Python's: it may call into Python at
    any time. Such a task of a forked child began after the fork, and knows nothing of a lock that
    was left behind.
    """
    targets = [edge.target for edge in _waits(wait.edges)]
    locks = [wait.dump.locks[target.ident] for target in targets if target.kind == "lock"]
    releasers = [releaser for lock in locks for releaser in lock.could_release]
    if not releasers:
        return  # As nearly always: who else waits need not be known.
    free = _free(wait)
    native = isinstance(wait, Cycle) and has_native(wait.dump)
    for releaser in releasers:
        anyone = bool(free) or native
        runs = anyone if releaser.thread is None else releaser.thread in free
        if runs or releaser.signal is not None:
            yield releaser


def _free(wait: Closed) -> tuple[int, ...]:
    """The threads that wait neither for one of the wait's own, nor for the same lock."""
    targets = {edge.target for edge in _waits(wait.edges)}
    alike = [e.source.ident for e in _waits(graph(wait.dump).values()) if e.target in targets]
    stuck = concerned(wait.dump, dict.fromkeys((*wait.threads, *alike)))
    return tuple(ident for ident in wait.dump.threads if ident not in stuck)


def has_native(dump: Dump) -> bool:
    """Whether a task is none of the threads; those without a number may be any task."""
    native = [thread.native_id for thread in dump.threads.values()]
    return len({task.tid for task in dump.tasks} - set(native)) > native.count(None)


def moved(first: Dump, second: Dump, threads: Iterable[int]) -> bool:
    """Whether any of the threads stands elsewhere in the second dump, or is missing.

    A thread with another task is another thread: it may have got the number of one that ended.
    """
    return any(
        ident not in first.threads
        or ident not in second.threads
        or first.threads[ident].native_id != second.threads[ident].native_id
        or first.threads[ident].stack != second.threads[ident].stack
        for ident in threads
    )


def keeps_main(wait: Closed) -> bool:
    """Whether the main thread is part of it, or ends up waiting for it."""
    main = wait.dump.main
    return main is not None and not set(wait.threads).isdisjoint(chain(wait.dump, main.ident))


def rested(first: Dump, second: Dump, threads: Iterable[int]) -> bool:
    """Whether the kernel counted nothing for the threads between the two dumps.

    They slept. They did not even wait for the interpreter's own lock: for that a thread wakes at
    every switch interval.
    """
    before, after = _counted(first), _counted(second)
    tids = [second.threads[ident].native_id for ident in threads]
    return all(tid in after and before.get(tid) == after[tid] for tid in tids if tid is not None)


def _counted(dump: Dump) -> Mapping[int, Task]:
    """What the kernel counted for each task; its state is that of one moment."""
    return {task.tid: task.model_copy(update={"state": ""}) for task in dump.tasks}


def cycles(dump: Dump) -> tuple[Cycle, ...]:
    """Every cycle of one dump, each once."""
    edges = graph(dump)
    found: list[Cycle] = []
    seen: set[Node] = set()
    for start in edges:
        path: list[Node] = []
        node = start
        while node in edges and node not in seen:
            seen.add(node)
            path.append(node)
            node = edges[node].target
        if node in path:
            found.append(_rotated([edges[n] for n in path[path.index(node) :]], dump))
    return tuple(found)


def orphans(dump: Dump) -> tuple[Orphan, ...]:
    """Every wait for a lock that a fork left locked, and that no thread is inside of.

    Where several threads read as inside of it at the fork, none is believed. Of several that were
    just taking or releasing it, one had it, whichever.
    """
    found = []
    for thread in dump.threads.values():
        wait = awaited(thread, dump)
        if wait is None or wait.target.kind != "lock":
            continue
        lock = dump.locks[wait.target.ident]
        claims = claimed(lock, dump.left)
        held = [edge for edge in claims if edge.how not in PASSING] or list(claims[:1])
        if len(held) == 1 and not holders(lock, dump):
            found.append(Orphan(wait=wait, held=held[0], dump=dump))
    return tuple(found)


def graph(dump: Dump) -> Graph:
    """What waits for what, as far as it is certain; ``unresolved`` says what was left out."""
    edges: dict[Node, Edge] = {}
    for thread in dump.threads.values():
        edge = awaited(thread, dump)
        if edge:
            edges[edge.source] = edge
    for lock in dump.locks.values():
        held = holders(lock, dump)
        if len(held) == 1:
            edges[held[0].source] = held[0]
    return edges


def chain(dump: Dump, start: int) -> tuple[int, ...]:
    """The thread, the one that it waits for, and so on; idents, each once."""
    edges = graph(dump)
    seen: list[Node] = []
    node = Node("thread", start)
    while node not in seen:
        seen.append(node)
        if node not in edges:
            break
        node = edges[node].target
    return tuple(n.ident for n in seen if n.kind == "thread" and n.ident in dump.threads)


def stuck(dump: Dump) -> tuple[int, ...]:
    """The threads that keep the app: the main thread, and whom it waits for.

    Other threads idle as they should, in a pool or a queue. Without a main thread it is all of
    them.
    """
    return chain(dump, dump.main.ident) if dump.main else tuple(dump.threads)


def concerned(dump: Dump, threads: Iterable[int]) -> tuple[int, ...]:
    """The threads, and then the others that wait for one of them, directly or in turn."""
    those = tuple(threads)
    others = (ident for ident in dump.threads if ident not in those)
    return (*those, *(ident for ident in others if not set(those).isdisjoint(chain(dump, ident))))


def stuck_at(dump: Dump, threads: Iterable[int]) -> Signature:
    """Where the threads stand, in words that hold across line numbers and Python versions."""
    places = [standing(dump.threads[ident]) for ident in threads]
    return Signature(stuck=tuple(dict.fromkeys(places)) or ("no Python frame",))


def describe(dump: Dump, threads: Iterable[int]) -> tuple[str, ...]:
    """One sentence a thread, closed or not: what it waits for, and what it is inside of."""
    edges = graph(dump)
    sentences = []
    for ident in threads:
        thread = dump.threads[ident]
        edge = edges.get(Node("thread", ident))
        if edge:
            sentences.append(sentence(edge, edges.get(edge.target), dump))
        else:
            sentences.append(open_wait(thread) + inside(thread, dump) + ".")
    return tuple(sentences)


def unresolved(dump: Dump) -> tuple[str, ...]:
    """What could not be read, or not be believed; empty where everything was."""
    notes: list[str] = []
    for thread in dump.threads.values():
        for gap in thread.unresolved:
            where = place(thread.frames[gap.frame])
            notes.append(f"{thread.name}: `{gap.expression}` ({where}): {gap.why}")
        wait = thread.waits
        if wait is None:
            continue
        where = place(thread.frames[wait.frame])
        if wait.kind == "unresolved" or (wait.kind in ("lock", "rlock") and wait.lock is None):
            notes.append(f"{thread.name} waits for `{wait.expression}` ({where}): not resolved")
        elif wait.kind == "join" and wait.thread not in dump.threads:
            notes.append(f"{thread.name} waits for the end of a thread that is not there ({where})")
    for lock in dump.locks.values():
        held = holders(lock, dump)
        if len(held) > 1:
            names = ", ".join(edge.thread.name for edge in held)
            notes.append(f"{lock.name}: {names} all read as being inside of it")
        elif lock.owner is not None and lock.owner not in dump.threads:
            notes.append(f"{lock.name}: its owner is not among the threads")
        if lock.locked is False and claimed(lock, dump.threads.values()):
            notes.append(f"{lock.name}: read as held, but it was free")
        notes.extend(released(lock, releaser, dump) for releaser in lock.could_release)
    return tuple(notes)


def _waits(edges: Iterable[Edge]) -> tuple[Edge, ...]:
    return tuple(edge for edge in edges if edge.source.kind == "thread")


def _claims(wait: Closed) -> frozenset[tuple[Node, Node]]:
    return frozenset(edge.claim for edge in wait.edges)


def _rotated(edges: list[Edge], dump: Dump) -> Cycle:
    """The cycle turned to its smallest sequence of names, so that it does not depend on idents."""
    starts = [i for i, edge in enumerate(edges) if edge.source.kind == "thread"]
    turns = [edges[i:] + edges[:i] for i in starts]
    smallest = min(turns, key=lambda turn: [_step_name(edge, dump) for edge in _waits(turn)])
    return Cycle(edges=tuple(smallest), dump=dump)


def _step_name(edge: Edge, dump: Dump) -> str:
    return JOIN if edge.target.kind == "thread" else dump.locks[edge.target.ident].name

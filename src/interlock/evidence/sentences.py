"""The wait-for graph in words: a rendering of its edges, which nothing reads."""

from __future__ import annotations

import sys

from interlock.evidence.dumps import Dump, Lock, Thread, place
from interlock.evidence.edges import Edge
from interlock.evidence.wire import Releaser
from interlock.model import ProtocolError


def sentence(wait: Edge, held: Edge | None, dump: Dump) -> str:
    """``MainThread waits for Worker._lock (…), which it holds itself since …``"""
    name = wait.thread.name
    if wait.target.kind == "thread":
        other = dump.threads[wait.target.ident].name
        return f"{name} waits for {other} to end ({evidence(wait)})."
    lock = dump.locks[wait.target.ident]
    text = f"{name} waits for {lock.name} ({evidence(wait)})"
    if held is None and any(hold.lock == lock.ident for t in dump.left for hold in t.holds):
        return f"{text}, which a thread held that the fork left behind."
    if held is None:
        return f"{text}; who holds it could not be read."
    who = "it holds itself" if held.target == wait.source else f"{held.thread.name} holds"
    if held.frame is None:
        return f"{text}, which {who}: the lock names its owner."
    return f"{text}, which {who} since {evidence(held)}."


def released(lock: Lock, releaser: Releaser, dump: Dump) -> str:
    """``Worker._lock: another thread could release it (…)``"""
    who = releaser.signal or "another thread"
    if releaser.thread is not None:
        thread = dump.threads.get(releaser.thread)
        who = thread.name if thread else "a thread that is not there"
    return f"{lock.name}: {who} could release it ({releaser.what})"


def evidence(edge: Edge) -> str:
    if edge.frame is None:
        raise ProtocolError(f"{edge.thread.name}: an edge without a frame cannot be explained")
    words = {"with": "with {}", "finally": "try … finally: {}.release()", "join": "{}"}
    expression = words.get(edge.how, "{}").format(edge.expression)
    return f"`{expression}`, {place(edge.frame)}"


def open_wait(thread: Thread) -> str:
    wait = thread.waits
    if wait is None:
        at = place(thread.frames[0]) if thread.frames else "no Python frame"
        return f"{thread.name} stands at {at}"
    what = {
        "event": "for an event that nobody is known to set",
        "condition": "on a condition that nobody is known to notify",
        "join": "for the end of a thread that is not there",
        "call": "in a call that nothing limits",
    }.get(wait.kind, "for something that could not be resolved")
    if wait.bounded:
        what = "for a limited time"
    where = place(thread.frames[wait.frame])
    return f"{thread.name} waits {what} (`{wait.expression}`, {where})"


def inside(thread: Thread, dump: Dump) -> str:
    holds = sorted(thread.holds, key=lambda hold: -hold.frame)
    if not holds:
        return ""
    inside = [
        dump.locks[hold.lock].name
        if hold.how == "owner"
        else f"{dump.locks[hold.lock].name} (`{hold.expression}`, "
        f"{place(thread.frames[hold.frame])})"
        for hold in holds
    ]
    return ", while it is inside of " + " and ".join(inside)


def standing(thread: Thread) -> str:
    """The innermost frame that is not the standard library's, as module and function."""
    for frame in thread.frames:
        if frame.module.partition(".")[0] not in sys.stdlib_module_names:
            return f"{frame.module}.{frame.function}"
    if thread.frames:
        return f"{thread.frames[0].module}.{thread.frames[0].function}"
    return "no Python frame"

"""Whether a thread really holds a lock: its name may stand for another one by now."""

from __future__ import annotations

from .releasers import KEEPS_EXIT


def closing_locks(threads, at_fork, locks) -> list:
    """The plain locks that a thread waits for, and that a thread reads as having."""
    waits = [thread["waits"] for thread in threads if thread["waits"]]
    wanted = {w["lock"] for w in waits if w["kind"] in ("lock", "rlock") and not w["bounded"]}
    had = {hold["lock"] for thread in [*threads, *at_fork] for hold in thread["holds"]}
    plain = {lock for lock, entry in locks.items() if entry["type"] == "_thread.lock"}
    return sorted((wanted & had & plain) - {None})


def drop_unproven(lock, suspects, threads, enter, sources) -> None:
    """Drop the holds of a plain lock that may be holds of another lock.

    A ``with`` keeps the ``__exit__`` of the very lock that it entered. So there have to be as many
    as there are threads inside of a ``with`` of it, or entering one. Where there is no such trace,
    no code may be there that could have given the name another value.
    """
    holds = [(t, hold) for t in threads for hold in t["holds"] if hold["lock"] == lock]
    inside = [(thread, hold) for thread, hold in holds if hold["how"] == "with"]
    entering = [t for t in threads if t["ident"] in enter and t["waits"]["lock"] == lock]
    enough = suspects.kept[lock].exits >= len(inside) + len(entering)
    for thread, hold in holds:
        if hold["how"] == "with" and KEEPS_EXIT:
            why = None if enough else "it is not the lock that was entered here"
        elif hold["how"] in ("with", "finally"):
            at = suspects.rebinds(lock, hold["expression"], sources)
            why = f"it may be another lock since: {at}" if at else None
        else:
            continue
        if why is not None:
            thread["holds"].remove(hold)
            parts = {key: hold[key] for key in ("frame", "expression")}
            thread["unresolved"].append({**parts, "why": why})

"""Whether two snapshots show the same closed wait: enough to stop early, not yet a verdict.

The verdict is made outside, from the same facts; this only spares waiting for the deadline.
"""

from __future__ import annotations


def closed_waits(first: dict, second: dict) -> bool:
    """Whether a cycle of waits stands in both snapshots, with the same threads and locks."""
    return bool(_cycles(first) & _cycles(second))


def _cycles(snapshot: dict) -> set:
    """Each cycle as the set of its (thread, lock or joined thread) edges."""
    holders: dict = {}
    for thread in snapshot["threads"]:
        for hold in thread["holds"]:
            holders.setdefault(hold["lock"], set()).add(thread["ident"])
    waits = {}
    for thread in snapshot["threads"]:
        wait = thread["waits"]
        if wait is None:
            continue
        if wait["kind"] in ("lock", "rlock"):
            following = holders.get(wait["lock"], set())
            if wait["kind"] == "rlock":
                following = following - {thread["ident"]}  # It may enter its own again.
            # Two threads inside of one plain lock would be a misreading: nothing is concluded.
            if len(following) == 1:
                waits[thread["ident"]] = (("lock", wait["lock"]), next(iter(following)))
        elif wait["kind"] == "join" and wait["thread"] is not None:
            waits[thread["ident"]] = (("thread", wait["thread"]), wait["thread"])
    cycles = set()
    for start in waits:
        path, at = [], start
        while at in waits and at not in path:
            path.append(at)
            at = waits[at][1]
        if at in path:
            cycles.add(frozenset((ident, waits[ident][0]) for ident in path[path.index(at) :]))
    return cycles

"""Whether two snapshots show the same closed wait: enough to stop early, not yet a verdict.

The verdict is made outside, from the same facts; this only spares waiting for the deadline.
"""

from __future__ import annotations


def closed_waits(first: dict, second: dict) -> bool:
    """Whether the same threads wait for the same locks in both, in a cycle or for an orphan."""
    return bool(_cycles(first) & _cycles(second)) or bool(_orphaned(first) & _orphaned(second))


def _orphaned(snapshot: dict) -> set:
    """(thread, lock) for each wait for what only a thread held that a fork left behind."""
    left = _left_behind(snapshot)
    holders = _holders(snapshot)
    return {
        (thread["ident"], wait["lock"])
        for thread in snapshot["threads"]
        for wait in [thread["waits"] or {}]
        if wait.get("kind") in ("lock", "rlock")
        and wait["lock"] in left
        and not holders.get(wait["lock"])
        and snapshot["locks"][str(wait["lock"])]["locked"]
    }


def _left_behind(snapshot: dict) -> set:
    return {hold["lock"] for thread in snapshot["at_fork"] for hold in thread["holds"]}


def _holders(snapshot: dict) -> dict:
    """Lock to the threads inside of it. Of what a fork left behind the lock's own word counts for
    nothing: it names its owner by a number that a new thread may have got.
    """
    left = _left_behind(snapshot)
    holders: dict = {}
    for thread in snapshot["threads"]:
        for hold in thread["holds"]:
            if hold["how"] != "owner" or hold["lock"] not in left:
                holders.setdefault(hold["lock"], set()).add(thread["ident"])
    return holders


def _cycles(snapshot: dict) -> set:
    """Each cycle as the set of its (thread, lock or joined thread) edges."""
    holders = _holders(snapshot)
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

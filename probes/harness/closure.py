"""Whether two snapshots show the same closed wait: enough to stop early, not yet a verdict.

The verdict is made outside, from the same facts; this only spares waiting for the deadline.
"""

from __future__ import annotations

MAIN = "MainThread"


def closed_waits(first: dict, second: dict, of_main: bool) -> bool:
    """Whether a wait is closed in both, in a cycle or by an orphan, and none of it has moved.

    With ``of_main`` only one that the main thread ends up in: the rest leaves the process running.
    """
    both = (_cycles(first) & _cycles(second)) | (_orphaned(first) & _orphaned(second))
    before, after = _standing(first), _standing(second)
    main = _main_chain(second) if of_main else None
    return any(
        all(before[ident] == after[ident] for ident, _ in edges)
        and (main is None or any(ident in main for ident, _ in edges))
        for edges in both
    )


def _main_chain(snapshot: dict) -> set:
    """The main thread, the one that it waits for, and so on."""
    waits, chain = _waits(snapshot), set()
    at = next((t["ident"] for t in snapshot["threads"] if t["name"] == MAIN), None)
    while at is not None and at not in chain:
        chain.add(at)
        at = waits[at][1] if at in waits else None
    return chain


def _standing(snapshot: dict) -> dict:
    """Each thread's stack, and what the kernel counted for it, where it is known."""
    tasks = {task["tid"]: task for task in snapshot["tasks"]}
    return {
        thread["ident"]: (
            [(frame["file"], frame["line"]) for frame in thread["frames"]],
            {**tasks.get(thread["native_id"], {}), "state": ""},
        )
        for thread in snapshot["threads"]
    }


def _orphaned(snapshot: dict) -> set:
    """An edge, as ``_cycles`` has them, for each wait for what a fork left behind."""
    left = _left_behind(snapshot)
    holders = _holders(snapshot)
    return {
        frozenset([(thread["ident"], ("lock", wait["lock"]))])
        for thread in snapshot["threads"]
        for wait in [thread["waits"] or {}]
        if wait.get("kind") in ("lock", "rlock")
        and not wait["bounded"]
        and wait["lock"] in left
        and not holders.get(wait["lock"])
        and snapshot["locks"][str(wait["lock"])]["locked"] is not False
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


def _waits(snapshot: dict) -> dict:
    """Each thread's edge, the lock or the joined thread, and the thread that it leads to."""
    holders = _holders(snapshot)
    waits = {}
    for thread in snapshot["threads"]:
        wait = thread["waits"]
        if wait is None or wait["bounded"]:
            continue  # It will give up.
        if wait["kind"] in ("lock", "rlock"):
            following = holders.get(wait["lock"], set())
            if wait["kind"] == "rlock":
                following = following - {thread["ident"]}  # It may enter its own again.
            # Two threads inside of one plain lock would be a misreading: nothing is concluded.
            if len(following) == 1:
                waits[thread["ident"]] = (("lock", wait["lock"]), next(iter(following)))
        elif wait["kind"] == "join" and wait["thread"] is not None:
            waits[thread["ident"]] = (("thread", wait["thread"]), wait["thread"])
    return waits


def _cycles(snapshot: dict) -> set:
    """Each cycle as the set of its (thread, lock or joined thread) edges."""
    waits, cycles = _waits(snapshot), set()
    for start in waits:
        path, at = [], start
        while at in waits and at not in path:
            path.append(at)
            at = waits[at][1]
        if at in path:
            cycles.add(frozenset((ident, waits[ident][0]) for ident in path[path.index(at) :]))
    return cycles

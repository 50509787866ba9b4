"""The little language in which tests describe what a harness saw at one look.

``snapshot("T1 has A wants B; T2 has B wants A")`` is a harness's snapshot. A thread ``has`` locks,
``wants`` one, ``joins`` a thread, ``awaits`` an event, ``calls`` a function of C code, ``guesses``
at what could not be resolved, or ``runs``. A name with a star is a
re-entrant lock, one with a question mark is free, and ``A'`` is another lock called A. A tilde
marks a wait with a timeout.

``gone W has A`` is a thread that a fork left behind. It ``takes`` or ``frees`` a lock if it was
doing so at the fork.
"""

from __future__ import annotations

from typing import Any

from interlock.evidence import dumps, events

Raw = dict[str, Any]

_VERBS = frozenset(
    ["has", "takes", "frees", "wants", "joins", "awaits", "calls", "guesses", "runs"]
)
_KINDS = {"joins": "join", "awaits": "event", "calls": "call", "guesses": "unresolved"}

FAR_AWAY = 140_000_000_000_000
"""Idents and ids look like addresses, so that none is mistaken for an index."""

HELLO: Raw = {
    "event": "hello",
    "at": 0.0,
    "protocol": events.PROTOCOL,
    "python": "3.10.14",
    "implementation": "CPython",
    "machine": "x86_64",
    "supervisor_pid": 7,
}


def snapshot(
    text: str,
    *,
    index: int = 0,
    number: int = 1,
    salt: int = 0,
    line: int = 100,
    process: int | None = None,
) -> Raw:
    """A snapshot as the harness sends it.

    ``salt`` changes every identity, ``line`` every frame.
    """
    clauses = [clause.split() for clause in text.split(";") if clause.strip()]
    gone = {clause[1] for clause in clauses if clause[0] == "gone"}
    clauses = [clause[1:] if clause[0] == "gone" else clause for clause in clauses]
    idents = {words[0]: FAR_AWAY + salt * 7919 + i * 64 for i, words in enumerate(clauses)}
    locks: dict[str, int] = {}

    def lock(word: str) -> int:
        return locks.setdefault(word, FAR_AWAY * 2 - salt * 104729 - len(locks) * 32)

    threads = []
    for clause, (name, *words) in enumerate(clauses):
        frames: list[Raw] = []
        holds: list[tuple[Raw, Raw]] = []
        waits: Raw | None = None
        verb = "runs"
        for word in words:
            if word in _VERBS:
                verb = word
                continue
            bare = word.strip(",'*?~")
            at = line + clause
            frame = _frame(f"{verb}_{bare}", at)
            if verb in ("has", "takes", "frees"):
                frames.insert(0, frame)
                how = {"has": "with", "takes": "entering", "frees": "leaving"}[verb]
                hold = {"lock": lock(word.strip(",")), "expression": bare, "how": how}
                holds.append((frame, hold))
                continue
            frames.insert(0, frame)
            bounded = word.endswith("~")
            word = word.rstrip("~")
            waits = {
                "kind": _KINDS.get(verb, "rlock" if "*" in word else "lock"),
                "lock": lock(word) if verb == "wants" else None,
                "thread": idents.get(word) if verb == "joins" else None,
                "frame": 0,
                "expression": bare,
                "bounded": bounded,
                "gives_back": verb == "wants",
            }
        frames.append(_frame("main", line))
        threads.append(
            {
                "ident": idents[name],
                "native_id": 1000 + salt + clause,
                "name": name,
                "frames": frames,
                "waits": waits,
                "holds": [{"frame": frames.index(of), **hold} for of, hold in holds],
                "unresolved": [],
            }
        )
    return {
        "event": "snapshot",
        "at": 5.0 + index / 5,
        "number": number,
        "index": index,
        "process": process,
        "threads": [thread for thread in threads if thread["name"] not in gone],
        "at_fork": [thread for thread in threads if thread["name"] in gone],
        # A thread that a fork left behind has no task in the child.
        "tasks": [_resting(t["native_id"]) for t in threads if t["name"] not in gone],
        "locks": {
            str(ident): {
                "type": "_thread.RLock" if "*" in word else "_thread.lock",
                "locked": "?" not in word,
                "owner": None,
                "names": [word.strip("'*?")],
                "could_release": [],
            }
            for word, ident in locks.items()
        },
    }


def _resting(tid: int) -> Raw:
    counted = {"run_ns": 10**9, "wait_ns": 10**8, "voluntary": 100, "involuntary": 3}
    return {"tid": tid, "state": "S", **counted}


def waits(text: str, **changed: Any) -> dumps.Dump:
    """The dump that a snapshot is read as."""
    (event,) = (e for e in events.parse([HELLO, snapshot(text, **changed)]) if e.event != "hello")
    assert isinstance(event, events.Snapshot)
    return dumps.read(event)


def _frame(function: str, line: int) -> Raw:
    return {
        "file": "/env/lib/python3.10/site-packages/lib/app.py",
        "function": function,
        "qualname": function,
        "module": "lib.app",
        "line": line,
    }

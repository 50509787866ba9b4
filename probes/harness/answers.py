"""The answers of the watchers: how each process joins, and its snapshots.

The watcher is ours, but it runs in the app's own processes. Any code of the app can answer in its
place. So a snapshot is checked here, before anything believes it.
"""

from __future__ import annotations

from harness.shapes import (
    LARGEST,
    Broken,
    boolean,
    decoded,
    integer,
    keyed,
    many,
    one_of,
    optional,
    quoted,
    record,
    text,
)

LONGEST_LINE = 16 << 20

_ID = integer(0, LARGEST)
_COUNT = integer(0, 1 << 31)
_NAME = text(1000)
_FRAME = record(file=_NAME, function=_NAME, qualname=_NAME, module=_NAME, line=_COUNT)
_WAIT = record(
    kind=one_of("lock", "rlock", "condition", "event", "join", "call", "unresolved"),
    lock=optional(_ID),
    thread=optional(_ID),
    frame=_COUNT,
    expression=_NAME,
    bounded=boolean,
    gives_back=boolean,
)
_HOLD = record(
    lock=_ID,
    frame=_COUNT,
    expression=_NAME,
    how=one_of("with", "finally", "owner", "entering", "leaving"),
)
_THREAD = record(
    ident=_ID,
    native_id=optional(_ID),
    name=_NAME,
    frames=many(_FRAME, 120),
    waits=optional(_WAIT),
    holds=many(_HOLD, 1000),
    unresolved=many(record(frame=_COUNT, expression=_NAME, why=_NAME), 1000),
)
_SUSPECT = record(thread=_ID, lock=optional(_ID), joins=optional(_ID), at=_COUNT)
_RELEASER = record(thread=optional(_ID), signal=optional(_NAME), what=_NAME)
_LOCK = record(
    type=_NAME,
    locked=optional(boolean),
    owner=optional(_ID),
    names=many(_NAME, 100),
    could_release=many(_RELEASER, 100),
)


def _lock_id(value, place: str):
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise Broken(f"{place}: {quoted(value)} is not the id of an object")
    return value


SHAPES = {
    "parent": record(parent=_COUNT, forked=boolean),
    "watcher": record(watcher=_COUNT),
    "failed": record(ask=_COUNT, failed=_NAME),
    "suspects": record(ask=_COUNT, suspects=many(_SUSPECT, 1000)),
    "ask": record(
        ask=_COUNT,
        threads=many(_THREAD, 1000),
        locks=keyed(_lock_id, _LOCK, 10000),
        at_fork=many(_THREAD, 1000),
    ),
}
"""By the key that a line is known by."""


def read(line: bytes | None) -> tuple:
    """The key of a line, and what it says; None is a line that was too long."""
    if line is None:
        raise Broken(f"a line of more than {LONGEST_LINE} bytes")
    said = decoded(line)
    key = next((key for key in SHAPES if type(said) is dict and key in said), None)
    if key is None:
        raise Broken(f"no answer that is known: {quoted(line)}")
    said = SHAPES[key](said, key)
    if key == "ask":
        _check_references(said)
    return key, said


def _check_references(snapshot: dict) -> None:
    """Every frame and every lock that a snapshot names has to be in it."""
    idents = [thread["ident"] for thread in snapshot["threads"]]
    if len(set(idents)) < len(idents):
        raise Broken("threads: two have the same ident")
    for thread in [*snapshot["threads"], *snapshot["at_fork"]]:
        edges = [*filter(None, [thread["waits"]]), *thread["holds"]]
        for part in [*edges, *thread["unresolved"]]:
            if part["frame"] >= len(thread["frames"]):
                raise Broken(f"threads: there is no frame {part['frame']}")
        for edge in edges:
            if edge["lock"] is not None and str(edge["lock"]) not in snapshot["locks"]:
                raise Broken(f"threads: lock {edge['lock']} is not described")

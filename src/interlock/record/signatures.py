"""The published file of a signature: where and how often, with a recorded example.

``results/signatures/<slug>.json`` keeps what does not fit in a row of the table. It holds every
cell with the signature and its count. For one trial it holds the evidence in words, and the two
snapshots behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from interlock.model import (
    ABSENT,
    LEFT_BEHIND,
    Axis,
    Cell,
    Hang,
    Signature,
    Verdict,
    version_key,
)
from interlock.record.order import cell_key, coordinates

SCHEMA_VERSION = 1
"""Of a signature's file. It grows if a key changes its name or its meaning."""

Seen: TypeAlias = tuple[tuple[Signature, int], ...]
"""Every signature with its count, most frequent first."""

Counts: TypeAlias = Mapping[tuple[str, ...], Seen]
"""The signatures of each cell, by its key."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One recorded hang with a signature. The site draws and explains it."""

    cell: Cell
    hang: Hang
    events: Sequence[Mapping[str, Any]]
    """The trial's events. Its first two snapshots come from them."""


def signature_file(
    signature: Signature,
    verdicts: Iterable[Verdict],
    example: Example | None,
    axes: Sequence[Axis],
) -> dict[str, Any]:
    """The file's content, as JSON values."""
    seen = {
        verdict.cell: hangs
        for verdict in verdicts
        for known, hangs in verdict.signatures
        if known == signature
    }
    cells = sorted(seen, key=lambda cell: cell_key(cell, axes))
    return {
        "schema_version": SCHEMA_VERSION,
        "signature": str(signature),
        "slug": signature.slug,
        "locks": list(signature.locks),
        "stuck": list(signature.stuck),
        "affected": {
            **{axis.name: _distinct(cells, axis) for axis in axes},
            "python": [str(python) for python in sorted({cell.python for cell in cells})],
        },
        "cells": [{**coordinates(cell, axes), "hangs": seen[cell]} for cell in cells],
        "example": _example(signature, example, axes) if example else None,
    }


def as_data(seen: Seen) -> list[dict[str, Any]]:
    """The signatures with their counts, as JSON values."""
    return [
        {"locks": list(signature.locks), "stuck": list(signature.stuck), "hangs": hangs}
        for signature, hangs in seen
    ]


def counts(files: Iterable[Mapping[str, Any]], axes: Sequence[Axis]) -> Counts:
    """The content of all signature files, by cell."""
    found: dict[tuple[str, ...], list[tuple[Signature, int]]] = {}
    for file in files:
        signature = Signature(locks=tuple(file["locks"]), stuck=tuple(file["stuck"]))
        for cell in file["cells"]:
            names = [*(axis.name for axis in axes), "python", "probe", "config"]
            found.setdefault(tuple(cell[n] for n in names), []).append((signature, cell["hangs"]))
    return {
        key: tuple(sorted(many, key=lambda pair: (-pair[1], str(pair[0]))))
        for key, many in found.items()
    }


def portable(path: str) -> str:
    """The path of a source file, without the parts that differ between machines.

    >>> portable("/home/me/env/lib/python3.10/site-packages/thing/worker.py")
    'thing/worker.py'
    """
    for mark in ("/site-packages/", "/dist-packages/"):
        if mark in path:
            return path.rpartition(mark)[2]
    for mark in ("/lib/python3", "/probes/"):
        if mark in path:
            return mark.lstrip("/") + path.rpartition(mark)[2]
    return path.rpartition("/")[2]


def _distinct(cells: Iterable[Cell], axis: Axis) -> list[str]:
    versions = {cell.version(axis.name) for cell in cells}
    return [str(version or ABSENT) for version in sorted(versions, key=version_key)]


def _example(signature: Signature, example: Example, axes: Sequence[Axis]) -> dict[str, Any]:
    hang = example.hang
    return {
        **coordinates(example.cell, axes),
        "phase": str(hang.phase),
        "reason": str(hang.reason),
        "exposures": hang.exposures,
        "noticed_after_s": round(hang.noticed_after_s, 3),
        "evidence": list(hang.evidence),
        "unresolved": list(hang.unresolved),
        "snapshots": [_snapshot(event, signature) for event in _pair(example.events, signature)],
    }


def _pair(events: Iterable[Mapping[str, Any]], signature: Signature) -> list[Mapping[str, Any]]:
    """The first two snapshots that show the hang; a third would show the same.

    They come from the last look at a process that waits for all of the signature's locks. If there
    is none, they come from the last process.
    """
    looks: dict[tuple[int, int], list[Mapping[str, Any]]] = {}
    for event in events:
        if event["event"] == "snapshot":
            looks.setdefault((event["number"], event.get("process") or 0), []).append(event)
    pairs = [look[:2] for _, look in sorted(looks.items()) if len(look) >= 2]
    wanted = set(signature.locks) - {LEFT_BEHIND}
    showing = [pair for pair in pairs if wanted <= _awaited(pair[-1])]
    return (showing or pairs or [[]])[-1]


def _awaited(event: Mapping[str, Any]) -> set[str]:
    """The names of the locks that its threads wait for."""
    waits = [thread["waits"] or {} for thread in event["threads"]]
    locks = [event["locks"].get(str(wait.get("lock")), {}) for wait in waits]
    return {name for lock in locks for name in lock.get("names", ())}


def _snapshot(event: Mapping[str, Any], signature: Signature) -> dict[str, Any]:
    """The threads that take part, and their locks. All threads if no lock is named."""
    locks = event["locks"]
    named = {lock for lock, about in locks.items() if set(about["names"]) & set(signature.locks)}
    threads = [thread for thread in event["threads"] if not named or _touches(thread) & named]
    touched = {lock for thread in threads for lock in _touches(thread)}
    return {
        "index": event["index"],
        "threads": [
            {**thread, "frames": [{**f, "file": portable(f["file"])} for f in thread["frames"]]}
            for thread in threads
        ],
        "locks": {lock: about for lock, about in locks.items() if lock in touched},
    }


def _touches(thread: Mapping[str, Any]) -> set[str]:
    """The locks a thread waits for or is inside of, by identity."""
    waits = thread["waits"] or {}
    wanted = {waits["lock"]} if waits.get("lock") is not None else set()
    return {str(lock) for lock in wanted | {held["lock"] for held in thread["holds"]}}

"""What an earlier Interlock published or recorded, completed with what it did not have as data.

Files of schema version 1 and 2 have no columns ``cause``, ``failed`` and ``signatures``: what they
hold is in ``detail`` and ``signature`` alone. This is the only module that reads those sentences.

An older harness reported the bare name of an exception, so that what is completed here may read
``ConnectionError`` where a row of today reads ``requests.exceptions.ConnectionError``. It also
wrapped what a child process reported in an exception ``Broken`` of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from interlock.model import LEFT_BEHIND, Outcome, Reason, Renames, Signature
from interlock.record.signatures import Counts, as_data

ADDED = ("cause", "failed", "signatures")
"""The columns of version 3."""

Row = dict[str, str]

_FAILED = re.compile(r"(\d+) of \d+ trials? failed in \w+: ")
_CAUSES: Mapping[str, re.Pattern[str]] = {
    Reason.CRASH.value: re.compile(r"(?:a child was )?killed by (\w+)"),
    Reason.INACTIVE.value: re.compile(r".*? does not start: (?:Broken: (?=\w+: ))?(\w+)"),
    Reason.ERROR.value: re.compile(r"(?:Broken: (?=\w+: ))?(\w+)(?:: |\.$)"),
}
"""What follows ``2 of 5 trials failed in serving: ``, by the row's reason. A failure for any other
reason names no cause, whatever its sentence speaks of."""
_WRAPPED = re.compile(r"(\w+): (.*)", re.DOTALL)


def columns(header: Collection[str], every: Iterable[str]) -> list[str]:
    """Those of ``every`` column of today that a file with this header must have."""
    return [name for name in every if _has_data(header) or name not in ADDED]


def completion(
    header: Collection[str], names: Sequence[str], counts: Counts
) -> Callable[[Row], Row]:
    """What completes a row of a file with this header: nothing, where it is of today's version.

    ``names`` are the axes, and ``counts`` the signatures of each cell with their counts, as the
    signature files have them; without, the one that the row names is counted once.
    """
    if _has_data(header):
        return lambda row: row
    key = (*names, "python", "probe", "config")

    def completed(row: Row) -> Row:
        detail = row["detail"]
        named = signature(row["signature"])
        seen = counts.get(tuple(row[name] for name in key)) or (((named, 1),) if named else ())
        return {
            **row,
            "cause": cause(row["outcome"], row["reason"], detail) or "",
            "failed": str(failed(row["outcome"], detail)),
            "signatures": json.dumps(as_data(seen)),
        }

    return completed


def _has_data(header: Collection[str]) -> bool:
    return any(name in header for name in ADDED)


def today(place: Mapping[str, Any], renamed: Renames) -> dict[str, Any]:
    """A row, or a cell as a file names it, under the configuration that it has today.

    A digest is changed only where it is that of the settings which were meant: a row that was run
    with others keeps its digest, and is not taken for one of today's.
    """
    now = renamed.get((place["probe"], place["config"]))
    if now is None:
        return dict(place)
    found = {**place, "config": now.config}
    if found.get("config_digest") == now.before:
        found["config_digest"] = now.today
    return found


def signature_file(file: Mapping[str, Any], renamed: Renames) -> dict[str, Any]:
    """A signature's file, with each cell under the configuration that it has today."""
    example = file["example"]
    return {
        **file,
        "cells": [today(cell, renamed) for cell in file["cells"]],
        "example": today(example, renamed) if example else None,
    }


def control(row: Mapping[str, Any], renamed: Renames) -> dict[str, Any]:
    """What a control gave, under the configuration that its cell has today."""
    return {**row, "cell": today(row["cell"], renamed)}


def failed(outcome: str, detail: str) -> int:
    """How many trials of a cell that fails failed; of no other was that written down."""
    told = _FAILED.match(detail) if outcome == Outcome.FAIL.value else None
    return int(told[1]) if told else 0


def cause(outcome: str, reason: str | None, detail: str) -> str | None:
    """The exception or the signal of a cell that fails."""
    told = _FAILED.match(detail) if outcome == Outcome.FAIL.value else None
    pattern = _CAUSES.get(reason or "")
    found = pattern.match(detail, told.end()) if told and pattern else None
    return found[1] if found else None


def signature(text: str) -> Signature | None:
    """The signature that ``str`` wrote; None for the empty string. Raises ``ValueError``."""
    if not text:
        return None
    if text.startswith("stuck in "):
        return Signature(stuck=tuple(text.removeprefix("stuck in ").split(", ")))
    *locks, again = text.split(" → ")
    if locks and again == LEFT_BEHIND:
        return Signature(locks=(*locks, again))
    if not locks or again != locks[0]:
        raise ValueError(f"signature: {text!r} does not end where it began")
    return Signature(locks=tuple(locks))


def event(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event with the exception that the older harness wrapped in its own ``Broken``."""
    if raw.get("event") != "error" or raw.get("type") != "Broken":
        return raw
    told = _WRAPPED.match(raw["message"])
    return {**raw, "type": told[1], "message": told[2]} if told else raw

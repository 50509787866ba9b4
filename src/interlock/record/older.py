"""Complete what an earlier Interlock published or recorded.

Files of schema version 1 and 2 lack the columns ``cause``, ``failed`` and ``signatures``. The same
facts stand in the sentences of ``detail`` and ``signature``. Only this module parses those
sentences.

An older harness reported only the last part of an exception's name. So a completed row may have
``ConnectionError``, where a new row has ``requests.exceptions.ConnectionError``. It also wrapped a
child process's report in an exception ``Broken`` of its own.
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
"""The text after ``2 of 5 trials failed in serving: ``, by the row's reason.

A failure with any other reason has no cause, whatever its sentence mentions.
"""
_WRAPPED = re.compile(r"(\w+): (.*)", re.DOTALL)


def columns(header: Collection[str], every: Iterable[str]) -> list[str]:
    """The columns of ``every`` that a file with this header must have."""
    return [name for name in every if _has_data(header) or name not in ADDED]


def completion(
    header: Collection[str], names: Sequence[str], counts: Counts
) -> Callable[[Row], Row]:
    """A function that completes a row of a file with this header.

    It adds nothing to a row of today's version. ``names`` are the axes. ``counts`` are the
    signatures of each cell with their counts, from the signature files. Without them, the row's own
    signature counts once.
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
    """A row, or a cell in a file, under its configuration of today.

    A digest changes only if it is the digest of the same settings. A row that ran with other
    settings keeps its digest, so it does not count as one of today's.
    """
    now = renamed.get((place["probe"], place["config"]))
    if now is None:
        return dict(place)
    found = {**place, "config": now.config}
    if found.get("config_digest") == now.before:
        found["config_digest"] = now.today
    return found


def signature_file(file: Mapping[str, Any], renamed: Renames) -> dict[str, Any]:
    """A signature's file, with each cell under its configuration of today."""
    example = file["example"]
    return {
        **file,
        "cells": [today(cell, renamed) for cell in file["cells"]],
        "example": today(example, renamed) if example else None,
    }


def control(row: Mapping[str, Any], renamed: Renames) -> dict[str, Any]:
    """The result of a control, under its cell's configuration of today."""
    return {**row, "cell": today(row["cell"], renamed)}


def failed(outcome: str, detail: str) -> int:
    """How many trials of a failing cell failed. Older files have it for no other cell."""
    told = _FAILED.match(detail) if outcome == Outcome.FAIL.value else None
    return int(told[1]) if told else 0


def cause(outcome: str, reason: str | None, detail: str) -> str | None:
    """The exception or the signal of a failing cell."""
    told = _FAILED.match(detail) if outcome == Outcome.FAIL.value else None
    pattern = _CAUSES.get(reason or "")
    found = pattern.match(detail, told.end()) if told and pattern else None
    return found[1] if found else None


def signature(text: str) -> Signature | None:
    """The signature that ``str`` wrote, None for no text. Raises ``ValueError``."""
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
    """An event, without the exception ``Broken`` that the older harness put around it."""
    if raw.get("event") != "error" or raw.get("type") != "Broken":
        return raw
    told = _WRAPPED.match(raw["message"])
    return {**raw, "type": told[1], "message": told[2]} if told else raw

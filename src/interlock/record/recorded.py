"""Trials and audited cells in the ledger's form: one row each."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

from interlock.model import (
    AuditedCell,
    Backend,
    Cell,
    Outcome,
    PythonVersion,
    Trial,
    moment_in,
)
from interlock.record.blobs import Blobs
from interlock.record.database import is_as_written
from interlock.record.invariants import CLOCK_SKEW
from interlock.record.remembered import pins_in, pins_out

SPOILT = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""The errors that a damaged row may raise."""


def past_in(text: str) -> datetime:
    """A moment that was recorded. Raises ``ValueError`` for one that is not over yet."""
    moment = moment_in(text)
    if moment > datetime.now(timezone.utc) + CLOCK_SKEW:
        raise ValueError(f"its time, {text}, is in the future, or this machine's clock is wrong")
    return moment


def trial_in(row: Any, blobs: Blobs) -> Trial:
    """Raises one of ``SPOILT`` if the row or its events are damaged."""
    if not is_as_written(row):
        raise ValueError("its row was changed")
    seconds = row["seconds"]
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        raise ValueError(f"{seconds!r} is not a duration")
    return Trial(
        cell=cell_in(row),
        campaign=row["campaign"],
        started_at=past_in(row["started_at"]),
        seconds=seconds,
        events=blobs.read(row["events"]),
        backend=Backend(row["backend"]),
        probe_digest=row["probe_digest"],
        config_digest=row["config_digest"],
        environment_digest=row["environment_digest"],
        image_digest=row["image_digest"],
        python_full=row["python_full"],
        machine=row["machine"],
    )


def cell_in(row: Any | Mapping[str, Any]) -> Cell:
    return Cell(
        pins=pins_in(json.loads(row["pins"])),
        python=PythonVersion.parse(row["python"]),
        probe=row["probe"],
        config=row["config"],
    )


def drawn_out(row: AuditedCell) -> tuple[str, ...]:
    """The row of a cell that an audit drew, without a result."""
    return (
        json.dumps(row.cell.key),
        str(row.seed),
        row.day.isoformat(),
        json.dumps(pins_out(row.cell.pins)),
        str(row.cell.python),
        row.cell.probe,
        row.cell.config,
        row.rule,
        row.inferred.value,
        row.inferred_as,
    )


def drawn_in(row: Any) -> AuditedCell:
    """Raises one of ``SPOILT``."""
    return AuditedCell(
        seed=int(row["seed"]),
        day=date.fromisoformat(row["day"]),
        cell=cell_in(row),
        rule=row["rule"],
        inferred=Outcome(row["inferred"]),
        inferred_as=row["inferred_as"],
    )

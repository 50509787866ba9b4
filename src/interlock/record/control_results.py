"""``results/controls.json``: the result of each control in each campaign."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from interlock.record.files import Batch, read_json, together
from interlock.record.shapes import Controls

CONTROLS = "controls.json"
"""The file beside the published verdicts."""
SCHEMA_VERSION = 1
"""Of that file."""


def merged(
    rows: Sequence[Mapping[str, Any]],
    before: Mapping[str, Any] | None = None,
    newer_than: datetime | None = None,
) -> dict[str, Any]:
    """The file's content: these rows, and those of ``before`` from other campaigns.

    Rows with a last trial that began before ``newer_than`` are left out.
    """
    ours = {row["campaign"] for row in rows}
    kept = [row for row in (before or {}).get("controls", []) if row["campaign"] not in ours]
    every = [*rows, *kept]
    if newer_than:
        every = [row for row in every if datetime.fromisoformat(row["last_at"]) >= newer_than]
    every.sort(key=lambda row: str(row["campaign"]))
    return {"schema_version": SCHEMA_VERSION, "controls": every}


def campaigns_in(results: Path) -> frozenset[str]:
    """The campaigns with control results in this folder."""
    told = read_json(results / CONTROLS, Controls, {"controls": []})
    return frozenset(row["campaign"] for row in told["controls"])


def write_controls(
    rows: Sequence[Mapping[str, Any]],
    results: Path,
    *,
    newer_than: datetime,
    batch: Batch | None = None,
) -> None:
    """Write ``controls.json`` beside the verdicts, and keep other ledgers' results.

    Raises ``UsageError`` if the existing file can't be read: its content would be lost.
    """
    file = results / CONTROLS
    content = merged(rows, read_json(file, Controls), newer_than)
    with together(batch) as put:
        put.write(file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")

"""The data set for download: CSV, Parquet, JSON with its schema, and signatures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from interlock.findings import WHOSE
from interlock.model import Axis
from interlock.publish import templates
from interlock.publish.context import PageContext
from interlock.record import (
    SCHEMA_VERSION,
    rows,
    schema,
    table,
    write_measures,
    write_verdicts,
)


def publish(context: PageContext, folder: Path) -> None:
    """The files in ``data/``, and ``data.md``, a part of a hand-written page."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    write_verdicts(
        context.verdicts, context.axes, data / "verdicts.csv", context.findings.attributions
    )
    typed = table.frame(context.verdicts, context.axes, context.findings.attributions)
    typed.to_parquet(data / "verdicts.parquet", index=False)
    write_measures(context.verdicts, context.axes, data)
    _write(data / "verdicts.json", as_json(context))
    _write(data / "verdicts.schema.json", schema_of(context.axes))
    _write(
        data / "signatures.json",
        {"schema_version": SCHEMA_VERSION, "signatures": context.results.signatures},
    )
    templates.write(
        folder / "data.md",
        "data.md.j2",
        rows=len(context.verdicts),
        sizes={path.name: _size(path.stat().st_size) for path in data.iterdir()},
        columns=schema_of(context.axes)["properties"]["verdicts"]["items"]["properties"],
    )


def as_json(context: PageContext) -> dict[str, Any]:
    """The table as JSON values, as ``schema`` describes them."""
    listed = rows.rows(context.verdicts, context.axes, context.findings.attributions)
    return {
        "schema_version": SCHEMA_VERSION,
        "axes": {axis.name: axis.package for axis in context.axes},
        "verdicts": [{**row, "signatures": json.loads(row["signatures"])} for row in listed],
    }


def schema_of(axes: tuple[Axis, ...]) -> dict[str, Any]:
    """The JSON Schema of ``verdicts.json``."""
    return schema.for_axes(axes, WHOSE)


def _size(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

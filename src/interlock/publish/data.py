"""The data set for download: CSV, Parquet, JSON with its schema, and signatures."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
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
    write_audits,
    write_measures,
    write_rows,
)


def publish(context: PageContext, folder: Path) -> None:
    """The files in ``data/``, and ``data.md``, a part of a hand-written page."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    listed = rows.rows(context.verdicts, context.axes, context.findings.attributions)
    write_rows(listed, context.axes, data / "verdicts.csv")
    table.frame(listed, context.axes).to_parquet(data / "verdicts.parquet", index=False)
    write_measures(context.verdicts, context.axes, data)
    write_audits(context.results.audited, context.axes, data)
    write_rates(context, data / "rates.csv")
    write_json(listed, context.axes, data / "verdicts.json")
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


RATES = (
    *("probe", "config", "library", "line", "alone"),
    *("state", "hangs", "tried", "unit", "low", "high"),
)
"""The columns of ``rates.csv``."""


def write_rates(context: PageContext, path: Path) -> None:
    """Write the rate of each release line where hangs are rare, a row a line."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(RATES)
        for of in context.findings.rare_hangs:
            low, high = of.rate.interval
            unit = of.unit if of.rate.pool.per_exposure else "trials"
            line = of.probe, of.config, of.axis.package, of.rate.line, of.is_alone
            counted = of.rate.pool.hangs, of.rate.tried, unit
            table.writerow((*line, of.state, *counted, f"{low:.3g}", f"{high:.3g}"))


def write_json(listed: Iterable[Mapping[str, Any]], axes: Sequence[Axis], path: Path) -> None:
    """Write the rows as JSON values, a row a line, as ``schema`` describes them."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    named = {axis.name: axis.package for axis in axes}
    head = encode({"schema_version": SCHEMA_VERSION, "axes": named})
    with path.open("w", encoding="utf-8") as file:
        file.write(f'{head[:-1]}, "verdicts": [')
        for number, row in enumerate(listed):
            file.write(",\n" if number else "\n")
            file.write(encode({**row, "signatures": json.loads(row["signatures"])}))
        file.write("\n]}\n")


def schema_of(axes: tuple[Axis, ...]) -> dict[str, Any]:
    """The JSON Schema of ``verdicts.json``."""
    return schema.for_axes(axes, WHOSE)


def _size(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

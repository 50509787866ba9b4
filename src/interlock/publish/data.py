"""The data set for downloading: CSV, Parquet and JSON with a JSON Schema, and the signatures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.findings import WHOSE
from interlock.model import Axis, plural
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.record import (
    MEASURES,
    SCHEMA_VERSION,
    rows,
    schema,
    table,
    write_measures,
    write_verdicts,
)


def publish(edition: Edition, folder: Path) -> None:
    """``data/``: the files themselves, and ``data.md``, a part of the hand-written page."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    write_verdicts(edition.verdicts, edition.axes, data / "verdicts.csv", edition.attributions)
    typed = table.frame(edition.verdicts, edition.axes, edition.attributions)
    typed.to_parquet(data / "verdicts.parquet", index=False)
    write_measures(edition.verdicts, edition.axes, data)
    _write(data / "verdicts.json", as_json(edition))
    _write(data / "verdicts.schema.json", schema_of(edition.axes))
    _write(
        data / "signatures.json",
        {"schema_version": SCHEMA_VERSION, "signatures": edition.results.signatures},
    )
    markup.page(folder / "data.md", block(_files(edition, data)), block(_columns(edition)))


def as_json(edition: Edition) -> dict[str, Any]:
    """The table as JSON values, as ``schema`` describes them."""
    listed = rows.rows(edition.verdicts, edition.axes, edition.attributions)
    return {
        "schema_version": SCHEMA_VERSION,
        "axes": {axis.name: axis.package for axis in edition.axes},
        "verdicts": [{**row, "signatures": json.loads(row["signatures"])} for row in listed],
    }


def schema_of(axes: tuple[Axis, ...]) -> dict[str, Any]:
    """The JSON Schema of ``verdicts.json``."""
    return schema.for_axes(axes, WHOSE)


def _files(edition: Edition, data: Path) -> Markup:
    count = plural(len(edition.verdicts), "verdict")
    files = {
        "verdicts.csv": f"{count}, a row each",
        "verdicts.parquet": "the same, with types",
        "verdicts.json": "the same, as JSON",
        "verdicts.schema.json": "the JSON Schema of verdicts.json",
        MEASURES: "what the trials of each combination measured, a row each",
        "signatures.json": "every signature: where it was seen, with one recorded example",
    }
    item = Markup('<li><a href="generated/data/{0}" download>{0}</a> <small>{1}</small>: {2}</li>')
    return Markup("<ul>{}</ul>").format(
        join(
            item.format(name, _size((data / name).stat().st_size), says)
            for name, says in files.items()
        )
    )


def _columns(edition: Edition) -> Markup:
    columns = schema_of(edition.axes)["properties"]["verdicts"]["items"]["properties"]
    row = Markup("<tr><td><code>{}</code></td><td>{}</td></tr>")
    return markup.table(
        markup.columns(("Column", "What it says")),
        (row.format(name, about["description"]) for name, about in columns.items()),
    )


def _size(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

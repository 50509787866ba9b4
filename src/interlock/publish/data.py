"""The data set for download: CSV, Parquet, JSON with its schema, and signatures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import EnumMeta
from pathlib import Path
from typing import Any

from interlock.findings import WHOSE
from interlock.model import Axis, Backend, Basis, Outcome, Phase, Reason
from interlock.publish import templates
from interlock.publish.edition import Edition
from interlock.record import table

DESCRIPTIONS: Mapping[str, str] = {
    "python": "Feature release of CPython, such as 3.10.",
    "probe": "What was run.",
    "config": "The settings that the application chose, by their name in matrix.yaml.",
    "outcome": "What all trials of the combination say together.",
    "phase": "When it happened; empty for a pass.",
    "reason": "What happened; empty for a pass.",
    "signature": "The most frequent cycle of locks; empty unless it hangs.",
    "basis": "tested, or inferred from two equal tested neighbours of one release line.",
    "trials": "Runs that count; of a pass, those that passed.",
    "hangs": "Runs of those that hung.",
    "exposures": "How often the risky situation was entered, over all trials that count.",
    "seconds": "Median duration of a trial.",
    "python_full": "Full version of the interpreter.",
    "probe_digest": "SHA-256 of the probe and its harness.",
    "environment_digest": "SHA-256 of what was installed, on what.",
    "image_digest": "Digest of the image, or what stands for it without an engine.",
    "backend": "What isolated the trials: docker, or process where there was no engine.",
    "tested_at": "When the newest trial that counts began, in UTC.",
    "machine": "Architecture of the machine.",
    "config_digest": "SHA-256 of what the configuration sets.",
    "detail": "The verdict in one sentence.",
    "whose": "Whose trouble it is: pair, python, dependencies, open (not enough was run to say), or"
    " the axis of the library that shows it alone; empty where there is none.",
    "attribution": "The same in one sentence, with what it was read from.",
}

CHOICES: Mapping[str, EnumMeta] = {
    "outcome": Outcome,
    "phase": Phase,
    "reason": Reason,
    "basis": Basis,
    "backend": Backend,
}
EMPTY_FOR_A_PASS = ("phase", "reason")


def publish(edition: Edition, folder: Path) -> None:
    """The files in ``data/``, and ``data.md``, a part of a hand-written page."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    rows = table.frame(edition.verdicts, edition.axes, edition.attributions)
    table.write_csv(rows, data / "verdicts.csv")
    rows.to_parquet(data / "verdicts.parquet", index=False)
    table.write_measures(edition.verdicts, edition.axes, data)
    _write(data / "verdicts.json", as_json(edition))
    _write(data / "verdicts.schema.json", schema(edition.axes))
    _write(
        data / "signatures.json",
        {"schema_version": table.SCHEMA_VERSION, "signatures": edition.results.signatures},
    )
    templates.write(
        folder / "data.md",
        "data.md.j2",
        rows=len(edition.verdicts),
        sizes={path.name: _size(path.stat().st_size) for path in data.iterdir()},
        columns=schema(edition.axes)["properties"]["verdicts"]["items"]["properties"],
    )


def as_json(edition: Edition) -> dict[str, Any]:
    """The table as JSON values, as ``schema`` describes them."""
    rows = list(table.records(table.frame(edition.verdicts, edition.axes, edition.attributions)))
    for row in rows:
        row["tested_at"] = row["tested_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "schema_version": table.SCHEMA_VERSION,
        "axes": {axis.name: axis.package for axis in edition.axes},
        "verdicts": rows,
    }


def schema(axes: tuple[Axis, ...]) -> dict[str, Any]:
    """The JSON Schema of ``verdicts.json``."""
    columns = {
        **{axis.name: f"Release of {axis.package}; - where it was left out." for axis in axes},
        **DESCRIPTIONS,
    }
    properties = {name: _property(name, says) for name, says in columns.items()}
    properties["whose"]["enum"] = [*WHOSE, *(axis.name for axis in axes), ""]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Verdicts",
        "type": "object",
        "required": ["schema_version", "axes", "verdicts"],
        "additionalProperties": False,
        "properties": {
            "schema_version": {"const": table.SCHEMA_VERSION},
            "axes": {
                "description": "Short name of each axis, and its package in the index.",
                "type": "object",
                "additionalProperties": {"type": "string"},
            },
            "verdicts": {
                "description": "By probe, configuration, Python and then each axis, in order.",
                "type": "array",
                "items": {
                    "type": "object",
                    "required": list(properties),
                    "additionalProperties": False,
                    "properties": properties,
                },
            },
        },
    }


def _property(name: str, says: str) -> dict[str, Any]:
    described: dict[str, Any] = {"description": says, "type": "string"}
    if name in CHOICES:
        empty = [""] if name in EMPTY_FOR_A_PASS else []
        described["enum"] = [*(str(choice) for choice in CHOICES[name]), *empty]  # type: ignore[var-annotated]
    elif name == "python":
        described["pattern"] = r"^\d+\.\d+$"
    elif name == "tested_at":
        described["format"] = "date-time"
    elif table.COLUMNS.get(name) == "int64":
        described |= {"type": "integer", "minimum": 0}
    elif table.COLUMNS.get(name) == "float64":
        described |= {"type": "number", "minimum": 0}
    return described


def _size(size: int) -> str:
    return f"{size / 1000:.0f} kB" if size >= 1000 else f"{size} B"


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

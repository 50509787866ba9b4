"""The columns of the published and of the stored table, from their JSON Schemas.

Only ``verdicts.schema.json`` lists and describes the published ones. It is not about one matrix:
``for_axes`` adds the axes, and whose a trouble can be. ``stored.schema.json`` describes the files
in ``results/``: ``shared.json``, and under ``$defs`` a row of ``verdicts.csv`` and of
``audits.csv``. ``releases.schema.json`` beside them describes ``releases.json``, for readers.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from interlock.model import Axis


def _shipped(name: str = "verdicts") -> dict[str, Any]:
    text = (files(__package__) / f"{name}.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


SHIPPED: Mapping[str, Any] = _shipped()

SCHEMA_VERSION: int = SHIPPED["properties"]["schema_version"]["const"]
"""Of the published table.

It grows if a column is added, renamed, or changes its meaning.
"""

COLUMNS: Mapping[str, Mapping[str, Any]] = SHIPPED["properties"]["verdicts"]["items"]["properties"]
"""The columns after the axes, in order, each with the schema's description.

No value is null. A value that does not apply is empty, such as the phase of a pass.
"""

STORED: Mapping[str, Any] = _shipped("stored")

STORED_COLUMNS: Mapping[str, Mapping[str, Any]] = STORED["$defs"]["row"]["properties"]
"""The columns of ``verdicts.csv`` in ``results/``, after the axes, in order."""

AUDIT_COLUMNS: Mapping[str, Mapping[str, Any]] = STORED["$defs"]["audit"]["properties"]
"""The columns of ``audits.csv``. The axes stand after the first two."""


def for_axes(axes: Sequence[Axis], whose: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema of ``verdicts.json`` for one matrix.

    A trouble is one of ``whose``, or an axis's.
    """
    schema = _shipped()
    row = schema["properties"]["verdicts"]["items"]
    names = {
        axis.name: {
            "description": f"Release of {axis.package}; - where it was left out.",
            "type": "string",
        }
        for axis in axes
    }
    row["properties"] = {**names, **row["properties"]}
    row["properties"]["whose"]["enum"] = [*whose, *names, ""]
    row["required"] = list(row["properties"])
    row["additionalProperties"] = False
    return schema

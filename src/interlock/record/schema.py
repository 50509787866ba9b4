"""The published table's columns, as the JSON Schema that is shipped and published has them.

``verdicts.schema.json`` is the only place that lists and describes them. It knows nothing of one
matrix: ``for_axes`` completes it with the axes and with whose a trouble can be.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from typing import Any

from interlock.model import Axis


def _shipped() -> dict[str, Any]:
    text = (files(__package__) / "verdicts.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


SHIPPED: Mapping[str, Any] = _shipped()

SCHEMA_VERSION: int = SHIPPED["properties"]["schema_version"]["const"]
"""Of the published table; it grows when a column is added or changes its name or its meaning."""

COLUMNS: Mapping[str, Mapping[str, Any]] = SHIPPED["properties"]["verdicts"]["items"]["properties"]
"""What follows the axes in a row, in order, each as the schema describes it. Nothing is ever null:
what does not apply, such as the phase of a pass, is the empty string."""


def for_axes(axes: Sequence[Axis], whose: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema of one matrix's ``verdicts.json``, whose troubles are said to be ``whose``
    or an axis's."""
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

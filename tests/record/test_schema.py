"""The shipped JSON Schema describes the written rows, with the same words."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest
from published import AXES, CYCLE, SELF, cell, verdict

from interlock.findings import WHOSE
from interlock.model import Backend, Basis, Outcome, Phase, Reason
from interlock.record.rows import columns, rows
from interlock.record.schema import COLUMNS, SCHEMA_VERSION, SHIPPED, for_axes

SCHEMA = for_axes(AXES, WHOSE)


def table() -> dict[str, Any]:
    some = [
        verdict(cell("2.9", "3.1"), Outcome.HANG, signatures=((SELF, 2), (CYCLE, 1))),
        verdict(cell("2.9", None)),
        verdict(cell("2.10", "3.1"), Outcome.FAIL, cause="requests.exceptions.Timeout", failed=2),
    ]
    listed = [{**row, "signatures": json.loads(row["signatures"])} for row in rows(some, AXES)]
    axes = {axis.name: axis.package for axis in AXES}
    return {"schema_version": SCHEMA_VERSION, "axes": axes, "verdicts": listed}


@pytest.mark.parametrize("schema", [SCHEMA, dict(SHIPPED)])
def test_rows_are_what_the_schema_says(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(table(), schema)


@pytest.mark.parametrize(
    "spoil",
    [
        {"cause": None},
        {"failed": -1},
        {"failed": "1"},
        {"signatures": "[]"},
        {"signatures": [{"locks": ["A"], "hangs": 1}]},
        {"signatures": [{"locks": ["A"], "stuck": [], "hangs": 0}]},
        {"outcome": "hung"},
        {"whose": "nobody"},
        {"another": ""},
    ],
)
def test_schema_refuses_what_no_row_says(spoil: dict[str, Any]) -> None:
    content = copy.deepcopy(table())
    content["verdicts"][0] |= spoil

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, SCHEMA)


def test_schema_has_the_columns_in_order_after_the_axes() -> None:
    described = SCHEMA["properties"]["verdicts"]["items"]

    assert list(described["properties"]) == columns(AXES) == described["required"]
    assert all(about["description"] for about in described["properties"].values())


@pytest.mark.parametrize(
    ("column", "choices", "empty"),
    [
        ("outcome", Outcome, False),
        ("phase", Phase, True),
        ("reason", Reason, True),
        ("basis", Basis, False),
        ("backend", Backend, False),
    ],
)
def test_schema_knows_the_choices_of_the_model(column: str, choices: Any, empty: bool) -> None:
    assert COLUMNS[column]["enum"] == [*map(str, choices), *([""] * empty)]

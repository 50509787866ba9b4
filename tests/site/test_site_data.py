"""The files for download."""

from __future__ import annotations

import csv
import json
from typing import Any

import jsonschema
import pandas as pd
import pytest

from interlock.record.results import read_results
from interlock.record.rows import columns, read


def test_json_is_what_its_schema_says(complete: Any) -> None:
    schema = json.loads(complete.text("data/verdicts.schema.json"))
    content = json.loads(complete.text("data/verdicts.json"))

    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(content, schema)
    assert len(content["verdicts"]) == len(complete.verdicts)


@pytest.mark.parametrize(
    "spoil",
    [{"outcome": "passed"}, {"trials": -1}, {"python": "3"}, {"extra": ""}, {"phase": "lunch"}],
)
def test_schema_refuses_what_the_table_never_says(complete: Any, spoil: dict[str, Any]) -> None:
    schema = json.loads(complete.text("data/verdicts.schema.json"))
    content = json.loads(complete.text("data/verdicts.json"))
    content["verdicts"][0] |= spoil

    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, schema)


def test_csv_parquet_and_json_hold_the_same_rows(complete: Any) -> None:
    table = complete.generated / "data" / "verdicts.csv"
    parquet = pd.read_parquet(complete.generated / "data" / "verdicts.parquet")
    rows = json.loads(complete.text("data/verdicts.json"))["verdicts"]

    axes = complete.matrix.axes
    assert read(table, axes) == read_results(complete.results, axes).verdicts
    with table.open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert list(told[0]) == columns(axes)
    for name in ("signature", "environment_digest", "detail", "whose", "attribution"):
        assert [row[name] for row in told] == [row[name] for row in rows]
        assert any(row[name] for row in told)
    assert parquet["detail"].tolist() == [row["detail"] for row in rows]
    assert parquet["python"].tolist() == [row["python"] for row in rows]

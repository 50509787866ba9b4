"""The pandas table has the published rows, with types."""

from __future__ import annotations

import pandas as pd
from published import AXES, SELF, cell, verdict

from interlock.model import Outcome
from interlock.record import table
from interlock.record.rows import columns, rows
from interlock.record.schema import COLUMNS


def test_table_has_the_published_rows_with_their_types() -> None:
    hung = verdict(cell("2.10", "3.1"), Outcome.HANG, signatures=((SELF, 2),))
    some = [hung, verdict(cell("2.9", None))]

    frame = table.frame(rows(some, AXES), AXES)

    assert list(frame.columns) == columns(AXES)
    assert not frame.isna().any().any()
    assert (frame.dtypes["python"], frame.dtypes["failed"]) == ("string", "int64")
    assert frame["tested_at"][0] == pd.Timestamp(hung.tested_at)
    plain = frame.drop(columns="tested_at").to_dict("records")
    assert plain == [
        {name: value for name, value in row.items() if name != "tested_at"}
        for row in rows(some, AXES)
    ]


def test_table_without_rows_has_the_same_types() -> None:
    one = table.frame(rows([verdict(cell("2.9", "3.1"))], AXES), AXES)

    assert table.frame([], AXES).dtypes.to_dict() == one.dtypes.to_dict()
    assert set(COLUMNS) < set(one.columns)

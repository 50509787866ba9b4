"""The verdicts as a pandas table with types, for Parquet."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from interlock.model import Axis
from interlock.record.rows import TIME, Row, columns
from interlock.record.schema import COLUMNS

_TYPES = {"integer": "int64", "number": "float64"}


def frame(rows: Sequence[Row], axes: Sequence[Axis]) -> pd.DataFrame:
    """The published rows as a table."""
    found = pd.DataFrame({name: [row[name] for row in rows] for name in columns(axes)})
    times = pd.to_datetime(found["tested_at"], format=TIME, utc=True)
    types = {name: _TYPES.get(str(about["type"]), "string") for name, about in COLUMNS.items()}
    names = {axis.name: "string" for axis in axes}
    return found.assign(tested_at=times).astype(
        {**names, **types, "tested_at": "datetime64[us, UTC]"}
    )

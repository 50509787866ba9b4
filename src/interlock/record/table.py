"""The verdicts as a table of pandas, with types: what is published as Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from interlock.model import Axis, Verdict
from interlock.record.rows import TIME, Attributions, columns, rows
from interlock.record.schema import COLUMNS

_TYPES = {"integer": "int64", "number": "float64"}


def frame(
    verdicts: Iterable[Verdict], axes: Sequence[Axis], attributions: Attributions | None = None
) -> pd.DataFrame:
    """The verdicts as a table in published order.

    ``attributions`` say whose each trouble is; without them those two columns are empty. Raises
    ``ValueError`` when two verdicts are about the same cell.
    """
    found = pd.DataFrame(rows(verdicts, axes, attributions), columns=columns(axes))
    times = pd.to_datetime(found["tested_at"], format=TIME, utc=True)
    types = {name: _TYPES.get(str(about["type"]), "string") for name, about in COLUMNS.items()}
    names = {axis.name: "string" for axis in axes}
    return found.assign(tested_at=times).astype(
        {**names, **types, "tested_at": "datetime64[us, UTC]"}
    )

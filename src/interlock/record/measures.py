"""``measures.csv``: one row for each verdict and measure, in the verdicts' order."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from interlock.model import ABSENT, Axis, Measured, PythonVersion, Renames, UsageError, Verdict
from interlock.record import older
from interlock.record.files import AS_PUBLISHED, Batch, Mistakes, csv_lines, row_of, together
from interlock.record.order import coordinates
from interlock.record.rows import MeasuredOf, count, version

MEASURES = "measures.csv"

MEASURES_COLUMNS = ("python", "probe", "config", "measure", "trials", "median", "least", "most")
"""The columns after the axes.

The last three have the unit in the measure's name, or in ``probe.yaml``.
"""


def write_measures(
    verdicts: Iterable[Verdict],
    axes: Sequence[Axis],
    folder: Path,
    batch: Batch | None = None,
) -> None:
    """Write ``measures.csv``. The old file stays until the new one is complete."""
    rows = []
    for verdict in verdicts:
        for found in verdict.measured:
            values = asdict(found)
            measured = {"measure": values.pop("name"), "trials": values.pop("trials")}
            numbers = {name: float(value) for name, value in values.items()}
            rows.append({**coordinates(verdict.cell, axes), **measured, **numbers})
    names = [axis.name for axis in axes]
    with together(batch) as put:
        put.write_csv(folder / MEASURES, rows, [*names, *MEASURES_COLUMNS])


def read_measures(path: Path, axes: Sequence[Axis], renamed: Renames) -> MeasuredOf:
    """The content of ``measures.csv``, by cell. Empty if there is no such file.

    Raises ``UsageError`` with every mistake of the file, each with its line.
    """
    names = [axis.name for axis in axes]
    found: dict[tuple[str, ...], dict[str, Measured]] = {}
    mistakes = Mistakes(path)
    try:
        with csv_lines(path) as lines:
            _, header = next(lines, (1, []))
            if missing := [name for name in (*names, *MEASURES_COLUMNS) if name not in header]:
                raise UsageError(f"{path}: no column {', '.join(missing)}; {AS_PUBLISHED}")
            for line, values in lines:
                try:
                    row = older.today(row_of(header, values), renamed)
                    key, measured = _key(row, names), _measured(row)
                    if measured.name in found.setdefault(key, {}):
                        raise ValueError(f"{measured.name} of this combination is in two rows")
                    found[key][measured.name] = measured
                except ValueError as mistake:
                    mistakes.note(line, str(mistake))
    except FileNotFoundError:
        return {}
    mistakes.raise_any()
    return {key: tuple(measured.values()) for key, measured in found.items()}


def _key(row: Mapping[str, str], names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        if row[name] != ABSENT:
            version(row[name])
    PythonVersion.parse(row["python"])
    return tuple(row[name] for name in (*names, "python", "probe", "config"))


def _measured(row: Mapping[str, str]) -> Measured:
    if not row["measure"]:
        raise ValueError("measure: is empty")
    trials = count(row["trials"])
    median, least, most = (_number(name, row[name]) for name in ("median", "least", "most"))
    if trials < 1:
        raise ValueError("trials: 0 trials measure nothing")
    if not least <= median <= most:
        raise ValueError(f"median: {median} is not between {least} and {most}")
    return Measured(name=row["measure"], trials=trials, median=median, least=least, most=most)


def _number(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{name}: {text[:40]!r} is not a number")
    return value

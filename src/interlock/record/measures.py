"""``measures.csv``: a row a verdict and thing that its trials measured, in the verdicts' order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from interlock.model import Axis, Measured, Renames, UsageError, Verdict
from interlock.record import older
from interlock.record.files import csv_lines, write_csv
from interlock.record.order import coordinates
from interlock.record.rows import MeasuredOf

MEASURES = "measures.csv"

MEASURES_COLUMNS = ("python", "probe", "config", "measure", "trials", "median", "least", "most")
"""What follows the axes. The last three are in the unit that the measure's name, or ``probe.yaml``,
gives."""


def write_measures(verdicts: Iterable[Verdict], axes: Sequence[Axis], folder: Path) -> None:
    """Write ``measures.csv``; what was there stays until the new one is whole."""
    rows = []
    for verdict in verdicts:
        for found in verdict.measured:
            values = asdict(found)
            measured = {"measure": values.pop("name"), "trials": values.pop("trials")}
            numbers = {name: float(value) for name, value in values.items()}
            rows.append({**coordinates(verdict.cell, axes), **measured, **numbers})
    names = [axis.name for axis in axes]
    write_csv(folder / MEASURES, rows, [*names, *MEASURES_COLUMNS])


def read_measures(path: Path, axes: Sequence[Axis], renamed: Renames) -> MeasuredOf:
    """What ``measures.csv`` says, by cell; nothing where there is no such file.

    Raises ``UsageError`` with the line of the first mistake.
    """
    cell = (*(axis.name for axis in axes), "python", "probe", "config")
    found: dict[tuple[str, ...], tuple[Measured, ...]] = {}
    try:
        lines = csv_lines(path)
        _, header = next(lines, (1, []))
        for line, values in lines:
            try:
                row = older.today(dict(zip(header, values, strict=True)), renamed)
                key = tuple(row[name] for name in cell)
                found[key] = (*found.get(key, ()), _measured(row))
            except (ValueError, KeyError) as mistake:
                raise UsageError(
                    f"{path}:{line}: {mistake}; use the file as it was published"
                ) from None
    except FileNotFoundError:
        return {}
    except (csv.Error, UnicodeDecodeError) as mistake:
        raise UsageError(f"{path}: {mistake}; use the file as it was published") from None
    return found


def _measured(row: Mapping[str, str]) -> Measured:
    return Measured(
        name=row["measure"],
        trials=int(row["trials"]),
        median=float(row["median"]),
        least=float(row["least"]),
        most=float(row["most"]),
    )

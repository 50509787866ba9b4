"""The published results that the matrix still covers.

Published history outlives the matrix: a probe is renamed, a configuration is removed, the harness
drops a Python. Nobody knows any more what such rows ran, so they are left out, and one log line
names them. A user may have asked for a Python that is in no set, so its rows count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interlock.matrix import Matrix
from interlock.model import NEWEST_PYTHON, OLDEST_PYTHON, Axis, Cell, Verdict, listing, plural
from interlock.record.order import coordinates

_NAMED = 3
"""How many the log line names. It counts the others."""

_LONGEST = 60


def left_in(verdicts: Iterable[Verdict], matrix: Matrix, path: Path) -> list[Verdict]:
    """The verdicts of the matrix's probes, configurations and Pythons. Logs the rest."""
    kept, gone = parted(verdicts, matrix)
    log(gone, matrix, path)
    return kept


def parted(verdicts: Iterable[Verdict], matrix: Matrix) -> tuple[list[Verdict], Counter[str]]:
    """The same, and how many others lack which part. Logs nothing."""
    kept, gone = [], Counter[str]()
    for verdict in verdicts:
        if gone_part := lacking(verdict.cell, matrix):
            gone[gone_part] += 1
        else:
            kept.append(verdict)
    return kept, gone


def log(gone: Counter[str], matrix: Matrix, path: Path) -> None:
    """Log which rows of a table are left out, if any."""
    if gone:
        import logging  # a question has seldom anything to log, and waits for each import

        rows = plural(sum(gone.values()), "row")
        logging.getLogger(__name__).warning(
            f"{path}: {rows} left out, which {matrix.name} does not cover: {_counted(gone)}"
        )


def lacking(cell: Cell, matrix: Matrix) -> str:
    """The part of a cell that the matrix does not cover, in words. Empty if it covers all."""
    if cell.probe not in matrix.probes:
        return f"the probe {cell.probe}"
    if cell.config not in matrix.configurations:
        return f"the configuration {cell.config}"
    if not OLDEST_PYTHON <= cell.python <= NEWEST_PYTHON:
        return f"Python {cell.python}"
    return ""


def _counted(gone: Counter[str]) -> str:
    often = gone.most_common()
    counted = [f"{number} of {_printable(what)}" for what, number in often[:_NAMED]]
    if rest := often[_NAMED:]:
        counted.append(f"{sum(number for _, number in rest)} of {len(rest)} more")
    return listing(counted)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)[:_LONGEST]


def of_signatures(
    files: Iterable[Mapping[str, Any]], verdicts: Iterable[Verdict], axes: Sequence[Axis]
) -> Iterator[Mapping[str, Any]]:
    """The signature files, with only the cells that have a verdict.

    An example of another cell is removed, because the title of its settings is no longer known.
    """
    known = {tuple(coordinates(verdict.cell, axes).items()) for verdict in verdicts}

    def is_known(cell: Mapping[str, Any]) -> bool:
        names = (*(axis.name for axis in axes), "python", "probe", "config")
        return tuple((name, cell[name]) for name in names) in known

    for file in files:
        cells = [cell for cell in file["cells"] if is_known(cell)]
        example = file["example"]
        if cells:
            yield {
                **file,
                "cells": cells,
                "example": example if example and is_known(example) else None,
            }

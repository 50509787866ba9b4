"""Of what was published, the part that a matrix still has.

Published history outlives the matrix: a probe is renamed, a configuration goes, the harness drops a
Python. Nothing can be said of such rows, since nobody knows any more what they ran. They are left
out, and one line says so. A Python that no set names may have been asked for: its rows count.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interlock.matrix import Matrix
from interlock.model import NEWEST_PYTHON, OLDEST_PYTHON, Axis, Cell, Verdict, listing, plural
from interlock.record.order import coordinates

_NAMED = 3
"""What the line names; of the others it gives the number."""

_LONGEST = 60


def left_in(verdicts: Iterable[Verdict], matrix: Matrix, path: Path) -> list[Verdict]:
    """The verdicts of its probes, configurations and Pythons; logs what is left out."""
    kept, gone = [], Counter[str]()
    for verdict in verdicts:
        if lacking := _lacking(verdict.cell, matrix):
            gone[lacking] += 1
        else:
            kept.append(verdict)
    if gone:
        rows = plural(sum(gone.values()), "row")
        logging.getLogger(__name__).warning(
            f"{path}: {rows} left out, of what {matrix.name} does not have: {_counted(gone)}"
        )
    return kept


def _lacking(cell: Cell, matrix: Matrix) -> str:
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
    """The signature files with the cells that have a verdict alone; none without any.

    The example goes where its cell has none: its settings have no title any more.
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

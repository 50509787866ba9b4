"""Long tables by release line: a row for each line, which the reader opens to see its releases.

Without scripts every row is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from packaging.version import Version

from interlock.matrix import release_line

MANY = 24
"""A table of more releases than this is shown by release line."""

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class ReleaseLine(Generic[Row]):
    """The rows of one release line, in the order of the table."""

    name: str
    """``2.14.x``; empty where there is nothing to open, because a release stands alone."""
    rows: Sequence[Row]


def by_line(rows: Sequence[Row], version: Callable[[Row], str]) -> list[ReleaseLine[Row]]:
    """The rows with those of one release line together, if there are many."""
    if len(rows) <= MANY:
        return [ReleaseLine(name="", rows=[row]) for row in rows]
    found = []
    for name, of in groupby(rows, key=lambda row: release_line(Version(version(row)))):
        together = list(of)
        found.append(ReleaseLine(name=name if len(together) > 1 else "", rows=together))
    return found

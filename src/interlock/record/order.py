"""The order of published rows: probe, configuration, Python, then each axis.

Each axis is in version order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from packaging.version import Version

from interlock.model import ABSENT, Axis, Cell, Verdict, version_key


def in_order(texts: Iterable[str]) -> list[str]:
    """Distinct versions, releases or Pythons, in version order."""
    return sorted(set(texts), key=text_key)


def text_key(text: str) -> tuple[bool, Version]:
    """Sorts releases or Pythons in text form. A library that is left out comes first."""
    return version_key(None if text == ABSENT else Version(text))


def cell_key(cell: Cell, axes: Sequence[Axis]) -> tuple[Any, ...]:
    """Sorts cells in published order."""
    return (
        cell.probe,
        cell.config,
        cell.python,
        *(version_key(cell.version(axis.name)) for axis in axes),
    )


def ordered(verdicts: Iterable[Verdict], axes: Sequence[Axis]) -> list[Verdict]:
    """The verdicts in published order, each on another cell.

    Raises ``ValueError`` if two verdicts are about the same cell.
    """
    given = list(verdicts)
    # Comparing versions is slow. There are few of them, so their ranks are compared.
    ranks = []
    for axis in axes:
        known = {verdict.cell.version(axis.name) for verdict in given}
        ranks.append({v: rank for rank, v in enumerate(sorted(known, key=version_key))})
    keyed = []
    for number, verdict in enumerate(given):
        cell = verdict.cell
        versions = [rank[cell.version(axis.name)] for axis, rank in zip(axes, ranks, strict=True)]
        keyed.append(((cell.probe, cell.config, cell.python, *versions), number))
    keyed.sort()
    for (one, number), (following, _) in pairwise(keyed):
        if one == following:
            raise ValueError(f"two verdicts about {given[number].cell}")
    return [given[number] for _, number in keyed]


def coordinates(cell: Cell, axes: Sequence[Axis]) -> dict[str, str]:
    """A cell in the form of the published files."""
    return {
        **{axis.name: str(cell.version(axis.name) or ABSENT) for axis in axes},
        "python": str(cell.python),
        "probe": cell.probe,
        "config": cell.config,
    }

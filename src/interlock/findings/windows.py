"""Verdicts along one axis → ``Window``s, and what may be inferred between them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from packaging.version import Version

from interlock.model import Basis, Cell, Outcome, Verdict, Window

Rest = tuple[str, ...]
"""What is held fixed: the key of a cell with ``*`` where the axis stands."""

INFERABLE = frozenset({Outcome.PASS, Outcome.HANG, Outcome.FAIL})
"""Outcomes that say something about the libraries; ``unproven`` is about a run, and whether a
release is ``unsupported`` its own wheels say."""


def windows(axis: str, series: Iterable[tuple[Version, Outcome]]) -> tuple[Window, ...]:
    """Maximal runs of the same outcome among the versions given, in version order.

    A version stands for itself alone: what lies between two versions of a window was not tested.
    Raises ``ValueError`` for a version with two outcomes.
    """
    outcomes: dict[Version, Outcome] = {}
    for version, outcome in series:
        if outcomes.setdefault(version, outcome) is not outcome:
            raise ValueError(f"{axis} {version} is both {outcomes[version]} and {outcome}")
    found = []
    for outcome, run in groupby(sorted(outcomes), key=outcomes.__getitem__):
        versions = list(run)
        found.append(
            Window(
                axis=axis,
                first=versions[0],
                last=versions[-1],
                outcome=outcome,
                count=len(versions),
            )
        )
    return tuple(found)


def along(axis: str, verdicts: Iterable[Verdict]) -> Mapping[Rest, tuple[Window, ...]]:
    """The windows along one axis, for everything else held fixed; tested verdicts alone.

    A cell without that library (``-``) is no point of the axis.
    """
    lines: dict[Rest, list[tuple[Version, Outcome]]] = {}
    for verdict in verdicts:
        version = verdict.cell.version(axis)
        if version is not None and verdict.basis is Basis.TESTED:
            lines.setdefault(rest_of(verdict.cell, axis), []).append((version, verdict.outcome))
    return {rest: windows(axis, series) for rest, series in lines.items()}


def rest_of(cell: Cell, axis: str) -> Rest:
    """The cell's key with ``*`` where the axis stands."""
    position = [pin.axis for pin in cell.pins].index(axis)
    return (*cell.key[:position], "*", *cell.key[position + 1 :])


def inferred(
    series: Iterable[tuple[Version, Outcome]], published: Sequence[Version]
) -> Mapping[Version, Outcome]:
    """The outcome of final releases between two neighbours that were tested and are equal.

    Only within one release line (the same major version), and never shown as tested.
    """
    tested = sorted(dict(series).items())
    found: dict[Version, Outcome] = {}
    for (low, outcome), (high, other) in pairwise(tested):
        if outcome is not other or outcome not in INFERABLE or low.major != high.major:
            continue
        between = (v for v in published if low < v < high and not v.is_prerelease)
        found |= dict.fromkeys(between, outcome)
    return found

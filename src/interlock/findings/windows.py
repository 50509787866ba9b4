"""Verdicts along one axis → ``Window``s of tested releases. Pure."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from itertools import groupby

from packaging.version import Version

from interlock.findings.weighing import TOGETHER, Attributions
from interlock.model import PRECEDENCE, Basis, Cell, Outcome, Verdict, Window

Rest = tuple[str, ...]
"""What is held fixed: the key of a cell with ``*`` where the axis stands."""


def windows(axis: str, series: Iterable[tuple[Version, Outcome]]) -> tuple[Window, ...]:
    """Maximal runs of the same outcome among these versions, in version order.

    Nothing is said about versions that lie between two tested versions of a window.
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
    """The windows along one axis, with everything else held fixed.

    Only tested verdicts count. A cell without that library (``-``) is not on the axis.
    """
    return {
        rest: windows(axis, [(v, one.outcome) for one in line if (v := one.cell.version(axis))])
        for rest, line in lines(axis, verdicts).items()
    }


def lines(axis: str, verdicts: Iterable[Verdict]) -> Mapping[Rest, Sequence[Verdict]]:
    """The tested verdicts along one axis, with everything else held fixed."""
    found: dict[Rest, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.cell.version(axis) is not None and verdict.basis is Basis.TESTED:
            found.setdefault(rest_of(verdict.cell, axis), []).append(verdict)
    return found


def showing(
    axis: str, line: Iterable[Verdict], seen: Collection[tuple[str, ...]]
) -> tuple[Window, ...]:
    """The windows of one line in which every cell shows a certain hang.

    ``seen`` are the keys of the cells that show it. A release that hangs in another way ends a
    window.
    """
    series = (
        (version, verdict.outcome if verdict.cell.key in seen else Outcome.UNPROVEN)
        for verdict in line
        if (version := verdict.cell.version(axis)) is not None
    )
    return tuple(w for w in windows(axis, series) if w.outcome is Outcome.HANG)


def hanging(
    axis: str,
    verdicts: Iterable[Verdict],
    attributions: Attributions,
    told: Container[Version] | None = None,
) -> list[Window]:
    """Windows of releases that hang with something, in some configuration.

    What another library does alone does not count against a release. A release that does not hang
    ends a window only if it is among ``told``, the releases that are tested enough. None is all.
    """
    worst: dict[Version, Outcome] = {}
    for verdict in verdicts:
        version = verdict.cell.version(axis)
        whose = attributions.get(verdict.cell.key)
        counts = whose is None or whose.whose in (*TOGETHER, axis)
        if version is not None and verdict.basis is Basis.TESTED and counts:
            before = worst.get(version, Outcome.PASS)
            worst[version] = min(before, verdict.outcome, key=PRECEDENCE.index)
    known = (
        (version, outcome)
        for version, outcome in worst.items()
        if outcome is Outcome.HANG or told is None or version in told
    )
    return [w for w in windows(axis, known) if w.outcome is Outcome.HANG]


def rest_of(cell: Cell, axis: str) -> Rest:
    """The cell's key with ``*`` where the axis stands."""
    position = [pin.axis for pin in cell.pins].index(axis)
    return (*cell.key[:position], "*", *cell.key[position + 1 :])

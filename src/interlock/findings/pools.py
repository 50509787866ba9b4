"""Hangs among the exposures of several cells, counted together: rates with their bounds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from interlock.evidence import Interval, exact_interval
from interlock.model import Outcome, Reason, Signature, Verdict, percent, words
from interlock.record import Columns, Some

Numbers = tuple[int, ...]
"""The numbers that stand for parts of a cell, see ``Columns``."""


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Hangs among the exposures of several cells of one probe and configuration."""

    hangs: int
    exposures: int
    trials: int
    """Used instead of exposures where those can't be counted."""

    def __add__(self, other: Pool) -> Pool:
        return Pool(
            hangs=self.hangs + other.hangs,
            exposures=self.exposures + other.exposures,
            trials=self.trials + other.trials,
        )

    @property
    def per_exposure(self) -> bool:
        """Whether the hangs came during exposures, and not before the first one."""
        return self.exposures >= max(1, self.hangs)

    @property
    def tried(self) -> int:
        """Exposures, or trials where exposures can't be counted."""
        return self.exposures if self.per_exposure else self.trials

    @property
    def interval(self) -> Interval:
        """The bounds of the rate, at 95 % (Clopper and Pearson, 1934).

        Without a single try it is everything from 0 to 1.
        """
        return exact_interval(self.hangs, self.tried) if self.tried else Interval(0.0, 1.0)

    @property
    def share(self) -> str:
        """``7 of 4,120``."""
        return f"{self.hangs:,} of {self.tried:,}"

    @property
    def bounds(self) -> str:
        """``0.068 % to 0.35 %``, or ``3.3 % at most``; empty where nothing was counted."""
        low, high = self.interval
        if self.hangs:
            return words.between(low, high)
        return f"{percent(high)} at most" if self.tried else ""


NOTHING = Pool(hangs=0, exposures=0, trials=0)


def pool(rows: Iterable[Verdict], signatures: Collection[Signature] | None = None) -> Pool:
    """The sum of the rows that count; of the hangs, only those with these signatures."""
    usable = [row for row in rows if counts(row)]
    return Pool(
        hangs=sum(row.hangs if signatures is None else _hangs(row, signatures) for row in usable),
        exposures=sum(row.exposures for row in usable),
        trials=sum(row.trials for row in usable),
    )


def counts(row: Verdict) -> bool:
    """Whether its exposures count: those of a run that was too short do as well."""
    hung_or_not = row.outcome in (Outcome.PASS, Outcome.HANG)
    return hung_or_not or row.reason is Reason.TOO_FEW_EXPOSURES


def places(
    one: Iterable[Verdict],
    other: Iterable[Verdict],
    *axes: str,
    signatures: Collection[Signature] | None = None,
) -> list[tuple[Pool, Pool]]:
    """The counts of both, by Python and by release of these axes.

    Of the hangs, only those with these signatures. A place where only one of both was run is left
    out.
    """
    if isinstance(one, Some) and isinstance(other, Some):
        one, other = _where_both_count(one, other, axes)
    found: dict[object, tuple[list[Verdict], list[Verdict]]] = {}
    for side, rows in enumerate((one, other)):
        for row in rows:
            if counts(row):
                place = row.cell.python, *map(row.cell.version, axes)
                found.setdefault(place, ([], []))[side].append(row)
    return [
        (pool(here, signatures), pool(there, signatures))
        for here, there in found.values()
        if here and there
    ]


def _hangs(row: Verdict, signatures: Collection[Signature]) -> int:
    seen = sum(count for signature, count in row.signatures if signature in signatures)
    return min(row.hangs, seen)


def _where_both_count(one: Some, other: Some, axes: Sequence[str]) -> tuple[Some, Some]:
    """The rows at places where both were run, without reading the verdicts of all others."""
    every = one.of
    parts = [at for at, part in enumerate(every.parts[:-3]) if part and part[0].axis in axes]

    def place(row: int) -> Numbers:
        cell = every.cells[row]
        return cell[-3], *(cell[part] for part in parts)

    sides = [[row for row in side.rows if _counts(every, row)] for side in (one, other)]
    here, there = ({place(row) for row in rows} for rows in sides)
    both = here & there
    left, right = (every.some([row for row in rows if place(row) in both]) for rows in sides)
    return left, right


def _counts(every: Columns, row: int) -> bool:
    outcome, reason = every.outcomes[row], every.reasons[row]
    return outcome in (Outcome.PASS, Outcome.HANG) or reason is Reason.TOO_FEW_EXPOSURES

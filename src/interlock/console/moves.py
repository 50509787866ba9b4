"""Advice on what to move to, from this run and the published results.

A target that only the published results know is shown with its age.
"""

from __future__ import annotations

from calendar import month_name
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from interlock.findings import Findings, Move, in_situation, to_find
from interlock.model import Cell, NoTarget, Pin, PythonVersion, Target, Verdict

Combination = tuple[tuple[Pin, ...], PythonVersion]


@dataclass(frozen=True, kw_only=True)
class Moves:
    """Advice for the cells of a run."""

    findings: Findings
    """Findings of this run, and of the verdicts that counted as known when it began."""
    published: Sequence[Verdict] = ()
    """These count for advice alone. None is shown as a verdict of this run."""
    today: date | None = None
    """A date in another year is written with its year."""

    @cached_property
    def wider(self) -> Findings:
        """The findings of all known verdicts.

        Where a cell has both, this run's verdict counts.
        """
        if not self.published:
            return self.findings
        verdicts = {v.cell.key: v for v in (*self.published, *self.findings.verdicts)}
        return replace(self.findings, verdicts=list(verdicts.values()))

    def lines(self, cell: Cell, application: str | None) -> list[str]:
        """One line an axis; the axis to move first comes first."""
        return [self._line(cell, move) for move in self._moves(cell, application)]

    def to_find(self, cell: Cell, application: str | None) -> str | None:
        """The command that would find a release to move to; None where nothing is left to test."""
        releases = {pin.axis: pin.version for pin in cell.pins if pin.version}
        return to_find(self._moves(cell, application), releases, cell.python)

    def _moves(self, cell: Cell, application: str | None) -> Sequence[Move]:
        """As ``interlock ask`` answers with the settings of the cell."""
        situation = self.wider.matrix.situation_of(cell.probe, cell.config)
        if situation is not None and application is None and cell.is_whole:
            return in_situation(self.wider, situation, (cell.pins, cell.python)).moves
        # No reader can have these settings, so the release has to pass in all others.
        found = self.wider.by_application[application].advice_on(cell.pins, cell.python)
        return found.moves if found else ()

    @cached_property
    def _own(self) -> frozenset[Combination]:
        return frozenset((v.cell.pins, v.cell.python) for v in self.findings.verdicts)

    @cached_property
    def _tested(self) -> dict[Combination, date]:
        """The day on which each published combination was last tested."""
        found: dict[Combination, date] = {}
        for verdict in self.published:
            of, day = (verdict.cell.pins, verdict.cell.python), verdict.tested_at.date()
            found[of] = max(day, found.get(of, day))
        return found

    def _line(self, cell: Cell, move: Move) -> str:
        match move.nearest, move.newest:
            case Target() as nearest, Target() as newest:
                return f"move to {nearest.axis} {self._targets(cell, nearest, newest)}"
            case NoTarget(reason=reason), _:
                return reason
        raise AssertionError("a move is a target or the reason why there is none")

    def _targets(self, cell: Cell, nearest: Target, newest: Target) -> str:
        ages = [self._age(cell, target) for target in (nearest, newest)]
        if nearest == newest:
            return f"{nearest.version}{_noted(ages[:1])}"
        if ages[0] == ages[1]:
            both = [f"both {age}" for age in ages[:1] if age]
            return f"{nearest.version} (nearest) or {newest.version}{_noted(both)}"
        first = _noted(["nearest", ages[0]])
        return f"{nearest.version}{first} or {newest.version}{_noted(ages[1:])}"

    def _age(self, cell: Cell, target: Target) -> str:
        """The age of a target that only the published results know; else empty."""
        pins = tuple(
            replace(pin, version=target.version) if pin.axis == target.axis else pin
            for pin in cell.pins
        )
        combination = pins, cell.python
        if combination in self._own or combination not in self._tested:
            return ""
        day = self._tested[combination]
        year = "" if self.today and self.today.year == day.year else f" {day.year}"
        return f"published, tested {day.day} {month_name[day.month]}{year}"


def _noted(notes: Iterable[str]) -> str:
    said = [note for note in notes if note]
    return f" ({', '.join(said)})" if said else ""

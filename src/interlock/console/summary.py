"""The text of a run: the answer so far, and the full report at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from interlock.console import report, tables
from interlock.console.moves import Moves
from interlock.findings import Findings
from interlock.matrix import Application
from interlock.model import Cell, Verdict

Known = Mapping[tuple[str, ...], Verdict]
"""By ``Cell.key``."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The requested cells of a run, their follow-ups, and the findings of all."""

    asked: tuple[Verdict, ...]
    followed: tuple[Verdict, ...]
    """Verdicts of follow-ups. The report has them with the cell that they follow."""
    findings: Findings
    moves: Moves

    @classmethod
    def of(
        cls,
        cells: Iterable[Cell],
        known: Known,
        findings: Findings,
        moves: Moves | None = None,
        follow_ups: Iterable[Cell] = (),
    ) -> Summary:
        """Collect the verdicts of these cells.

        ``known`` also holds cells that need no library; ``findings`` leave these out.
        """
        return cls(
            asked=tuple(known[cell.key] for cell in cells if cell.key in known),
            followed=tuple(known[cell.key] for cell in follow_ups if cell.key in known),
            findings=findings,
            moves=moves or Moves(findings=findings),
        )

    @property
    def whole(self) -> Sequence[Verdict]:
        return (*self.asked, *self.followed)

    def tables(self) -> list[Text | Table]:
        found = self.findings.matrix
        plain = any(report.is_plain(v.cell, found) for v in self.whole)
        on_its_own = {n: c for n, c in found.configurations.items() if not c.is_composed}
        shown = on_its_own if plain else found.configurations
        rare = self.moves.wider.instead_of_pass
        return tables.tables(self.whole, found.axes, found.probes, shown, rare)

    def lines(self) -> list[str]:
        """Each kind of trouble with its moves, then what did not run, then workarounds."""
        lines = self._stories(in_short=False)
        lines += report.not_installed(self.asked)
        return [*lines, *report.workarounds(self.whole, self.findings.matrix)]

    def so_far(self) -> list[str]:
        """In short: hangs and failures, where to move to, and what is safe."""
        return [*self._stories(in_short=True), *self.safe()]

    def safe(self) -> list[str]:
        """One sentence on every application, and one on each kind."""
        says = []
        for kind, about in self._groups:
            told = [v for v in about if report.is_plain(v.cell, self.findings.matrix)] or about
            says.append(report.in_kind(told, kind, self.moves.wider) if kind else self._safe(told))
        return says

    def _safe(self, verdicts: Sequence[Verdict]) -> str:
        published = self.moves.wider if self.moves.published else None
        return report.safe(verdicts, self.findings, published)

    def _stories(self, *, in_short: bool) -> list[str]:
        lines: list[str] = []
        for kind, about in self._groups:
            lines += report.stories(about, self.findings, kind, moves=self.moves, in_short=in_short)
        return lines

    @property
    def _groups(self) -> Sequence[tuple[Application | None, Sequence[Verdict]]]:
        """The verdicts on every application, and those on one kind alone."""
        return report.by_application(self.asked, self.findings.matrix)

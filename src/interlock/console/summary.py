"""What a run says: the answer so far, and at its end the verdicts, each trouble, what is safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from interlock.console import report
from interlock.console.moves import Moves
from interlock.findings import Findings
from interlock.matrix import Application
from interlock.model import Cell, Verdict

Known = Mapping[tuple[str, ...], Verdict]
"""By ``Cell.key``."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The cells that a run was about, and the findings of all that is known."""

    asked: tuple[Verdict, ...]
    groups: tuple[tuple[Application | None, Sequence[Verdict]], ...]
    """What is about every application, and what is about one kind alone."""
    findings: Findings
    moves: Moves

    @classmethod
    def of(
        cls, cells: Sequence[Cell], known: Known, findings: Findings, moves: Moves | None = None
    ) -> Summary:
        """``known`` has the cells that need no library as well, which ``findings`` leave out."""
        asked = tuple(known[cell.key] for cell in cells if cell.key in known)
        groups = tuple(report.by_application(asked, findings.matrix))
        moves = moves or Moves(findings=findings)
        return cls(asked=asked, groups=groups, findings=findings, moves=moves)

    def tables(self) -> list[Text | Table]:
        found = self.findings.matrix
        plain = any(report.is_plain(v.cell, found) for v in self.asked)
        on_its_own = {n: c for n, c in found.configurations.items() if not c.is_composed}
        shown = on_its_own if plain else found.configurations
        return report.tables(self.asked, found.axes, found.probes, shown)

    def lines(self) -> list[str]:
        """Each kind of trouble and where to move to, what was not run, then the workarounds.

        What follows a cell that was asked for is told with that cell.
        """
        lines: list[str] = []
        for kind, about in self.groups:
            lines += report.stories(self._plain(about), self.findings, kind, moves=self.moves)
        lines += report.not_installed(self._plain(self.asked))
        return [*lines, *report.workarounds(self.asked, self.findings.matrix)]

    def so_far(self) -> list[str]:
        """What hangs or fails, and what to move to, in short; then what is safe."""
        lines: list[str] = []
        for kind, about in self.groups:
            lines += report.stories(
                self._plain(about), self.findings, kind, moves=self.moves, in_short=True
            )
        return [*lines, *self.safe()]

    def _plain(self, verdicts: Sequence[Verdict]) -> Sequence[Verdict]:
        """Pairs in configurations of their own; all of them where there are none."""
        return [v for v in verdicts if report.is_plain(v.cell, self.findings.matrix)] or verdicts

    def safe(self) -> list[str]:
        """One sentence on every application, and one on each kind."""
        says = []
        for kind, about in self.groups:
            told = self._plain(about)
            says.append(report.in_kind(told, kind) if kind else report.safe(told, self.findings))
        return says

"""What a run tells at its end: the verdicts by release, each kind of trouble, what is safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from interlock.console import report
from interlock.findings import Scope, advice, scope_for
from interlock.matrix import Application, Matrix
from interlock.model import Cell, Verdict


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The cells that a run was about, and all that is known beside them."""

    asked: tuple[Verdict, ...]
    known: tuple[Verdict, ...]
    groups: tuple[tuple[Application | None, Sequence[Verdict], Scope], ...]
    """What is about every application, and what is about one kind alone."""
    matrix: Matrix
    withdrawn: advice.Excluded

    @classmethod
    def of(
        cls,
        cells: Sequence[Cell],
        known: Mapping[tuple[str, ...], Verdict],
        matrix: Matrix,
        withdrawn: advice.Excluded,
    ) -> Summary:
        asked = tuple(known[cell.key] for cell in cells if cell.key in known)
        everything = tuple(known.values())
        groups = tuple(
            (kind, about, scope_for(matrix, everything, kind.name if kind else None))
            for kind, about in report.by_application(asked, matrix)
        )
        return cls(asked=asked, known=everything, groups=groups, matrix=matrix, withdrawn=withdrawn)

    def tables(self) -> list[Text | Table]:
        found = self.matrix
        plain = any(report.is_plain(v.cell, found) for v in self.asked)
        on_its_own = {n: c for n, c in found.configurations.items() if not c.is_composed}
        shown = on_its_own if plain else found.configurations
        return report.tables(self.asked, found.axes, found.probes, shown)

    def lines(self) -> list[str]:
        """Each kind of trouble with the way out of it, then the workarounds."""
        found = self.matrix
        lines: list[str] = []
        for kind, about, scope in self.groups:
            lines += report.stories(
                about, self.known, found.axes, found.policy, self.withdrawn, scope, kind
            )
        return [*lines, *report.ways_out(self.asked, found)]

    def safe(self) -> list[str]:
        """One sentence on every application, and one on each kind."""
        found = self.matrix
        beside = [v for v in self.known if not report.is_plain(v.cell, found)]
        says = []
        for kind, about, scope in self.groups:
            told = [v for v in about if report.is_plain(v.cell, found)] or about
            if kind:
                says.append(report.in_kind(told, kind))
            else:
                says.append(
                    report.safe(told, found.axes, found.policy, self.withdrawn, beside, scope)
                )
        return says

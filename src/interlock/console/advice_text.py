"""Advice as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from interlock.console.page import Page
from interlock.findings import (
    Findings,
    Move,
    Question,
    SituationAnswer,
    SmallestMove,
    sentences,
    to_find,
)
from interlock.model import Target


@dataclass(frozen=True, kw_only=True)
class AdviceText:
    """Advice for one question as it is written."""

    findings: Findings
    question: Question
    page: Page
    said: set[str]
    """What the whole answer says once, and has said."""

    def moves(
        self, moves: Sequence[Move], indent: str, smallest: SmallestMove | None = None
    ) -> list[str]:
        lines: list[str] = []
        for move in moves:
            package = self.findings.matrix.axis(move.axis).package
            present = self.question.versions[move.axis]
            said = sentences.upgrade(move, package, present)
            lines += self.page.wrapped(said, indent, "- ")
            for note in sentences.notes(
                move, package, present, self.question.python, self.findings.matrix.choices
            ):
                lines += self.page.wrapped(note, f"{indent}  ")
        packages = {axis.name: axis.package for axis in self.findings.matrix.axes}
        if told := sentences.smallest_change(smallest, moves, packages):
            lines += self.page.wrapped(told, indent, "- ")
        return lines + self._unchecked(moves, indent)

    def _unchecked(self, moves: Iterable[Move], indent: str) -> list[str]:
        """Once, that nobody knows the vulnerabilities of some release to move to."""
        bars = self.findings.bars
        targets = [one for m in moves for one in (m.nearest, m.newest) if isinstance(one, Target)]
        unknown = any(bars.is_unchecked(one.axis, one.version) for one in targets)
        if not unknown or sentences.UNCHECKED in self.said:
            return []
        self.said.add(sentences.UNCHECKED)
        return self.page.wrapped(sentences.UNCHECKED, indent)

    def to_find(
        self, moves: Sequence[Move], indent: str, parts: Iterable[SituationAnswer]
    ) -> list[str]:
        """The command that would find a release to move to, or a nearer one, once."""
        probes = sorted({v.cell.probe for part in parts if part.troubles for v in part.verdicts})
        command = sentences.to_test(moves, self.question.versions, self.question.python, probes)
        command = command or to_find(moves, self.question.versions, self.question.python)
        if not command or command in self.said:
            return []
        self.said.add(command)
        nearer = "a nearer release" if any(move.helps for move in moves) else "a release"
        return [*self.page.wrapped(f"To look for {nearer} that helps:", indent), indent + command]

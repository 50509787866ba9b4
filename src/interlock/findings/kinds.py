"""Kinds of application, and what is noted about each beside an answer. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.findings.situation import Seen
from interlock.findings.tested import Place, Tested
from interlock.matrix import Application, Matrix, Situation


@dataclass(frozen=True, kw_only=True)
class KindNote:
    """What was seen of the releases in a kind of application: told beside an answer."""

    kind: Application
    seen: tuple[Seen, ...]
    """By the probes that are about it alone. Its hangs are rare, so no pass of it is told."""

    @property
    def hangs(self) -> int:
        return sum(one.verdict.hangs for one in self.seen)


def kinds_of(situation: Situation, matrix: Matrix) -> list[Application]:
    """The kinds of application that somebody in the situation has."""
    default = matrix.situation({})
    return [k for name, k in matrix.applications.items() if situation[name] != default[name]]


def notes(tested: Tested, matrix: Matrix, place: Place) -> Iterable[KindNote]:
    """One for each kind of application, with the trouble that its own probes saw there."""
    for kind in matrix.applications.values():
        seen = tuple(
            one
            for one in tested.at(place)
            if one.is_trouble and matrix.is_about(kind.name, one.verdict.cell.probe)
            if not matrix.configurations[one.verdict.cell.config].is_composed
        )
        yield KindNote(kind=kind, seen=seen)

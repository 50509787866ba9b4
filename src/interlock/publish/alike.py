"""Which situations share an answer, found from what the rows of a place are about.

There are far fewer kinds of places than places, and few situations that differ at any of them. So
the answers are computed once for each group of situations.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from interlock.findings import (
    AnswerBasis,
    Conclusion,
    Findings,
    Move,
    Place,
    SituationAnswer,
    concluded,
    in_situation,
    without_feature,
)
from interlock.matrix import Situation
from interlock.model import Cell
from interlock.publish.card import goes_wrong_with
from interlock.publish.context import PageContext

Groups = Mapping[Hashable, Sequence[int]]
"""The numbers of the situations that share an answer, by all that it depends on."""


@dataclass(frozen=True)
class _Nothing:
    """An answer that depends on nothing that was seen or inferred at a place."""

    is_meant: bool


class Alike:
    """The situations of the start page, in groups that share an answer at a place."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self.situations = list(every_situation(context))
        self._found: dict[Hashable, Groups] = {}

    def of(self, place: Place) -> Iterator[tuple[Sequence[int], SituationAnswer]]:
        """The groups at a place, each with its answer. Two groups may have the same answer."""
        kind = self._context.kind_of_place(place), self._inferred_at(place), self._lacks(place)
        if kind not in self._found:
            found: dict[Hashable, list[int]] = {}
            for number, situation in enumerate(self.situations):
                found.setdefault(self._key(situation, place), []).append(number)
            self._found[kind] = found
        for key, group in self._found[kind].items():
            if isinstance(key, _Nothing):
                yield group, self._unknown(self.situations[group[0]], key)
            else:
                yield from self._by_moves(group, place)

    def _key(self, situation: Situation, place: Place) -> Hashable:
        """All that an answer depends on, as far as it was seen at the place."""
        found, _ = concluded(self._findings, situation, place)
        if found.basis is AnswerBasis.UNKNOWN:
            found = without_feature(self._findings, situation, place) or found
        if not found.rests_on:
            return _Nothing(self._findings.tested.covers(situation, place))
        kinds = tuple(kind.name for kind in self._context.kinds_of(situation))
        notes = goes_wrong_with(self._context, situation, place)
        rests_on = tuple((_track(s.verdict.cell), s.inferred is None) for s in found.rests_on)
        missing = tuple(map(_track, found.missing))
        drawn = found.outcome, found.basis, rests_on, missing
        return drawn, self._just(situation, found), kinds, notes

    def _unknown(self, situation: Situation, key: _Nothing) -> SituationAnswer:
        """What ``in_situation`` says there, as far as a card shows it."""
        return SituationAnswer(
            situation=situation, outcome=None, basis=AnswerBasis.UNKNOWN, is_meant=key.is_meant
        )

    def _just(self, situation: Situation, found: Conclusion) -> Sequence[bool]:
        """Which rows, and which missing cells, are about that very situation."""
        rows = found.rests_on
        situation_of = self._context.matrix.situation_of
        return (
            *(one.verdict.was_run and one.situation == situation for one in rows),
            *(situation_of(cell.probe, cell.config) == situation for cell in found.missing),
        )

    def _inferred_at(self, place: Place) -> Hashable:
        """What is inferred there, as far as it decides how situations share answers."""
        findings = self._findings
        seen, meant = findings.tested.at(place), findings.tested.meant_at(place)
        return tuple(
            (_track(one.verdict.cell), one.verdict.outcome)
            for one in findings.untested.at(place, meant, seen)
        )

    def _lacks(self, place: Place) -> Hashable:
        """The features that a release lacks there, as other partners showed it."""
        found = self._findings.tested.features.at(self.situations[-1], place)
        return tuple(_track(one.seen.verdict.cell) for one in found)

    def _by_moves(
        self, group: Sequence[int], place: Place
    ) -> Iterator[tuple[Sequence[int], SituationAnswer]]:
        """A group, divided where the releases to move to differ: those have rows of their own."""
        part = in_situation(self._findings, self.situations[group[0]], place)
        if not part.moves:
            yield group, part
            return
        by_row: dict[Hashable, list[int]] = {}
        for number in group:
            by_row.setdefault(self._to_rows[number], []).append(number)
        by_moves: dict[tuple[Move, ...], list[int]] = {}
        for numbers in by_row.values():
            asked = [self.situations[numbers[0]]]
            moves = self._findings.targets.moves(asked, place, part.troubles)
            by_moves.setdefault(moves, []).extend(numbers)
        for moves, numbers in by_moves.items():
            yield numbers, replace(part, situation=self.situations[numbers[0]], moves=moves)

    @cached_property
    def _to_rows(self) -> Sequence[Hashable]:
        """By situation, how it stands to every situation that some row is about."""
        found = (self._context.matrix.situation_of(*track) for track in self._findings.by_track)
        about = [one for one in dict.fromkeys(found) if one]
        return [tuple((one <= each, each <= one) for one in about) for each in self.situations]

    @property
    def _findings(self) -> Findings:
        return self._context.findings


def _track(cell: Cell) -> Hashable:
    return cell.probe, cell.config


def every_situation(context: PageContext) -> Iterator[Situation]:
    """A value for each choice, in every way; the value of the last choice changes first."""
    choices: Mapping[str, Sequence[str]] = {
        name: [*choice.levels] for name, choice in context.matrix.choices.items()
    }
    for values in itertools.product(*choices.values()):
        yield context.matrix.situation(dict(zip(choices, values, strict=True)))

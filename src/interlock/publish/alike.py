"""Which situations share an answer, found from what the rows of a place are about.

There are far fewer kinds of places than places, and few situations that differ at any of them. So
the answers are computed once for each group of situations.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property

from interlock.findings import Findings, Place, in_situation
from interlock.matrix import Situation
from interlock.publish.card import goes_wrong_with
from interlock.publish.context import PageContext

Groups = Sequence[Sequence[int]]
"""The numbers of the situations that share an answer, group by group."""


class Alike:
    """The situations of the start page, in groups that share an answer at a place."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self.situations = list(every_situation(context))
        self._found: dict[Hashable, Groups] = {}

    def of(self, place: Place) -> Groups:
        """The groups at a place. Situations of two groups may still have the same answer."""
        seen = self._findings.tested.at(place)
        own = tuple(one.is_trouble and self._context.is_own(one.verdict) for one in seen)
        key = self._findings.tested.shape(place), own
        if key not in self._found:
            self._found[key] = self._grouped(range(len(self.situations)), self._keys(place))
        return [part for group in self._found[key] for part in self._by_moves(group, place)]

    def _keys(self, place: Place) -> Sequence[Hashable]:
        """By situation, all that its answer depends on, as far as it was seen at the place."""
        return [self._key(situation, place) for situation in self.situations]

    def _key(self, situation: Situation, place: Place) -> Hashable:
        tested, matrix = self._findings.tested, self._context.matrix
        drawn, seen = tested.drawn(situation, place), tested.at(place)
        tracks = [seen[number].verdict.cell for number in drawn.rests_on]
        about = [(cell.probe, cell.config) for cell in tracks]
        return (
            drawn,
            tested.covers(situation, place),
            tuple(matrix.situation_of(*track) == situation for track in (*about, *drawn.missing)),
            tuple(kind.name for kind in self._context.kinds_of(situation)),
            tuple(
                (counted, *titles)
                for counted, titles in goes_wrong_with(self._context, situation, place)
            ),
        )

    def _by_moves(self, group: Sequence[int], place: Place) -> Groups:
        """A group, divided where the releases to move to differ: those have rows of their own."""
        by_row: dict[Hashable, list[int]] = {}
        for number in group:
            by_row.setdefault(self._to_rows[number], []).append(number)
        if len(by_row) == 1 or not self._moves(group[0], place):
            return [group]
        by_moves: dict[Hashable, list[int]] = {}
        for numbers in by_row.values():
            by_moves.setdefault(self._moves(numbers[0], place), []).extend(numbers)
        return list(by_moves.values())

    def _moves(self, number: int, place: Place) -> Hashable:
        return in_situation(self._findings, self.situations[number], place).moves

    @cached_property
    def _to_rows(self) -> Sequence[Hashable]:
        """By situation, how it stands to every situation that some row is about."""
        found = (self._context.matrix.situation_of(*track) for track in self._findings.by_track)
        about = [one for one in dict.fromkeys(found) if one]
        return [tuple((one <= each, each <= one) for one in about) for each in self.situations]

    @property
    def _findings(self) -> Findings:
        return self._context.findings

    @staticmethod
    def _grouped(numbers: Sequence[int], keys: Sequence[Hashable]) -> Groups:
        found: dict[Hashable, list[int]] = {}
        for number in numbers:
            found.setdefault(keys[number], []).append(number)
        return list(found.values())


def every_situation(context: PageContext) -> Iterator[Situation]:
    """A value for each choice, in every way; the value of the last choice changes first."""
    choices: Mapping[str, Sequence[str]] = {
        name: [*choice.levels] for name, choice in context.matrix.choices.items()
    }
    for values in itertools.product(*choices.values()):
        yield context.matrix.situation(dict(zip(choices, values, strict=True)))

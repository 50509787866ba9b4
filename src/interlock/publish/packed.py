"""The answers of the start page as small numbers: each text, list and answer is kept once."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from interlock.publish import links
from interlock.publish.card import UNKNOWN, Card, Track

NONE = -1
"""Where an answer has nothing."""


class Packed:
    """What the script of the start page reads.

    ``answers`` has a row of numbers for each answer, in the order of ``number``. ``groups`` has a
    row for each way in which situations share the answers of a place, with a number a situation,
    and a last one for a reader who chooses none.
    """

    def __init__(self) -> None:
        self._texts: dict[str, int] = {}
        self._marks: dict[Sequence[str], int] = {UNKNOWN: 0}
        self._tracks: dict[Track, int] = {}
        self._lists: dict[Hashable, int] = {(): 0}
        self._answers: dict[tuple[int, ...], int] = {}
        self._groups: dict[tuple[int, ...], int] = {}

    def text(self, text: str | None) -> int:
        return NONE if text is None else self._texts.setdefault(text, len(self._texts))

    def place(self, cards: Iterable[tuple[Sequence[int], Card]]) -> list[int]:
        """The answers at one place: how the situations share them, and the number of each.

        Each card comes with the numbers of its situations. The last number is for a reader who
        chooses no settings.
        """
        once: dict[int, int] = {}
        shared: dict[int, int] = {}
        for situations, card in cards:
            number = once.setdefault(self.number(card), len(once))
            shared |= dict.fromkeys(situations, number)
        row = tuple(shared[situation] for situation in sorted(shared))
        return [self._groups.setdefault(row, len(self._groups)), *once]

    def number(self, card: Card) -> int:
        """The number of an answer."""
        row = (
            self._mark(card.mark),
            self.text(card.says),
            self._list(map(self.text, card.mind)),
            self._list(map(self.text, card.whose)),
            self._list(map(self.text, card.facts)),
            self._list((self.text(to), self.text(why)) for to, why in card.moves),
            self._list((self._mark(mark), self.text(said)) for mark, said in card.ways),
            self._list(map(self.text, card.until)),
            self._list(
                (self._mark(mark), self.text(said), self._track(track))
                for mark, said, track in card.probes
            ),
            self.text(card.hang),
            self._track(card.found),
            self._track(card.run),
            self._list((self._mark(mark), self.text(said)) for mark, said in card.beside),
        )
        return self._answers.setdefault(row, len(self._answers))

    def tables(self) -> dict[str, list[Any]]:
        """Everything that was numbered, in the order of the numbers."""
        return {
            "text": [*self._texts],
            "marks": [*self._marks],
            "tracks": [
                {"probe": probe, "config": config, "anchor": links.anchor_of(config)}
                for probe, config in self._tracks
            ],
            "lists": [*self._lists],
            "answers": [*self._answers],
            "groups": [*self._groups],
        }

    def _mark(self, mark: Sequence[str]) -> int:
        return self._marks.setdefault(mark, len(self._marks))

    def _track(self, track: Track | None) -> int:
        return NONE if track is None else self._tracks.setdefault(track, len(self._tracks))

    def _list(self, items: Iterable[Hashable]) -> int:
        return self._lists.setdefault(tuple(items), len(self._lists))

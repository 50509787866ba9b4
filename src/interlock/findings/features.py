"""Which features a release lacks, whatever it is combined with. Pure.

A probe names the libraries that it needs. Where it finds that one lacks the feature, that holds for
the same release with every other partner.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from interlock.findings.situation import Seen
from interlock.findings.weighing import Pins, Track
from interlock.matrix import Matrix, Situation
from interlock.model import Outcome, PythonVersion, Reason
from interlock.record import Columns


class Lack(NamedTuple):
    """A feature that would be switched on, and that releases do not have."""

    needs: Collection[str]
    """The axes whose releases would have it."""
    seen: Seen
    """Of the very releases of these axes; the others may be any."""


_Rows = Mapping[Pins, Mapping[PythonVersion | None, int]]
"""By the releases that are needed, then by Python: the first row there. None is any Python."""


class MissingFeatures:
    """The features that releases lack, as probes found it."""

    def __init__(
        self, rows: Columns, matrix: Matrix, situation_of: Callable[[str, str], Situation | None]
    ) -> None:
        self._all = rows
        self._matrix = matrix
        self._situation_of = situation_of

    def at(self, asked: Situation, place: tuple[Pins, PythonVersion]) -> Iterator[Lack]:
        """What would be switched on in that situation and is missing there.

        Seen on this Python or, where it was not looked for here, on another.
        """
        pins, python = place
        for (probe, config), found in self.by_track.items():
            there, needs = self._situation_of(probe, config), self._needs(probe)
            if not there or not there <= asked:
                continue
            rows = found.get(tuple(pin for pin in pins if pin.axis in needs), {})
            row = rows.get(python, rows.get(None))
            if row is not None:
                yield Lack(needs, Seen(verdict=self._all[row], situation=there))

    def _needs(self, probe: str) -> Collection[str]:
        return _needs(probe, self._matrix)

    @cached_property
    def by_track(self) -> Mapping[Track, _Rows]:
        """A pass shows that the feature is there, whatever another trial said."""
        every = self._all
        *_, pythons, probes, configs = every.parts
        found: dict[Track, dict[Pins, dict[PythonVersion | None, int]]] = {}
        passing: dict[Track, set[Pins]] = {}
        # What a row says is no question where nothing lacks a feature.
        told = zip(every.cells, every.reasons, strict=True)
        lacking = {cell[-2:] for cell, reason in told if reason is Reason.NO_FEATURE}
        for row in (row for row in every.answers if every.cells[row][-2:] in lacking):
            *_, python, probe, config = every.cells[row]
            needs, track = self._needs(probes[probe]), (probes[probe], configs[config])
            if needs and every.outcomes[row] is Outcome.PASS:
                passing.setdefault(track, set()).add(self._pins(row, needs))
            elif needs and every.reasons[row] is Reason.NO_FEATURE:
                rows = found.setdefault(track, {}).setdefault(self._pins(row, needs), {})
                rows.setdefault(pythons[python], row)
                rows.setdefault(None, row)
        lacks = {
            track: {of: rows for of, rows in by.items() if of not in passing.get(track, ())}
            for track, by in found.items()
        }
        return {track: by for track, by in lacks.items() if by}

    def _pins(self, row: int, axes: Collection[str]) -> Pins:
        """The releases of some axes."""
        pins = zip(self._all.parts, self._all.cells[row][:-3], strict=False)
        found = (of[number] for of, number in pins)
        return tuple(pin for pin in found if pin.axis in axes)


def lack_in_words(seen: Seen, matrix: Matrix) -> str:
    """``left-lib 1.0 lacks structured logs``: what the configuration switches on."""
    cell = seen.verdict.cell
    needs, on = _needs(cell.probe, matrix), _switched_on(seen.situation, matrix)
    who = [f"{pin.package} {pin.version}" for pin in cell.pins if pin.axis in needs]
    if len(who) == 1:
        # Of several, nothing says which it is.
        return f"{who[0]} lacks {on[0] if len(on) == 1 else f'what {cell.probe} tests'}"
    return f"{cell.probe} cannot be run: {seen.verdict.detail or seen.verdict.reason}"


def _switched_on(situation: Situation, matrix: Matrix) -> list[str]:
    """The titles of the choices with more than their default, but for those of a probe."""
    return [
        choice.title
        for name, choice in matrix.choices.items()
        if choice.level(situation[name]) > choice.level(choice.default) and not choice.is_the_probes
    ]


def _needs(probe: str, matrix: Matrix) -> Collection[str]:
    known = matrix.probes.get(probe)
    return known.needs if known else ()

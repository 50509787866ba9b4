"""Tested verdicts grouped by what they have in common. Pure.

A hang that comes in one of a hundred exposures shows in one cell and not in the next, on any
Python. So a library alone is judged by all cells in which it is alone. They are compared with the
cells of the pair that match them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from operator import itemgetter

from interlock.model import (
    ABSENT,
    AT_RELEASE,
    ON_TOP,
    Cell,
    Outcome,
    Phase,
    Pin,
    Verdict,
)
from interlock.record import Columns

Numbers = tuple[int, ...]
"""The numbers that stand for parts of a cell, see ``Columns``."""

Needs = Mapping[str, Collection[str]]
"""By probe, the axes that it needs: a baseline without them can't be run."""

LOOKS = 3
"""How many comparisons of two libraries with one there are at most.

In the cell, over its Pythons, and over all releases of the one. Each has to be surer than a single
one would.
"""


def present(cell: Cell) -> tuple[Pin, ...]:
    """The libraries that are in the cell."""
    return tuple(pin for pin in cell.pins if pin.version is not None)


def alone(cell: Cell, axis: str) -> Cell:
    """The cell's baseline: the same with one library alone."""
    pins = (pin if pin.axis == axis else replace(pin, version=None) for pin in cell.pins)
    return replace(cell, pins=tuple(pins))


def plain(config: str) -> str:
    """The configuration that a composed one is based on; itself where it is not composed."""
    return config.removesuffix(AT_RELEASE).partition(ON_TOP)[0]


Key = tuple[str, ...]
"""Part of a ``Cell.key``."""

EARLY = (Phase.INSTALL, Phase.IMPORT, Phase.STARTUP)
"""The phases before a probe begins its work."""

ANY = "*"
"""Stands in a key for any release."""


class Rows:
    """The tested verdicts, by cell, and by a cell without its Python or one release."""

    def __init__(
        self, verdicts: Iterable[Verdict], needs: Needs, titles: Mapping[str, str] | None = None
    ) -> None:
        """``titles`` are those of the configurations."""
        self._titles = titles or {}
        self._all = Columns.of(verdicts)
        self._tested = [row for row, tested in enumerate(self._all.tested) if tested]
        self._needs = needs
        self._grouped: dict[tuple[tuple[int, ...], Numbers], Mapping[Numbers, Sequence[int]]] = {}
        *_, probes, configs = self._all.parts
        cells = [self._all.cells[row] for row in self._tested]
        self._probes = sorted({probes[number] for number in {cell[-2] for cell in cells}})
        there = {configs[number] for number in {cell[-1] for cell in cells}}
        self._configs = sorted({plain(config) for config in there})

    def with_outcome(self, outcomes: Collection[Outcome]) -> Iterator[Key]:
        """The keys of the cells that have one of these outcomes, and any library."""
        every = self._all
        for row in self._tested:
            if every.outcomes[row] in outcomes and any(
                version != ABSENT for version in every.key_of(row)[:-3]
            ):
                yield every.key_of(row)

    def at(self, cell: Cell) -> Verdict | None:
        return self.at_key(cell.key)

    def at_key(self, key: Key) -> Verdict | None:
        row = self._all.row_at(key)
        return None if row is None or not self._all.tested[row] else self._all[row]

    def title(self, config: str) -> str:
        """A configuration in a reader's words."""
        return self._titles.get(config, config)

    def can_be_run(self, cell: Cell) -> bool:
        """Whether its probe can run without the libraries that the cell leaves out."""
        absent = {pin.axis for pin in cell.pins if pin.version is None}
        return not absent & set(self._needs.get(cell.probe, ()))

    def by_other_probes(self, cell: Cell) -> list[Verdict]:
        *releases, _, config = cell.key
        return self._at_all((*releases, p, config) for p in self._probes if p != cell.probe)

    def in_other_configs(self, cell: Cell) -> list[Verdict]:
        """The same releases and Python in each other plain configuration, by every probe."""
        *releases, _, _ = cell.key
        configs = (config for config in self._configs if config != cell.config)
        return self._at_all((*releases, p, c) for p, c in product(self._probes, configs))

    def on_pythons(self, cell: Cell, config: str | None = None) -> list[Verdict]:
        """The same cell on every Python, its own first; in its configuration or another."""
        *releases, _, probe, own = cell.key
        found = self._group((), (*releases, probe, config or own))
        return sorted(found, key=lambda v: (v.cell.python != cell.python, v.cell.python))

    def with_releases(self, cell: Cell, axis: str) -> Sequence[Verdict]:
        """The same cell with any release of that axis, on every Python."""
        place = [pin.axis for pin in cell.pins].index(axis)
        *releases, _, probe, config = cell.key
        rest = (text for at, text in enumerate(releases) if at != place)
        return self._group((place,), (*rest, probe, config))

    def configs_beside(self, cell: Cell) -> list[str]:
        """Each plain configuration that the cell is not in."""
        return [config for config in self._configs if config != cell.config]

    def _at_all(self, keys: Iterable[Key]) -> list[Verdict]:
        return [said for key in keys if (said := self.at_key(key))]

    def _group(self, open_axes: tuple[int, ...], key: Key) -> Sequence[Verdict]:
        """The rows with these texts in all parts but the Python and the open axes.

        Along an axis, those that have its library.
        """
        numbers = self._all.numbers_of(key, self._fixed(open_axes))
        rows = () if numbers is None else self._groups(open_axes, numbers[-2:]).get(numbers, ())
        return self._all.some(rows)

    def _fixed(self, open_axes: tuple[int, ...]) -> tuple[int, ...]:
        """The parts that the rows of a group share."""
        parts = len(self._all.parts)
        return tuple(part for part in range(parts) if part not in (*open_axes, parts - 3))

    def _groups(
        self, open_axes: tuple[int, ...], track: Numbers
    ) -> Mapping[Numbers, Sequence[int]]:
        """The rows of each group of one probe and configuration."""
        if (open_axes, track) not in self._grouped:
            found: dict[Numbers, list[int]] = {}
            part_of = itemgetter(*self._fixed(open_axes))
            every = self._all
            rows = [row for row in every.by_track.get(track, ()) if every.tested[row]]
            for part in open_axes:
                present = [pin.version is not None for pin in every.parts[part]]
                rows = [row for row in rows if present[every.cells[row][part]]]
            for row in rows:
                found.setdefault(part_of(every.cells[row]), []).append(row)
            self._grouped[open_axes, track] = found
        return self._grouped[open_axes, track]


def family(cell: Cell, axis: str) -> Key:
    """The key that cells share which differ only in that axis's release and the Python."""
    *versions, probe, config = but_python(cell)
    return (
        *(
            ANY if pin.axis == axis else version
            for pin, version in zip(cell.pins, versions, strict=True)
        ),
        probe,
        config,
    )


def but_python(cell: Cell) -> Key:
    """The key that cells share which differ only in the Python."""
    return (*cell.key[:-3], *cell.key[-2:])


def but_probe(cell: Cell) -> Key:
    """The key that cells share which differ only in the probe: what a reader chooses by."""
    return (*cell.key[:-2], cell.key[-1])


def fails_early(outcome: Outcome, phase: Phase | None) -> bool:
    """Whether it fails before the probe begins its work.

    Another probe would fail there too, and a dependency may be the cause.
    """
    return outcome is Outcome.FAIL and phase in EARLY

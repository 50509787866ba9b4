"""Tested verdicts grouped by what they have in common. Pure.

A hang that comes in one of a hundred exposures shows in one cell and not in the next, on any
Python. So a library alone is judged by all cells in which it is alone. They are compared with the
cells of the pair that match them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product

from interlock.model import (
    AT_RELEASE,
    ON_TOP,
    Basis,
    Cell,
    Outcome,
    Phase,
    Pin,
    Verdict,
)

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

    def __init__(self, verdicts: Iterable[Verdict], needs: Needs) -> None:
        self._known = {v.cell.key: v for v in verdicts if v.basis is Basis.TESTED}
        self._needs = needs
        self._probes = sorted({v.cell.probe for v in self._known.values()})
        self._configs = sorted({plain(v.cell.config) for v in self._known.values()})
        self._on_pythons: dict[Key, list[Verdict]] = {}
        self._families: dict[Key, list[Verdict]] = {}
        for verdict in self._known.values():
            self._on_pythons.setdefault(but_python(verdict.cell), []).append(verdict)
            for pin in present(verdict.cell):
                self._families.setdefault(family(verdict.cell, pin.axis), []).append(verdict)
        for listed in self._on_pythons.values():
            listed.sort(key=lambda verdict: verdict.cell.python)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self._known.values())

    def at(self, cell: Cell) -> Verdict | None:
        return self._known.get(cell.key)

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
        *rest, own = but_python(cell)
        found = self._on_pythons.get((*rest, config or own), [])
        return sorted(found, key=lambda verdict: verdict.cell.python != cell.python)

    def with_releases(self, cell: Cell, axis: str) -> Sequence[Verdict]:
        """The same cell with any release of that axis, on every Python."""
        return self._families.get(family(cell, axis), ())

    def configs_beside(self, cell: Cell) -> list[str]:
        """Each plain configuration that the cell is not in."""
        return [config for config in self._configs if config != cell.config]

    def _at_all(self, keys: Iterable[Key]) -> list[Verdict]:
        return [said for key in keys if (said := self._known.get(key))]


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

"""Select cells: call a selector with a cell, and it returns yes or no.

The idea comes from cibuildwheel (``selector.py``). The cells of all releases never fit in memory
together, so iterating over a selector yields one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from packaging.version import Version

from interlock.matrix.choices import Latest, newest
from interlock.matrix.definition import PYTHON, Only
from interlock.model import Cell, Pin, PythonVersion, Release


@dataclass(frozen=True, kw_only=True)
class Within:
    """A part of the releases and Pythons. It never excludes an absent library."""

    versions: Mapping[str, frozenset[Version | None]] = field(default_factory=dict)
    """By axis. An axis that is missing here is not narrowed."""
    pythons: frozenset[PythonVersion] = frozenset()
    """An empty set means all of them."""

    def __call__(self, cell: Cell) -> bool:
        return (not self.pythons or cell.python in self.pythons) and all(
            pin.version is None
            or pin.axis not in self.versions
            or pin.version in self.versions[pin.axis]
            for pin in cell.pins
        )

    @classmethod
    def of(
        cls, only: Only, releases: Mapping[str, Sequence[Release]], lifted: Iterable[str] = ()
    ) -> Within:
        """The part that ``only`` means with these releases. Axes in ``lifted`` stay whole."""
        return cls(
            versions={
                axis: frozenset(
                    newest(choice, releases[axis]) if isinstance(choice, Latest) else choice
                    for choice in choices
                )
                for axis, choices in only.versions.items()
                if axis not in lifted
            },
            pythons=frozenset(() if PYTHON in lifted else only.pythons),
        )


ANYWHERE = Within()


@dataclass(frozen=True, kw_only=True)
class Selector:
    """Cells of these versions, Pythons, probes and configurations, if they run there."""

    pins: Mapping[str, tuple[Pin, ...]]
    """By axis, in axis order."""
    pythons: tuple[PythonVersion, ...]
    pairs: tuple[tuple[str, str], ...]
    """Probe and configuration."""
    of_probe: Mapping[str, Within] = field(default_factory=dict)
    """Where a probe runs. A probe that is missing here runs everywhere."""
    of_config: Mapping[str, Within] = field(default_factory=dict)
    """Where a configuration runs. One that is missing here runs everywhere."""
    of_pair: Mapping[tuple[str, str], Within] = field(default_factory=dict)
    """Where a probe runs in one configuration. A missing pair runs everywhere."""

    def __call__(self, cell: Cell) -> bool:
        return (
            (cell.probe, cell.config) in self.pairs
            and cell.python in self.pythons
            and all(pin in self.pins[pin.axis] for pin in cell.pins)
            and self._is_run(cell)
        )

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells: versions in axis order, then Pythons, then pairs."""
        for chosen in product(*self.pins.values()):
            for python in self.pythons:
                for probe, config in self.pairs:
                    cell = Cell(pins=chosen, python=python, probe=probe, config=config)
                    if self._is_run(cell):
                        yield cell

    def _is_run(self, cell: Cell) -> bool:
        return (
            self.of_probe.get(cell.probe, ANYWHERE)(cell)
            and self.of_config.get(cell.config, ANYWHERE)(cell)
            and self.of_pair.get((cell.probe, cell.config), ANYWHERE)(cell)
        )

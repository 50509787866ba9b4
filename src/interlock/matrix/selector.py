"""Which cells are meant: a selector is called with a cell and says yes or no.

The idea is cibuildwheel's (``selector.py``). The cells of the whole release space are never held at
once: iterating over a selector makes one after the other.
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
    """A part of the releases and Pythons. A library that a cell leaves out is never narrowed."""

    versions: Mapping[str, frozenset[Version | None]] = field(default_factory=dict)
    """By axis; an axis that is not there is not narrowed."""
    pythons: frozenset[PythonVersion] = frozenset()
    """None named is all of them."""

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
        """What ``only`` means with these releases by axis; the axes ``lifted`` are not narrowed."""
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
    """Cells of these versions, Pythons, probes and configurations, where those are run."""

    pins: Mapping[str, tuple[Pin, ...]]
    """By axis, in axis order."""
    pythons: tuple[PythonVersion, ...]
    pairs: tuple[tuple[str, str], ...]
    """Probe and configuration."""
    of_probe: Mapping[str, Within] = field(default_factory=dict)
    """Where a probe is run; one that is not there, everywhere."""
    of_config: Mapping[str, Within] = field(default_factory=dict)
    """Where a configuration is run; one that is not there, everywhere."""
    of_pair: Mapping[tuple[str, str], Within] = field(default_factory=dict)
    """Where a probe is run in one configuration; a pair that is not there, everywhere."""

    def __call__(self, cell: Cell) -> bool:
        return (
            (cell.probe, cell.config) in self.pairs
            and cell.python in self.pythons
            and all(pin in self.pins[pin.axis] for pin in cell.pins)
            and self._is_run(cell)
        )

    def __iter__(self) -> Iterator[Cell]:
        """The cells, one after the other: versions in axis order, then Pythons, then pairs."""
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

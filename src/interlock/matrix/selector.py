"""Select cells: ask a selector for a cell, and it returns yes or no.

The idea comes from cibuildwheel (``selector.py``). The cells of all releases never fit in memory
together. So a selector counts them as products, and yields or draws one after the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from math import prod
from random import Random

from packaging.version import Version

from interlock.matrix.choices import FINAL, Choice, Eligible, Every, Ranged, matching
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
        return self.has_python(cell.python) and all(map(self.has_pin, cell.pins))

    def has_pin(self, pin: Pin) -> bool:
        return (
            pin.version is None
            or pin.axis not in self.versions
            or pin.version in self.versions[pin.axis]
        )

    def has_python(self, python: PythonVersion) -> bool:
        return not self.pythons or python in self.pythons

    @classmethod
    def of(
        cls,
        only: Only,
        releases: Mapping[str, Sequence[Release]],
        lifted: Iterable[str] = (),
        eligible: Eligible = FINAL,
    ) -> Within:
        """The part that ``only`` means with these releases. Axes in ``lifted`` stay whole."""
        return cls(
            versions={
                axis: frozenset(
                    version
                    for choice in choices
                    for version in _meant(choice, releases[axis], eligible)
                )
                for axis, choices in only.versions.items()
                if axis not in lifted
            },
            pythons=frozenset(() if PYTHON in lifted else only.pythons),
        )


ANYWHERE = Within()


def _meant(
    choice: Choice, releases: Sequence[Release], eligible: Eligible
) -> Iterable[Version | None]:
    """The versions of a choice. A bare specifier has all of its releases here.

    The set chooses among the releases. A part only says where something runs.
    """
    if isinstance(choice, Every):
        versions = (release.version for release in releases)
        return [v for v in versions if choice.within.contains(v, prereleases=True)]
    if isinstance(choice, Ranged):
        return matching(choice, releases, eligible)
    return (choice,)


@dataclass(frozen=True, kw_only=True)
class Block:
    """Every combination of these versions and Pythons, for one probe and configuration."""

    pins: tuple[tuple[Pin, ...], ...]
    """By axis, in axis order."""
    pythons: tuple[PythonVersion, ...]
    probe: str
    config: str

    def __len__(self) -> int:
        return len(self.pythons) * prod(map(len, self.pins))

    def __getitem__(self, position: int) -> Cell:
        """The cell at a position from 0, without making the others."""
        position, which = divmod(position, len(self.pythons))
        chosen = []
        for pins in reversed(self.pins):
            position, pin = divmod(position, len(pins))
            chosen.append(pins[pin])
        return Cell(
            pins=tuple(reversed(chosen)),
            python=self.pythons[which],
            probe=self.probe,
            config=self.config,
        )

    def __contains__(self, cell: Cell) -> bool:
        """Whether a cell of this probe and configuration is in the block."""
        return cell.python in self.pythons and all(
            pin in those for pin, those in zip(cell.pins, self.allowed, strict=True)
        )

    @cached_property
    def allowed(self) -> tuple[frozenset[Pin], ...]:
        """The pins of each axis, to look one up."""
        return tuple(map(frozenset, self.pins))


@dataclass(frozen=True, kw_only=True)
class Selector(Collection[Cell]):
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
        block = self._by_pair.get((cell.probe, cell.config))
        return block is not None and cell in block

    def __contains__(self, cell: object) -> bool:
        return isinstance(cell, Cell) and self(cell)

    def __len__(self) -> int:
        """How many cells it has. None of them is made for it."""
        return sum(map(len, self.blocks))

    def __iter__(self) -> Iterator[Cell]:
        """Yield the cells: versions in axis order, then Pythons, then pairs."""
        for chosen in product(*self.pins.values()):
            there = [
                block
                for block in self.blocks
                if all(pin in those for pin, those in zip(chosen, block.allowed, strict=True))
            ]
            for python in self.pythons if there else ():
                for block in there:
                    if python in block.pythons:
                        yield Cell(
                            pins=chosen, python=python, probe=block.probe, config=block.config
                        )

    def shuffled(self, random: Random) -> Iterator[Cell]:
        """Yield every cell once, in random order.

        Memory grows with the cells that were yielded, not with all of them. This is the shuffle
        of Fisher and Yates, of which only the moved positions are kept.
        """
        moved: dict[int, int] = {}
        for last in range(len(self) - 1, -1, -1):
            drawn = random.randrange(last + 1)
            yield self._at(moved.get(drawn, drawn))
            moved[drawn] = moved.pop(last, last)

    def without(self, pythons: Collection[PythonVersion]) -> Selector:
        """The same without the cells of these Pythons."""
        return replace(self, pythons=tuple(p for p in self.pythons if p not in pythons))

    @property
    def used_pythons(self) -> tuple[PythonVersion, ...]:
        """The Pythons that have a cell, in order."""
        return tuple(sorted({python for block in self.blocks for python in block.pythons}))

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The cells as products: a block for each pair that has a cell."""
        return tuple(filter(len, map(self._block, self.pairs)))

    @cached_property
    def _by_pair(self) -> Mapping[tuple[str, str], Block]:
        return {(block.probe, block.config): block for block in self.blocks}

    def _block(self, pair: tuple[str, str]) -> Block:
        probe, config = pair
        parts = [
            self.of_probe.get(probe, ANYWHERE),
            self.of_config.get(config, ANYWHERE),
            self.of_pair.get(pair, ANYWHERE),
        ]
        return Block(
            pins=tuple(
                tuple(pin for pin in pins if all(part.has_pin(pin) for part in parts))
                for pins in self.pins.values()
            ),
            pythons=tuple(p for p in self.pythons if all(part.has_python(p) for part in parts)),
            probe=probe,
            config=config,
        )

    def _at(self, position: int) -> Cell:
        for block in self.blocks:
            if position < len(block):
                return block[position]
            position -= len(block)
        raise IndexError(position)

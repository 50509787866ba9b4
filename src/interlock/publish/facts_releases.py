"""The releases of one axis as numbers: what exists, what installs, and what is recommended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import cached_property
from typing import Any

from packaging.version import Version

from interlock.findings import Findings
from interlock.index import Bar
from interlock.model import Axis, PythonVersion

Ranges = list[int]
"""A set of positions: the first and the last of each range."""


def ranges(positions: Iterable[int]) -> Ranges:
    """The ranges of neighbouring positions."""
    found: Ranges = []
    for at in sorted(set(positions)):
        if found and found[-1] == at - 1:
            found[-1] = at
        else:
            found += [at, at]
    return found


class ListedAxis:
    """The releases of one axis that the index lists, that were tested, or that are meant to be."""

    def __init__(
        self, findings: Findings, axis: Axis, named: Sequence[Collection[Version]]
    ) -> None:
        """``named`` are releases that ``matrix.yaml`` names."""
        self._findings = findings
        self.axis = axis
        self._listed = {one.version: one for one in findings.releases.by_axis.get(axis.name, ())}
        every = [*self._listed, *self._tested(), *(version for of in named for version in of)]
        self.versions = sorted(dict.fromkeys(every))

    def _tested(self) -> list[Version]:
        every = self._findings.rows
        pins = (pin for part in every.parts[:-3] for pin in part if pin.axis == self.axis.name)
        return [pin.version for pin in pins if pin.version is not None]

    def __len__(self) -> int:
        return len(self.versions)

    @cached_property
    def position(self) -> dict[Version, int]:
        """Where each release stands among all of them."""
        return {version: at for at, version in enumerate(self.versions)}

    @cached_property
    def searched(self) -> Sequence[int]:
        """The releases about whose pairs something may be inferred, in version order."""
        pairs = self._findings.untested.pairs
        if pairs is None:
            return ()
        first, second = pairs.axes
        of = pairs.rows if first.name == self.axis.name else pairs.columns
        assert self.axis.name in (first.name, second.name), "a search is along the two axes"
        return [self.position[version] for version in of.versions]

    def facts(self, pythons: Sequence[PythonVersion]) -> dict[str, Any]:
        """What ``facts.json`` holds of the axis."""
        names: dict[str, int] = {}
        vulnerable = self._vulnerable(names)
        return {
            "versions": [str(version) for version in self.versions],
            "searched": ranges(self.searched),
            "refused": [
                [at, reason, ranges(of)]
                for at, python in enumerate(pythons)
                for reason, of in self._refused(python).items()
            ],
            "barred": {bar.value: ranges(of) for bar, of in self._barred().items()},
            "vulnerabilities": [*names],
            "vulnerable": vulnerable,
        }

    def _refused(self, python: PythonVersion) -> dict[str, list[int]]:
        """By reason, the releases that do not install."""
        found: dict[str, list[int]] = {}
        for version, one in self._listed.items():
            if python in one.refused:
                found.setdefault(str(one.refused[python]), []).append(self.position[version])
        return found

    def _barred(self) -> dict[Bar, list[int]]:
        """By what bars them, in its order, the releases that nobody is recommended to move to."""
        found: dict[Bar, list[int]] = {}
        for at, version in enumerate(self.versions):
            for one in self._findings.bars.against(self.axis.name, version, version):
                found.setdefault(one.bar, []).append(at)
        return {bar: found[bar] for bar in Bar if bar in found}

    def _vulnerable(self, names: dict[str, int]) -> list[list[Any]]:
        """The first and last of neighbours with the same vulnerabilities, and the names of each."""
        found: list[list[Any]] = []
        for at, version in enumerate(self.versions):
            listed = self._listed.get(version)
            known = [
                sorted(names.setdefault(name, len(names)) for name in sorted(one.names))
                for one in (listed.vulnerabilities if listed else None) or ()
            ]
            if known and found and found[-1][1:] == [at - 1, known]:
                found[-1][1] = at
            elif known:
                found.append([at, at, known])
        return found

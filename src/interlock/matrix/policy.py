"""What may be recommended, and what a release has to show before it is called safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from packaging.specifiers import SpecifierSet
from packaging.version import Version
from pydantic import Field

from interlock.matrix import values
from interlock.model import PythonVersion


@dataclass(frozen=True, kw_only=True)
class ReleaseLines:
    """Release lines of one package, and the Pythons that they can be installed on."""

    lines: values.Listed[values.Specifier]
    pythons: Annotated[values.Listed[values.Python], Field(alias="python")]


@dataclass(frozen=True, kw_only=True)
class Required:
    """What a release has to show, on each Python, before it is called safe there.

    It is stated, and never derived from what was tested. Otherwise a test of one release could
    change what another one has to show.
    """

    partners: values.Count = 1
    """It passes with at least so many releases of the other packages."""
    trials: values.Count = 1
    """At least so many trials of it pass, with all partners and probes together."""
    lines: Mapping[values.AxisName, Annotated[tuple[ReleaseLines, ...], values.at_least_one]] = (
        field(default_factory=dict)
    )
    """By axis. A partner of each line that the Python has; for an axis that is not there, any."""

    def lines_on(self, axis: str, python: PythonVersion) -> tuple[SpecifierSet, ...]:
        """The lines of that axis that a release of another axis has to pass with."""
        return tuple(
            line
            for group in self.lines.get(axis, ())
            if python in group.pythons
            for line in group.lines
        )

    def pythons(self, axis: str, version: Version) -> frozenset[PythonVersion] | None:
        """The Pythons on which a release has to pass: those of the lines that it belongs to.

        None where lines of the axis are listed, and the release belongs to none.
        """
        groups = self.lines.get(axis, ())
        found = [
            group.pythons
            for group in groups
            if any(line.contains(version, prereleases=True) for line in group.lines)
        ]
        return frozenset(p for pythons in found for p in pythons) if found or not groups else None

    def newest_line(self, axis: str) -> SpecifierSet | None:
        """The line that is listed last; None where none is listed."""
        groups = self.lines.get(axis, ())
        return groups[-1].lines[-1] if groups else None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be recommended."""

    prefer: values.Listed[values.AxisName]
    """Axes, the one to move first comes first."""
    least_trials: values.Count = 1
    """Passing trials of every cell that a recommendation rests on."""
    safe: Required = field(default_factory=Required)
    """What makes a release safe, beyond a single combination."""


def line_name(line: SpecifierSet) -> str:
    """``2.14.x`` for ``==2.14.*``; any other specifier as it is."""
    text = str(line)
    plain = text.startswith("==") and text.endswith(".*") and "," not in text
    return f"{text[2:-2]}.x" if plain else text

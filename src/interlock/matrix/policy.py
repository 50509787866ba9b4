"""What may be recommended, and what a release must show to be called safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.matrix.choices import release_line
from interlock.model import PythonVersion

if TYPE_CHECKING:  # `schema` adds these names for pydantic, which a question does not need
    from pydantic import Field

    from interlock.matrix import values


@dataclass(frozen=True, kw_only=True)
class ReleaseLines:
    """Release lines of one package, and the Pythons that support them."""

    lines: values.Listed[values.Specifier]
    pythons: Annotated[values.Listed[values.Python], Field(alias="python")]


@dataclass(frozen=True, kw_only=True)
class Required:
    """What a release must show on each Python, before it is called safe there.

    The file states it. It is never derived from what was tested. Otherwise a test of one release
    could change what another one must show.
    """

    partners: values.Count = 1
    """It passes with at least this many releases of the other packages."""
    trials: values.Count = 1
    """At least this many trials pass, over all partners and probes."""
    lines: Mapping[values.AxisName, Annotated[tuple[ReleaseLines, ...], values.at_least_one]] = (
        field(default_factory=dict)
    )
    """By axis: the lines that must each provide a partner, if the Python has them.

    An axis that is missing here accepts any partner.
    """

    def lines_on(self, axis: str, python: PythonVersion) -> tuple[SpecifierSet, ...]:
        """The lines of that axis that a release of another axis has to pass with."""
        return tuple(
            line
            for group in self.lines.get(axis, ())
            if python in group.pythons
            for line in group.lines
        )

    def pythons(self, axis: str, version: Version) -> frozenset[PythonVersion] | None:
        """The Pythons on which a release has to pass: those of its own lines.

        None if lines of the axis are listed, and the release belongs to none.
        """
        groups = self.lines.get(axis, ())
        found = [
            group.pythons
            for group in groups
            if any(line.contains(version, prereleases=True) for line in group.lines)
        ]
        return frozenset(p for pythons in found for p in pythons) if found or not groups else None

    def newest_line(self, axis: str) -> SpecifierSet | None:
        """The last line in the list. None if the list is empty."""
        groups = self.lines.get(axis, ())
        return groups[-1].lines[-1] if groups else None


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be recommended."""

    prefer: values.Listed[values.AxisName]
    """Axes, in the order in which to move them."""
    least_trials: values.Count = 1
    """Passing trials of every cell behind a recommendation."""
    cool_down: values.Duration = timedelta(days=1)
    """The age from which a release is tested without being named, and may be recommended."""
    safe: Required = field(default_factory=Required)
    """What makes a release safe, beyond a single combination."""


def line_name(line: SpecifierSet) -> str:
    """``2.14.x`` for ``==2.14.*``, as the line of a version; any other specifier as it is."""
    text = str(line)
    if not text.startswith("==") or not text.endswith(".*") or "," in text:
        return text
    version = Version(text.removeprefix("==").removesuffix(".*"))
    return release_line(version) if len(version.release) == 2 else f"{version}.x"

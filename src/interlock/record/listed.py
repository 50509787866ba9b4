"""What the package index lists, as it was published. Pure data.

``releases.py`` reads and writes it. A question reads it from what was kept of an earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from packaging.version import Version

from interlock.model import PythonVersion, Reason

if TYPE_CHECKING:
    from interlock.index import Known

MACHINE = "x86_64"
"""The machine that the published answers are about."""


@dataclass(frozen=True, kw_only=True)
class ListedRelease:
    """One release of one package, as the index described it when results were published."""

    version: Version
    uploaded_at: datetime | None = None
    """When its last file was uploaded, in UTC. None if the index does not say."""
    yanked: bool = False
    yanked_because: str = ""
    """The reason that its publisher gave. Empty if there is none."""
    refused: Mapping[PythonVersion, Reason] = field(default_factory=dict)
    """The Pythons on which it does not install, each with the reason: no wheel, or
    requires-python. It installs, or may, on all others of ``ListedReleases.pythons``."""
    vulnerabilities: Known = None
    """Those that are known. None if no index reports them, which is not the same as none."""


@dataclass(frozen=True, kw_only=True)
class ListedReleases:
    """Every release that the index listed, by axis."""

    pythons: tuple[PythonVersion, ...] = ()
    """The Pythons of which the index's decision is known, oldest first."""
    by_axis: Mapping[str, Sequence[ListedRelease]] = field(default_factory=dict)
    """In version order, with pre-releases and yanked ones."""

    def of(self, axis: str, version: Version) -> ListedRelease | None:
        """The release; None if the index does not list it, or no index was asked."""
        return self._by_version.get(axis, {}).get(version)

    @property
    def yanked(self) -> Mapping[str, frozenset[Version]]:
        """The yanked releases, by axis."""
        return {
            axis: frozenset(one.version for one in listed if one.yanked)
            for axis, listed in self.by_axis.items()
        }

    def __bool__(self) -> bool:
        """Whether anything is known of the index."""
        return any(self.by_axis.values())

    @cached_property
    def _by_version(self) -> Mapping[str, Mapping[Version, ListedRelease]]:
        return {axis: {one.version: one for one in listed} for axis, listed in self.by_axis.items()}


NONE_LISTED = ListedReleases()
"""Where no index was asked."""

"""What the index has against a release as a target of a move. Pure."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from packaging.version import Version

from interlock.findings.weighing import Excluded
from interlock.index import Bar, Known, Objection, objections_to
from interlock.model import PythonVersion
from interlock.record import ListedReleases

_LATER = datetime.max.replace(tzinfo=timezone.utc)
"""Where nobody says what time it is, every release is old enough."""


class Bars:
    """Says why a release is not recommended. What is found is kept for the next question."""

    def __init__(
        self,
        releases: ListedReleases,
        withdrawn: Excluded,
        *,
        cool_down: timedelta,
        now: datetime | None,
    ) -> None:
        """``withdrawn`` counts for an axis without a list."""
        self._releases = releases
        self._withdrawn = withdrawn
        self._cool_down = cool_down
        self._now = now or _LATER
        self._found: dict[tuple[str, Version, Known], tuple[Objection, ...]] = {}
        self._allowed: dict[tuple[str, Known, PythonVersion], Sequence[Version]] = {}

    def against(self, axis: str, version: Version, present: Version) -> tuple[Objection, ...]:
        """What bars that release from being recommended to somebody who has ``present``."""
        key = axis, version, self._known(axis, present)
        if key not in self._found:
            self._found[key] = tuple(one for one in self._told(*key) if _bars(one))
        return self._found[key]

    def newer(self, axis: str, present: Version, python: PythonVersion) -> Sequence[Version]:
        """The listed releases to which one could move on that Python, in version order."""
        key = axis, self._known(axis, present), python
        if key not in self._allowed:
            self._allowed[key] = sorted(
                one.version
                for one in self._releases.by_axis.get(axis, ())
                if self.installs(axis, one.version, python)
                if not self.against(axis, one.version, present)
            )
        allowed = self._allowed[key]
        return allowed[bisect(allowed, present) :]

    def _known(self, axis: str, version: Version) -> Known:
        """The vulnerabilities of a release. Two with the same are told the same of a third."""
        listed = self._releases.of(axis, version)
        return listed.vulnerabilities if listed else None

    def installs(self, axis: str, version: Version, python: PythonVersion) -> bool | None:
        """Whether the release can be installed there; None if no list says."""
        listed = self._releases.of(axis, version)
        if listed is None or python not in self._releases.pythons:
            return None
        return python not in listed.refused

    def is_unchecked(self, axis: str, version: Version) -> bool:
        """Whether the index lists the release, and does not say what vulnerabilities it has."""
        listed = self._releases.of(axis, version)
        return listed is not None and listed.vulnerabilities is None

    def _told(self, axis: str, version: Version, known_before: Known) -> Sequence[Objection]:
        if not self._releases.by_axis.get(axis):
            return self._without_list(axis, version)
        return objections_to(
            self._releases.of(axis, version),
            now=self._now,
            cool_down=self._cool_down,
            known=self._known(axis, version),
            known_before=known_before,
        )

    def _without_list(self, axis: str, version: Version) -> Sequence[Objection]:
        bars = {
            Bar.PRE_RELEASE: version.is_prerelease,
            Bar.YANKED: version in self._withdrawn.get(axis, ()),
        }
        return [Objection(bar=bar) for bar, there in bars.items() if there]


def _bars(one: Objection) -> bool:
    """What nobody reports is no objection; a vulnerability that may be new is one."""
    return one.is_certain or bool(one.vulnerabilities)

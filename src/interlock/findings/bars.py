"""What the index has against a release as a target of a move. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from packaging.version import Version

from interlock.findings.weighing import Excluded
from interlock.index import Bar, Known, Objection, candidate
from interlock.model import PythonVersion, Release

_LATER = datetime.max.replace(tzinfo=timezone.utc)
"""Where nobody says what time it is, every release is old enough."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A release as the published list has it."""

    release: Release
    vulnerabilities: Known
    pythons: frozenset[PythonVersion]
    """Those that it can be installed on."""


Offers = Mapping[str, Mapping[Version, Offer]]
"""By axis and version. An axis that is missing has no list."""


class Bars:
    """Says why a release is not recommended. What is found is kept for the next question."""

    def __init__(
        self,
        offers: Offers,
        withdrawn: Excluded,
        *,
        cool_down: timedelta,
        now: datetime | None,
    ) -> None:
        """``withdrawn`` counts for an axis without a list."""
        self._offers = offers
        self._withdrawn = withdrawn
        self._cool_down = cool_down
        self._now = now or _LATER
        self._found: dict[tuple[str, Version, Version], tuple[Objection, ...]] = {}
        self._newer: dict[tuple[str, Version, PythonVersion], Sequence[Version]] = {}

    def against(self, axis: str, version: Version, present: Version) -> tuple[Objection, ...]:
        """What bars that release from being recommended to somebody who has ``present``."""
        key = axis, version, present
        if key not in self._found:
            told = self._told(axis, version, present)
            self._found[key] = tuple(one for one in told if _bars(one))
        return self._found[key]

    def newer(self, axis: str, present: Version, python: PythonVersion) -> Sequence[Version]:
        """The listed releases to which one could move on that Python, in version order."""
        key = axis, present, python
        if key not in self._newer:
            listed = self._offers.get(axis, {})
            self._newer[key] = sorted(
                version
                for version, offer in listed.items()
                if version > present and python in offer.pythons
                if not self.against(axis, version, present)
            )
        return self._newer[key]

    def installs(self, axis: str, version: Version, python: PythonVersion) -> bool | None:
        """Whether the release can be installed there; None if no list says."""
        offer = self._offers.get(axis, {}).get(version)
        return python in offer.pythons if offer else None

    def _told(self, axis: str, version: Version, present: Version) -> Sequence[Objection]:
        listed = self._offers.get(axis)
        if listed is None:
            return self._without_list(axis, version)
        offer, before = listed.get(version), listed.get(present)
        return candidate(
            offer.release if offer else None,
            now=self._now,
            cool_down=self._cool_down,
            known=offer.vulnerabilities if offer else None,
            known_before=before.vulnerabilities if before else None,
        ).objections

    def _without_list(self, axis: str, version: Version) -> Sequence[Objection]:
        bars = {
            Bar.PRE_RELEASE: version.is_prerelease,
            Bar.YANKED: version in self._withdrawn.get(axis, ()),
        }
        return [Objection(bar=bar) for bar, there in bars.items() if there]


def _bars(one: Objection) -> bool:
    """What nobody reports is no objection; a vulnerability that may be new is one."""
    return one.is_certain or bool(one.vulnerabilities)

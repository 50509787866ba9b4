"""Whether the index allows a release as a recommended target. Pure.

This is what the index knows of it. Whether it was tested and passed is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Protocol

from packaging.version import Version

from interlock.index.vulnerabilities import Known, Vulnerability


class Listed(Protocol):
    """A release as the index describes it: ``Release``, or what was published of one."""

    @property
    def version(self) -> Version: ...
    @property
    def uploaded_at(self) -> datetime | None: ...
    @property
    def yanked(self) -> bool: ...
    @property
    def yanked_because(self) -> str: ...


class Bar(str, Enum):
    """What speaks against a release as a target."""

    NOT_LISTED = "not-listed"
    """The index does not list it, or not any more."""
    PRE_RELEASE = "pre-release"
    YANKED = "yanked"
    TOO_YOUNG = "too-young"
    """It is younger than the cool-down."""
    VULNERABLE = "vulnerable"
    """It has a known vulnerability that the release before the move lacks."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Objection:
    """One reason against a release, with what a sentence about it needs."""

    bar: Bar
    is_certain: bool = True
    """False if the index does not say. Then the release may still be all right."""
    because: str = ""
    """Why its publisher yanked it."""
    until: datetime | None = None
    """When it is old enough."""
    vulnerabilities: tuple[Vulnerability, ...] = ()


def objections_to(
    release: Listed | None,
    *,
    now: datetime,
    cool_down: timedelta,
    known: Known = None,
    known_before: Known = None,
) -> tuple[Objection, ...]:
    """What speaks against recommending a release, in the order of ``Bar``.

    ``release`` is None if the index does not list it. ``known`` are its vulnerabilities, and
    ``known_before`` those of the release that one moves from.
    """
    if release is None:
        return (Objection(bar=Bar.NOT_LISTED),)
    return (
        *_of_its_kind(release),
        *_of_its_age(release, now, cool_down),
        *_of_vulnerabilities(known, known_before),
    )


def _of_its_kind(release: Listed) -> Iterator[Objection]:
    if release.version.is_prerelease:
        yield Objection(bar=Bar.PRE_RELEASE)
    if release.yanked:
        yield Objection(bar=Bar.YANKED, because=release.yanked_because)


def _of_its_age(release: Listed, now: datetime, cool_down: timedelta) -> Iterator[Objection]:
    if release.uploaded_at is None:
        yield Objection(bar=Bar.TOO_YOUNG, is_certain=False)
    elif release.uploaded_at + cool_down > now:
        yield Objection(bar=Bar.TOO_YOUNG, until=release.uploaded_at + cool_down)


def _of_vulnerabilities(known: Known, known_before: Known) -> Iterator[Objection]:
    """A vulnerability that stays is no reason against the move."""
    if known is None:
        yield Objection(bar=Bar.VULNERABLE, is_certain=False)
        return
    had = {name for one in known_before or () for name in one.names}
    new = tuple(one for one in known if not one.names & had)
    if new:
        certain = known_before is not None
        yield Objection(bar=Bar.VULNERABLE, is_certain=certain, vulnerabilities=new)

"""How far a move leads: within the release line, the major version, or beyond. Pure."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from packaging.version import Version

from interlock.index import Bar, Objection
from interlock.matrix import Situation, release_line
from interlock.model import Outcome, PythonVersion, Target


class Scope(str, Enum):
    """What stays as it is. In order: a scope contains the one before it."""

    LINE = "line"
    """The release line: from 2.14.2 to another 2.14.x."""
    MAJOR = "major"
    """The major version: from 2.14.2 to another 2.x."""
    ANY = "any"

    def __str__(self) -> str:
        return self.value

    @property
    def rank(self) -> int:
        return _RANKS[self]

    def contains(self, present: Version, version: Version) -> bool:
        """Whether a release is in this scope of the one that is installed."""
        parts = {Scope.LINE: 2, Scope.MAJOR: 1}.get(self)
        if parts is None:
            return True
        one, other = ((v.epoch, v.major, v.minor)[: parts + 1] for v in (present, version))
        return one == other

    def first(self, present: Version, newer: Sequence[Version]) -> Sequence[Version]:
        """Of newer releases in version order, those in this scope. They come first."""
        end = bisect(newer, False, key=lambda version: not self.contains(present, version))
        return newer[:end]

    def called(self, present: Version) -> str:
        """``2.14.x``, ``2.x``; empty for any release."""
        epoch = f"{present.epoch}!" if present.epoch else ""
        names = {
            Scope.LINE: release_line(present),
            Scope.MAJOR: f"{epoch}{present.major}.x",
            Scope.ANY: "",
        }
        return names[self]

    @classmethod
    def of(cls, present: Version, version: Version) -> Scope:
        """The smallest scope of the one release that contains the other."""
        return next(scope for scope in cls if scope.contains(present, version))


_RANKS = {scope: rank for rank, scope in enumerate(Scope)}


@dataclass(frozen=True, kw_only=True)
class Barred:
    """A release that passes too, and why it is not recommended."""

    version: Version
    objections: tuple[Objection, ...]
    """At least one."""


@dataclass(frozen=True, kw_only=True)
class OtherSettings:
    """Settings that were not asked for, and in which a release that passes goes wrong."""

    version: Version
    situation: Situation
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class InScope:
    """What is known of the newer releases in one scope."""

    scope: Scope
    target: Target | None
    """The nearest release there that helps."""
    tested: int
    """The newer releases of which it is known whether they help."""
    untested: tuple[Version, ...]
    """Those that can be installed and recommended, and were not tested; in version order."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What was run of a target, in the situations of the question. Its basis is always a test."""

    version: Version
    trials: int
    exposures: int
    """Of all probes together."""
    tested_at: datetime
    """When the oldest of its verdicts was tested, in UTC."""


@dataclass(frozen=True, kw_only=True)
class OnEveryPython:
    """The releases that pass on every Python that was tested and that can install them."""

    nearest: Target
    newest: Target
    pythons: tuple[PythonVersion, ...]
    """On which the nearest was tested and passes."""
    newest_pythons: tuple[PythonVersion, ...]
    """The same of the newest. A newer release may have wheels for other Pythons."""


@dataclass(frozen=True, kw_only=True)
class SmallestMove:
    """The smallest change that helps: one release or, if none alone helps, several."""

    targets: tuple[Target, ...]
    """At most one an axis; the axis to move first comes first."""
    scope: Scope
    """The largest step of them."""


def in_scopes(
    present: Version, nearest: Target | None, tested: Sequence[Version], untested: Sequence[Version]
) -> Iterator[InScope]:
    """Each scope that has a newer release at all, the smallest first.

    ``tested`` and ``untested`` are newer than ``present``, and in version order.
    """
    for scope in Scope:
        known, others = scope.first(present, tested), scope.first(present, untested)
        is_there = nearest is not None and scope.contains(present, nearest.version)
        if known or others:
            yield InScope(
                scope=scope,
                target=nearest if is_there else None,
                tested=len(known),
                untested=tuple(others),
            )


def why_barred(package: str, barred: Sequence[Barred]) -> str:
    """Why there is no target, although some releases pass."""
    named = ", ".join(str(one.version) for one in barred)
    bars = {objection.bar for one in barred for objection in one.objections}
    if bars <= {Bar.YANKED, Bar.PRE_RELEASE}:
        return f"only yanked releases or pre-releases of {package} help: {named}"
    return f"only releases of {package} that are not recommended help: {named}"

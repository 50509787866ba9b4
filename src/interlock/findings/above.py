"""The releases of one axis above the one that somebody has: which of them pass. Pure."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property

from packaging.version import Version

from interlock.findings.scopes import Barred
from interlock.index import Objection

Objections = tuple[Objection, ...]


class ReleasesAbove:
    """The releases of one axis that were tested with the same others, for one question.

    A release is looked at when it is first asked for, and once.
    """

    def __init__(
        self,
        versions: Sequence[Version],
        passes: Callable[[Version], bool],
        covers: Callable[[Version], bool],
        is_known: Callable[[Version], bool],
    ) -> None:
        self._versions = versions
        self._passes = cache(passes)
        self._covers = covers
        self._is_known = cache(is_known)

    def ends(
        self, present: Version, against: Callable[[Version], Objections] = lambda _: ()
    ) -> tuple[tuple[Version, Version] | None, tuple[Barred, ...]]:
        """The nearest and the newest release above that pass, and those left out on the way.

        From both ends: what lies between them is not looked at.
        """
        above = self.above(present)
        nearest, nearer = self._first(above, against)
        if nearest is None:
            return None, nearer
        newest, newer = self._first(list(reversed(above)), against)
        return (nearest, newest or nearest), (*nearer, *reversed(newer))

    def _first(
        self, versions: Iterable[Version], against: Callable[[Version], Objections]
    ) -> tuple[Version | None, tuple[Barred, ...]]:
        """The first that passes with nothing against it, and those that pass before it."""
        barred: list[Barred] = []
        for version in filter(self._passes, versions):
            objections = against(version)
            if not objections:
                return version, tuple(barred)
            barred.append(Barred(version=version, objections=objections))
        return None, tuple(barred)

    def that_pass(
        self, present: Version, fits: Callable[[Version], bool]
    ) -> tuple[Version, Version] | None:
        """The nearest and the newest above that pass, and also fit."""
        above = self.above(present)
        nearest = next((v for v in above if self._passes(v) and fits(v)), None)
        newest = next((v for v in reversed(above) if self._passes(v) and fits(v)), None)
        return (nearest, newest) if nearest and newest else None

    def before(self, present: Version, end: Version) -> Iterable[Version]:
        """Those above one release and below another that pass."""
        return (v for v in self.above(present) if v < end and self._passes(v))

    def goes_on(self, present: Version) -> bool:
        """Whether some release is above."""
        return bool(self.above(present))

    def is_covered(self, present: Version) -> bool:
        """Whether some release above was, or is to be, tested with all of it switched on."""
        return self._last_covered is not None and self._last_covered > present

    @cached_property
    def _last_covered(self) -> Version | None:
        return next(filter(self._covers, reversed(self._versions)), None)

    def known(self, present: Version) -> Sequence[Version]:
        """The releases above of which it is known what they do, in version order."""
        return [version for version in self.above(present) if self._is_known(version)]

    def above(self, present: Version) -> Sequence[Version]:
        return self._versions[bisect(self._versions, present) :]

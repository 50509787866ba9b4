"""The smallest change that helps: of one release or, where none alone helps, of several. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.scopes import Scope, SmallestMove
from interlock.findings.weighing import Pins, version_of
from interlock.model import Target


def smallest_of(moves: Iterable[Move], pins: Pins) -> SmallestMove | None:
    """The nearest target in the smallest scope; of two alike, that of the first move."""
    found = [
        SmallestMove(targets=(target,), scope=Scope.of(version_of(pins, move.axis), target.version))
        for move in moves
        if isinstance(target := move.nearest, Target)
    ]
    return min(found, key=lambda one: one.scope.rank, default=None)


@dataclass(frozen=True, kw_only=True)
class Change:
    """Newer releases of several axes at once."""

    pins: Pins
    """All releases after the change."""
    steps: tuple[tuple[Target, Version], ...]
    """What moves, in the order of preference, and from which release."""
    scope: Scope
    """The largest step."""

    @property
    def as_move(self) -> SmallestMove:
        return SmallestMove(targets=tuple(target for target, _ in self.steps), scope=self.scope)


class Changes:
    """The changes of several releases to combinations that were run, the smallest first.

    The largest step is as small as possible, then the other steps, then the versions in ``order``.
    """

    def __init__(self, run: Iterable[Pins], order: Sequence[str]) -> None:
        self._order = order
        self._ranked: dict[tuple[int, Version], Sequence[int]] = {}
        by_versions = {tuple(version_of(pins, axis) for axis in order): pins for pins in run}
        of_axes = zip(*by_versions, strict=True)
        self._versions = [sorted(set(versions)) for versions in of_axes] or [[] for _ in order]
        places = [{v: at for at, v in enumerate(versions)} for versions in self._versions]
        self._run = sorted(
            (tuple(of[v] for of, v in zip(places, versions, strict=True)), pins)
            for versions, pins in by_versions.items()
        )

    def of(self, pins: Pins) -> Iterator[Change]:
        """Those with newer releases of more than one axis, and an older release of none."""
        present = [version_of(pins, axis) for axis in self._order]
        ranks = [self._ranks(n, version) for n, version in enumerate(present)]
        by_size: dict[tuple[int, ...], list[int]] = {}
        first = bisect_left(self._versions[0], present[0])
        for number in range(bisect_left(self._run, ((first,),)), len(self._run)):
            steps = [of[at] for of, at in zip(ranks, self._run[number][0], strict=True)]
            if min(steps) >= _SAME and (some := [step for step in steps if step > _SAME])[1:]:
                some.sort(reverse=True)
                by_size.setdefault((some[0], len(some), *some), []).append(number)
        for size in sorted(by_size):
            for number in by_size[size]:
                yield self._change(number, present, [*Scope][size[0] - _SAME - 1])

    def _ranks(self, axis: int, present: Version) -> Sequence[int]:
        """How large the step to each release of an axis is: ``_OLDER``, ``_SAME``, or its scope."""
        if (axis, present) not in self._ranked:
            versions = self._versions[axis]
            ranks = [_OLDER] * bisect_left(versions, present)
            for version in versions[len(ranks) :]:
                same = version == present
                ranks.append(_SAME if same else _SAME + 1 + Scope.of(present, version).rank)
            self._ranked[axis, present] = ranks
        return self._ranked[axis, present]

    def _change(self, number: int, present: Sequence[Version], scope: Scope) -> Change:
        places, pins = self._run[number]
        newer = (self._versions[axis][at] for axis, at in enumerate(places))
        steps = zip(self._order, newer, present, strict=True)
        return Change(
            pins=pins,
            steps=tuple((Target(axis=a, version=v), old) for a, v, old in steps if v != old),
            scope=scope,
        )


_OLDER, _SAME = -1, 0

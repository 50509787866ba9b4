"""The smallest change that helps: of one release or, where none alone helps, of several. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.bars import Bars
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


def smallest_together(
    pins: Pins,
    tested: Iterable[Pins],
    order: Sequence[str],
    bars: Bars,
    passes: Callable[[Pins], bool],
) -> SmallestMove | None:
    """The same, where several releases move. ``tested`` are combinations with newer releases.

    The largest step is as small as possible, then the other steps, then the versions in ``order``.
    """
    present = {axis: version_of(pins, axis) for axis in order}

    def targets(there: Pins) -> tuple[Target, ...]:
        found = ((axis, version_of(there, axis)) for axis in order)
        return tuple(Target(axis=a, version=v) for a, v in found if v != present[a])

    @cache
    def step(axis: str, version: Version) -> Scope:
        return Scope.of(present[axis], version)

    def scopes(there: Pins) -> list[Scope]:
        versions = ((axis, version_of(there, axis)) for axis in order)
        steps = (step(axis, version) for axis, version in versions if version != present[axis])
        return sorted(steps, key=lambda scope: scope.rank, reverse=True)

    def size(there: Pins) -> tuple[object, ...]:
        ranks = [scope.rank for scope in scopes(there)]
        return ranks[0], len(ranks), ranks, [version_of(there, axis) for axis in order]

    for there in sorted(tested, key=size):
        moved = targets(there)
        barred = any(bars.against(one.axis, one.version, present[one.axis]) for one in moved)
        if not barred and passes(there):
            return SmallestMove(targets=moved, scope=scopes(there)[0])
    return None

"""Hangs that come by chance in a few exposures: rates by release line, instead of edges. Pure.

Whether a rare hang shows in one cell says little. So the cells of a release line are counted
together. No line is ever called safe here: without a hang, its exposures rule out a rate at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import add

from packaging.version import Version

from interlock.evidence import Interval, exact_interval
from interlock.findings.baselines import Pool
from interlock.findings.space import ReleaseAxis


class Rare(str, Enum):
    """What is known of a release line whose hangs are rare."""

    CAN_HANG = "can hang, rarely"
    """It hung, or it had too few exposures to be told apart from the lines that did."""
    RARER = "no hang seen"
    """Its exposures rule out the rate of the other lines. A rarer hang is still possible."""
    UNKNOWN = "unknown"
    """Nothing was run, or no line of this axis hung."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class LineRate:
    """The pooled counts of one release line."""

    line: str
    releases: tuple[Version, ...]
    """Those that were run."""
    pool: Pool
    state: Rare

    @property
    def tried(self) -> int:
        """Exposures, or trials where exposures can't be counted."""
        return _tried(self.pool)

    @property
    def interval(self) -> Interval:
        """The bounds of hangs per exposure, at 95 % (Clopper and Pearson, 1934)."""
        return _interval(self.pool)


def line_rates(axis: ReleaseAxis, pools: Mapping[Version, Pool]) -> Sequence[LineRate]:
    """The rate of each release line of the axis, in version order.

    ``pools`` has the counts of each release, with all partners together. A line without a hang is
    told apart only if its upper bound is below the lower bound of all lines together.
    """
    nothing = Pool(hangs=0, exposures=0, trials=0)
    every = reduce(add, pools.values(), nothing)
    floor = _interval(every).low
    found = []
    for first, last in axis.spans:
        run = tuple(v for v in axis.versions[first : last + 1] if v in pools)
        pool = reduce(add, (pools[version] for version in run), nothing)
        found.append(
            LineRate(line=axis.lines[first], releases=run, pool=pool, state=_state(pool, floor))
        )
    return found


def _state(pool: Pool, floor: float) -> Rare:
    if pool.hangs:
        return Rare.CAN_HANG
    if not floor or not _tried(pool):
        return Rare.UNKNOWN
    return Rare.RARER if _interval(pool).high < floor else Rare.CAN_HANG


def _tried(pool: Pool) -> int:
    return pool.exposures if pool.per_exposure else pool.trials


def _interval(pool: Pool) -> Interval:
    return exact_interval(pool.hangs, _tried(pool)) if _tried(pool) else Interval(0.0, 1.0)

"""Hangs that come by chance in a few exposures: rates by release line, instead of edges. Pure.

Whether a rare hang shows in one cell says little. So the cells of a release line are counted
together. No line is ever called safe here: without a hang, its exposures rule out a rate at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from operator import add

from packaging.version import Version

from interlock.evidence import Interval
from interlock.findings.advice import by_preference
from interlock.findings.baselines import present
from interlock.findings.criteria import is_amplified
from interlock.findings.pools import NOTHING, Pool, pool
from interlock.findings.space import ReleaseAxis
from interlock.findings.weighing import Track
from interlock.matrix import Matrix, release_line
from interlock.model import Axis, Basis, Cell, Verdict


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
        return self.pool.tried

    @property
    def interval(self) -> Interval:
        return self.pool.interval

    @property
    def can_hang(self) -> bool:
        return self.state is Rare.CAN_HANG


def line_rates(axis: ReleaseAxis, pools: Mapping[Version, Pool]) -> Sequence[LineRate]:
    """The rate of each release line of the axis, in version order.

    ``pools`` has the counts of each release, with all partners together. A line without a hang is
    told apart only if its upper bound is below the lower bound of all lines together.
    """
    every = reduce(add, pools.values(), NOTHING)
    floor = every.interval.low
    found = []
    for first, last in axis.spans:
        run = tuple(v for v in axis.versions[first : last + 1] if v in pools)
        pool = reduce(add, (pools[version] for version in run), NOTHING)
        found.append(
            LineRate(line=axis.lines[first], releases=run, pool=pool, state=_state(pool, floor))
        )
    return found


def joined(rates: Sequence[LineRate]) -> LineRate:
    """Several lines as one, which can hang if one of them can."""
    states = {rate.state for rate in rates}
    worst = next((s for s in (Rare.CAN_HANG, Rare.RARER) if s in states), Rare.UNKNOWN)
    return LineRate(
        line=f"{rates[0].line} to {rates[-1].line}" if len(rates) > 1 else rates[0].line,
        releases=tuple(version for rate in rates for version in rate.releases),
        pool=reduce(add, (rate.pool for rate in rates), NOTHING),
        state=worst,
    )


def _state(pool: Pool, floor: float) -> Rare:
    if pool.hangs:
        return Rare.CAN_HANG
    if not floor or not pool.tried:
        return Rare.UNKNOWN
    return Rare.RARER if pool.interval.high < floor else Rare.CAN_HANG


@dataclass(frozen=True, kw_only=True)
class RareHang:
    """What is said of a cell whose hangs are rare: the rate of its release line."""

    probe: str
    config: str
    axis: Axis
    """The axis of the line. Its other releases, and all partners, are counted too."""
    is_alone: bool
    """Whether the other libraries were left out."""
    unit: str
    """What the probe counts as exposures."""
    rate: LineRate

    @property
    def can_hang(self) -> bool:
        return self.rate.can_hang

    @property
    def state(self) -> Rare:
        """The state in a reader's words: what was not seen to hang is never called safe."""
        return Rare.CAN_HANG if self.can_hang else Rare.RARER

    @property
    def counted(self) -> str:
        """``7 of 4,120 forks with right-lib 2.14.x, 0.068 % to 0.35 %``."""
        unit = self.unit if self.rate.pool.per_exposure else "trials"
        alone = " alone" if self.is_alone else ""
        who = f"{self.rate.pool.share} {unit} with {self.axis.package} {self.rate.line}{alone}"
        said = ", ".join(filter(None, [who, self.rate.pool.bounds]))
        if self.can_hang and not self.rate.pool.hangs:
            return f"{said}; too few to rule out the rate of the lines that hung"
        return said

    def __str__(self) -> str:
        """``can hang, rarely: 7 of 4,120 forks with …``."""
        return f"{self.state}: {self.counted}"


def hangs_rarely(matrix: Matrix, probe: str, config: str) -> bool:
    """Whether a hang of a track is rare, so that one cell without it proves little.

    It is where the probe is about one kind of application alone, and where a configuration does
    not make the race likelier.
    """
    return not (matrix.is_about(None, probe) and is_amplified(matrix, config))


Lines = Mapping[str, LineRate]
"""By the name of the line."""


class RareHangs:
    """The rates of release lines where hangs are rare. Each is computed when it is asked for."""

    def __init__(
        self,
        by_track: Mapping[Track, Sequence[Verdict]],
        matrix: Matrix,
        noted: Callable[[Track, frozenset[str], str], Lines | None] = lambda *_: None,
    ) -> None:
        """``noted``: the rates of the lines of an axis, where they are known already."""
        self._noted = noted
        self._by_track = by_track
        self._matrix = matrix
        self._axes = by_preference(matrix.axes, matrix.policy)
        self._lines: dict[tuple[Track, frozenset[str], str], Lines] = {}
        self._of: dict[tuple[Track, tuple[str | None, ...]], RareHang | None] = {}

    def of(self, cell: Cell) -> RareHang | None:
        """The rate of the cell's release lines; None where its hangs are not rare.

        A line whose exposures rule out the rate of the others speaks for its cells. Then one that
        hung does, and of several the one of the axis to move first. A release that was not run is
        in its line all the same.
        """
        if not hangs_rarely(self._matrix, cell.probe, cell.config):
            return None
        lines = tuple(release_line(pin.version) if pin.version else None for pin in cell.pins)
        key = (cell.probe, cell.config), lines
        if key not in self._of:
            found = [one for axis in self._axes if (one := self.on(axis, cell))]
            self._of[key] = min(found, key=_telling, default=None)
        return self._of[key]

    def lines(self, track: Track, axes: Iterable[str], axis: str) -> Lines:
        """The lines of one axis that were run together with these axes and no others."""
        key = track, frozenset(axes), axis
        if key not in self._lines:
            noted = self._noted(*key)
            self._lines[key] = self._counted(*key) if noted is None else noted
        return self._lines[key]

    @property
    def every(self) -> Mapping[tuple[Track, frozenset[str], str], Lines]:
        """What ``lines`` returns for all that was run."""
        for _ in self:
            pass
        return self._lines

    def on(self, axis: Axis, cell: Cell) -> RareHang | None:
        """The rate of the cell's release line along one axis; None without a release of it."""
        version, axes = cell.version(axis.name), frozenset(pin.axis for pin in present(cell))
        if version is None:
            return None
        line, track = release_line(version), (cell.probe, cell.config)
        nothing = LineRate(line=line, releases=(), pool=NOTHING, state=Rare.UNKNOWN)
        return self._told(track, axes, axis, self.lines(track, axes, axis.name).get(line, nothing))

    def __iter__(self) -> Iterator[RareHang]:
        """Every release line that was run, track by track; each library alone comes last."""
        for (probe, config), verdicts in self._by_track.items():
            if not hangs_rarely(self._matrix, probe, config):
                continue
            run = {frozenset(pin.axis for pin in present(v.cell)) for v in verdicts}
            for axes in sorted(run, key=lambda axes: (-len(axes), sorted(axes))):
                for axis in (one for one in self._axes if one.name in axes):
                    for rate in self.lines((probe, config), axes, axis.name).values():
                        yield self._told((probe, config), axes, axis, rate)

    def _told(self, track: Track, axes: frozenset[str], axis: Axis, rate: LineRate) -> RareHang:
        probe, config = track
        known = self._matrix.probes.get(probe)
        return RareHang(
            probe=probe,
            config=config,
            axis=axis,
            is_alone=len(axes) < len(self._axes),
            unit=known.exposure_unit if known else "exposures",
            rate=rate,
        )

    def _counted(self, track: Track, axes: frozenset[str], axis: str) -> Lines:
        by_release: dict[Version, list[Verdict]] = {}
        for verdict in self._by_track.get(track, ()):
            version = verdict.cell.version(axis)
            is_one = verdict.basis is Basis.TESTED and version is not None
            if version and is_one and axes == {pin.axis for pin in present(verdict.cell)}:
                by_release.setdefault(version, []).append(verdict)
        pools = {version: pool(rows) for version, rows in by_release.items()}
        return {one.line: one for one in line_rates(ReleaseAxis.of(axis, pools), pools)}


def _telling(one: RareHang) -> tuple[bool, bool, bool]:
    """What says most first. Of equals, ``min`` takes that of the axis to move first."""
    return one.rate.state is not Rare.RARER, not one.rate.pool.hangs, not one.can_hang

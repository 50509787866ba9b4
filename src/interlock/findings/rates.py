"""How often a probe hangs with each release line, and without. Pure.

For kinds of application that have their own probes. Their hangs are often rare, and often one
library has them alone: a rate says more than an outcome.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.baselines import plain, present
from interlock.findings.criteria import everything
from interlock.findings.pools import Pool, counts, places, pool
from interlock.findings.ratio import Ratio, ratio_of
from interlock.findings.weighing import Track, version_of
from interlock.matrix import Matrix, Workaround, release_line
from interlock.model import Outcome, Verdict


@dataclass(frozen=True, kw_only=True)
class RateWith:
    """The counts of one release line of an axis, or of all, with all partners together."""

    line: str | None
    """None for all."""
    pool: Pool
    ratio: Ratio | None
    """Compared with the same without it, as one of several comparisons."""

    @property
    def is_likelier(self) -> bool:
        """Whether a hang is certainly more than twice as likely with it."""
        return self.ratio is not None and self.ratio.certain


@dataclass(frozen=True, kw_only=True)
class WorkaroundRate:
    """The counts of a workaround, with all releases together."""

    way: Workaround
    pool: Pool


@dataclass(frozen=True, kw_only=True)
class Rates:
    """One probe in one configuration, over all releases and Pythons."""

    probe: str
    config: str
    without: Pool
    """The other libraries, without that of the axis."""
    lines: tuple[RateWith, ...]
    """In version order."""
    every: RateWith
    alone: Pool
    """The library of the axis, without the others."""
    workarounds: tuple[WorkaroundRate, ...] = ()
    """Those that were run."""

    @property
    def hangs(self) -> bool:
        """Whether some release hung with the others."""
        return any(rate.pool.hangs for rate in self.lines)

    @property
    def likelier(self) -> tuple[str, ...] | None:
        """Release lines with which a hang is certainly likelier.

        Empty where only all releases together show it, None where nothing does.
        """
        found = tuple(r.line for r in self.lines if r.line and r.is_likelier)
        return found if found or self.every.is_likelier else None


@dataclass(frozen=True, kw_only=True)
class HangsAlone:
    """The releases of one axis that hang without any other library."""

    axis: str
    every: bool
    """Whether every release that was tested hangs."""
    releases: tuple[Version, ...]
    """In version order."""
    rows: tuple[Verdict, ...]
    """All verdicts of these releases alone, passes too."""


@dataclass(frozen=True, kw_only=True)
class KindRate:
    """How often a probe of a kind of application hung, over all releases and Pythons."""

    probe: str
    pool: Pool


def rates(
    of: Track, by_track: Mapping[Track, Sequence[Verdict]], matrix: Matrix, axis: str
) -> Rates:
    """The counts of one probe in one configuration, by release line of the axis.

    ``by_track`` has the verdicts of each track, baselines too.
    """
    others = [other.name for other in matrix.axes if other.name != axis]
    here = [verdict for verdict in by_track.get(of, ()) if counts(verdict)]
    without = [v for v in here if _axes(v) == {*others}]
    with_it = [v for v in here if _axes(v) == {axis, *others}]
    whole: dict[str, list[Verdict]] = {}
    for verdict in sorted(with_it, key=lambda v: version_of(v.cell.pins, axis)):
        whole.setdefault(release_line(version_of(verdict.cell.pins, axis)), []).append(verdict)
    looks = len(whole) + (len(whole) > 1)

    def rate(line: str | None, rows: Sequence[Verdict]) -> RateWith:
        ratio = ratio_of(places(rows, without, *others), looks=looks)
        return RateWith(line=line, pool=pool(rows), ratio=ratio)

    probe, config = of
    return Rates(
        probe=probe,
        config=config,
        without=pool(without),
        lines=tuple(rate(line, rows) for line, rows in whole.items()),
        every=rate(None, with_it),
        alone=pool(v for v in here if _axes(v) == {axis}),
        workarounds=tuple(workaround_rates(of, by_track, matrix)),
    )


def workaround_rates(
    of: Track, by_track: Mapping[Track, Sequence[Verdict]], matrix: Matrix
) -> Iterator[WorkaroundRate]:
    """The workarounds for that probe and configuration that were run."""
    probe, config = of
    for name in matrix.use(probe).workarounds.get(config, ()):
        way = matrix.workarounds[name]
        with_it = by_track.get((probe, way.on(config)), ())
        run = [v for v in with_it if len(present(v.cell)) == len(v.cell.pins) and counts(v)]
        if run:
            yield WorkaroundRate(way=way, pool=pool(run))


def kind_rates(
    kind: str, by_probe: Mapping[str, Sequence[Verdict]], matrix: Matrix
) -> Iterator[KindRate]:
    """The counts of each probe that is about this kind, whatever the releases.

    Without workarounds, and where its exposures can be counted.
    """
    plainly = {c.name for c in matrix.configurations.values() if not c.is_composed}
    for probe, verdicts in by_probe.items():
        if matrix.is_about(kind, probe):
            whole = (v for v in verdicts if everything(v.cell) and counts(v))
            counted = pool(v for v in whole if v.cell.config in plainly)
            if counted.per_exposure and counted.exposures:
                yield KindRate(probe=probe, pool=counted)


def hang_alone(verdicts: Iterable[Verdict], axes: Iterable[str]) -> Iterator[HangsAlone]:
    """Which releases hang without any other library, axis by axis."""
    by_axis: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        alone = _axes(verdict)
        config = verdict.cell.config
        if len(alone) == 1 and plain(config) == config and counts(verdict):
            by_axis.setdefault(alone.pop(), []).append(verdict)
    for axis in axes:
        rows = by_axis.get(axis, [])
        hung = {v.cell.version(axis) for v in rows if v.outcome is Outcome.HANG}
        if hung:
            yield HangsAlone(
                axis=axis,
                every=hung == {v.cell.version(axis) for v in rows},
                releases=tuple(sorted(version for version in hung if version)),
                rows=tuple(v for v in rows if v.cell.version(axis) in hung),
            )


def _axes(verdict: Verdict) -> set[str]:
    return {pin.axis for pin in present(verdict.cell)}

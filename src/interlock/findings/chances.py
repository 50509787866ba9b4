"""Trouble that comes in some trials only: how often, and what a pass beside it rules out. Pure.

A search takes single trials. Where a release crashes in one trial of eight, the first release that
was seen to crash is not the first that can. So an edge is exact only if the trials on its other
side rule out the rate that was seen on this side.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from packaging.version import Version

from interlock.findings.baselines import EARLY
from interlock.findings.likeness import comes_by_chance, intermittent
from interlock.findings.pools import Pool
from interlock.findings.rare import hangs_rarely
from interlock.findings.space import Observation, observations
from interlock.findings.weighing import Track
from interlock.findings.windows import Rest, lines, rest_of
from interlock.matrix import Matrix, release_line
from interlock.model import Axis, Outcome, Reason, Verdict

SELDOM = 0.05
"""Trouble comes now and then if at least this share of trials goes without it."""


class Row(NamedTuple):
    """A tested verdict, and its release on the axis."""

    version: Version
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Chance:
    """How often the trouble of a window came."""

    pool: Pool
    """Its hangs, or its failures. Where they come now and then, the passes in the same release
    lines count too: a release that passed once is no better known than one that failed once."""
    now_and_then: bool
    """Whether some trials go without it."""
    lines: frozenset[str]
    """The release lines of the window."""

    def __add__(self, other: Chance) -> Chance:
        return Chance(
            pool=self.pool + other.pool,
            now_and_then=self.now_and_then or other.now_and_then,
            lines=self.lines | other.lines,
        )

    def without(self, rows: Iterable[Row]) -> Pool:
        """The trials of rows that do not show it, in the same unit."""
        return _pool(rows, per_exposure=self.pool.per_exposure)

    def is_ruled_out(self, by: Pool) -> bool:
        """Whether trials without it rule out even the lower bound of its rate."""
        same_unit = by.per_exposure or not self.pool.per_exposure
        return same_unit and by.interval.high < self.pool.interval.low

    def in_doubt(self, passes: Iterable[Row]) -> list[Row]:
        """Of passes, the nearest first: those that do not rule it out, with all before them.

        The nearest one, and then those in the release lines of the window.
        """
        found: list[Row] = []
        for row in passes:
            is_far = bool(found) and release_line(row.version) not in self.lines
            if is_far or self.is_ruled_out(self.without([*found, row])):
                break
            found.append(row)
        return found


def chance_of(troubled: Sequence[Row], passes: Sequence[Row]) -> Chance | None:
    """The chance of the trouble that rows share, along one axis with all else fixed.

    ``passes`` are all along the axis. None where it does not come by chance: a failure in every
    trial, before the first exposure, is the same in the next trial.
    """
    in_work = any(_came_in_the_work(row.verdict) for row in troubled)
    if not in_work and not any(intermittent(row.verdict) for row in troubled):
        return None
    hits = sum(_hits(row.verdict) for row in troubled)
    own = _pool(troubled, per_exposure=in_work, hits=hits)
    of_lines = frozenset(release_line(row.version) for row in troubled)
    if _share_without(own, passes) < SELDOM:
        return Chance(pool=own, now_and_then=False, lines=of_lines)
    beside = [row for row in passes if release_line(row.version) in of_lines]
    every = own + _pool(beside, per_exposure=own.per_exposure)
    return Chance(pool=every, now_and_then=True, lines=of_lines)


def _came_in_the_work(verdict: Verdict) -> bool:
    """Whether each exposure is a chance for it to come."""
    crashed = verdict.reason is Reason.CRASH and comes_by_chance(verdict)
    return (verdict.outcome is Outcome.HANG or crashed) and verdict.phase not in EARLY


def _hits(verdict: Verdict) -> int:
    return verdict.hangs if verdict.outcome is Outcome.HANG else max(1, verdict.failed)


def _pool(rows: Iterable[Row], *, per_exposure: bool, hits: int = 0) -> Pool:
    counted = [row.verdict for row in rows]
    return Pool(
        hangs=hits,
        exposures=sum(verdict.exposures for verdict in counted) if per_exposure else 0,
        trials=sum(verdict.trials for verdict in counted),
    )


def _share_without(own: Pool, passes: Sequence[Row]) -> float:
    """The share of trials without it: counted, or as expected of a trial that goes to its end."""
    counted = 1 - own.hangs / own.trials
    if not own.per_exposure or not passes:
        return counted
    whole = max(row.verdict.exposures / row.verdict.trials for row in passes)
    return max(counted, math.pow(1 - own.hangs / own.exposures, whole))


@dataclass(frozen=True, kw_only=True)
class ByChance:
    """What the trials of one cell say, seen beside a window of trouble that comes by chance."""

    package: str
    first: Version
    last: Version
    """The releases of the window that were tested: from the first to the last."""
    outcome: Outcome
    chance: Chance
    passed: Pool | None
    """The cell's own trials, which do not rule the trouble out. None for a cell of the window."""


class ByChances:
    """Of any cell: the window of such trouble that it is in, or too near to."""

    def __init__(self, by_track: Mapping[Track, Sequence[Verdict]], matrix: Matrix) -> None:
        self._by_track = by_track
        self._matrix = matrix
        self._lines: dict[tuple[Track, str], Mapping[Rest, Sequence[Row]]] = {}
        self._seen: dict[Track, Mapping[tuple[str, ...], Observation]] = {}

    def of(self, verdict: Verdict) -> list[ByChance]:
        """For a pass at most one window an axis, for trouble the one with the most trials.

        Empty for trouble that comes in every trial. Also empty where all hangs of a probe are
        rare, so that it has rates and no windows.
        """
        cell = verdict.cell
        if not cell.is_whole or hangs_rarely(self._matrix, cell.probe, cell.config):
            return []
        found = (self._along(axis, verdict) for axis in self._matrix.axes)
        told = sorted((one for one in found if one), key=lambda one: -one.chance.pool.trials)
        return told if _is_pass(verdict) else told[:1]

    def _along(self, axis: Axis, verdict: Verdict) -> ByChance | None:
        """The window that the cell is in, or the one in doubt for it that comes most often."""
        rows = self._rows(axis.name, verdict)
        at = next((n for n, row in enumerate(rows) if row.verdict is verdict), None)
        if at is None:
            return None
        if not _is_pass(verdict):
            one = self._window(axis, rows, at, at)
            return one if one and one.chance.now_and_then else None
        found = filter(None, (self._beside(axis, rows, at, step) for step in (-1, 1)))
        return max(found, key=lambda one: one.chance.pool.interval.low, default=None)

    def _beside(self, axis: Axis, rows: Sequence[Row], at: int, step: int) -> ByChance | None:
        """The nearest window on one side, if the passes between do not rule its trouble out."""
        ahead = rows[at::step]
        passes = list(takewhile(lambda row: _is_pass(row.verdict), ahead))
        if len(passes) == len(ahead):
            return None
        one = self._window(axis, rows, at + step * len(passes), at)
        in_doubt = one.chance.in_doubt(reversed(passes)) if one else []
        return one if rows[at] in in_doubt else None

    def _window(self, axis: Axis, rows: Sequence[Row], inside: int, asked: int) -> ByChance | None:
        """The window around a position, as it concerns the row that is asked about."""
        key = [self._key(row.verdict) for row in rows]
        first = last = inside
        while first and key[first - 1] == key[inside]:
            first -= 1
        while last + 1 < len(rows) and key[last + 1] == key[inside]:
            last += 1
        passes = [row for row in rows if _is_pass(row.verdict)]
        chance = chance_of(rows[first : last + 1], passes)
        if chance is None:
            return None
        return ByChance(
            package=axis.package,
            first=rows[first].version,
            last=rows[last].version,
            outcome=rows[inside].verdict.outcome,
            chance=chance,
            passed=chance.without([rows[asked]]) if asked != inside else None,
        )

    def _rows(self, axis: str, verdict: Verdict) -> Sequence[Row]:
        """All that was tested along the axis with the rest of the cell, and proves something."""
        track = verdict.cell.probe, verdict.cell.config
        if (track, axis) not in self._lines:
            usable = (v for v in self._by_track.get(track, ()) if self._key(v).is_usable)
            self._lines[track, axis] = {
                rest: in_order((v.cell.version(axis), v) for v in found)
                for rest, found in lines(axis, usable).items()
            }
        return self._lines[track, axis].get(rest_of(verdict.cell, axis), ())

    def _key(self, verdict: Verdict) -> Observation:
        track = verdict.cell.probe, verdict.cell.config
        if track not in self._seen:
            self._seen[track] = observations(self._by_track.get(track, ()))
        return self._seen[track][verdict.cell.key]


def in_order(found: Iterable[tuple[Version | None, Verdict]]) -> list[Row]:
    """Verdicts at their releases, in version order."""
    rows = (Row(version, verdict) for version, verdict in found if version)
    return sorted(rows, key=lambda row: row.version)


def _is_pass(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.PASS

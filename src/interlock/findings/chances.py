"""Trouble that comes in some trials only: how often, and what a pass beside it rules out. Pure.

A search takes single trials. Where a release crashes in one trial of eight, the first release that
was seen to crash is not the first that can. So an edge is exact only if the trials on its other
side rule out the rate that was seen on this side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, takewhile
from typing import NamedTuple

from packaging.version import Version

from interlock.findings.baselines import EARLY
from interlock.findings.likeness import comes_by_chance, intermittent
from interlock.findings.pools import Pool
from interlock.findings.rare import hangs_rarely
from interlock.findings.space import Observation, observations
from interlock.findings.tested import Tested
from interlock.findings.windows import Rest, rest_of
from interlock.matrix import Matrix, release_line
from interlock.model import Axis, Basis, Cell, Outcome, Reason, Verdict

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
    if _share_without(troubled, own, passes) < SELDOM:
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


def _share_without(troubled: Sequence[Row], own: Pool, passes: Sequence[Row]) -> float:
    """The share of trials without it: those counted, or those expected of whole trials.

    A crash in the midst of a single trial was escaped by all exposures before it. A hang that is
    seen in every trial, however late, is taken to come in every trial.
    """
    counted = 1 - own.hangs / own.trials
    is_hang = troubled[0].verdict.outcome is Outcome.HANG
    whole = max((row.verdict.exposures / row.verdict.trials for row in passes), default=0.0)
    if is_hang or not own.per_exposure or not whole:
        return counted
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

    def __init__(
        self,
        tested: Tested,
        by_cell: Mapping[tuple[str, ...], Verdict],
        matrix: Matrix,
        noted: Callable[[Verdict], bool | None] = lambda _: None,
    ) -> None:
        """``noted``: whether a pass is in doubt, where that is known already."""
        self._noted = noted
        self._tested = tested
        self._by_cell = by_cell
        self._matrix = matrix
        self._lines: dict[tuple[str, Rest], _Line] = {}

    def of(self, verdict: Verdict) -> list[ByChance]:
        """For a pass at most one window an axis, for trouble the one with the most trials.

        Empty for trouble that comes in every trial. Also empty where all hangs of a probe are
        rare, so that it has rates and no windows.
        """
        cell = verdict.cell
        is_tested = cell.is_whole and verdict.basis is Basis.TESTED
        if not is_tested or hangs_rarely(self._matrix, cell.probe, cell.config):
            return []
        found = (self._along(axis, verdict) for axis in self._matrix.axes)
        told = sorted((one for one in found if one), key=lambda one: -one.chance.pool.trials)
        return told if _is_pass(verdict) else told[:1]

    def is_in_doubt(self, passed: Verdict) -> bool:
        """Whether a pass lies too near to a window where trouble comes now and then."""
        noted = self._noted(passed)
        if noted is not None:
            return noted
        return any(one.chance.now_and_then for one in self.of(passed))

    def _along(self, axis: Axis, verdict: Verdict) -> ByChance | None:
        line = self._line(axis.name, verdict.cell)
        version = verdict.cell.version(axis.name)
        at = next((n for n, row in enumerate(line.rows) if row.version == version), None)
        if at is None:
            return None
        if not _is_pass(verdict):
            inside = [one for one in line.windows if one.first <= at <= one.last]
            found = [one for one in inside if one.chance.now_and_then]
        else:
            found = [one for one in line.windows if at in one.in_doubt]
        if not found:
            return None
        window = max(found, key=lambda one: one.chance.pool.interval.low)
        return ByChance(
            package=axis.package,
            first=line.rows[window.first].version,
            last=line.rows[window.last].version,
            outcome=line.rows[window.first].verdict.outcome,
            chance=window.chance,
            passed=window.chance.without([line.rows[at]]) if _is_pass(verdict) else None,
        )

    def _line(self, axis: str, cell: Cell) -> _Line:
        """What was tested along the axis with the rest of the cell. No other row is read."""
        rest = rest_of(cell, axis)
        if (axis, rest) not in self._lines:
            place = rest.index("*")
            versions = self._tested.beside(axis, (cell.pins, cell.python))
            keys = ((v, (*rest[:place], str(v), *rest[place + 1 :])) for v in versions)
            found = [Row(v, told) for v, key in keys if (told := self._by_cell.get(key))]
            seen = observations(row.verdict for row in found)
            usable = [row for row in found if seen[row.verdict.cell.key].is_usable]
            self._lines[axis, rest] = _Line(usable, seen)
        return self._lines[axis, rest]


class _Window(NamedTuple):
    """Neighbouring rows with the same trouble that comes by chance."""

    first: int
    last: int
    chance: Chance
    in_doubt: frozenset[int]
    """The rows beside it that pass, and do not rule it out."""


class _Line:
    """All that was tested along one axis and proves something, in version order."""

    def __init__(self, rows: Sequence[Row], seen: Mapping[tuple[str, ...], Observation]) -> None:
        self.rows = rows
        self._seen = seen

    @cached_property
    def windows(self) -> Sequence[_Window]:
        found = []
        passes = [row for row in self.rows if _is_pass(row.verdict)]
        places = groupby(range(len(self.rows)), key=lambda n: self._seen[self._key(n)])
        for observation, run in places:
            group = list(run)
            first, last = group[0], group[-1]
            if observation.outcome is Outcome.PASS:
                continue
            if chance := chance_of(self.rows[first : last + 1], passes):
                sides = self._beside(chance, first - 1, -1), self._beside(chance, last + 1, 1)
                in_doubt = frozenset(at for side in sides for at in side)
                found.append(_Window(first, last, chance, in_doubt))
        return found

    def _key(self, at: int) -> tuple[str, ...]:
        return self.rows[at].verdict.cell.key

    def _beside(self, chance: Chance, start: int, step: int) -> range:
        """The positions of the passes on one side that do not rule it out."""
        ahead = self.rows[start::step] if 0 <= start < len(self.rows) else []
        passes = takewhile(lambda row: _is_pass(row.verdict), ahead)
        return range(start, start + step * len(chance.in_doubt(passes)), step)


def _is_pass(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.PASS

"""The follow-ups of verdicts: workarounds, baselines, older dependencies, trials.

Pure. Only a requested cell has follow-ups, and only if it has every library and one of the file's
own configurations. A follow-up can only lead to more trials, so the run ends.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import NamedTuple

from packaging.version import Version

from interlock.evidence import LEVEL, Stratum, chance
from interlock.findings import LOOKS, fails_early
from interlock.matrix import Matrix
from interlock.model import AT_RELEASE, Cell, Outcome, Phase, Pin, Release, Verdict

A_DAY = timedelta(days=1)
"""A release's dependencies are those that existed a day after its upload."""


class Why(str, Enum):
    """Why a cell runs that nobody requested."""

    WORKAROUND = "workaround"
    """A workaround, on a cell that did not pass or on a neighbour of it."""
    BASELINE = "baseline"
    """One library left out, to find which one causes the trouble."""
    AT_RELEASE = "as of the releases' day"
    """The dependencies of the release's day, to see whether a later one broke it."""

    def __str__(self) -> str:
        return self.value


class Result(NamedTuple):
    """The part of a verdict that decides what follows."""

    outcome: Outcome
    phase: Phase | None
    trials: int = 0
    hangs: int = 0
    exposures: int = 0

    @classmethod
    def of(cls, v: Verdict) -> Result:
        return cls(v.outcome, v.phase, v.trials, v.hangs, v.exposures)


@dataclass(frozen=True, kw_only=True)
class FollowUps:
    cells: Mapping[Cell, Why] = field(default_factory=dict)
    """The cells to run beside the requested ones, and why."""
    trials: Mapping[Cell, int] = field(default_factory=dict)
    """How many trials a verdict needs, for workarounds and for compared cells."""


def released(pins: Iterable[Pin], releases: Mapping[str, Sequence[Release]]) -> datetime | None:
    """A day after the newer of these releases was complete.

    None if the index has no upload time.
    """
    uploaded = [
        release.uploaded_at
        for pin in pins
        if pin.version is not None
        for release in releases[pin.axis]
        if release.version == pin.version
    ]
    known = [moment for moment in uploaded if moment is not None]
    return max(known) + A_DAY if known and len(known) == len(uploaded) else None


def followups(
    asked: Sequence[Cell],
    known: Mapping[tuple[str, ...], Result],
    *,
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
) -> FollowUps:
    """The follow-ups of the requested cells' verdicts, whether they ran or not.

    - A cell that hangs, or fails once it is installed, is followed by each workaround that its
      probe names for its configuration.
    - The same workarounds run on the nearest passing cells on either side along each axis, with all
      else equal: a workaround must break nothing there.
    - A workaround for the cell itself gets more trials than one, because some workarounds only make
      a hang rare.
    - Such a cell also runs without each single library, if the probe can run without it.
    - A cell that fails before it serves also runs with the dependencies of its releases' day.
    - If a cell and its baseline both hang, both get more trials. If the baseline passes, it may
      have missed the hang by chance. With too few exposures it gets as many trials as it takes to
      tell.
    """
    passing = _Passing(asked, known)
    cells: dict[Cell, Why] = {}
    trials: dict[Cell, int] = {}
    for cell, result in _troubled(asked, known, matrix):
        if result.phase is not Phase.INSTALL:
            for near in (cell, *passing.beside(cell)):
                for way in _workarounds(near, matrix):
                    cells.setdefault(way, Why.WORKAROUND)
                    if near is cell:
                        trials[way] = matrix.trials.workaround
            for baseline in _baselines(cell, matrix):
                cells.setdefault(baseline, Why.BASELINE)
                if alone := known.get(baseline.key):
                    trials.update(_to_compare(cell, result, baseline, alone, matrix, trials))
        if fails_early(result.outcome, result.phase) and released(cell.pins, releases):
            cells.setdefault(replace(cell, config=f"{cell.config}{AT_RELEASE}"), Why.AT_RELEASE)
    for cell in asked:
        cells.pop(cell, None)
    return FollowUps(cells=cells, trials=trials)


def _to_compare(
    cell: Cell,
    hung: Result,
    baseline: Cell,
    alone: Result,
    matrix: Matrix,
    trials: Mapping[Cell, int],
) -> dict[Cell, int]:
    """How many trials show whether only the pair hangs, or its baseline too."""
    most = matrix.trials.when_compared
    if alone.outcome is hung.outcome is Outcome.HANG:
        return {cell: most, baseline: most}
    enough = _enough(hung, alone, most)
    return {baseline: max(enough, trials.get(baseline, 0))} if enough else {}


def _troubled(
    asked: Sequence[Cell], known: Mapping[tuple[str, ...], Result], matrix: Matrix
) -> list[tuple[Cell, Result]]:
    """The pairs that hang or fail in one of the file's own configurations."""
    return [
        (cell, result)
        for cell in asked
        if not matrix.configurations[cell.config].is_composed
        and cell.is_whole
        and (result := known.get(cell.key))
        and result.outcome in (Outcome.HANG, Outcome.FAIL)
    ]


def _enough(hung: Result, alone: Result, most: int) -> int | None:
    """How many trials of a passing baseline would show that the hang is not its own.

    This assumes exposures at the present rate, and allows for every look that the attribution
    takes. None if the trials so far already show it, or if ``most`` would not.
    """
    if hung.outcome is not Outcome.HANG or alone.outcome is not Outcome.PASS:
        return None
    if not (hung.hangs and hung.exposures and alone.trials and alone.exposures):
        return None
    for trials in range(alone.trials, most + 1):
        exposures = alone.exposures * trials // alone.trials
        if chance([Stratum(hung.hangs, hung.exposures, 0, exposures)]) <= (1 - LEVEL) / LOOKS:
            return trials if trials > alone.trials else None
    return None


def _workarounds(cell: Cell, matrix: Matrix) -> Iterator[Cell]:
    for name in matrix.use(cell.probe).workarounds.get(cell.config, ()):
        config = matrix.workarounds[name].on(cell.config)
        if config in matrix.judged_in(cell.probe):
            yield replace(cell, config=config)


def _baselines(cell: Cell, matrix: Matrix) -> Iterator[Cell]:
    for position, pin in enumerate(cell.pins):
        if pin.axis not in matrix.probes[cell.probe].needs:
            pins = list(cell.pins)
            pins[position] = replace(pin, version=None)
            yield replace(cell, pins=tuple(pins))


class _Passing:
    """The passing cells along each axis, in version order."""

    def __init__(self, asked: Sequence[Cell], known: Mapping[tuple[str, ...], Result]) -> None:
        self._lines: dict[object, list[tuple[Version, Cell]]] = {}
        for cell in asked:
            result = known.get(cell.key)
            if result and result.outcome is Outcome.PASS:
                for pin in cell.pins:
                    if pin.version is not None:
                        line = self._lines.setdefault(_line(cell, pin), [])
                        line.append((pin.version, cell))
        for line in self._lines.values():
            line.sort(key=lambda entry: entry[0])

    def beside(self, cell: Cell) -> Iterator[Cell]:
        """The nearest passing cells on either side, along each axis."""
        for pin in cell.pins:
            line = self._lines.get(_line(cell, pin), [])
            if pin.version is None or not line:
                continue
            place = bisect_left([version for version, _ in line], pin.version)
            yield from (beside for _, beside in line[max(0, place - 1) : place + 1])


def _line(cell: Cell, along: Pin) -> object:
    others = tuple(pin for pin in cell.pins if pin.axis != along.axis)
    return along.axis, others, cell.python, cell.probe, cell.config

"""What the verdicts of a run call for: workarounds, baselines, another day's dependencies, trials.

Pure. Only cells that were asked for are followed up, and only those of the file's own
configurations with every library in them: what follows is itself followed by nothing but more
trials, so that it comes to an end.
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
"""What was uploaded within a day of a release is taken to be what it was released with."""


class Why(str, Enum):
    """What a cell is run for that nobody asked for."""

    WORKAROUND = "workaround"
    """Settings that people are told, on a cell that did not pass or beside one."""
    BASELINE = "baseline"
    """The same with one library left out: whose trouble is it?"""
    AT_RELEASE = "as of the releases' day"
    """The same with the dependencies of that day: did one of them break it?"""

    def __str__(self) -> str:
        return self.value


class Result(NamedTuple):
    """What of a verdict decides what follows."""

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
    """What to run beside what was asked for, and why."""
    trials: Mapping[Cell, int] = field(default_factory=dict)
    """Cells whose verdict has to rest on so many trials: what is to help, and what is compared."""


def released(pins: Iterable[Pin], releases: Mapping[str, Sequence[Release]]) -> datetime | None:
    """When the newer of these releases was whole, and a day; None where the index does not say."""
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
    """What the known verdicts of the cells asked for call for, whether it was run or not.

    - On a cell that hangs, or fails once it is installed: each workaround that the probe names for
      its configuration, and the same workarounds on the nearest cell that passes on either side
      along each axis, where everything else is equal: a workaround must break nothing there. What
      is to help is tried more often than once: some workarounds make a hang rare and no more.
    - For such a cell: the same without each single library, where the probe can be run without it.
    - For a cell that fails before it serves: as of its releases' day.
    - Where a cell and its baseline both hang: more trials of both. Where the baseline passes, but
      in so few exposures that the hang may have missed it by chance: as many as it takes to tell.
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
    """How many trials tell whether a hang is the pair's or its baseline's too."""
    most = matrix.trials.when_compared
    if alone.outcome is hung.outcome is Outcome.HANG:
        return {cell: most, baseline: most}
    enough = _enough(hung, alone, most)
    return {baseline: max(enough, trials.get(baseline, 0))} if enough else {}


def _troubled(
    asked: Sequence[Cell], known: Mapping[tuple[str, ...], Result], matrix: Matrix
) -> list[tuple[Cell, Result]]:
    """The pairs, in the file's own configurations, that hang or fail."""
    return [
        (cell, result)
        for cell in asked
        if not matrix.configurations[cell.config].is_composed
        and cell.is_whole
        and (result := known.get(cell.key))
        and result.outcome in (Outcome.HANG, Outcome.FAIL)
    ]


def _enough(hung: Result, alone: Result, most: int) -> int | None:
    """So many trials of a baseline that passes as would show that a hang is not its own, if it goes
    on like this, however many looks the attribution takes; None where it has been shown, or so many
    would not show it."""
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
    """The cells that pass, by all but one axis, in the order of its versions."""

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
        """The nearest on either side, axis by axis."""
        for pin in cell.pins:
            line = self._lines.get(_line(cell, pin), [])
            if pin.version is None or not line:
                continue
            place = bisect_left([version for version, _ in line], pin.version)
            yield from (beside for _, beside in line[max(0, place - 1) : place + 1])


def _line(cell: Cell, along: Pin) -> object:
    others = tuple(pin for pin in cell.pins if pin.axis != along.axis)
    return along.axis, others, cell.python, cell.probe, cell.config

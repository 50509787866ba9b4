"""One row or column of the grid: where its tested releases agree. Pure.

Releases are inferred between two tested neighbours that agree, if both are of one release line.
Between two lines they are inferred only if a reference vouches for it: a row or column where all
lines between were tested, and agree. So a fix that was backported to an older line is never read
into the releases of a newer one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from interlock.findings.space import Observation, ReleaseAxis


class Run(NamedTuple):
    """Neighbours on a strip that agree, with nothing unknown between them."""

    first: int
    last: int
    observation: Observation

    def __contains__(self, at: object) -> bool:
        return isinstance(at, int) and self.first <= at <= self.last


class Between(NamedTuple):
    """Two tested releases that say the same about a release between them."""

    low: int
    high: int
    observation: Observation


@dataclass(frozen=True, kw_only=True, eq=False)
class Strip:
    """The cells that share a release of one axis, along the other. Positions are on the latter."""

    axis: ReleaseAxis
    tested: Mapping[int, Observation]
    installs: Callable[[int], bool]
    elsewhere: Sequence[Strip] = ()
    """The same strip on other Pythons. Only what was tested on it counts, not what is inferred."""
    beside: Callable[[], Sequence[Strip]] = tuple
    """Strips with other partners that were tested line by line, here or on another Python."""
    contradicts: Callable[[int, int, Observation], bool] = lambda low, high, seen: False
    """Whether a known strip that crosses this one between two positions says something else."""

    @cached_property
    def tried(self) -> Sequence[int]:
        """All tested positions, whatever they showed."""
        return sorted(self.tested)

    @cached_property
    def usable(self) -> Sequence[int]:
        """The tested positions that say something about the libraries."""
        return sorted(at for at, seen in self.tested.items() if seen.is_usable)

    @property
    def edges(self) -> Sequence[tuple[int, int]]:
        """The tested neighbours that differ, whatever lies between them."""
        return [
            (low, high)
            for low, high in pairwise(self.usable)
            if self.tested[low] != self.tested[high]
        ]

    @cached_property
    def runs(self) -> Sequence[Run]:
        return list(self._runs(self.is_closed))

    @property
    def crosses_lines(self) -> bool:
        """Whether one run, without any reference, spans three release lines or more."""
        line = self.axis.line_number
        return any(line[run.last] - line[run.first] > 1 for run in self.own_runs)

    @property
    def is_predicted(self) -> bool:
        """Whether a run spans as much, but only with what a reference vouches for."""
        line = self.axis.line_number
        crosses = any(line[run.last] - line[run.first] > 1 for run in self.runs)
        return crosses and not self.crosses_lines

    @cached_property
    def own_runs(self) -> Sequence[Run]:
        """The runs by what was tested here, without any reference."""
        return list(self._runs(self._is_closed_here))

    def at(self, position: int) -> Between | None:
        """The two tested releases between which this one may be inferred."""
        index = bisect_left(self.usable, position)
        if not 0 < index < len(self.usable) or self.usable[index] == position:
            return None
        low, high = self.usable[index - 1], self.usable[index]
        here = self.axis.line_number
        if self.tested[low] != self.tested[high]:
            return None
        if here[low] != here[high] and not (
            self._is_vouched_for(low, high) and self._is_known_elsewhere(position)
        ):
            return None
        return Between(low, high, self.tested[low])

    def inferred(self) -> Iterator[tuple[Between, Sequence[int]]]:
        """All that ``at`` may infer: each two tested releases, and the positions between."""
        here = self.axis.line_number
        for low, high in pairwise(self.usable):
            if high - low < 2 or self.tested[low] != self.tested[high]:
                continue
            between: Sequence[int] = range(low + 1, high)
            if here[low] != here[high]:
                if not self._is_vouched_for(low, high):
                    continue
                between = [at for at in between if self._is_known_elsewhere(at)]
            yield Between(low, high, self.tested[low]), between

    def differs_at(self, position: int, seen: Observation) -> bool:
        """Whether the release says something else, or the nearest tested ones on both sides."""
        if position in self.tested and self.tested[position].is_usable:
            return self.tested[position] != seen
        index = bisect_left(self.usable, position)
        beside = self.usable[max(0, index - 1) : index + 1]
        return len(beside) > 1 and all(self.tested[at] != seen for at in beside)

    def run_at(self, position: int) -> Run | None:
        return _holding(self.runs, position)

    def is_closed(self, low: int, high: int) -> bool:
        """Whether two neighbours agree, with nothing unknown between them."""
        return self._is_closed_here(low, high) or (
            self.tested[low] == self.tested[high] and self._is_vouched_for(low, high)
        )

    def untried(self, low: int, high: int) -> Iterator[int]:
        """The installable releases strictly between two positions that nobody tested."""
        return (at for at in range(low + 1, high) if at not in self.tested and self.installs(at))

    def _runs(self, is_closed: Callable[[int, int], bool]) -> Iterator[Run]:
        if not self.usable:
            return
        first = self.usable[0]
        for low, high in pairwise(self.usable):
            if not is_closed(low, high):
                yield Run(first, low, self.tested[low])
                first = high
        yield Run(first, self.usable[-1], self.tested[first])

    def _is_closed_here(self, low: int, high: int) -> bool:
        if self.tested[low] != self.tested[high]:
            return False
        here = self.axis.line_number
        return here[low] == here[high] or next(self.untried(low, high), None) is None

    def _is_vouched_for(self, low: int, high: int) -> bool:
        between = (low, high)
        if between not in self._vouched:
            self._vouched[between] = self._find_vouching(low, high)
        return self._vouched[between]

    def _find_vouching(self, low: int, high: int) -> bool:
        seen = self.tested[low]
        if any(strip.differs_between(low, high, seen) for strip in self.elsewhere):
            return False
        inside = list(self.untried(low, high))
        return any(
            reference.covers(low, high, seen, inside)
            for reference in (*self.elsewhere, *self.beside())
        ) and not self.contradicts(low, high, seen)

    @cached_property
    def _vouched(self) -> dict[tuple[int, int], bool]:
        return {}

    def covers(self, low: int, high: int, seen: Observation, inside: Sequence[int]) -> bool:
        """Whether all of that is one run here, and each of these releases can be installed.

        The two ends may lie outside, because other releases can be installed on another Python.
        Then the outermost of those ``inside``, which are asked for, have to be in the run.
        """
        if not inside:
            return False
        run = _holding(self.own_runs, inside[0])
        return (
            run is not None
            and run.observation == seen
            and inside[-1] in run
            and all(self.tested.get(at, seen) == seen for at in (low, high))
            and all(map(self.installs, inside))
        )

    def differs_between(self, low: int, high: int, seen: Observation) -> bool:
        """Whether any tested release between two positions says something else."""
        inside = self.usable[bisect_right(self.usable, low) : bisect_left(self.usable, high)]
        return any(self.tested[at] != seen for at in inside)

    def _is_known_elsewhere(self, at: int) -> bool:
        """False if it was tried on another Python, and that proved nothing."""
        return all(strip.tested[at].is_usable for strip in self.elsewhere if at in strip.tested)


def _holding(runs: Sequence[Run], position: int) -> Run | None:
    index = bisect_right(runs, position, key=lambda run: run.first) - 1
    return runs[index] if index >= 0 and position in runs[index] else None

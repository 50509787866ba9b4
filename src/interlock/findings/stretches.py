"""The windows along one axis as one would say them: "ddtrace 2.10.0 to 2.14.9 hang". Pure.

Tested and inferred releases count together, and are counted apart. Each end says how exact it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from packaging.version import Version

from interlock.findings.chances import Chance, Row, chance_of
from interlock.findings.inference import AnswerBasis, Known, TrackMap
from interlock.findings.pools import Pool
from interlock.findings.space import Observation, ReleaseAxis, Spot
from interlock.model import Outcome, Verdict

VERBS = {Outcome.HANG: "hang", Outcome.PASS: "pass", Outcome.FAIL: "fail"}

VerdictAt = Callable[[Spot], Verdict | None]
"""The verdict of a pair that was tested."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """Why an edge between two tested neighbours is not exact.

    Releases beside the window did not show its trouble, in too few trials to rule it out.
    """

    releases: tuple[Version, ...]
    """The nearest first."""
    outcome: Outcome
    """The trouble that they may have."""
    passed: Pool
    """The trials of the nearest."""


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Where two windows meet: the last tested release of one, the first tested of the next."""

    before: Version
    after: Version
    between: int
    """Releases between the two that can be installed, and that no test decided."""
    doubt: Doubt | None = None

    @property
    def is_exact(self) -> bool:
        return self.between == 0 and self.doubt is None


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Neighbouring releases of which the same is known, all else fixed."""

    axis: str
    first: Version
    last: Version
    observation: Observation | None
    """None where nothing is known."""
    tested: int
    inferred: int
    start: Edge | None = None
    """The edge before it. None if nothing else is known there, or the same beyond a gap."""
    end: Edge | None = None
    chance: Chance | None = None
    """Of its trouble, if that comes by chance."""

    @property
    def says(self) -> str:
        """``ddtrace 2.10.0 to 2.14.9 hang``; a failure with its cause."""
        one = self.first == self.last
        span = f"{self.first}" if one else f"{self.first} to {self.last}"
        if self.observation is None:
            return f"{self.axis} {span} {'is' if one else 'are'} unknown"
        verb = VERBS[self.observation.outcome]
        if one:
            verb += "es" if verb == "pass" else "s"
        seldom = " now and then" if self.chance and self.chance.now_and_then else ""
        failed = self.observation.outcome is Outcome.FAIL and self.observation.key
        cause = f" with {self.observation.key}" if failed else ""
        return f"{self.axis} {span} {verb}{seldom}{cause}"


def along_row(of: TrackMap, row: int, verdict_at: VerdictAt | None = None) -> Sequence[Stretch]:
    """The windows along the columns, with that release of the rows.

    Without verdicts, every edge between tested neighbours is taken for exact.
    """
    return _Along(of.space.columns, of, lambda at: (row, at), verdict_at).stretches()


def along_column(
    of: TrackMap, column: int, verdict_at: VerdictAt | None = None
) -> Sequence[Stretch]:
    """The windows along the rows, with that release of the columns."""
    return _Along(of.space.rows, of, lambda at: (at, column), verdict_at).stretches()


class _Along:
    """One row or column of a map. Groups are positions of neighbours that are alike."""

    def __init__(
        self,
        axis: ReleaseAxis,
        of: TrackMap,
        spot: Callable[[int], Spot],
        verdict_at: VerdictAt | None,
    ) -> None:
        self._axis = axis
        self._known = [of.at(spot(position)) for position in range(len(axis))]
        self._groups = list(_groups(self._known))
        self._rows = dict[int, Row]()
        for at, known in enumerate(self._known):
            is_tested = verdict_at and known.basis is AnswerBasis.TESTED
            if verdict_at and is_tested and (verdict := verdict_at(spot(at))):
                self._rows[at] = Row(axis.versions[at], verdict)

    def stretches(self) -> list[Stretch]:
        return [self._stretch(number) for number in range(len(self._groups))]

    def _stretch(self, number: int) -> Stretch:
        group, axis = self._groups[number], self._axis
        counted = Counter(self._known[position].basis for position in group)
        return Stretch(
            axis=axis.name,
            first=axis.versions[group[0]],
            last=axis.versions[group[-1]],
            observation=self._known[group[0]].observation,
            tested=counted[AnswerBasis.TESTED],
            inferred=counted[AnswerBasis.INFERRED],
            start=self._edge(number, -1),
            end=self._edge(number, 1),
            chance=self._chances[number],
        )

    @cached_property
    def _chances(self) -> Sequence[Chance | None]:
        """By group: that of its trouble, if it comes by chance."""
        passes = [row for at, row in self._rows.items() if self._outcome([at]) is Outcome.PASS]
        return [
            chance_of(rows, passes)
            if self._outcome(group) is not Outcome.PASS and (rows := self._tested(group))
            else None
            for group in self._groups
        ]

    def _outcome(self, group: Sequence[int]) -> Outcome | None:
        seen = self._known[group[0]].observation
        return seen.outcome if seen else None

    def _tested(self, group: Sequence[int]) -> list[Row]:
        return [self._rows[at] for at in group if at in self._rows]

    def _edge(self, number: int, step: int) -> Edge | None:
        """The edge towards the first of the groups beside it of which something is known."""
        groups, known, axis = self._groups, self._known, self._axis
        other = number + step
        while 0 <= other < len(groups) and self._outcome(groups[other]) is None:
            other += step
        if not 0 <= other < len(groups):
            return None
        seen = known[groups[number][0]].observation
        if seen in (None, known[groups[other][0]].observation):
            return None
        below, above = min(number, other), max(number, other)
        before = [at for at in groups[below] if known[at].basis is AnswerBasis.TESTED]
        after = [at for at in groups[above] if known[at].basis is AnswerBasis.TESTED]
        if not before or not after:
            return None
        between = range(before[-1] + 1, after[0])
        doubts = self._doubt(above, before[::-1]), self._doubt(below, after)
        return Edge(
            before=axis.versions[before[-1]],
            after=axis.versions[after[0]],
            between=sum(known[at].basis is not AnswerBasis.INDEX for at in between),
            doubt=next(filter(None, doubts), None),
        )

    def _doubt(self, troubled: int, beside: Sequence[int]) -> Doubt | None:
        """Whether the releases beside a group, the nearest first, may have its trouble too."""
        chance, rows = self._chances[troubled], self._tested(beside)
        if chance is None or not rows:
            return None
        if self._outcome(beside) is not Outcome.PASS:
            # A window of another trouble hides this one. Only what comes now and then is missed.
            rows = rows[:1] if chance.now_and_then else []
        in_doubt = chance.in_doubt(rows)
        if not in_doubt:
            return None
        return Doubt(
            releases=tuple(row.version for row in in_doubt),
            outcome=self._tested(self._groups[troubled])[0].verdict.outcome,
            passed=chance.without(in_doubt[:1]),
        )


def _groups(known: Sequence[Known]) -> Iterator[list[int]]:
    """Positions of equal neighbours. A release that can't be installed or proven ends no group."""
    group: list[int] = []
    for position, here in enumerate(known):
        if _says_nothing(here):
            continue
        if group and known[group[-1]].observation != here.observation:
            yield group
            group = []
        group.append(position)
    if group:
        yield group


def _says_nothing(known: Known) -> bool:
    seen = known.observation
    return known.basis is AnswerBasis.INDEX or (seen is not None and not seen.is_usable)

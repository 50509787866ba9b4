"""The windows along one axis as one would say them: "ddtrace 2.10.0 to 2.14.9 hang". Pure.

Tested and inferred releases count together, and are counted apart. Each end says how exact it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.inference import Known, KnownBy, TrackMap
from interlock.findings.space import Observation, ReleaseAxis
from interlock.model import Outcome

VERBS = {Outcome.HANG: "hang", Outcome.PASS: "pass", Outcome.FAIL: "fail"}


@dataclass(frozen=True, kw_only=True)
class Edge:
    """Where two windows meet: the last tested release of one, the first tested of the next."""

    before: Version
    after: Version
    between: int
    """Releases between the two that can be installed, and that no test decided. 0 is exact."""

    @property
    def is_exact(self) -> bool:
        return self.between == 0


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
        failed = self.observation.outcome is Outcome.FAIL and self.observation.key
        cause = f" with {self.observation.key}" if failed else ""
        return f"{self.axis} {span} {verb}{cause}"


def along_row(of: TrackMap, row: int) -> Sequence[Stretch]:
    """The windows along the columns, with that release of the rows."""
    return _stretches(of.space.columns, lambda column: of.at((row, column)))


def along_column(of: TrackMap, column: int) -> Sequence[Stretch]:
    """The windows along the rows, with that release of the columns."""
    return _stretches(of.space.rows, lambda row: of.at((row, column)))


def _stretches(axis: ReleaseAxis, at: Callable[[int], Known]) -> Sequence[Stretch]:
    known = [at(position) for position in range(len(axis))]
    groups = list(_groups(known))
    found = []
    for index, group in enumerate(groups):
        counted = Counter(known[position].basis for position in group)
        found.append(
            Stretch(
                axis=axis.name,
                first=axis.versions[group[0]],
                last=axis.versions[group[-1]],
                observation=known[group[0]].observation,
                tested=counted[KnownBy.TESTED],
                inferred=counted[KnownBy.INFERRED],
                start=_edge(axis, known, groups[:index][::-1], group),
                end=_edge(axis, known, groups[index + 1 :], group),
            )
        )
    return found


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
    return known.basis is KnownBy.INDEX or (seen is not None and not seen.is_usable)


def _edge(
    axis: ReleaseAxis, known: Sequence[Known], beside: Sequence[list[int]], group: list[int]
) -> Edge | None:
    """The edge towards the first of the groups beside it of which something is known."""
    other = next((one for one in beside if known[one[0]].observation is not None), None)
    if other is None or known[group[0]].observation in (None, known[other[0]].observation):
        return None
    below, above = sorted((group, other))
    before = [at for at in below if known[at].basis is KnownBy.TESTED]
    after = [at for at in above if known[at].basis is KnownBy.TESTED]
    if not before or not after:
        return None
    between = range(before[-1] + 1, after[0])
    return Edge(
        before=axis.versions[before[-1]],
        after=axis.versions[after[0]],
        between=sum(known[at].basis is not KnownBy.INDEX for at in between),
    )

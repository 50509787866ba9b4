"""What is told of a window beside its name: its basis, its rate, its edges, what upstream says.

The terminal and the pages use the same words. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from packaging.version import Version

from interlock.findings.chances import ByChance, Chance
from interlock.findings.pools import Pool
from interlock.findings.stretches import VERBS, Doubt, Edge
from interlock.matrix import Change, changes_at
from interlock.model import Outcome, percent, plural


@dataclass(frozen=True, kw_only=True)
class UpstreamNote:
    """What a library itself says of the release after an exact edge."""

    release: Version
    change: Change | None
    """None if nothing that we know explains the edge."""

    def says(self, package: str) -> str:
        """``2.20.0: wraps each lock, https://…``."""
        if self.change is None:
            return f"{self.release}: no note of {package} that we know explains it"
        return f"{self.release}: {self.change.title}, {self.change.url}"


def upstream(edges: Iterable[Edge], axis: str, changes: Iterable[Change]) -> Iterator[UpstreamNote]:
    """The notes for each edge that is exact."""
    known = tuple(changes)
    for edge in edges:
        if edge.is_exact:
            found = changes_at(known, axis, edge.before, edge.after)
            for change in found or (None,):
                yield UpstreamNote(release=edge.after, change=change)


def basis(tested: int, inferred: int) -> str:
    """``26 tested, 31 inferred``."""
    counted = [(tested, "tested"), (inferred, "inferred")]
    return ", ".join(f"{number:,} {how}" for number, how in counted if number) or "nothing is known"


def rate(chance: Chance | None, unit: str) -> str:
    """``2 of 3,068 starts of its release lines, 0.0079 % to 0.24 %``; empty where in every trial.

    ``unit`` is what the probe counts as exposures.
    """
    if chance is None or not chance.now_and_then:
        return ""
    return (
        f"{chance.pool.share} {_unit(chance.pool, unit)} of its release lines, {chance.pool.bounds}"
    )


def open_edge(edge: Edge, unit: str) -> str:
    """Why an edge is not exact: ``between 1.1.2 and 1.3.0: 1 release not decided``."""
    parts = []
    if edge.between:
        undecided = plural(edge.between, "release")
        parts.append(f"between {edge.before} and {edge.after}: {undecided} not decided")
    if edge.doubt:
        parts.append(_doubt(edge.doubt, unit))
    return "; ".join(parts)


def _doubt(doubt: Doubt, unit: str) -> str:
    """``not exact: no failure seen in 100 starts with 1.2.0 rules out a rate above 3.6 % only``."""
    nearest, *further = doubt.releases
    too_few = _too_few(doubt.outcome, doubt.passed, unit, f" with {nearest}")
    reaches = f"; it may reach to {further[-1]}" if further else ""
    return f"not exact: {too_few}{reaches}"


def _too_few(outcome: Outcome, passed: Pool, unit: str, where: str) -> str:
    trouble = "hang" if outcome is Outcome.HANG else "failure"
    counted = f"{passed.tried:,} {_unit(passed, unit)}{where}"
    above = percent(passed.interval.high)
    return f"no {trouble} seen in {counted} rules out a rate above {above} only"


def _unit(pool: Pool, unit: str) -> str:
    if pool.per_exposure:
        return unit
    return "trial" if pool.trials == 1 else "trials"


def by_chance(one: ByChance, unit: str) -> str:
    """What a window of trouble that comes by chance means for one cell, in sentences."""
    alone = one.first == one.last
    span = f"{one.package} {one.first if alone else f'{one.first} to {one.last}'}"
    verb = f"{VERBS[one.outcome]}{'s' if alone else ''}"
    seldom = " now and then" if one.chance.now_and_then else ""
    pool = one.chance.pool
    lines = " of these release lines" if one.chance.now_and_then else ""
    often = f"in {pool.share} {_unit(pool, unit)}{lines} ({pool.bounds})"
    if one.passed is None:
        return f"{span} {verb}{seldom}: {often}. So a trial may pass."
    too_few = _too_few(one.outcome, one.passed, unit, " here")
    return f"Beside it, {span} {verb}{seldom}: {often}. {too_few[:1].upper()}{too_few[1:]}."

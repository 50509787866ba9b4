"""How often an inferred answer is wrong: random inferred pairs are run, and counted. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interlock.evidence import Interval, exact_interval
from interlock.findings.inference import Known, KnownBy, Rule, TrackMap
from interlock.findings.space import Observation, Spot
from interlock.model import Outcome

TRIES_A_CELL = 2000
"""Draws that may miss for each cell that is asked for, before the drawing ends."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """An inferred pair that is to be run, and what was inferred of it."""

    track: int
    """Which of the maps it was drawn from."""
    spot: Spot
    inferred: Known


def draw(maps: Sequence[TrackMap], n: int, seed: int) -> list[Drawn]:
    """``n`` different inferred pairs of all maps together, each as likely as any other.

    Any pair of the spaces is drawn, and taken if it is inferred; so nothing is listed. With the
    same maps and seed the result is the same. It is shorter where hardly anything is inferred.
    """
    drawn = random.Random(seed)
    sizes = [one.space.size for one in maps]
    found: dict[tuple[int, Spot], Drawn] = {}
    if not sum(sizes):
        return []
    for _ in range(n * TRIES_A_CELL):
        if len(found) == n:
            break
        (track,) = drawn.choices(range(len(maps)), weights=sizes)
        space = maps[track].space
        spot = drawn.randrange(len(space.rows)), drawn.randrange(len(space.columns))
        known = maps[track].at(spot)
        if known.basis is KnownBy.INFERRED:
            found.setdefault((track, spot), Drawn(track=track, spot=spot, inferred=known))
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class ErrorRate:
    """The share of inferred pairs that come out otherwise when they are run."""

    wrong: int
    run: int
    """The drawn pairs with a result. One that stays ``unproven`` shows nothing, and is left out."""
    unproven: int = 0

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(
            wrong=self.wrong + other.wrong,
            run=self.run + other.run,
            unproven=self.unproven + other.unproven,
        )

    @property
    def interval(self) -> Interval:
        """Of Clopper and Pearson, Biometrika 26 (1934), 404–413, at 95 %.

        It covers the true share in at least 95 of 100 audits, whatever the share is. Without a
        single result it is everything from 0 to 1.
        """
        return exact_interval(self.wrong, self.run) if self.run else Interval(0.0, 1.0)


def error_rate(drawn: Iterable[tuple[Known, Observation]]) -> ErrorRate:
    """Compares what was inferred with what was seen. A pair that can't be installed is wrong."""
    wrong = run = unproven = 0
    for inferred, seen in drawn:
        if seen.outcome is not Outcome.UNPROVEN:
            run += 1
            wrong += seen != inferred.observation
        else:
            unproven += 1
    return ErrorRate(wrong=wrong, run=run, unproven=unproven)


def by_rule(drawn: Iterable[tuple[Known, Observation]]) -> Mapping[Rule, ErrorRate]:
    """The same for each rule that inferred some of them: which rule misleads."""
    groups: dict[Rule, list[tuple[Known, Observation]]] = {}
    for inferred, seen in drawn:
        if inferred.rule is not None:
            groups.setdefault(inferred.rule, []).append((inferred, seen))
    return {rule: error_rate(groups[rule]) for rule in Rule if rule in groups}

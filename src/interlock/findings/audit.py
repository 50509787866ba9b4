"""How often an inferred answer is wrong: random inferred pairs are run, and counted. Pure."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from interlock.evidence import Interval, exact_interval
from interlock.findings.inference import AnswerBasis, Known, Rule, TrackMap
from interlock.findings.space import Spot, keys_today, observations
from interlock.model import AuditedCell, Verdict, audit_key, words

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
        if known.basis is AnswerBasis.INFERRED:
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

    @classmethod
    def of(cls, wrong: Iterable[bool | None]) -> ErrorRate:
        """Of results, each wrong or right, or ``None`` if it proves nothing."""
        counted = Counter(wrong)
        return cls(wrong=counted[True], run=counted[True] + counted[False], unproven=counted[None])

    @property
    def interval(self) -> Interval:
        """Of Clopper and Pearson, Biometrika 26 (1934), 404–413, at 95 %.

        It covers the true share in at least 95 of 100 audits, whatever the share is. Without a
        single result it is everything from 0 to 1.
        """
        return exact_interval(self.wrong, self.run) if self.run else Interval(0.0, 1.0)

    @property
    def bounds(self) -> str:
        """The interval in words: ``0.21 % to 2.9 %``."""
        return words.between(*self.interval)


def rate_of(audited: Iterable[AuditedCell]) -> ErrorRate:
    """The error rate of the cells that were run."""
    return ErrorRate.of(row.is_wrong for row in audited if row.seen is not None)


def rates_by_rule(audited: Iterable[AuditedCell]) -> Mapping[Rule, ErrorRate]:
    """The same for each rule that inferred some of them: which rule misleads."""
    rows = list(audited)
    return {
        rule: rate_of(row for row in rows if row.rule == rule.value)
        for rule in Rule
        if any(row.rule == rule.value and row.seen is not None for row in rows)
    }


def with_results(
    audited: Iterable[AuditedCell], verdicts: Iterable[Verdict], within: timedelta
) -> list[AuditedCell]:
    """The audited cells, each with what its verdict shows.

    A cell that was run already keeps its result, unless the verdict is from the time of the audit:
    ``within`` so long after the draw. What a dependency breaks later is no error of the inference.
    """
    rows = list(audited)
    tracks = {(row.cell.probe, row.cell.config) for row in rows}
    own: dict[tuple[str, str], list[Verdict]] = {track: [] for track in tracks}
    for verdict in verdicts:
        of = own.get((verdict.cell.probe, verdict.cell.config))
        if of is not None and verdict.cell.is_whole:
            of.append(verdict)
    seen = {key: shown for known in own.values() for key, shown in observations(known).items()}
    today = {track: keys_today(known) for track, known in own.items()}
    by_cell = {verdict.cell.key: verdict for known in own.values() for verdict in known}
    found = []
    for row in rows:
        told = by_cell.get(row.cell.key)
        if told and (row.seen is None or _is_of_it(told, row, within)):
            shown, keys = seen[row.cell.key], today[row.cell.probe, row.cell.config]
            row = replace(
                row,
                inferred_as=audit_key(keys.get(row.inferred_as, row.inferred_as)),
                seen=shown.outcome,
                seen_as=audit_key(shown.key),
            )
        found.append(row)
    return found


def _is_of_it(verdict: Verdict, row: AuditedCell, within: timedelta) -> bool:
    return row.day <= verdict.tested_at.date() <= row.day + within


def rates_by_probe(rows: Sequence[AuditedCell]) -> Mapping[str, ErrorRate]:
    """By probe. A probe of which no drawn cell was run is left out."""
    run = [row for row in rows if row.seen is not None]
    probes = dict.fromkeys(row.cell.probe for row in run)
    return {probe: rate_of(row for row in run if row.cell.probe == probe) for probe in probes}

"""Workarounds for one combination, and what is known of each. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from interlock.findings.likeness import TROUBLE
from interlock.findings.workarounds import (
    TriedWorkaround,
    WorkaroundKind,
    WorkaroundRecord,
    Workarounds,
)
from interlock.matrix import Workaround
from interlock.model import Verdict


class WorkaroundEffect(Enum):
    """What is known of a workaround on one combination."""

    FAILS = "by some probe it goes wrong with it"
    UNPROVEN = "it goes wrong by no probe, and does not pass by all"
    HANGS_ELSEWHERE = "it passes, and on other combinations the same hang came with it"
    TOO_FEW = "it passes, in too few runs to tell that from luck"
    NOT_BY_ALL = "it passes, and was not run by every probe that goes wrong"
    WORKS = "it passes"


@dataclass(frozen=True, kw_only=True)
class OfferedWorkaround:
    """One workaround for a combination that hangs or fails."""

    way: Workaround
    effect: WorkaroundEffect
    tried: tuple[TriedWorkaround, ...]
    """One for each probe that it was run by."""
    records: tuple[WorkaroundRecord, ...]
    """What it did over all cells, in the same order."""
    not_run_by: tuple[str, ...]
    """Probes that go wrong without it, and were not run with it."""

    @property
    def run_by(self) -> tuple[str, ...]:
        return tuple(one.without.cell.probe for one in self.tried)

    @property
    def caution(self) -> str | None:
        """Why not to count on it, although it passes here; None where nothing is known."""
        if self.effect is WorkaroundEffect.HANGS_ELSEWHERE:
            assert self.elsewhere, "some record has a hang"
            return (
                f"Don't count on it: with it, {self.elsewhere.hangs} of {self.elsewhere.tried} "
                "combinations hang in the same way."
            )
        if self.effect is WorkaroundEffect.TOO_FEW:
            return "It passes in too few runs to tell that from luck."
        return None

    @property
    def failing(self) -> Verdict | None:
        """The first verdict that goes wrong with it."""
        return next((one.verdict for one in self.tried if one.fails), None)

    @property
    def elsewhere(self) -> WorkaroundRecord | None:
        """The first record in which the same hang came with it."""
        return next((record for record in self.records if record.hangs), None)


def offered(
    verdicts: Sequence[Verdict],
    workarounds: Workarounds,
    records: Mapping[WorkaroundKind, WorkaroundRecord],
) -> list[OfferedWorkaround]:
    """The workarounds that were run on these cells, the best first.

    ``verdicts`` are those of one combination and configuration. Where several probes go wrong, a
    workaround has to help with all of them.
    """
    troubled = [verdict for verdict in verdicts if verdict.outcome in TROUBLE]
    by_name: dict[str, list[TriedWorkaround]] = {}
    for verdict in troubled:
        for one in workarounds.get(verdict.cell.key, ()):
            if one.was_run:
                by_name.setdefault(one.way.name, []).append(one)
    found = [_offered(many, troubled, records) for many in by_name.values()]
    return sorted(found, key=_last)


def _last(one: OfferedWorkaround) -> tuple[bool, bool, bool]:
    return (
        not all(tried.works for tried in one.tried),
        one.elsewhere is not None,
        bool(one.not_run_by),
    )


def _offered(
    tried: Sequence[TriedWorkaround],
    troubled: Sequence[Verdict],
    records: Mapping[WorkaroundKind, WorkaroundRecord],
) -> OfferedWorkaround:
    run = {one.without.cell.probe for one in tried}
    known = tuple(records[one.kind] for one in tried)
    not_run_by = tuple(v.cell.probe for v in troubled if v.cell.probe not in run)
    return OfferedWorkaround(
        way=tried[0].way,
        effect=_effect(tried, known, not_run_by),
        tried=tuple(tried),
        records=known,
        not_run_by=not_run_by,
    )


def _effect(
    tried: Sequence[TriedWorkaround],
    records: Sequence[WorkaroundRecord],
    not_run_by: Sequence[str],
) -> WorkaroundEffect:
    if any(one.fails for one in tried):
        return WorkaroundEffect.FAILS
    if not all(one.works for one in tried):
        return WorkaroundEffect.UNPROVEN
    if any(record.hangs for record in records):
        return WorkaroundEffect.HANGS_ELSEWHERE
    if not all(record.tells for record in records):
        return WorkaroundEffect.TOO_FEW
    if not_run_by:
        return WorkaroundEffect.NOT_BY_ALL
    return WorkaroundEffect.WORKS

"""The verdict of all probes together on one combination: the worst that counts.

A probe that was narrowed to other releases is not waited for, and a feature that a release lacks
can't hang. What one library does alone comes after what the pair does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.evidence import PRECEDENCE
from interlock.findings import OPEN, TOGETHER
from interlock.model import Cell, Reason, Verdict
from interlock.publish.edition import Edition
from interlock.publish.wording import intermittent


@dataclass(frozen=True, kw_only=True)
class Summary:
    """By all probes, in one configuration."""

    verdicts: tuple[Verdict, ...]
    """One a probe, the one that speaks for them first."""
    missing: tuple[str, ...]
    """Probes that were meant for it and have not been run."""
    own: bool
    """What goes wrong is one library's alone, or the Python's: no reason to avoid the other."""

    @property
    def worst(self) -> Verdict:
        return self.verdicts[0]

    @property
    def cell(self) -> Cell:
        return self.worst.cell


def summaries(edition: Edition) -> dict[tuple[str, ...], Summary]:
    """By releases, Python and configuration: all that a reader can choose."""
    found: dict[tuple[str, ...], list[Verdict]] = {}
    for verdict in edition.pairs:
        found.setdefault(key(edition, verdict.cell), []).append(verdict)
    return {of: _summary(edition, verdicts) for of, verdicts in found.items()}


def key(edition: Edition, cell: Cell) -> tuple[str, ...]:
    """What a reader chooses by: everything but the probe."""
    *versions, python, _, config = cell.key
    return (*versions, python, edition.choice(config))


def is_own(edition: Edition, verdict: Verdict) -> bool:
    """Whether what goes wrong there is nothing that the combination does."""
    whose = edition.attributions.get(verdict.cell.key)
    return whose is not None and whose.whose not in TOGETHER


def _summary(edition: Edition, verdicts: Sequence[Verdict]) -> Summary:
    def rank(verdict: Verdict) -> tuple[object, ...]:
        lacks = verdict.reason is Reason.NO_FEATURE
        worst = PRECEDENCE.index(verdict.outcome)
        whose = edition.attributions.get(verdict.cell.key)
        own = is_own(edition, verdict)
        # One library's own stands behind the pair's trouble and before all that is none; of two
        # troubles of a kind the one that is known to be the pair's, and that always comes.
        unknown = whose is not None and whose.whose == OPEN
        rare = intermittent(verdict) is not None
        about = edition.is_about(verdict.cell.probe)
        return lacks, 1 if own else worst, own, unknown, rare, not about, place[verdict.cell.probe]

    place = {probe: number for number, probe in enumerate(edition.probes)}
    ordered = tuple(sorted(verdicts, key=rank))
    cell = ordered[0].cell
    run = {verdict.cell.probe for verdict in verdicts}
    asked = edition.asked(cell.pins, cell.python, cell.config)
    missing = tuple(one.probe for one in asked if one.probe not in run)
    return Summary(verdicts=ordered, missing=missing, own=is_own(edition, ordered[0]))

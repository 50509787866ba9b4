"""The verdict of all probes together on one combination: the worst that counts. Pure.

A probe that was narrowed to other releases is not waited for. A feature that a release lacks can't
hang. What one library does alone comes after what the pair does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from interlock.findings.attribution import OPEN
from interlock.findings.likeness import intermittent
from interlock.findings.weighing import TOGETHER, Attributions
from interlock.model import PRECEDENCE, Cell, Reason, Verdict

RANKS = {outcome: rank for rank, outcome in enumerate(PRECEDENCE)}


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


def is_own(verdict: Verdict, attributions: Attributions) -> bool:
    """Whether what goes wrong there is nothing that the combination does."""
    whose = attributions.get(verdict.cell.key)
    return whose is not None and whose.whose not in TOGETHER


def summarize(
    verdicts: Iterable[Verdict],
    asked: Iterable[Cell],
    attributions: Attributions,
    is_about: Callable[[str], bool],
    place: Mapping[str, int],
) -> Summary:
    """The verdicts of one combination and configuration, the one that speaks for all first.

    ``asked`` are the cells that were meant to be run. ``is_about`` is whether a probe is about the
    kind of application and no other; ``place`` is the order of the probes.
    """

    def rank(verdict: Verdict) -> tuple[object, ...]:
        whose = attributions.get(verdict.cell.key)
        own = whose is not None and whose.whose not in TOGETHER
        # One library's own stands behind the pair's trouble and before all that is none. Of two
        # troubles of a kind, the one that is known to be the pair's and always comes is first.
        return (
            verdict.reason is Reason.NO_FEATURE,
            1 if own else RANKS[verdict.outcome],
            own,
            whose is not None and whose.whose == OPEN,
            intermittent(verdict) is not None,
            not is_about(verdict.cell.probe),
            place[verdict.cell.probe],
        )

    ordered = tuple(sorted(verdicts, key=rank))
    run = {verdict.cell.probe for verdict in ordered}
    return Summary(
        verdicts=ordered,
        missing=tuple(cell.probe for cell in asked if cell.probe not in run),
        own=is_own(ordered[0], attributions),
    )

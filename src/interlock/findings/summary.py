"""The verdict of all probes together on one combination: the worst that counts. Pure.

A probe that is narrowed to other releases is not missing. A feature that a release lacks can't
hang. Trouble of the pair comes before that of one library alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from interlock.findings.attribution import OPEN
from interlock.findings.likeness import intermittent
from interlock.findings.rare import RareHang
from interlock.findings.weighing import TOGETHER, Attributions
from interlock.model import PRECEDENCE, Cell, Reason, Verdict

RANKS = {outcome: rank for rank, outcome in enumerate(PRECEDENCE)}


@dataclass(frozen=True, kw_only=True)
class Summary:
    """The verdicts of all probes, in one configuration."""

    verdicts: tuple[Verdict, ...]
    """One a probe, the worst first."""
    missing: tuple[str, ...]
    """Probes that the matrix asks for, and that were not run."""
    own: bool
    """Whether one library alone, or the Python, is the cause: no reason to avoid the other."""
    rare: RareHang | None = None
    """What a reader is told instead of a pass, where hangs are rare."""

    @property
    def worst(self) -> Verdict:
        return self.verdicts[0]

    @property
    def cell(self) -> Cell:
        return self.worst.cell


def is_own(verdict: Verdict, attributions: Attributions) -> bool:
    """Whether the trouble there is not caused by the combination."""
    whose = attributions.get(verdict.cell.key)
    return whose is not None and whose.whose not in TOGETHER


def summarize(
    verdicts: Iterable[Verdict],
    asked: Iterable[Cell],
    attributions: Attributions,
    is_about: Callable[[str], bool],
    place: Mapping[str, int],
    rare: Callable[[Verdict], RareHang | None] = lambda _: None,
) -> Summary:
    """The verdicts of one combination and configuration, the worst first.

    ``asked`` are the cells that the matrix asks for. ``is_about`` is whether a probe is only about
    the kind of application. ``place`` is the order of the probes. ``rare`` is what is told instead
    of a pass.
    """

    def rank(verdict: Verdict) -> tuple[object, ...]:
        whose = attributions.get(verdict.cell.key)
        own = whose is not None and whose.whose not in TOGETHER
        # Trouble of one library alone comes after the pair's, and before everything else. Of two
        # hangs, the one that is known to be the pair's and always comes is first.
        return (
            verdict.reason is Reason.NO_FEATURE,
            1 if own else RANKS[verdict.outcome],
            own,
            whose is not None and whose.whose == OPEN,
            intermittent(verdict) is not None,
            not ((told := rare(verdict)) and told.can_hang),
            not is_about(verdict.cell.probe),
            place[verdict.cell.probe],
        )

    ordered = tuple(sorted(verdicts, key=rank))
    run = {verdict.cell.probe for verdict in ordered}
    return Summary(
        verdicts=ordered,
        missing=tuple(cell.probe for cell in asked if cell.probe not in run),
        own=is_own(ordered[0], attributions),
        rare=rare(ordered[0]),
    )

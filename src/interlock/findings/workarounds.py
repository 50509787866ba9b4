"""Verdicts → whether each workaround helps, on the very cells where it was run. Pure.

A workaround is run on cells that hang or fail, to see whether it helps. It is also run on passing
neighbours, to see that it breaks nothing. Nothing is claimed for a cell where it was not run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from interlock.evidence import LEVEL, Stratum, chance
from interlock.findings.criteria import everything
from interlock.findings.likeness import TROUBLE, comes_by_chance
from interlock.findings.pools import counts
from interlock.matrix import Matrix, Workaround
from interlock.model import Basis, Outcome, Signature, Verdict

NEVER = 1000
"""Exposures that are enough to show a failure again that always comes."""

WorkaroundKind = tuple[str, str, str, Signature | None]
"""A workaround, the probe and configuration, and the hang that it should prevent."""


@dataclass(frozen=True, kw_only=True)
class TriedWorkaround:
    """One workaround on one cell."""

    way: Workaround
    without: Verdict
    """The cell as it is."""
    verdict: Verdict
    """The same cell with the workaround."""

    @property
    def kind(self) -> WorkaroundKind:
        """Equal for all cells where it should prevent the same hang, by signature."""
        cell = self.without.cell
        return self.way.name, cell.probe, cell.config, self.without.signature

    @property
    def works(self) -> bool:
        """Whether the cell goes wrong without it and passes with it."""
        return self.was_needed and self.verdict.outcome is Outcome.PASS

    @property
    def fails(self) -> bool:
        """Whether the cell goes wrong without it and with it, in the same way or another."""
        return self.was_needed and self.verdict.outcome in TROUBLE

    @property
    def was_run(self) -> bool:
        """Whether it could be run: not every release has what a workaround sets."""
        return self.verdict.outcome is not Outcome.UNSUPPORTED

    @property
    def was_needed(self) -> bool:
        return self.without.outcome in TROUBLE

    @property
    def breaks(self) -> bool:
        """Whether the cell passes without it and goes wrong with it."""
        return self.without.outcome is Outcome.PASS and self.verdict.outcome in TROUBLE


Workarounds = Mapping[tuple[str, ...], tuple[TriedWorkaround, ...]]
"""By the key of the cell without it, in the order in which the probe names them."""


def tried(verdicts: Iterable[Verdict], matrix: Matrix) -> Workarounds:
    """The workarounds that were run, of those that the matrix names for each cell."""
    known = {v.cell.key: v for v in verdicts}
    found = {key: tried_on(without, known, matrix) for key, without in known.items()}
    return {key: here for key, here in found.items() if here}


def tried_on(
    without: Verdict, by_cell: Mapping[tuple[str, ...], Verdict], matrix: Matrix
) -> tuple[TriedWorkaround, ...]:
    """The same for one cell; ``by_cell`` is by ``Cell.key``."""
    cell = without.cell
    named = matrix.use(cell.probe).workarounds.get(cell.config, ())
    if not named or without.basis is not Basis.TESTED or not everything(cell):
        return ()
    if without.outcome not in (*TROUBLE, Outcome.PASS):
        return ()
    *rest, _ = cell.key
    ways = [matrix.workarounds[name] for name in named]
    with_it = ((way, by_cell.get((*rest, way.on(cell.config)))) for way in ways)
    return tuple(
        TriedWorkaround(way=way, without=without, verdict=verdict)
        for way, verdict in with_it
        if verdict and verdict.basis is Basis.TESTED
    )


@dataclass(frozen=True, kw_only=True)
class WorkaroundRecord:
    """What one workaround did, over all cells of a track that needed it."""

    hangs: int
    tried: int
    luck: float
    """How likely these results are by chance, if the workaround had no effect."""

    @property
    def tells(self) -> bool:
        """Whether its passes are more than luck."""
        return self.luck <= 1 - LEVEL


def luck(tried: Iterable[TriedWorkaround]) -> float:
    """How likely the difference between without it and with it is by chance.

    Compared cell by cell. A failure is taken to come always, unless it came in the middle of what a
    probe does over and over.
    """
    return chance(stratum for one in tried if (stratum := _stratum(one)))


def _stratum(one: TriedWorkaround) -> Stratum | None:
    without, with_it = one.without, one.verdict
    if without.outcome is not Outcome.HANG and not comes_by_chance(without):
        return Stratum(1, 1, int(with_it.outcome is not Outcome.PASS), NEVER)
    if not (counts(with_it) or comes_by_chance(with_it)):
        return None
    hit = max(without.hangs, 1)
    again = with_it.hangs or int(comes_by_chance(with_it))
    if without.exposures >= hit and with_it.exposures >= again:
        tried = without.exposures, with_it.exposures
    else:
        tried = without.trials, with_it.trials
    return Stratum(hit, tried[0], again, tried[1]) if all(tried) else None


def records(ways: Workarounds) -> Mapping[WorkaroundKind, WorkaroundRecord]:
    """What each workaround did against each hang, over every cell that needed it.

    Where some of these cells hang with it, it may only make the hang rarer. A pass is luck then.
    """
    found: dict[WorkaroundKind, list[TriedWorkaround]] = {}
    needed = (one for many in ways.values() for one in many if one.was_needed and one.was_run)
    for one in needed:
        found.setdefault(one.kind, []).append(one)
    return {kind: record(alike) for kind, alike in found.items()}


def record(tried: Sequence[TriedWorkaround]) -> WorkaroundRecord:
    """What a workaround did on these cells."""
    return WorkaroundRecord(
        hangs=sum(one.verdict.outcome is Outcome.HANG for one in tried),
        tried=len(tried),
        luck=luck(tried),
    )

"""Verdicts → whether each workaround helps, on the very cells where it was run. Pure.

A workaround is run on cells that hang or fail, to see whether it helps. It is also run on passing
neighbours, to see that it breaks nothing. Nothing is claimed for a cell where it was not run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.evidence import LEVEL, Stratum, chance
from interlock.findings.criteria import everything
from interlock.findings.likeness import TROUBLE, comes_by_chance
from interlock.findings.pools import counts
from interlock.matrix import Matrix, Workaround
from interlock.model import Basis, Outcome, Signature, Verdict
from interlock.record import Columns

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
    return _Tried(Columns.of(verdicts), matrix)


class _Tried(Mapping[tuple[str, ...], tuple[TriedWorkaround, ...]]):
    """Looks at a cell when somebody asks about it."""

    def __init__(self, every: Columns, matrix: Matrix) -> None:
        self._every = every
        self._matrix = matrix
        self._needed: dict[tuple[object, ...], dict[WorkaroundKind, list[TriedWorkaround]]] = {}

    def __getitem__(self, key: tuple[str, ...]) -> tuple[TriedWorkaround, ...]:
        found = tried_on(self._every.by_key[key], self._every.by_key, self._matrix)
        if not found:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        by_key = self._every.by_key
        for row in self._rows():
            if tried_on(self._every[row], by_key, self._matrix):
                yield self._every.key_of(row)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def needed(self, kind: WorkaroundKind) -> list[TriedWorkaround]:
        """Those of that kind that could be run where the cell goes wrong without them."""
        *track, _ = kind
        if tuple(track) not in self._needed:
            found = self._needed[tuple(track)] = {}
            for one in self._needed_in(*track):
                found.setdefault(one.kind, []).append(one)
        return self._needed[tuple(track)].get(kind, [])

    def _needed_in(self, name: str, probe: str, config: str) -> Iterator[TriedWorkaround]:
        every, way = self._every, self._matrix.workarounds[name]
        for on_top in (
            number for ways in self._ways((probe, config), name).values() for number in ways
        ):
            for row in self._rows((probe, config), name, TROUBLE):
                other = every.row_of[(*every.cells[row][:-1], on_top)]
                was_run = every.tested[other] and every.outcomes[other] is not Outcome.UNSUPPORTED
                if was_run and everything(every[row].cell):
                    yield TriedWorkaround(way=way, without=every[row], verdict=every[other])

    def kinds(self) -> Iterator[WorkaroundKind]:
        """Every kind that was needed, in the order of the cells."""
        every = (one for many in self.values() for one in many if one.was_needed and one.was_run)
        return iter(dict.fromkeys(one.kind for one in every))

    def _rows(
        self,
        track: tuple[str, str] | None = None,
        way: str | None = None,
        outcomes: Collection[Outcome] = (*TROUBLE, Outcome.PASS),
    ) -> Iterator[int]:
        """The rows with such an outcome for which a workaround may have been run."""
        every = self._every
        ways = self._ways(track, way)
        for row in every.answers:
            cell = every.cells[row]
            if every.outcomes[row] in outcomes and any(
                (*cell[:-1], other) in every.row_of for other in ways.get(cell[-2:], ())
            ):
                yield row

    def _ways(
        self, track: tuple[str, str] | None, only: str | None
    ) -> Mapping[tuple[int, ...], Sequence[int]]:
        """By probe and configuration: the configurations with a workaround that have rows."""
        *_, probes, configs = self._every.parts
        number_of = {config: number for number, config in enumerate(configs)}
        found = {}
        for of in {cell[-2:] for cell in self._every.cells}:
            probe, config = probes[of[0]], configs[of[1]]
            if track is None or track == (probe, config):
                names = self._matrix.use(probe).workarounds.get(config, ())
                ways = (self._matrix.workarounds[n] for n in names if only in (None, n))
                on_top = [number_of.get(way.on(config)) for way in ways]
                found[of] = [number for number in on_top if number is not None]
        return found


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


def records(
    ways: Workarounds,
    noted: Callable[[WorkaroundKind], WorkaroundRecord | None] = lambda _: None,
) -> Mapping[WorkaroundKind, WorkaroundRecord]:
    """What each workaround did against each hang, over every cell that needed it.

    Where some of these cells hang with it, it may only make the hang rarer. A pass is luck then.
    ``noted``: what is known of a kind already.
    """
    if isinstance(ways, _Tried):
        return _Records(ways, noted)
    found: dict[WorkaroundKind, list[TriedWorkaround]] = {}
    for one in (one for many in ways.values() for one in many if one.was_needed and one.was_run):
        found.setdefault(one.kind, []).append(one)
    return {kind: record(alike) for kind, alike in found.items()}


class _Records(Mapping[WorkaroundKind, WorkaroundRecord]):
    """Counts a kind when somebody asks about it."""

    def __init__(
        self, ways: _Tried, noted: Callable[[WorkaroundKind], WorkaroundRecord | None]
    ) -> None:
        self._noted = noted
        self._ways = ways
        self._found: dict[WorkaroundKind, WorkaroundRecord] = {}

    def __getitem__(self, kind: WorkaroundKind) -> WorkaroundRecord:
        if kind not in self._found and (noted := self._noted(kind)):
            self._found[kind] = noted
        if kind not in self._found:
            alike = self._ways.needed(kind)
            if not alike:
                raise KeyError(kind)
            self._found[kind] = record(alike)
        return self._found[kind]

    def __iter__(self) -> Iterator[WorkaroundKind]:
        return self._ways.kinds()

    def __len__(self) -> int:
        return sum(1 for _ in self)


def record(tried: Sequence[TriedWorkaround]) -> WorkaroundRecord:
    """What a workaround did on these cells."""
    return WorkaroundRecord(
        hangs=sum(one.verdict.outcome is Outcome.HANG for one in tried),
        tried=len(tried),
        luck=luck(tried),
    )

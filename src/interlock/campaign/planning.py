"""Which cells to run now, and how long that will take.

Pure: the caller passes releases, verdicts and the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from statistics import median

from interlock.index import unsupported
from interlock.matrix import Control, Matrix, Rounds
from interlock.model import (
    Basis,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Release,
    Unsupported,
    Verdict,
    is_young,
)


class Rerun(str, Enum):
    """Which cells run again although they have a verdict."""

    MISSING = "missing"
    """None: a verdict of any age counts."""
    STALE = "stale"
    """Those with a verdict older than ``matrix.yaml`` allows."""
    FAILED = "failed"
    """The stale ones, and those that failed or are unproven."""
    ALL = "all"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds that a run takes in addition to the trials themselves."""

    install_s: float = 10.0
    """A new environment with a cold cache; an existing one counts as 0."""
    overhead_s: float = 0.6
    """What a container adds to a trial."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do now."""

    cells: tuple[Cell, ...]
    """Cells with the same environment are neighbours; existing environments are first."""
    unsupported: Mapping[Cell, Unsupported]
    """Cells that the index alone decides: no wheel, or requires-python."""
    known: tuple[Cell, ...]
    """Requested cells that do not run, because they have a verdict that counts."""
    seconds: float
    """The estimated time of the whole run, controls included."""
    more: Mapping[Cell, int] = field(default_factory=dict)
    """Those of ``cells`` that have a verdict, and how many more trials each needs."""
    controls: tuple[Control, ...] = ()
    """These show that the run can see a hang."""
    rounds: int = 0
    """How often the controls run; some run once more at the end (``closing.py``)."""

    @property
    def is_empty(self) -> bool:
        return not self.cells and not self.unsupported


def plan(
    cells: Sequence[Cell],
    known: Mapping[tuple[str, ...], Verdict],
    *,
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    now: datetime,
    machine: str,
    rerun: Rerun = Rerun.STALE,
    trials_of: Mapping[Cell, int] | None = None,
    jobs: int = 1,
    costs: Costs | None = None,
) -> Plan:
    """The plan for the cells that are open.

    ``known`` are verdicts by ``Cell.key``; a verdict of another probe or configuration belongs to
    another cell. Wheels must fit ``machine`` (``x86_64``). ``trials_of`` is how many trials a
    verdict needs; the missing ones run.
    """
    opened = {cell: is_open(known.get(cell.key), matrix, now, rerun) for cell in cells}
    more = _missing((cell for cell in cells if not opened[cell]), known, trials_of or {})
    wanted = [cell for cell in cells if opened[cell] or cell in more]
    why_not = Installable(releases, machine).why_not
    decided = {cell: why for cell in wanted if (why := why_not(cell))}
    todo = [cell for cell in wanted if cell not in decided]
    installed = _installed(known, matrix, now)
    ordered = _ordered(todo, matrix, installed, known)
    controls = matrix.controls_for(ordered)
    rounds = (1 + (len(ordered) - 1) // matrix.controls_every) if controls else 0
    work = [(cell, more.get(cell, matrix.trials.per_cell)) for cell in ordered]
    work += _beside(controls, rounds, set(ordered))
    return Plan(
        cells=ordered,
        unsupported=decided,
        known=tuple(cell for cell in cells if not opened[cell] and cell not in more),
        seconds=_estimate(work, known, installed, matrix, jobs, costs or Costs()),
        more=more,
        controls=controls,
        rounds=rounds,
    )


def _missing(
    settled: Iterable[Cell],
    known: Mapping[tuple[str, ...], Verdict],
    trials_of: Mapping[Cell, int],
) -> dict[Cell, int]:
    """How many more trials the verdicts of these cells need."""
    missing = {cell: trials_of.get(cell, 0) - known[cell.key].trials for cell in settled}
    return {cell: trials for cell, trials in missing.items() if trials > 0}


def _installed(
    known: Mapping[tuple[str, ...], Verdict], matrix: Matrix, now: datetime
) -> set[Install]:
    """The environments that recent trials left in the store."""
    return {
        install_of(verdict.cell, matrix)
        for verdict in known.values()
        if verdict.environment_digest
        and verdict.cell.probe in matrix.probes
        and verdict.cell.config in matrix.configurations
        and is_young(verdict.tested_at, matrix.resolve_fresh_for, now)
    }


def _beside(
    controls: Sequence[Control], rounds: int, asked: Set[Cell]
) -> Iterator[tuple[Cell, int]]:
    """The controls and their trials; a requested control runs once for both."""
    for control in controls:
        yield control.cell, times_of(control, rounds) - (control.cell in asked)


def times_of(control: Control, rounds: int) -> int:
    """How often a control runs in so many rounds."""
    return rounds if control.rounds is Rounds.EVERY else 1


def is_fresh(verdict: Verdict, matrix: Matrix, now: datetime) -> bool:
    """Whether a verdict counts: of today's probe and configuration, and fresh."""
    return is_same(verdict, matrix) and is_young(verdict.tested_at, matrix.fresh_for, now)


def is_same(verdict: Verdict, matrix: Matrix) -> bool:
    """Whether a verdict is about today's probe and configuration, at any age."""
    probe = matrix.probes.get(verdict.cell.probe)
    configuration = matrix.configurations.get(verdict.cell.config)
    return (
        verdict.basis is Basis.TESTED
        and probe is not None
        and configuration is not None
        and probe.accepts(verdict.probe_digest)
        and verdict.config_digest == configuration.digest
    )


def is_there(verdict: Verdict, releases: Mapping[str, Sequence[Release]]) -> bool:
    """Whether the index still has its releases."""
    return all(
        pin.version is None or any(release.version == pin.version for release in releases[pin.axis])
        for pin in verdict.cell.pins
    )


def by_cell(verdicts: Iterable[Verdict], matrix: Matrix) -> dict[tuple[str, ...], Verdict]:
    """One verdict for each cell, preferably of today's probe and configuration.

    The newest counts; of equally old ones, the last.
    """
    found: dict[tuple[str, ...], Verdict] = {}
    for verdict in verdicts:
        other = found.get(verdict.cell.key)
        if other is None or _rank(verdict, matrix) >= _rank(other, matrix):
            found[verdict.cell.key] = verdict
    return found


def known_now(
    published: Iterable[Verdict], remembered: Iterable[Verdict], matrix: Matrix, now: datetime
) -> dict[tuple[str, ...], Verdict]:
    """One verdict for each cell at the end of a run; this machine's count while fresh."""
    return by_cell((*published, *(v for v in remembered if is_fresh(v, matrix, now))), matrix)


def _rank(verdict: Verdict, matrix: Matrix) -> tuple[bool, datetime]:
    return is_same(verdict, matrix), verdict.tested_at


def is_open(verdict: Verdict | None, matrix: Matrix, now: datetime, rerun: Rerun) -> bool:
    """Whether a cell with this verdict, or with none, runs."""
    if verdict is None or rerun is Rerun.ALL:
        return True
    if rerun is Rerun.MISSING:
        return not is_same(verdict, matrix)
    if rerun is Rerun.FAILED and verdict.outcome in (Outcome.FAIL, Outcome.UNPROVEN):
        return True
    return not is_fresh(verdict, matrix, now)


class Installable:
    """Where releases install; checked once for each release and Python, not per cell."""

    def __init__(self, releases: Mapping[str, Sequence[Release]], machine: str) -> None:
        self._releases = {
            axis: {release.version: release for release in of} for axis, of in releases.items()
        }
        self._machine = machine
        self._known: dict[tuple[Pin, PythonVersion], Unsupported | None] = {}

    def why_not(self, cell: Cell) -> Unsupported | None:
        """Why the cell can't be installed. None if it can, or may."""
        return next(filter(None, (self._of(pin, cell.python) for pin in cell.pins)), None)

    def those(self, pins: Iterable[Pin], python: PythonVersion) -> tuple[Pin, ...]:
        """The releases that install on a Python."""
        return tuple(pin for pin in pins if self._of(pin, python) is None)

    def _of(self, pin: Pin, python: PythonVersion) -> Unsupported | None:
        if pin.version is None:
            return None
        if (pin, python) not in self._known:
            release = self._releases[pin.axis][pin.version]
            self._known[pin, python] = unsupported(release, python, self._machine)
        return self._known[pin, python]


Install = tuple[tuple[Pin, ...], PythonVersion, tuple[str, ...], bool]
"""The definition of an environment.

It holds the releases, Python and the probe's requirements. The flag is true if all other packages
are resolved as of the releases' day.
"""


def install_of(cell: Cell, matrix: Matrix) -> Install:
    """The environment of a cell; cells with equal values share it."""
    return (
        cell.pins,
        cell.python,
        matrix.probes[cell.probe].requirements,
        matrix.configurations[cell.config].at_release,
    )


def _ordered(
    cells: Sequence[Cell],
    matrix: Matrix,
    installed: set[Install],
    known: Mapping[tuple[str, ...], Verdict],
) -> tuple[Cell, ...]:
    """The cells in the order in which they run.

    Cells with the same environment are neighbours. Cells that need the machine alone come last.
    Existing environments come first, and of these the slowest: a long trial that starts last leaves
    the other jobs idle. The others keep the requested order. In that order, neighbours differ in
    their Python, so two jobs do not wait for one download.
    """
    first: dict[Install, int] = {}
    took: dict[Install, float] = {}
    for cell in cells:
        install = install_of(cell, matrix)
        first.setdefault(install, len(first))
        before = known.get(cell.key)
        seconds = before.seconds if before else matrix.probes[cell.probe].expected_s
        took[install] = max(took.get(install, 0.0), seconds)

    def place(cell: Cell) -> tuple[bool, bool, float, int]:
        install = install_of(cell, matrix)
        there = install in installed
        alone = matrix.probes[cell.probe].alone
        return alone, not there, -took[install] if there else 0.0, first[install]

    return tuple(sorted(cells, key=place))


def _estimate(
    work: Iterable[tuple[Cell, int]],
    known: Mapping[tuple[str, ...], Verdict],
    installed: set[Install],
    matrix: Matrix,
    jobs: int,
    costs: Costs,
) -> float:
    """Seconds for this many trials of these cells.

    Cells that need the machine alone run and install without any other job.
    """
    usual = usual_seconds(known, matrix)
    there = set(installed)
    total = 0.0
    for cell, trials in work:
        probe = matrix.probes[cell.probe]
        seconds = trials * (usual(cell.probe) + costs.overhead_s)
        install = install_of(cell, matrix)
        if install not in there:
            there.add(install)
            seconds += costs.install_s
        total += seconds if probe.alone else seconds / jobs
    return total


def usual_seconds(
    known: Mapping[tuple[str, ...], Verdict], matrix: Matrix
) -> Callable[[str], float]:
    """The seconds of a probe's trial: what it took so far, or else what it declares."""
    took: dict[str, list[float]] = {}
    for verdict in known.values():
        if verdict.outcome is not Outcome.UNSUPPORTED and verdict.seconds > 0:
            took.setdefault(verdict.cell.probe, []).append(verdict.seconds)
    usually = {probe: median(seconds) for probe, seconds in took.items()}
    return lambda probe: usually.get(probe, matrix.probes[probe].expected_s)

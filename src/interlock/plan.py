"""Matrix, releases and what is known → the cells to run now, and what they will cost.

``select`` says what was asked for, ``plan`` what of it is open. Both are pure: releases, verdicts
and the time are handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from itertools import product
from statistics import median

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from interlock.choices import Choice, Latest, newest, read_choice, unpublished
from interlock.document import nearest
from interlock.errors import UsageError
from interlock.matrix import EVERYWHERE, PYTHON, CellSet, Matrix, Only
from interlock.model import (
    ABSENT,
    Axis,
    Basis,
    Cell,
    Outcome,
    Pin,
    Probe,
    PythonVersion,
    Release,
    Unsupported,
    Verdict,
)
from interlock.releases import unsupported


class Rerun(str, Enum):
    """Which cells are run although something is known of them."""

    MISSING = "missing"
    """None: a verdict counts however old it is."""
    STALE = "stale"
    """Those whose verdict is older than ``matrix.yaml`` allows."""
    FAILED = "failed"
    """The stale ones, and those that failed or prove nothing."""
    ALL = "all"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Request:
    """What was asked for on the command line, as it was typed."""

    set_name: str | None = None
    """None is the default set."""
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By axis. A version or ``latest`` replaces the axis, a specifier filters the set."""
    pythons: Sequence[str] = ()
    probes: Sequence[str] = ()
    configs: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The cells asked for, and what ``latest`` meant."""

    cells: tuple[Cell, ...]
    resolved: Mapping[str, str]
    """``{"ddtrace latest:==4.*": "4.16.0"}``."""


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Seconds that parts of a run take beside the trials themselves."""

    install_s: float = 10.0
    """An environment with a cold cache; one that is there already costs nothing worth counting."""
    overhead_s: float = 0.6
    """What a container adds to a trial."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What to do now."""

    cells: tuple[Cell, ...]
    """To run; those that share an install stand together, what is installed already comes first."""
    unsupported: Mapping[Cell, Unsupported]
    """What the index alone decides."""
    known: tuple[Cell, ...]
    """Asked for, and not run, because a verdict counts."""
    seconds: float
    """Estimate of the whole run."""
    controls: tuple[Cell, ...] = ()
    """Of ``cells``, those that are run to vouch for the others."""


def with_controls(planned: Plan, matrix: Matrix) -> Plan:
    """The plan with the controls of its probes, which run whatever is known of them, in front."""
    probes = {cell.probe for cell in planned.cells}
    controls = tuple(c.cell for c in matrix.controls if c.cell.probe in probes)
    others = tuple(cell for cell in planned.cells if cell not in controls)
    return replace(
        planned,
        cells=(*controls, *others),
        known=tuple(cell for cell in planned.known if cell not in controls),
        controls=controls,
    )


def select(
    matrix: Matrix, releases: Mapping[str, Sequence[Release]], request: Request
) -> Selection:
    """The cells of a set, narrowed as the request says.

    ``releases`` are those of each axis's package, by the axis's name. Raises ``UsageError`` with
    the mistakes of every option, each a line that says what would be right.
    """
    mistakes: list[str] = []
    cells = matrix.sets[matrix.default_set]
    resolved: dict[str, str] = {}
    pins: list[tuple[Pin, ...]] = []
    pythons: tuple[PythonVersion, ...] = ()
    probes: tuple[str, ...] = ()
    configs: tuple[str, ...] = ()

    axes = [axis.name for axis in matrix.axes]
    for name in request.versions:
        if name not in axes:
            mistakes.append(f'"{name}" is no axis{nearest(name, axes)}')
    with _noted(mistakes):
        cells = _set(matrix, request.set_name)
    for axis in matrix.axes:
        asked = request.versions.get(axis.name, ())
        with _noted(mistakes):
            pins.append(_pins(axis, asked, releases[axis.name], cells, resolved))
    with _noted(mistakes):
        pythons = _pythons(request.pythons, cells)
    with _noted(mistakes):
        probes = _named("probe", request.probes, cells.probes, matrix.probes)
    with _noted(mistakes):
        configs = _named("config", request.configs, cells.configs, matrix.configurations)

    pairs = [
        (probe, config)
        for probe in probes
        for config in configs
        if config in matrix.judged_in(probe)
    ]
    if not mistakes and not pairs:
        judged = ", ".join(config for probe in probes for config in matrix.probes[probe].configs)
        mistakes.append(f"{', '.join(probes)} is not judged in {', '.join(configs)}, but {judged}")
    if mistakes:
        raise UsageError("\n".join(mistakes))
    kept = _Kept(matrix, releases, request)
    every = [
        Cell(pins=chosen, python=python, probe=probe, config=config)
        for chosen in product(*pins)
        for python in pythons
        for probe, config in pairs
    ]
    cells_kept = tuple(cell for cell in every if kept(cell))
    if not cells_kept:
        raise UsageError(
            f"{', '.join(f'{probe} in {config}' for probe, config in pairs)}: {matrix.name} runs "
            "none of these releases and Pythons there (`only`); name the probe or the "
            "configuration beside a version to run it all the same"
        )
    return Selection(cells=cells_kept, resolved=resolved)


class _Kept:
    """Whether a cell is in what its probe and its configuration are narrowed to.

    What was named on the command line takes the place of what the file says: a version together
    with the probe, or the configuration, that is narrowed. A library left out is never narrowed.
    """

    def __init__(
        self, matrix: Matrix, releases: Mapping[str, Sequence[Release]], request: Request
    ) -> None:
        self._matrix = matrix
        self._releases = releases
        self._request = request
        named = [
            *(axis for axis, asked in request.versions.items() if any(map(_is_choice, asked))),
            *([PYTHON] if any(map(_is_python, request.pythons)) else []),
        ]
        self._named = frozenset(named)
        self._known: dict[tuple[str, tuple[Choice, ...]], frozenset[Version | None]] = {}

    def __call__(self, cell: Cell) -> bool:
        configuration = self._matrix.configurations[cell.config]
        config = (configuration.is_composed and configuration.base) or cell.config
        return self._within_only(
            cell, self._matrix.use(cell.probe).only, cell.probe in self._request.probes
        ) and self._within_only(
            cell,
            self._matrix.only.get(config, EVERYWHERE),
            bool({config, cell.config} & set(self._request.configs)),
        )

    def _within_only(self, cell: Cell, only: Only, asked_for: bool) -> bool:
        lifted = self._named if asked_for else frozenset()
        if only.pythons and PYTHON not in lifted and cell.python not in only.pythons:
            return False
        return all(
            pin.version is None
            or pin.axis in lifted
            or pin.version in self._versions(pin.axis, only.versions[pin.axis])
            for pin in cell.pins
            if pin.axis in only.versions
        )

    def _versions(self, axis: str, choices: tuple[Choice, ...]) -> frozenset[Version | None]:
        if (axis, choices) not in self._known:
            published = self._releases[axis]
            self._known[axis, choices] = frozenset(
                newest(choice, published) if isinstance(choice, Latest) else choice
                for choice in choices
            )
        return self._known[axis, choices]


def plan(
    cells: Sequence[Cell],
    known: Mapping[tuple[str, ...], Verdict],
    *,
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    now: datetime,
    machine: str,
    rerun: Rerun = Rerun.STALE,
    jobs: int = 1,
    trials: int | None = None,
    costs: Costs | None = None,
) -> Plan:
    """What of the cells is open.

    ``known`` are verdicts by ``Cell.key``; one of another probe or configuration than today's is
    of another cell. ``machine`` is where the wheels must fit (``x86_64``). ``trials`` a cell; None
    is what the matrix says.
    """
    installable = _Installable(releases, machine)
    todo: list[Cell] = []
    decided: dict[Cell, Unsupported] = {}
    settled: list[Cell] = []
    for cell in cells:
        if not _open(cell, known.get(cell.key), matrix, now, rerun):
            settled.append(cell)
        elif finding := installable.why_not(cell):
            decided[cell] = finding
        else:
            todo.append(cell)
    installed = {
        _combination(verdict.cell)
        for verdict in known.values()
        if verdict.environment_digest and now - verdict.tested_at <= matrix.resolve_fresh_for
    }
    return Plan(
        cells=_ordered(todo, installed),
        unsupported=decided,
        known=tuple(settled),
        seconds=_estimate(
            todo,
            known,
            installed,
            matrix.probes,
            trials or matrix.trials.per_cell,
            costs or Costs(),
        )
        / jobs,
    )


def is_fresh(verdict: Verdict, matrix: Matrix, now: datetime) -> bool:
    """Whether a verdict still answers its cell: the same question, and asked recently enough."""
    return _is_same(verdict, matrix) and now - verdict.tested_at <= matrix.fresh_for


def _is_same(verdict: Verdict, matrix: Matrix) -> bool:
    probe = matrix.probes.get(verdict.cell.probe)
    configuration = matrix.configurations.get(verdict.cell.config)
    return (
        verdict.basis is Basis.TESTED
        and probe is not None
        and configuration is not None
        and (verdict.probe_digest, verdict.config_digest) == (probe.digest, configuration.digest)
    )


def _open(cell: Cell, verdict: Verdict | None, matrix: Matrix, now: datetime, rerun: Rerun) -> bool:
    if verdict is None or rerun is Rerun.ALL:
        return True
    if rerun is Rerun.MISSING:
        return not _is_same(verdict, matrix)
    if rerun is Rerun.FAILED and verdict.outcome in (Outcome.FAIL, Outcome.UNPROVEN):
        return True
    return not is_fresh(verdict, matrix, now)


class _Installable:
    """Where releases install: asked of the wheels once a release and Python, not once a cell."""

    def __init__(self, releases: Mapping[str, Sequence[Release]], machine: str) -> None:
        self._releases = {
            axis: {release.version: release for release in of} for axis, of in releases.items()
        }
        self._machine = machine
        self._known: dict[tuple[Pin, PythonVersion], Unsupported | None] = {}

    def why_not(self, cell: Cell) -> Unsupported | None:
        return next(filter(None, (self._of(pin, cell.python) for pin in cell.pins)), None)

    def _of(self, pin: Pin, python: PythonVersion) -> Unsupported | None:
        if pin.version is None:
            return None
        if (pin, python) not in self._known:
            release = self._releases[pin.axis][pin.version]
            self._known[pin, python] = unsupported(release, python, self._machine)
        return self._known[pin, python]


def _combination(cell: Cell) -> tuple[object, ...]:
    return cell.pins, cell.python


def _ordered(cells: Sequence[Cell], installed: set[tuple[object, ...]]) -> tuple[Cell, ...]:
    """Combinations together, in the order they are first asked for; what is installed first.

    Neighbours differ in their Python, so that two jobs that start together do not wait for one
    download of the same wheel.
    """
    first: dict[tuple[object, ...], int] = {}
    for cell in cells:
        first.setdefault(_combination(cell), len(first))
    return tuple(
        sorted(
            cells,
            key=lambda cell: (_combination(cell) not in installed, first[_combination(cell)]),
        )
    )


def _estimate(
    cells: Sequence[Cell],
    known: Mapping[tuple[str, ...], Verdict],
    installed: set[tuple[object, ...]],
    probes: Mapping[str, Probe],
    trials: int,
    costs: Costs,
) -> float:
    """Seconds with one job: what each probe took so far, or what it says it takes."""
    took: dict[str, list[float]] = {}
    for verdict in known.values():
        if verdict.outcome is not Outcome.UNSUPPORTED and verdict.seconds > 0:
            took.setdefault(verdict.cell.probe, []).append(verdict.seconds)
    usual = {probe: median(seconds) for probe, seconds in took.items()}
    installs = len({_combination(cell) for cell in cells} - installed)
    each = (
        usual.get(cell.probe, probes[cell.probe].expected_s) + costs.overhead_s for cell in cells
    )
    return installs * costs.install_s + trials * sum(each)


@contextmanager
def _noted(mistakes: list[str]) -> Iterator[None]:
    try:
        yield
    except UsageError as mistake:
        mistakes.append(str(mistake))


def _set(matrix: Matrix, name: str | None) -> CellSet:
    name = name or matrix.default_set
    if name not in matrix.sets:
        raise UsageError(f'--set: "{name}" is no set of {matrix.name}{nearest(name, matrix.sets)}')
    return matrix.sets[name]


def _pins(
    axis: Axis,
    asked: Sequence[str],
    published: Sequence[Release],
    cells: CellSet,
    resolved: dict[str, str],
) -> tuple[Pin, ...]:
    """The versions of one axis; notes what ``latest`` stands for."""
    chosen: list[Choice] = []
    filters: list[SpecifierSet] = []
    for text in asked:
        option = _read(axis.name, text)
        if isinstance(option, SpecifierSet):
            filters.append(option)
        else:
            chosen.append(option)

    def version_of(choice: Choice) -> Version | None:
        problem = unpublished(axis.package, choice, published)
        if problem:
            raise UsageError(f"--{axis.name}: {problem}" if choice in chosen else problem)
        if isinstance(choice, Latest):
            version = newest(choice, published)
            resolved[f"{axis.name} {choice}"] = str(version)
            return version
        # as the index writes it: 2.10 is the release 2.10.0
        return next((r.version for r in published if r.version == choice), None)

    versions = [version_of(choice) for choice in chosen]
    if filters or not asked:
        listed = [version_of(choice) for choice in cells.versions[axis.name]]
        kept = [version for version in listed if not asked or _within(version, filters)]
        if not kept:
            has = ", ".join(str(version or ABSENT) for version in listed)
            typed = " ".join(f'--{axis.name} "{text}"' for text in asked)
            raise UsageError(f"{typed} leaves nothing of the set {cells.name}; it has {has}")
        versions += kept
    return tuple(
        Pin(axis=axis.name, package=axis.package, version=version)
        for version in sorted(set(versions), key=lambda v: (v is not None, v or Version("0")))
    )


def _read(axis: str, text: str) -> Choice | SpecifierSet:
    try:
        return read_choice(text)
    except ValueError as problem:
        try:
            return SpecifierSet(text)
        except InvalidSpecifier:
            raise UsageError(f"--{axis}: {problem}") from None


def _is_choice(text: str) -> bool:
    """Whether it takes the axis's place, where a specifier only filters."""
    try:
        read_choice(text)
    except ValueError:
        return False
    return True


def _is_python(text: str) -> bool:
    try:
        PythonVersion.parse(text)
    except ValueError:
        return False
    return True


def _within(version: Version | None, filters: Sequence[SpecifierSet]) -> bool:
    return version is not None and any(f.contains(version, prereleases=True) for f in filters)


def _pythons(asked: Sequence[str], cells: CellSet) -> tuple[PythonVersion, ...]:
    chosen: set[PythonVersion] = set()
    for text in asked:
        try:
            chosen.add(PythonVersion.parse(text))
            continue
        except ValueError:
            pass
        try:
            specifier = SpecifierSet(text)
        except InvalidSpecifier:
            raise UsageError(f'--{PYTHON}: "{text}" is not a Python such as "3.10"') from None
        kept = {python for python in cells.pythons if specifier.contains(str(python))}
        if not kept:
            has = ", ".join(map(str, cells.pythons))
            raise UsageError(
                f'--{PYTHON} "{text}" leaves nothing of the set {cells.name}; it has {has}'
            )
        chosen |= kept
    return tuple(sorted(chosen)) if asked else cells.pythons


def _named(
    option: str, asked: Sequence[str], of_set: Sequence[str], known: Mapping[str, object]
) -> tuple[str, ...]:
    for name in asked:
        if name not in known:
            raise UsageError(f'--{option}: "{name}" is not there{nearest(name, known)}')
    return tuple(dict.fromkeys(asked)) or tuple(of_set)

"""What was asked for on the command line, and the set it narrows → the ``Cell``s that are meant.

Pure: what is published is handed in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from interlock.matrix.choices import Choice, Latest, newest, read_choice, unpublished
from interlock.matrix.definition import EVERYWHERE, PYTHON, CellSet, Matrix, Only
from interlock.matrix.mistakes import nearest
from interlock.model import ABSENT, Axis, Cell, Pin, PythonVersion, Release, UsageError, version_key


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
        for version in sorted(set(versions), key=version_key)
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

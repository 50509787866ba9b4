"""``matrix.yaml`` → ``Matrix``: what is tested, validated as a whole before anything runs.

Every mistake is named with its place in the file, all of them at once (``MatrixError``). Whether
a version was ever published only the index knows: ``check_published`` asks that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from interlock import probes as probe_files
from interlock.choices import Choice, unpublished
from interlock.document import Document, Place, read, where
from interlock.errors import MatrixError
from interlock.model import (
    Axis,
    Cell,
    Configuration,
    Outcome,
    Pin,
    Probe,
    PythonVersion,
    Release,
)
from interlock.schema import (
    AXIS_NAME,
    RESERVED,
    ConfigurationSection,
    SandboxSection,
    image_problem,
    schema,
)

PYTHON = "python"
"""The axis that is no package."""


@dataclass(frozen=True, kw_only=True)
class CellSet:
    """A named part of the matrix: every combination of what it lists."""

    name: str
    title: str
    pinned: bool
    """Names no ``latest``, so that listing its cells needs no network."""
    versions: Mapping[str, tuple[Choice, ...]]
    """By axis, in axis order."""
    pythons: tuple[PythonVersion, ...]
    probes: tuple[str, ...]
    configs: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Control:
    """A cell with a known answer that runs with every campaign, under its load."""

    cell: Cell
    expect: Outcome
    entry: int = field(default=0, repr=False, compare=False)
    """Which entry of the file it comes from; one that lists several Pythons makes several."""


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """What one container may use."""

    memory_bytes: int
    pids: int
    output_bytes: int


@dataclass(frozen=True, kw_only=True)
class MatrixLimits:
    install: SandboxLimits
    install_wall_s: float
    probe: SandboxLimits
    wall_factor: float
    """The outer guard of a trial stands this many times behind the probe's own limits."""

    def wall_s(self, probe: Probe) -> float:
        """Seconds after which the outer guard ends a trial of this probe."""
        inside = probe.limits
        own = inside.startup_s + inside.deadline_s + inside.stall_s + inside.grace_s
        return self.wall_factor * own


@dataclass(frozen=True, kw_only=True)
class Trials:
    """How often a cell is run."""

    per_cell: int
    when_unproven: int
    """In all, for a cell that stays unproven."""
    on_trouble: int
    """In all, where trouble of our own stopped it."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What may be recommended."""

    prefer: tuple[str, ...]
    """Axes, the one to move first comes first."""
    least_trials: int
    """Passing trials of every cell that a recommendation rests on."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A report of the libraries' own about a hang, recognised by a lock in its signature."""

    lock: str
    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """What is tested, as ``matrix.yaml`` and the probes it names say it."""

    name: str
    """Of the file, for messages."""
    axes: tuple[Axis, ...]
    """The package axes, in the order of the file."""
    sets: Mapping[str, CellSet]
    default_set: str
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    controls: tuple[Control, ...]
    controls_every: int
    """Cells between two rounds of controls."""
    image: str
    """A template with ``{python}`` in it."""
    limits: MatrixLimits
    trials: Trials
    fresh_for: timedelta
    """How long a verdict is not asked again."""
    resolve_fresh_for: timedelta
    """How long the resolved dependencies of an environment are kept."""
    policy: Policy
    upstream: tuple[Upstream, ...] = ()
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)

    def axis(self, name: str) -> Axis:
        """The package axis of that name; ``KeyError`` where there is none."""
        return next(axis for axis in self.axes if axis.name == name)

    def image_for(self, python: PythonVersion) -> str:
        return self.image.format(python=python)


def load(path: Path, probes: Path, image: str | None = None) -> Matrix:
    """Read ``matrix.yaml`` and the probes it names, from the folder ``probes``.

    ``image`` replaces the template of the file. Raises ``MatrixError`` with every mistake of all
    these files.
    """
    document = read(path)
    axes = tuple(name for name in document.keys("axes") if name != PYTHON)
    context = {
        "axes": axes,
        "sets": document.keys("sets"),
        "probes": probe_files.available(probes),
        "probes in use": document.keys("probes"),
        "configurations": document.keys("configurations"),
    }
    _report_circles(document)
    _report_axis_names(document, axes)
    if image is not None:
        _report_image(document, image)
    usable = [axis for axis in axes if AXIS_NAME.fullmatch(axis) and axis not in RESERVED]
    content = document.validate(schema(usable), context)
    mistakes = list(document.mistakes)
    found: dict[str, Probe] = {}
    for name in document.keys("probes"):
        if name not in context["probes"]:
            continue
        configs = document.get("probes", name, "configs")
        listed = configs if isinstance(configs, list) else context["configurations"]
        probe = probe_files.load(probes, name, listed, axes)
        if isinstance(probe, Probe):
            found[name] = probe
        else:
            mistakes += probe.mistakes
    if content is None or mistakes:
        raise MatrixError(mistakes)
    return _matrix(cast(Any, content), document, axes, found, image)


def check_published(matrix: Matrix, releases: Mapping[str, Sequence[Release]]) -> None:
    """Raise ``MatrixError`` for every listed version that nobody published.

    ``releases`` are those of each axis's package, by the axis's name.
    """
    mistakes = [
        f"{where(matrix.name, matrix.lines, place)} {problem}"
        for place, axis, choice in _choices(matrix)
        if (problem := unpublished(axis.package, choice, releases[axis.name]))
    ]
    if mistakes:
        raise MatrixError(mistakes)


def _choices(matrix: Matrix) -> Iterator[tuple[Place, Axis, Choice]]:
    for name, cells in matrix.sets.items():
        for axis in matrix.axes:
            for position, choice in enumerate(cells.versions[axis.name]):
                yield ("sets", name, axis.name, position), axis, choice
    for number, (control, *_) in groupby(matrix.controls, key=lambda control: control.entry):
        for axis in matrix.axes:
            yield ("controls", number, axis.name), axis, control.cell.version(axis.name)


def _report_axis_names(document: Document, axes: Sequence[str]) -> None:
    if document.keys("axes") and not axes:
        document.report(("axes",), "names no package; the matrix needs at least one")
    for axis in axes:
        if axis in RESERVED or not AXIS_NAME.fullmatch(axis):
            document.report(
                ("axes", axis),
                f'"{axis}" can\'t be an axis: it becomes the option --{axis}, so lower-case '
                f"letters and digits, and none of {', '.join(sorted(RESERVED))}",
            )


def _report_circles(document: Document) -> None:
    for name in document.keys("configurations"):
        chain = [name]
        while isinstance(base := document.get("configurations", chain[-1], "base"), str):
            if base in chain:
                if base == name:
                    circle = " → ".join([*chain, base])
                    document.report(("configurations", name, "base"), f"goes in a circle: {circle}")
                break
            chain.append(base)


def _report_image(document: Document, image: str) -> None:
    problem = image_problem(image)
    if problem:
        document.report((), f"the image template given instead of the file's: {problem}")


def _matrix(
    content: Any,
    document: Document,
    axis_names: Sequence[str],
    probes: Mapping[str, Probe],
    image: str | None,
) -> Matrix:
    axes = tuple(
        Axis(name=name, package=getattr(content.axes, name).package) for name in axis_names
    )
    limits = content.limits
    return Matrix(
        name=document.name,
        axes=axes,
        sets={name: _cell_set(name, item, axes, content) for name, item in content.sets.items()},
        default_set=content.default_set,
        probes={name: probes[name] for name in content.probes},
        configurations={
            name: _configuration(name, content.configurations) for name in content.configurations
        },
        controls=tuple(
            control
            for entry, item in enumerate(content.controls)
            for control in _controls(entry, item, axes)
        ),
        controls_every=content.controls_every,
        image=image or content.image,
        limits=MatrixLimits(
            install=_sandbox_limits(limits.install),
            install_wall_s=limits.install.wall.total_seconds(),
            probe=_sandbox_limits(limits.probe),
            wall_factor=limits.probe.wall_factor,
        ),
        trials=Trials(**content.trials.model_dump()),
        fresh_for=content.freshness.verdicts,
        resolve_fresh_for=content.freshness.resolutions,
        policy=Policy(
            prefer=tuple(content.policy.prefer), least_trials=content.policy.least_trials
        ),
        upstream=tuple(Upstream(**item.model_dump()) for item in content.upstream),
        lines=document.lines,
    )


def _cell_set(name: str, item: Any, axes: Sequence[Axis], content: Any) -> CellSet:
    return CellSet(
        name=name,
        title=item.title or name,
        pinned=item.pinned,
        versions={axis.name: tuple(getattr(item, axis.name)) for axis in axes},
        pythons=tuple(item.python),
        probes=tuple(item.probes or content.probes),
        configs=tuple(item.configs or content.configurations),
    )


def _controls(entry: int, item: Any, axes: Sequence[Axis]) -> Iterator[Control]:
    """One a Python."""
    pins = tuple(
        Pin(axis=axis.name, package=axis.package, version=getattr(item, axis.name)) for axis in axes
    )
    for python in item.python:
        yield Control(
            cell=Cell(pins=pins, python=python, probe=item.probe, config=item.config),
            expect=Outcome(item.expect),
            entry=entry,
        )


def _configuration(name: str, items: Mapping[str, ConfigurationSection]) -> Configuration:
    """The configuration with what its bases set; what stands nearer wins."""
    item = items[name]
    base = _configuration(item.base, items) if item.base else None
    return Configuration(
        name=name,
        title=item.title,
        description=" ".join(item.description.split()),
        settings={**(base.settings if base else {}), **item.settings},
        environment={**(base.environment if base else {}), **item.environment},
    )


def _sandbox_limits(item: SandboxSection) -> SandboxLimits:
    return SandboxLimits(memory_bytes=item.memory, pids=item.pids, output_bytes=item.output)

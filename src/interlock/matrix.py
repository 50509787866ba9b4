"""``matrix.yaml`` → ``Matrix``: what is tested, validated as a whole before anything runs.

Every mistake is named with its place in the file, all of them at once (``MatrixError``). Whether
a version was ever published only the index knows: ``check_published`` asks that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from itertools import groupby
from pathlib import Path
from typing import Any, cast

from interlock import probes as probe_files
from interlock.choices import Choice, unpublished
from interlock.document import Document, Place, read, where
from interlock.errors import MatrixError
from interlock.model import (
    AT_RELEASE,
    ON_TOP,
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
class Only:
    """The part of a set that a probe or a configuration is run on; of each axis, or all of it."""

    versions: Mapping[str, tuple[Choice, ...]] = field(default_factory=dict)
    """By axis; an axis that is not there is not narrowed."""
    pythons: tuple[PythonVersion, ...] = ()
    """None named is all of them."""


EVERYWHERE = Only()


@dataclass(frozen=True, kw_only=True)
class Application:
    """A kind of application that some probes are about, and no other application is."""

    name: str
    title: str
    """What it does, after "where": ``the process forks once it is started``."""
    description: str


@dataclass(frozen=True, kw_only=True)
class ProbeUse:
    """What ``matrix.yaml`` says of a probe; what it is stands in its own folder."""

    ways_out: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By configuration, the ways out that are tried on top of it where a cell did not pass."""
    only: Only = EVERYWHERE
    only_as_control: bool = False
    """In no set: it vouches for the others."""
    application: str | None = None
    """The kind of application that it is about; None is about every one."""


@dataclass(frozen=True, kw_only=True)
class WayOut:
    """What people are told to do about a hang: settings on top of the configuration that hangs."""

    name: str
    title: str
    description: str
    costs: str
    """What is no longer collected."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str | None] = field(default_factory=dict)
    same_as: str | None = None
    """The configuration that it amounts to; the cell there is its evidence."""

    def on(self, config: str) -> str:
        """The configuration in which a cell of ``config`` is run with it."""
        return self.same_as or f"{config}{ON_TOP}{self.name}"


class Rounds(str, Enum):
    """When a control is run."""

    EVERY = "every"
    """At the beginning, after every ``controls_every`` cells, and at the end."""
    ENDS = "ends"
    """At the beginning and at the end: for one that takes long."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """A cell with a known answer that runs with every campaign, under its load."""

    cell: Cell
    expect: Outcome
    rounds: Rounds = Rounds.EVERY
    tries: int = 1
    """Trials in a row that may give another answer, each run at once after the other, before it
    counts as one: for a hang that is seen often, but not always."""
    scale_by_load: bool = True
    """Whether what its hang needed is scaled to the load of a trial that is held against it: it is
    a meeting of two threads that run. A lock that a fork orphans is no such meeting."""
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
    way_out: int = 1
    """In all, for a way out on a cell that did not pass: some help most of the time."""
    when_compared: int = 1
    """In all, for a cell that hangs and its baseline that hangs too: their rates are compared."""
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
    """Those of the file, each followed by what is composed on top of it: with every way out that a
    probe names for it (``warning-events+no-profiling``), and as of the releases' day
    (``stock@release``)."""
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
    uses: Mapping[str, ProbeUse] = field(default_factory=dict)
    """By probe."""
    ways_out: Mapping[str, WayOut] = field(default_factory=dict)
    applications: Mapping[str, Application] = field(default_factory=dict)
    only: Mapping[str, Only] = field(default_factory=dict)
    """By configuration, where it is narrowed."""
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)

    def axis(self, name: str) -> Axis:
        """The package axis of that name; ``KeyError`` where there is none."""
        return next(axis for axis in self.axes if axis.name == name)

    def use(self, probe: str) -> ProbeUse:
        return self.uses.get(probe, _USE)

    def concerns(self, application: str | None, probe: str) -> bool:
        """Whether what the probe finds is about such an application; None is one of no kind."""
        return self.use(probe).application in (None, application)

    def controls_for(self, cells: Iterable[Cell]) -> tuple[Control, ...]:
        """The controls that vouch for these cells: of their probes and Pythons, and of what is in
        no set, which vouches for every probe on its Python."""
        of = {(cell.probe, cell.python) for cell in cells}
        pythons = {python for _, python in of}
        return tuple(
            control
            for control in self.controls
            if (control.cell.probe, control.cell.python) in of
            or (self.vouches_for_all(control.cell.probe) and control.cell.python in pythons)
        )

    def control_of(self, cell: Cell) -> Control | None:
        """The control that is about that very cell; whoever asked for a trial of it, it answers."""
        return next((control for control in self.controls if control.cell == cell), None)

    def vouches_for_all(self, probe: str) -> bool:
        """Whether a control of this probe is about the machine and the harness, not the probe."""
        return all(probe not in cells.probes for cells in self.sets.values())

    def judged_in(self, probe: str) -> tuple[str, ...]:
        """Every configuration that a cell of the probe may have, the composed ones included."""
        plain = self.probes[probe].configs
        tried = self.use(probe).ways_out
        return tuple(
            name
            for name, known in self.configurations.items()
            if name in plain
            or (known.at_release and known.base in plain)
            or (known.base in plain and known.way_out in tried.get(known.base or "", ()))
        )

    def image_for(self, python: PythonVersion) -> str:
        return self.image.format(python=python)


_USE = ProbeUse()


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
        "ways out": document.keys("ways_out"),
        "applications": document.keys("applications"),
    }
    _report_circles(document)
    _report_ways_out(document)
    _report_only_as_control(document)
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
    lists: list[tuple[Place, Mapping[str, tuple[Choice, ...]]]] = [
        *((("sets", name), cells.versions) for name, cells in matrix.sets.items()),
        *((("probes", name, "only"), use.only.versions) for name, use in matrix.uses.items()),
        *((("configurations", name, "only"), o.versions) for name, o in matrix.only.items()),
    ]
    for place, versions in lists:
        for axis in matrix.axes:
            for position, choice in enumerate(versions.get(axis.name, ())):
                yield (*place, axis.name, position), axis, choice
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


def _report_ways_out(document: Document) -> None:
    """A way out stands on a configuration that its probe is judged in, and leads elsewhere."""
    for probe in document.keys("probes"):
        listed = document.get("probes", probe, "configs")
        for config in document.keys("probes", probe, "ways_out"):
            place = ("probes", probe, "ways_out", config)
            if isinstance(listed, list) and config not in listed:
                document.report(place, f'the probe is not judged in "{config}"')
            named = document.get(*place)
            for position, name in enumerate(named if isinstance(named, list) else ()):
                if document.get("ways_out", name, "same_as") == config:
                    document.report((*place, position), f'"{name}" is "{config}" itself')


def _report_only_as_control(document: Document) -> None:
    for name in document.keys("sets"):
        listed = document.get("sets", name, "probes")
        for position, probe in enumerate(listed if isinstance(listed, list) else ()):
            if document.get("probes", probe, "only_as_control"):
                place = ("sets", name, "probes", position)
                document.report(place, f'"{probe}" is only a control; a set can\'t have it')


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
        configurations=_configurations(content),
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
        uses={name: _use(item, axes) for name, item in content.probes.items()},
        ways_out=_ways_out(content),
        applications={
            name: Application(name=name, title=item.title, description=_folded(item.description))
            for name, item in content.applications.items()
        },
        only={
            name: _only(item.only, axes)
            for name, item in content.configurations.items()
            if item.only
        },
        lines=document.lines,
    )


def _cell_set(name: str, item: Any, axes: Sequence[Axis], content: Any) -> CellSet:
    return CellSet(
        name=name,
        title=item.title or name,
        pinned=item.pinned,
        versions={axis.name: tuple(getattr(item, axis.name)) for axis in axes},
        pythons=tuple(item.python),
        probes=tuple(
            item.probes or [p for p, use in content.probes.items() if not use.only_as_control]
        ),
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
            rounds=Rounds(item.rounds),
            tries=item.tries,
            scale_by_load=item.scale_by_load,
            entry=entry,
        )


def _use(item: Any, axes: Sequence[Axis]) -> ProbeUse:
    return ProbeUse(
        ways_out={config: tuple(names) for config, names in item.ways_out.items()},
        only=_only(item.only, axes),
        only_as_control=item.only_as_control,
        application=item.application,
    )


def _only(item: Any, axes: Sequence[Axis]) -> Only:
    if item is None:
        return EVERYWHERE
    named = {axis.name: getattr(item, axis.name) for axis in axes}
    return Only(
        versions={name: tuple(choices) for name, choices in named.items() if choices},
        pythons=tuple(item.python or ()),
    )


def _ways_out(content: Any) -> dict[str, WayOut]:
    return {
        name: WayOut(
            name=name,
            title=item.title,
            description=_folded(item.description),
            costs=_folded(item.costs),
            settings=item.settings,
            environment=item.environment,
            same_as=item.same_as,
        )
        for name, item in content.ways_out.items()
    }


def _configurations(content: Any) -> dict[str, Configuration]:
    """Each with what is composed on top of it behind it."""
    named = {
        (config, name)
        for use in content.probes.values()
        for config, names in use.ways_out.items()
        for name in names
    }
    found: dict[str, Configuration] = {}
    for plain in content.configurations:
        base = found[plain] = _configuration(plain, content.configurations)
        for way in _ways_out(content).values():
            if (plain, way.name) in named and not way.same_as:
                found[way.on(plain)] = Configuration(
                    name=way.on(plain),
                    title=f"{way.title}, on top of {plain}",
                    description=way.description,
                    settings={**base.settings, **way.settings},
                    environment={**base.environment, **way.environment},
                    base=plain,
                    way_out=way.name,
                    costs=way.costs,
                )
        as_then = f"{plain}{AT_RELEASE}"
        found[as_then] = Configuration(
            name=as_then,
            title=f"{plain}, with the dependencies of the newer release's day",
            description="Everything else is resolved as of the newer release's last upload and a "
            "day, to tell what later dependencies broke from what the releases do.",
            settings=base.settings,
            environment=base.environment,
            base=plain,
            at_release=True,
        )
    return found


def _configuration(name: str, items: Mapping[str, Any]) -> Configuration:
    """The configuration with what its bases set; what stands nearer wins."""
    item = items[name]
    base = _configuration(item.base, items) if item.base else None
    return Configuration(
        name=name,
        title=item.title,
        description=_folded(item.description),
        settings={**(base.settings if base else {}), **item.settings},
        environment={**(base.environment if base else {}), **item.environment},
    )


def _folded(text: str) -> str:
    return " ".join(text.split())


def _sandbox_limits(item: SandboxSection) -> SandboxLimits:
    return SandboxLimits(memory_bytes=item.memory, pids=item.pids, output_bytes=item.output)

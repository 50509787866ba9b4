"""What is tested, as ``matrix.yaml`` and its probes say it; ``matrix_file`` reads them.

The fields are annotated with what the file may hold (``values``). Nothing is checked when one of
these is made by code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import cached_property
from itertools import groupby
from typing import Annotated, Any

from pydantic import AfterValidator, AliasPath, BeforeValidator, Field

from interlock.matrix import values
from interlock.matrix.choices import Choice, unpublished
from interlock.matrix.mistakes import Place, where, wrong
from interlock.matrix.policy import Policy
from interlock.matrix.situations import AppChoice, Application, Situation
from interlock.model import (
    ON_TOP,
    Axis,
    Cell,
    Configuration,
    MatrixError,
    Outcome,
    Probe,
    Release,
    Renames,
)

PYTHON = "python"
"""The axis that is no package."""


@dataclass(frozen=True, kw_only=True)
class CellSet:
    """A named part of the matrix: every combination of what it lists."""

    name: values.KeyOfMapping
    title: str = ""
    pinned: values.Flag = False
    """Names no ``latest``, so that listing its cells needs no network."""
    versions: values.Choices
    pythons: Annotated[values.Listed[values.Python], Field(alias=PYTHON)]
    probes: values.Listed[values.ProbeName] = ()
    configs: values.Listed[values.ConfigName] = ()


@dataclass(frozen=True, kw_only=True)
class Only:
    """The part of a set that a probe or a configuration is run on; of each axis, or all of it."""

    versions: values.Choices = field(default_factory=dict)
    """By axis; an axis that is not there is not narrowed."""
    pythons: Annotated[values.Listed[values.Python], Field(alias=PYTHON)] = ()
    """None named is all of them."""


OnlyThere = Annotated[Only, values.with_some_axes]

EVERYWHERE = Only()


@dataclass(frozen=True, kw_only=True)
class ProbeUse:
    """What ``matrix.yaml`` says of a probe; what it is stands in its own folder."""

    configs: values.Listed[values.ConfigName] = ()
    """The configurations it is judged in; none named is all of them."""
    workarounds: Mapping[values.ConfigName, values.Listed[values.WorkaroundName]] = field(
        default_factory=dict
    )
    """By configuration, the workarounds that are tried on top of it where a cell did not pass."""
    only: OnlyThere = EVERYWHERE
    only_in: Mapping[values.ConfigName, OnlyThere] = field(default_factory=dict)
    """By configuration, where the probe is narrowed further there."""
    formerly: Mapping[values.ConfigName, values.ConfigName] = field(default_factory=dict)
    """By the configuration that older results name, the one with the same settings in effect."""
    only_as_control: values.Flag = False
    """In no set: it vouches for the others."""
    choices: values.Chosen = field(default_factory=dict)
    """What an application that it is about chooses, and no configuration can."""

    @property
    def application(self) -> str | None:
        """The kind of application that it is about; None is about every one."""
        return next(iter(self.choices), None)


@dataclass(frozen=True, kw_only=True)
class Workaround:
    """What people are told to do about a hang: settings on top of the configuration that hangs."""

    name: values.KeyOfMapping
    title: values.Words
    description: values.Folded = ""
    costs: Annotated[values.Words, AfterValidator(values.folded)]
    """What is no longer collected."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[values.VariableName, values.VariableText | None] = field(
        default_factory=dict
    )
    choices: values.Chosen = field(default_factory=dict)
    """What it chooses; one that only chooses is a situation that a reader can have."""
    same_as: values.ConfigName | None = None
    """The configuration that it amounts to; the cell there is its evidence."""

    def on(self, config: str) -> str:
        """The configuration in which a cell of ``config`` is run with it."""
        return self.same_as or f"{config}{ON_TOP}{self.name}"


def _sets_or_is(way: Workaround) -> Workaround:
    if bool(way.same_as) == bool(way.settings or way.environment or way.choices):
        raise wrong('says what it changes: "choices", "settings" or "environment", or "same_as"')
    return way


WorkaroundOfTheFile = Annotated[Workaround, AfterValidator(_sets_or_is)]


class Rounds(str, Enum):
    """When a control is run."""

    EVERY = "every"
    """At the beginning, after every ``controls_every`` cells, and at the end where it is due."""
    ENDS = "ends"
    """At the beginning, and at the end where it is due: for one that takes long."""


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

    memory_bytes: Annotated[values.Memory, Field(alias="memory")]
    pids: values.Count
    output_bytes: Annotated[values.Output, Field(alias="output")]


def _without(key: str) -> BeforeValidator:
    """Leave out a key that another field reads."""

    def rest(section: Any) -> Any:
        if not isinstance(section, dict):
            return section
        return {name: value for name, value in section.items() if name != key}

    return BeforeValidator(rest)


@dataclass(frozen=True, kw_only=True)
class MatrixLimits:
    """What an installation and a trial may use, and how long they may take."""

    install: Annotated[SandboxLimits, _without("wall")]
    install_wall_s: Annotated[
        values.DurationInSeconds, Field(validation_alias=AliasPath("install", "wall"))
    ]
    probe: Annotated[SandboxLimits, _without("wall_factor")]
    wall_factor: Annotated[values.Factor, Field(validation_alias=AliasPath("probe", "wall_factor"))]
    """The outer guard of a trial stands this many times behind the probe's own limits."""

    def wall_s(self, probe: Probe) -> float:
        """Seconds after which the outer guard ends a trial of this probe."""
        inside = probe.limits
        own = inside.startup_s + inside.deadline_s + inside.stall_s + inside.grace_s
        return self.wall_factor * own


@dataclass(frozen=True, kw_only=True)
class Trials:
    """How often a cell is run."""

    per_cell: values.Times
    when_unproven: values.Times
    """In all, for a cell that stays unproven."""
    workaround: values.Times = 1
    """In all, for a workaround on a cell that did not pass: some help most of the time."""
    when_compared: values.Times = 1
    """In all, for a cell that hangs and its baseline that hangs too: their rates are compared."""
    on_trouble: values.Times
    """In all, where trouble of our own stopped it."""


@dataclass(frozen=True, kw_only=True)
class Upstream:
    """A report of the libraries' own about a hang, recognised by a lock in its signature."""

    lock: values.Words
    title: values.Words
    url: values.Url


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
    """Those of the file, each followed by what is composed on top of it: with every workaround that
    a probe names for it (``warning-events+no-profiling``), and as of the releases' day
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
    workarounds: Mapping[str, Workaround] = field(default_factory=dict)
    choices: Mapping[str, AppChoice] = field(default_factory=dict)
    """In the order of the file."""
    only: Mapping[str, Only] = field(default_factory=dict)
    """By configuration, where it is narrowed."""
    renamed: Renames = field(default_factory=dict)
    """What older results call the cells of a probe, the composed configurations included."""
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)

    def axis(self, name: str) -> Axis:
        """The package axis of that name; ``KeyError`` where there is none."""
        return next(axis for axis in self.axes if axis.name == name)

    def use(self, probe: str) -> ProbeUse:
        return self.uses.get(probe, _USE)

    def only_there(self, probe: str, config: str) -> tuple[Only, ...]:
        """What narrows a probe in a configuration of the file: a cell has to be within each."""
        use = self.use(probe)
        return (
            use.only,
            self.only.get(config, EVERYWHERE),
            use.only_in.get(config, EVERYWHERE),
        )

    @cached_property
    def applications(self) -> Mapping[str, Application]:
        """The choices that only a probe can make, each as a kind of application."""
        return {
            choice.name: Application(
                name=choice.name,
                title=choice.levels[choice.most].title,
                description=choice.description,
                instead=choice.instead,
            )
            for choice in self.choices.values()
            if choice.is_the_probes
        }

    def situation(self, chosen: Mapping[str, str]) -> Situation:
        """With the defaults of all that is not chosen."""
        return Situation.of(self.choices, chosen)

    def situation_of(self, probe: str, config: str) -> Situation | None:
        """What an application does that a verdict of the probe is about.

        None where the configuration sets what no reader chooses, or is no longer there.
        """
        known = self.configurations.get(config)
        if known is None or known.choices is None or known.at_release:
            return None
        return self.situation({**known.choices, **self.use(probe).choices})

    def is_about(self, application: str | None, probe: str) -> bool:
        """Whether what the probe finds is about such applications and no others; None is all."""
        return self.use(probe).application == application

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
        tried = self.use(probe).workarounds
        return tuple(
            name
            for name, known in self.configurations.items()
            if name in plain
            or (known.at_release and known.base in plain)
            or (known.base in plain and known.workaround in tried.get(known.base or "", ()))
        )


_USE = ProbeUse()


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
        *(
            (("probes", name, "only_in", config), only.versions)
            for name, use in matrix.uses.items()
            for config, only in use.only_in.items()
        ),
        *((("configurations", name, "only"), o.versions) for name, o in matrix.only.items()),
    ]
    for place, versions in lists:
        for axis in matrix.axes:
            for position, choice in enumerate(versions.get(axis.name, ())):
                yield (*place, axis.name, position), axis, choice
    for number, (control, *_) in groupby(matrix.controls, key=lambda control: control.entry):
        for axis in matrix.axes:
            yield ("controls", number, axis.name), axis, control.cell.version(axis.name)

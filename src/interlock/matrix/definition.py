"""What is tested, as ``matrix.yaml`` and its probes define it.

``matrix_file`` reads them. The annotations of the fields describe what the file may hold
(``values``). Objects that code creates are not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Any

from interlock.matrix.choices import Choice, unpublished
from interlock.matrix.policy import Policy
from interlock.matrix.situations import AppChoice, Application, Situation
from interlock.matrix.upstream import Change, Upstream
from interlock.model import (
    ON_TOP,
    Axis,
    Cell,
    Configuration,
    MatrixError,
    Outcome,
    Probe,
    PythonVersion,
    Release,
    Renames,
)

if TYPE_CHECKING:  # `schema` adds these names for pydantic, which a question does not need
    from pydantic import AfterValidator, AliasPath, Field

    from interlock.matrix import values
    from interlock.matrix.mistakes import Place

PYTHON = "python"
"""The axis that is not a package."""


@dataclass(frozen=True, kw_only=True)
class CellSet:
    """A named part of the matrix: every combination of the values that it lists."""

    name: values.KeyOfMapping
    title: str = ""
    pinned: values.Flag = False
    """True if each version is written out. Then its cells are listed without a network."""
    versions: values.Choices
    pythons: Annotated[values.Listed[values.Python], Field(alias=PYTHON)]
    probes: values.Listed[values.ProbeName] = ()
    configs: values.Listed[values.ConfigName] = ()


@dataclass(frozen=True, kw_only=True)
class Only:
    """The part of a set on which a probe or a configuration runs."""

    versions: values.Choices = field(default_factory=dict)
    """By axis. An axis that is missing here is not narrowed."""
    pythons: Annotated[values.Listed[values.Python], Field(alias=PYTHON)] = ()
    """An empty tuple means all of them."""


EVERYWHERE = Only()


@dataclass(frozen=True, kw_only=True)
class ProbeUse:
    """What ``matrix.yaml`` defines about a probe. The rest is in the probe's folder."""

    configs: values.Listed[values.ConfigName] = ()
    """The configurations in which it is judged. An empty tuple means all of them."""
    workarounds: Mapping[values.ConfigName, values.Listed[values.WorkaroundName]] = field(
        default_factory=dict
    )
    """By configuration: the workarounds to try on it when a cell did not pass."""
    only: Annotated[Only, values.with_some_axes] = EVERYWHERE
    only_in: Mapping[values.ConfigName, Annotated[Only, values.with_some_axes]] = field(
        default_factory=dict
    )
    """By configuration: a further narrowing of the probe there."""
    formerly: Mapping[values.ConfigName, values.ConfigName] = field(default_factory=dict)
    """By configuration in older results: today's name of the same settings."""
    only_as_control: values.Flag = False
    """It is in no set. It checks that the other probes' results can be trusted."""
    choices: values.Chosen = field(default_factory=dict)
    """What the probe's application chooses, and no configuration can choose."""

    @property
    def application(self) -> str | None:
        """The kind of application that the probe tests. None means every kind."""
        return next(iter(self.choices), None)


@dataclass(frozen=True, kw_only=True)
class Workaround:
    """What users do about a hang: settings on top of the configuration that hangs."""

    name: values.KeyOfMapping
    title: values.Words
    description: values.Folded = ""
    costs: Annotated[values.Words, AfterValidator(values.folded)]
    """What is no longer collected."""
    paste: values.Folded = ""
    """The line that applies it: of code, or a variable of the environment."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[values.VariableName, values.VariableText | None] = field(
        default_factory=dict
    )
    choices: values.Chosen = field(default_factory=dict)
    """Its choices. With choices alone, it is a situation that a reader can have."""
    same_as: values.ConfigName | None = None
    """The configuration with the same effect. The cell there is its evidence."""

    def on(self, config: str) -> str:
        """The configuration in which a cell of ``config`` runs with this workaround."""
        return self.same_as or f"{config}{ON_TOP}{self.name}"


class Rounds(str, Enum):
    """When a control runs."""

    EVERY = "every"
    """At the beginning, after every ``controls_every`` cells, and at the end if due."""
    ENDS = "ends"
    """At the beginning, and at the end if it is due: for a control that takes long."""


@dataclass(frozen=True, kw_only=True)
class Control:
    """A cell with a known answer that runs with every campaign, under its load."""

    cell: Cell
    expect: Outcome
    rounds: Rounds = Rounds.EVERY
    tries: int = 1
    """How many trials in a row must give another answer before it counts.

    They run directly after each other. This is for a hang that happens often, but not always.
    """
    scale_by_load: bool = True
    """Whether the exposures that its hang needed are scaled to the load of a trial.

    True for a race between two threads. A lock that a fork orphans is not a race.
    """
    entry: int = field(default=0, repr=False, compare=False)
    """The entry of the file that it comes from. Several Pythons make several controls."""


@dataclass(frozen=True, kw_only=True)
class SandboxLimits:
    """What one container may use."""

    memory_bytes: Annotated[values.Memory, Field(alias="memory")]
    pids: values.Count
    output_bytes: Annotated[values.Output, Field(alias="output")]


@dataclass(frozen=True, kw_only=True)
class MatrixLimits:
    """What an installation and a trial may use, and how long they may take."""

    install: Annotated[SandboxLimits, values.without("wall")]
    install_wall_s: Annotated[
        values.DurationInSeconds, Field(validation_alias=AliasPath("install", "wall"))
    ]
    probe: Annotated[SandboxLimits, values.without("wall_factor")]
    wall_factor: Annotated[values.Factor, Field(validation_alias=AliasPath("probe", "wall_factor"))]
    """The outer guard's limit, as a multiple of the probe's own limits."""

    def wall_s(self, probe: Probe) -> float:
        """Seconds after which the outer guard ends a trial of this probe."""
        inside = probe.limits
        own = inside.startup_s + inside.deadline_s + inside.stall_s + inside.grace_s
        return self.wall_factor * own


@dataclass(frozen=True, kw_only=True)
class Trials:
    """How many trials a cell gets."""

    per_cell: values.Times
    when_unproven: values.Times
    """Total trials of a cell that stays unproven."""
    workaround: values.Times = 1
    """Total trials of a workaround where a cell did not pass. Some help only mostly."""
    when_compared: values.Times = 1
    """Total trials if a cell and its baseline both hang, to compare their rates."""
    on_trouble: values.Times
    """Total trials if trouble of our own stopped one."""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """What is tested, as ``matrix.yaml`` and its probes define it."""

    name: str
    """The file's name, for messages."""
    axes: tuple[Axis, ...]
    """The package axes, in the order of the file."""
    sets: Mapping[str, CellSet]
    default_set: str
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    """The configurations of the file, each followed by those composed on top of it.

    These are its workarounds (``warning-events+no-profiling``), and the dependencies of the
    releases' day (``stock@release``).
    """
    controls: tuple[Control, ...]
    controls_every: int
    """Cells between two rounds of controls."""
    image: str
    """A template with ``{python}`` in it."""
    limits: MatrixLimits
    trials: Trials
    fresh_for: timedelta
    """How long a verdict stays fresh. It is not tested again before."""
    resolve_fresh_for: timedelta
    """How long the resolved dependencies of an environment are kept."""
    policy: Policy
    upstream: tuple[Upstream, ...] = ()
    changes: tuple[Change, ...] = ()
    uses: Mapping[str, ProbeUse] = field(default_factory=dict)
    """By probe."""
    workarounds: Mapping[str, Workaround] = field(default_factory=dict)
    choices: Mapping[str, AppChoice] = field(default_factory=dict)
    """In the order of the file."""
    only: Mapping[str, Only] = field(default_factory=dict)
    """By configuration, if it is narrowed."""
    renamed: Renames = field(default_factory=dict)
    """By probe: the configuration names in older results, and today's names."""
    lines: Mapping[Place, int] = field(default_factory=dict, repr=False, compare=False)

    def axis(self, name: str) -> Axis:
        """The package axis of that name. Raises ``KeyError`` if there is none."""
        return next(axis for axis in self.axes if axis.name == name)

    def use(self, probe: str) -> ProbeUse:
        return self.uses.get(probe, _USE)

    def only_there(self, probe: str, config: str) -> tuple[Only, ...]:
        """The limits of a probe in a configuration. A cell has to be within each of them."""
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
        """The situation of these choices. All other choices have their default."""
        return Situation.of(self.choices, chosen)

    def situation_of(self, probe: str, config: str) -> Situation | None:
        """What an application does for a verdict of this probe to apply to it.

        None if the configuration sets what no reader chooses, or no longer exists.
        """
        track = probe, config
        if track not in self._situations:
            known = self.configurations.get(config)
            if known is None or known.choices is None or known.at_release:
                self._situations[track] = None
            else:
                chosen = {**known.choices, **self.use(probe).choices}
                self._situations[track] = self.situation(chosen)
        return self._situations[track]

    @cached_property
    def _situations(self) -> dict[tuple[str, str], Situation | None]:
        """Those that were asked for, by probe and configuration."""
        return {}

    def is_about(self, application: str | None, probe: str) -> bool:
        """Whether the probe's results apply to such applications alone. None means all."""
        return self.use(probe).application == application

    def concerns(self, application: str | None, probe: str) -> bool:
        """Whether the probe's results apply to such an application. None means no kind."""
        return self.use(probe).application in (None, application)

    def controls_for(self, cells: Iterable[Cell]) -> tuple[Control, ...]:
        """The controls that check these cells: those of the same probes and Pythons.

        Controls of a probe in no set check every probe on their Python.
        """
        return self.controls_on({(cell.probe, cell.python) for cell in cells})

    def controls_on(self, of: Set[tuple[str, PythonVersion]]) -> tuple[Control, ...]:
        """The same for cells of these probes on these Pythons."""
        pythons = {python for _, python in of}
        return tuple(
            control
            for control in self.controls
            if (control.cell.probe, control.cell.python) in of
            or (self.vouches_for_all(control.cell.probe) and control.cell.python in pythons)
        )

    def control_of(self, cell: Cell) -> Control | None:
        """The control for exactly this cell. It answers every request for a trial of it."""
        return next((control for control in self.controls if control.cell == cell), None)

    def vouches_for_all(self, probe: str) -> bool:
        """Whether this probe's controls test the machine and the harness, not the probe."""
        return all(probe not in cells.probes for cells in self.sets.values())

    def judged_in(self, probe: str) -> tuple[str, ...]:
        """Every configuration that a cell of the probe may have, composed ones included."""
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

    ``releases`` holds the releases of each axis's package, by the axis's name.
    """
    from interlock.matrix.mistakes import where

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

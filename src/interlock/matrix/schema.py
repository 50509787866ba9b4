"""The shape of ``matrix.yaml`` as it is written. pydantic reads it.

The rest of the code uses most of its parts as they are (``definition``). Axes, configurations and
controls are computed from the file, so they have a shape of their own here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AliasPath, Field

from interlock.matrix import definition, policy, situations, upstream, values
from interlock.matrix.definition import (
    EVERYWHERE,
    PYTHON,
    CellSet,
    MatrixLimits,
    Only,
    ProbeUse,
    Rounds,
    Trials,
    Workaround,
)
from interlock.matrix.document import SECTIONS
from interlock.matrix.mistakes import AXES, wrong
from interlock.matrix.policy import Policy
from interlock.matrix.situations import AppChoice
from interlock.matrix.upstream import Change, Upstream

for nouns in (definition, policy, situations, upstream):
    # pydantic looks up the names of their annotations there.
    vars(nouns).update(
        values=values, AfterValidator=AfterValidator, AliasPath=AliasPath, Field=Field
    )

AXIS_NAME = re.compile(r"[a-z][a-z0-9]*")
"""An axis name becomes an option of the command line and a column of the table."""
RESERVED = frozenset(
    {"python", "title", "pinned", "probes", "configs", "probe", "config"}
    | {"expect", "rounds", "tries", "scale_by_load"}
    # Options of the command line, and the names that argparse gives them.
    | {"matrix", "command", "help", "set", "trials", "rerun", "keep", "jobs", "backend", "known"}
    | {"pre", "budget", "audit", "seed"}
    | {"results", "format", "version", "application", "with", "chosen", "choices", "situation"}
    # Columns of the published tables.
    | {"outcome", "phase", "reason", "signature", "basis", "hangs", "exposures", "seconds"}
    | {"machine", "detail", "whose", "attribution", "cause", "failed", "signatures"}
    | {"environment", "definition"}
    | {"measure", "median", "least", "most"}
    | {"day", "rule", "inferred", "seen", "wrong"}
    # The values of ``whose``, beside the names of the axes.
    | {"pair", "dependencies", "open"}
)
"""The names that no axis may have."""


@dataclass(frozen=True, kw_only=True)
class AxisOfTheFile:
    package: values.PackageName


@dataclass(frozen=True, kw_only=True)
class Interpreter:
    interpreter: Literal["cpython"]


@dataclass(frozen=True, kw_only=True)
class AxesOfTheFile:
    packages: Annotated[Mapping[str, AxisOfTheFile], Field(alias=AXES)]
    python: Interpreter


@dataclass(frozen=True, kw_only=True)
class ConfigurationOfTheFile:
    """What a configuration sets itself. The settings of its base are added.

    If it chooses, or its base does, all other choices have their defaults. ``settings`` and
    ``environment`` are for what no reader chooses.
    """

    title: values.Words
    description: values.Folded = ""
    choices: values.Chosen | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[values.VariableName, values.VariableText | None] = field(
        default_factory=dict
    )
    base: values.ConfigName | None = None
    only: Annotated[Only, values.with_some_axes] = EVERYWHERE


@dataclass(frozen=True, kw_only=True)
class ControlOfTheFile:
    """One control on each of its Pythons."""

    versions: values.PinnedVersions
    pythons: Annotated[values.OneOrMorePythons, Field(alias=PYTHON)]
    probe: values.ProbeName
    config: values.ConfigName
    expect: Literal["pass", "hang", "fail"]
    rounds: Rounds = Rounds.EVERY
    tries: values.Times = 1
    scale_by_load: values.Flag = True


@dataclass(frozen=True, kw_only=True)
class Freshness:
    verdicts: values.Duration
    resolutions: values.Duration


def _sets_or_is(way: Workaround) -> Workaround:
    if bool(way.same_as) == bool(way.settings or way.environment or way.choices):
        raise wrong('needs either "same_as", or any of "choices", "settings" and "environment"')
    return way


WorkaroundOfTheFile = Annotated[Workaround, AfterValidator(_sets_or_is)]


@dataclass(frozen=True, kw_only=True)
class MatrixFile:
    """``matrix.yaml``."""

    __pydantic_config__ = SECTIONS

    axes: Annotated[AxesOfTheFile, values.with_every_axis]
    default_set: values.SetName
    sets: Annotated[
        Mapping[str, Annotated[CellSet, values.with_every_axis]],
        values.at_least_one,
        values.named,
    ]
    probes: Annotated[Mapping[values.ProbeFolder, ProbeUse], values.at_least_one]
    configurations: Annotated[
        Mapping[values.PlainName, ConfigurationOfTheFile], values.at_least_one
    ]
    workarounds: Annotated[Mapping[values.PlainName, WorkaroundOfTheFile], values.named] = field(
        default_factory=dict
    )
    choices: Annotated[Mapping[values.PlainName, AppChoice], values.named] = field(
        default_factory=dict
    )
    controls: tuple[Annotated[ControlOfTheFile, values.with_every_axis], ...] = ()
    controls_every: values.Count = 100
    image: values.ImageTemplate
    limits: MatrixLimits
    trials: Trials
    freshness: Freshness
    policy: Policy
    upstream: tuple[Upstream, ...] = ()
    changes: tuple[Change, ...] = ()

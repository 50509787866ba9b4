"""What ``matrix.yaml`` may hold, for pydantic; each mistake in the words its reader knows.

The names a value may refer to (sets, probes, configurations) are handed in as the validation
context, so that a name nobody defined is found in the same pass as everything else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, cast

from packaging.utils import InvalidName, canonicalize_name
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    create_model,
    model_validator,
)

from interlock.matrix.choices import Choice, Latest, read_choice
from interlock.matrix.document import Number, Section, nearest, wrong
from interlock.model import ABSENT, AT_RELEASE, ON_TOP, PythonVersion

AXIS_NAME = re.compile(r"[a-z][a-z0-9]*")
"""It becomes an option of the command line and a column of the table."""
RESERVED = frozenset(
    {"python", "title", "pinned", "probes", "configs", "probe", "config"}
    | {"expect", "rounds", "tries", "scale_by_load"}
    # Options of the command line, and what becomes of them.
    | {"matrix", "command", "help", "set", "trials", "rerun", "keep", "jobs", "backend", "known"}
    | {"results", "format", "version", "application"}
    # Columns of the published tables.
    | {"outcome", "phase", "reason", "signature", "basis", "hangs", "exposures", "seconds"}
    | {"machine", "detail", "whose", "attribution", "cause", "failed", "signatures"}
    | {"measure", "median", "least", "most"}
    # What ``whose`` may say beside the name of an axis.
    | {"pair", "dependencies", "open"}
)
"""What no axis can be called."""


def _unquoted(value: Any) -> str:
    """The text of a version; of a number, how it was written, and that it needs quotes."""
    if isinstance(value, Number):
        read_as = f", which YAML reads as {float(value)}" if value.written != str(value) else ""
        raise wrong(f'{value.written} is a number{read_as}; write "{value.written}" in quotes')
    if isinstance(value, int) and not isinstance(value, bool):
        raise wrong(f'{value} is a number; write "{value}" in quotes')
    if not isinstance(value, str):
        raise wrong("is not a version in quotes")
    return value


def _choice(value: Any) -> Choice:
    try:
        return read_choice(_unquoted(value))
    except ValueError as error:
        raise wrong(str(error)) from None


def _choice_of_a_set(value: Any, info: ValidationInfo) -> Choice:
    choice = _choice(value)
    if isinstance(choice, Latest) and (info.data or {}).get("pinned"):
        raise wrong(f'"{choice}" in a pinned set; write the version')
    return choice


def _choice_of_a_control(value: Any) -> Choice:
    choice = _choice(value)
    if isinstance(choice, Latest):
        raise wrong(f'"{choice}" is not one version for good; a control needs one')
    return choice


def _python(value: Any) -> PythonVersion:
    text = _unquoted(value)
    try:
        return PythonVersion.parse(text)
    except ValueError:
        raise wrong(f'"{text}" is not a Python such as "3.10"') from None


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _known(kind: str, what: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        known: tuple[str, ...] = (info.context or {}).get(kind, ())
        if name not in known:
            raise wrong(f'"{name}" is no {what}{nearest(name, known)}')
        return name

    return AfterValidator(check)


def _plain(name: str) -> str:
    """A name that no other name is composed of."""
    if marks := [mark for mark in (ON_TOP, AT_RELEASE) if mark in name]:
        raise wrong(f'"{name}" has a "{marks[0]}", which stands in the names that are composed')
    return name


def _once(values: list[Any]) -> list[Any]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f'lists "{ABSENT if value is None else value}" twice')
    return values


def _package(name: str) -> str:
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName:
        raise wrong(f'"{name}" is not the name of a package') from None


_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?(KiB|MiB|GiB)")
_SIZES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?(second|minute|hour|day)s?")
_DURATIONS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}


def _size(value: Any) -> Any:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong(f'"{value}" is not a size such as "512 MiB"')
    return int(float(found[1]) * _SIZES[found[2]])


def _duration(value: Any) -> Any:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong(f'"{value}" is not a time such as "7 days" or "90 seconds"')
    return timedelta(seconds=float(found[1]) * _DURATIONS[found[2]])


def _template(text: str) -> str:
    problem = image_problem(text)
    if problem:
        raise wrong(problem)
    return text


def image_problem(text: str) -> str | None:
    """What is wrong with an image template; None if nothing is."""
    try:
        if text.format(python="3.10") != text:
            return None
    except (KeyError, IndexError, ValueError):
        pass
    return f'"{text}" does not say where the Python goes; write "python:{{python}}-slim"'


_Name = Annotated[str, StringConstraints(min_length=1)]
_Choice = Annotated[Any, BeforeValidator(_choice_of_a_set)]
_Pin = Annotated[Any, BeforeValidator(_choice_of_a_control)]
_Python = Annotated[Any, BeforeValidator(_python)]
_Bytes = Annotated[int, BeforeValidator(_size)]
_Duration = Annotated[timedelta, BeforeValidator(_duration)]
_AxisName = Annotated[str, _known("axes", "axis of this file")]
_SetName = Annotated[str, _known("sets", "set of this file")]
_ProbeName = Annotated[str, _known("probes in use", "probe of this file")]
_ProbeFolder = Annotated[str, _known("probes", "probe")]
_ConfigName = Annotated[str, _known("configurations", "configuration of this file")]
_Choices = Annotated[list[_Choice], Field(min_length=1), AfterValidator(_once)]
_Pythons = Annotated[list[_Python], Field(min_length=1), AfterValidator(_once)]
_OneOrMorePythons = Annotated[
    list[_Python], Field(min_length=1), BeforeValidator(_listed), AfterValidator(_once)
]
_Probes = Annotated[list[_ProbeName], Field(min_length=1), AfterValidator(_once)]
_Configs = Annotated[list[_ConfigName], Field(min_length=1), AfterValidator(_once)]
_WayOutName = Annotated[str, _known("ways out", "way out of this file")]
_ApplicationName = Annotated[str, _known("applications", "application of this file")]
_PlainName = Annotated[str, AfterValidator(_plain)]
_WaysOut = Annotated[list[_WayOutName], Field(min_length=1), AfterValidator(_once)]
_Axes = Annotated[list[_AxisName], Field(min_length=1), AfterValidator(_once)]
_Count = Annotated[int, Field(gt=0)]


class _Package(Section):
    package: Annotated[str, AfterValidator(_package)]


class _Interpreter(Section):
    interpreter: Literal["cpython"]


class _Settings(Section):
    settings: dict[str, Any] = Field(default_factory=dict)
    environment: dict[str, str | None] = Field(default_factory=dict)


class WayOutSection(_Settings):
    title: _Name
    description: str = ""
    costs: _Name
    same_as: _ConfigName | None = None

    @model_validator(mode="after")
    def _sets_or_is(self) -> WayOutSection:
        if bool(self.same_as) == bool(self.settings or self.environment):
            raise wrong('says what it changes: either "settings" and "environment", or "same_as"')
        return self


class _Application(Section):
    title: _Name
    description: str = ""
    instead: str = ""


class SandboxSection(Section):
    memory: _Bytes
    pids: _Count
    output: _Bytes


class _InstallLimits(SandboxSection):
    wall: _Duration


class _ProbeLimits(SandboxSection):
    wall_factor: Annotated[float, Field(ge=1)]


class _Limits(Section):
    install: _InstallLimits
    probe: _ProbeLimits


class _Trials(Section):
    per_cell: _Count
    when_unproven: _Count
    way_out: _Count = 1
    when_compared: _Count = 1
    on_trouble: _Count


class _Freshness(Section):
    verdicts: _Duration
    resolutions: _Duration


class _Policy(Section):
    prefer: _Axes
    least_trials: _Count = 1


class _Upstream(Section):
    lock: _Name
    title: _Name
    url: Annotated[str, StringConstraints(pattern="^https?://")]


def schema(axes: Sequence[str]) -> type[BaseModel]:
    """The schema of a file with these package axes: their names are keys of its sets."""
    make = cast(Any, create_model)
    versions = dict.fromkeys(axes, (_Choices, ...))
    cell_set: Any = make(
        "_Set",
        __base__=Section,
        title=(str, ""),
        pinned=(bool, False),
        **versions,
        python=(_Pythons, ...),
        probes=(_Probes | None, None),
        configs=(_Configs | None, None),
    )
    only: Any = make(
        "_Only",
        __base__=Section,
        **dict.fromkeys(axes, (_Choices | None, None)),
        python=(_Pythons | None, None),
    )
    probe: Any = make(
        "_ProbeUse",
        __base__=Section,
        configs=(_Configs | None, None),
        ways_out=(dict[_ConfigName, _WaysOut], {}),
        only=(only | None, None),
        only_as_control=(bool, False),
        application=(_ApplicationName | None, None),
    )
    configuration: Any = make(
        "_Configuration",
        __base__=_Settings,
        title=(_Name, ...),
        description=(str, ""),
        base=(_ConfigName | None, None),
        only=(only | None, None),
    )
    control: Any = make(
        "_Control",
        __base__=Section,
        **dict.fromkeys(axes, (_Pin, ...)),
        python=(_OneOrMorePythons, ...),
        probe=(_ProbeName, ...),
        config=(_ConfigName, ...),
        expect=(Literal["pass", "hang", "fail"], ...),
        rounds=(Literal["every", "ends"], "every"),
        tries=(_Count, 1),
        scale_by_load=(bool, True),
    )
    axes_section: Any = make(
        "_AxesSection",
        __base__=Section,
        **dict.fromkeys(axes, (_Package, ...)),
        python=(_Interpreter, ...),
    )
    made = make(
        "_Matrix",
        __base__=Section,
        axes=(axes_section, ...),
        default_set=(_SetName, ...),
        sets=(Annotated[dict[str, cell_set], Field(min_length=1)], ...),
        probes=(Annotated[dict[_ProbeFolder, probe], Field(min_length=1)], ...),
        configurations=(Annotated[dict[_PlainName, configuration], Field(min_length=1)], ...),
        ways_out=(dict[_PlainName, WayOutSection], {}),
        applications=(dict[_PlainName, _Application], {}),
        controls=(list[control], []),
        controls_every=(_Count, 100),
        image=(Annotated[str, AfterValidator(_template)], ...),
        limits=(_Limits, ...),
        trials=(_Trials, ...),
        freshness=(_Freshness, ...),
        policy=(_Policy, ...),
        upstream=(list[_Upstream], []),
    )
    return cast("type[BaseModel]", made)

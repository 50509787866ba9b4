"""Annotated types for the values of ``matrix.yaml`` and ``probe.yaml``.

pydantic validates them. For all other code they are ordinary types. The known names of sets, probes
and configurations are passed in as the validation context. So an unknown name is found in the same
pass as every other mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sized
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import Version
from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainValidator,
    Strict,
    StringConstraints,
    ValidationInfo,
)

from interlock.matrix.choices import (
    Choice,
    Ranged,
    beyond_the_harness,
    read_listed,
)
from interlock.matrix.mistakes import AXES, MISSING, NAME, nearest, wrong
from interlock.matrix.number import Number
from interlock.model import ABSENT, AT_RELEASE, ON_TOP, PythonVersion

T = TypeVar("T")

MOST_TRIALS = 10_000
"""The most trials of one cell, in ``matrix.yaml`` or an option."""


def _unquoted(value: Any) -> str:
    """The text of a version. A number is a mistake; the message asks for quotes."""
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
        return read_listed(_unquoted(value))
    except ValueError as error:
        raise wrong(str(error)) from None


def _choice_of_a_set(value: Any, info: ValidationInfo) -> Choice:
    choice = _choice(value)
    if isinstance(choice, Ranged) and (info.data or {}).get("pinned"):
        raise wrong(f'"{choice}" in a pinned set; write the version')
    return choice


def _choice_of_a_control(value: Any) -> Version | None:
    choice = _choice(value)
    if isinstance(choice, Ranged):
        raise wrong(f'"{choice}" can change over time; a control needs one version')
    return choice


def _release(value: Any) -> Version:
    choice = _choice(value)
    if not isinstance(choice, Version):
        raise wrong(f'"{choice or ABSENT}" is not one release such as "2.14.2"')
    return choice


def _python(value: Any) -> PythonVersion:
    text = _unquoted(value)
    try:
        python = PythonVersion.parse(text)
    except ValueError:
        raise wrong(f'"{text}" is not a Python such as "3.10"') from None
    if problem := beyond_the_harness(python):
        raise wrong(problem)
    return python


def _specifier(value: Any) -> SpecifierSet:
    text = _unquoted(value)
    try:
        found = SpecifierSet(text)
    except InvalidSpecifier:
        found = SpecifierSet()
    if not len(found):
        raise wrong(f'"{text}" is not a specifier such as "==2.14.*" or ">=3.2,<4"')
    return found


def _listed(value: Any) -> Any:
    return value if isinstance(value, list) else [value]


def _known(kind: str, what: str) -> AfterValidator:
    def check(name: str, info: ValidationInfo) -> str:
        known: tuple[str, ...] = (info.context or {}).get(kind, ())
        if kind == "probes" and name in (info.context or {}).get("empty probes", ()):
            raise wrong(f"probes/{name}/probe.yaml is missing")
        if name not in known:
            raise wrong(f'"{name}" is not {what}{nearest(name, known)}')
        return name

    return AfterValidator(check)


_LONGEST_NAME = 100


def _plain(name: str) -> str:
    """A name that can't be mistaken for a composed one, and that fits on a line."""
    if not (name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME):
        raise wrong(f"is not a name of 1 to {_LONGEST_NAME} printable characters")
    if marks := [mark for mark in (ON_TOP, AT_RELEASE) if mark in name]:
        raise wrong(f'"{name}" has a "{marks[0]}", which is reserved for composed names')
    return name


def _at_least_one(values: Sized) -> Sized:
    if not len(values):
        raise wrong("is empty; name at least one")
    return values


def _once(values: tuple[T, ...]) -> tuple[T, ...]:
    for position, value in enumerate(values):
        if value in values[:position]:
            raise wrong(f'lists "{ABSENT if value is None else value}" twice')
    return values


def _word(value: Any) -> Any:
    """The name of a value. YAML reads ``on``, ``off``, ``yes`` and ``no`` as booleans."""
    if isinstance(value, bool):
        written = "on" if value else "off"
        raise wrong(f'is a yes or no; write a name, such as "{written}", in quotes')
    return value


def _name_of_a_value(name: str) -> str:
    if not name or "=" in name or name != name.strip():
        raise wrong(f'"{name}" can\'t be typed after --with CHOICE=')
    return name


def _package(name: str) -> str:
    try:
        return canonicalize_name(name, validate=True)
    except InvalidName:
        raise wrong(f'"{name}" is not the name of a package') from None


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement:
        raise wrong(f'"{text}" is not a requirement such as "flask>=2"') from None
    return text


# The digits are limited, so that no number is too large for a float.
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?(KiB|MiB|GiB)", re.ASCII)
_SIZES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_MOST_BYTES = 2**40
_DURATION = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?(second|minute|hour|day)s?", re.ASCII)
_DURATIONS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MOST_DAYS = 3650


def _size(value: Any) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong(f'"{value}" is not a size such as "512 MiB"')
    return int(float(found[1]) * _SIZES[found[2]])


def _at_least(mebibytes: float) -> AfterValidator:
    def check(size: int) -> int:
        if not mebibytes * 2**20 <= size <= _MOST_BYTES:
            raise wrong(f"must be from {mebibytes:g} MiB to {_MOST_BYTES // 2**30} GiB")
        return size

    return AfterValidator(check)


def _duration(value: Any) -> timedelta:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise wrong(f'"{value}" is not a time such as "7 days" or "90 seconds"')
    seconds = float(found[1]) * _DURATIONS[found[2]]
    if not 1 <= seconds <= _MOST_DAYS * 86400:
        raise wrong(f'"{value}" must be from 1 second to {_MOST_DAYS} days')
    return timedelta(seconds=seconds)


def _variable(name: str) -> str:
    if not name or "=" in name or not name.isprintable():
        raise wrong(f"{name!r} can't be the name of an environment variable")
    return name


def _variable_text(text: str) -> str:
    if "\0" in text:
        raise wrong("has a NUL, which no environment variable can hold")
    return text


def _template(text: str) -> str:
    problem = image_problem(text)
    if problem:
        raise wrong(problem)
    return text


def image_problem(text: str) -> str | None:
    """The mistake in an image template. None if it is right.

    Only ``{python}`` is allowed, because other code fills in the template.
    """
    rest = text.replace("{python}", "")
    if rest == text:
        return f'"{text}" does not say where the Python goes; write "python:{{python}}-slim"'
    if "{" in rest or "}" in rest:
        return f'"{text}" has a brace that is not {{python}}; write "python:{{python}}-slim"'
    if not rest.isprintable() or " " in rest or len(rest) > _LONGEST_IMAGE:
        return (
            f'"{text[:_LONGEST_IMAGE]}" is not the name of an image; write "python:{{python}}-slim"'
        )
    return None


_LONGEST_IMAGE = 400


def folded(text: str) -> str:
    """The text on one line, whatever its line breaks."""
    return " ".join(text.split())


def not_blank(text: str) -> str:
    if not text:
        raise wrong("is blank; say it in words")
    return text


def _named(mapping: Any) -> Any:
    if not isinstance(mapping, dict):
        return mapping
    return {
        key: {**item, NAME: key} if isinstance(item, dict) else item
        for key, item in mapping.items()
    }


def _by_axis(required: bool) -> BeforeValidator:
    def fold(section: Any, info: ValidationInfo) -> Any:
        if not isinstance(section, dict):
            return section
        axes: tuple[str, ...] = (info.context or {}).get("axes", ())
        rest = {key: value for key, value in section.items() if key not in axes}
        versions = {
            axis: section.get(axis, MISSING) for axis in axes if required or axis in section
        }
        return {**rest, AXES: versions}

    return BeforeValidator(fold)


at_least_one = AfterValidator(_at_least_one)
"""For a list or a mapping with at least one item.

pydantic's ``min_length`` reports a list as empty if all its items are wrong.
"""

Count = Annotated[int, Strict(), Field(gt=0, le=10**7)]
Times = Annotated[int, Strict(), Field(gt=0, le=MOST_TRIALS)]
Seconds = Annotated[float, Strict(), Field(gt=0, le=86400, allow_inf_nan=False)]
Factor = Annotated[float, Strict(), Field(ge=1, le=1000, allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Memory = Annotated[int, BeforeValidator(_size), _at_least(16)]
Output = Annotated[int, BeforeValidator(_size), _at_least(0.0625)]
"""With less, a trial may be cut short, which looks like a fault of the package."""
Duration = Annotated[timedelta, BeforeValidator(_duration)]
DurationInSeconds = Annotated[float, PlainValidator(lambda text: _duration(text).total_seconds())]

VariableName = Annotated[str, AfterValidator(_variable)]
VariableText = Annotated[str, AfterValidator(_variable_text)]
Words = Annotated[str, StringConstraints(min_length=1)]
Folded = Annotated[str, AfterValidator(folded)]
ImageTemplate = Annotated[str, AfterValidator(_template)]
PackageName = Annotated[str, AfterValidator(_package)]
RequirementText = Annotated[str, AfterValidator(_requirement)]
Url = Annotated[str, StringConstraints(pattern="^https?://")]

KeyOfMapping = Annotated[str, Field(alias=NAME)]
"""The key under which a value stands. ``named`` adds it."""
named = BeforeValidator(_named)
"""For a mapping: adds to each of its values the key under which it stands."""
Word = Annotated[str, BeforeValidator(_word)]
ValueName = Annotated[str, AfterValidator(_name_of_a_value)]
PlainName = Annotated[str, AfterValidator(_plain)]
AxisName = Annotated[str, _known("axes", "an axis of this file")]
AxisOfTheMatrix = Annotated[str, _known("axes", "an axis of the matrix")]
SetName = Annotated[str, _known("sets", "a set of this file")]
ProbeName = Annotated[str, _known("probes in use", "a probe of this file")]
ProbeFolder = Annotated[str, _known("probes", "a probe")]
ConfigName = Annotated[str, _known("configurations", "a configuration of this file")]
WorkaroundName = Annotated[str, _known("workarounds", "a workaround of this file")]
ChoiceName = Annotated[str, _known("choices", "a choice of this file")]

Listed = Annotated[tuple[T, ...], at_least_one, AfterValidator(_once)]
"""At least one of them, none of them twice."""
ListedChoice = Annotated[Choice, PlainValidator(_choice_of_a_set)]
PinnedVersion = Annotated[Version | None, PlainValidator(_choice_of_a_control)]
ReleaseVersion = Annotated[Version, PlainValidator(_release)]
Python = Annotated[PythonVersion, PlainValidator(_python)]
Specifier = Annotated[SpecifierSet, PlainValidator(_specifier)]
OneOrMorePythons = Annotated[Listed[Python], BeforeValidator(_listed)]
Choices = Annotated[Mapping[str, Listed[ListedChoice]], Field(alias=AXES)]
"""By axis, in axis order. In the file, each axis is a key of its own."""
Chosen = Mapping[ChoiceName, Word]
"""A value for some choices."""
PinnedVersions = Annotated[Mapping[str, PinnedVersion], Field(alias=AXES)]

with_every_axis = _by_axis(required=True)
"""For a section with a key for each axis: gathers them in the field ``AXES``."""
with_some_axes = _by_axis(required=False)


def without(key: str) -> BeforeValidator:
    """Leave out a key that another field reads."""

    def rest(section: Any) -> Any:
        if not isinstance(section, dict):
            return section
        return {name: value for name, value in section.items() if name != key}

    return BeforeValidator(rest)

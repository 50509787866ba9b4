"""A YAML file whose values know their line, read into a typed value.

It does what a YAML loader does not: it keeps the line of every value and how a number was written
(``3.10`` is the number 3.1), and it reports a key that is given twice. A mistake is a line such as
``matrix.yaml:41: sets.core.ddtrace[3]: …``.

A file may be anybody's. It is read up to a size, a depth and a number of aliases: a few lines of
aliases can stand for more values than any memory holds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from interlock.matrix.mistakes import Place, in_words, place_of, where
from interlock.matrix.plain_files import Unreadable, read_text

T = TypeVar("T")

SECTIONS = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""For the ``__pydantic_config__`` of a whole file: no key but the fields, in any part of it."""


MOST_BYTES = 2**20
MOST_DEPTH = 40
MOST_ALIASES = 200
MOST_VALUES = 50_000
"""Limits on what a file may hold; the largest of ours has 14 kB, 6 levels and 3 aliases."""

MOST_DIGITS = 40
"""Of a number."""

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

MOST_MISTAKES = 50
"""That are told at once."""


class Number(float):
    """A number that remembers how it was written, for versions that lost their quotes."""

    written: str


@dataclass
class Document:
    """What a file says, where it says so, and what is wrong with it so far."""

    name: str
    """How messages call the file: ``matrix.yaml``."""
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    size: int = 0
    """How many values it holds, those that an alias repeats counted each time."""

    def report(self, place: Place, text: str) -> None:
        """Note one mistake; of the same place and text only the first counts."""
        mistake = f"{self.where(place)} {text}"
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def where(self, place: Place) -> str:
        """``matrix.yaml:41: sets.core.ddtrace[3]:``, the start of a message about that place."""
        return where(self.name, self.lines, place)

    def get(self, *place: str | int) -> Any:
        """The value at a place, None where there is none, whatever shape the file has."""
        value = self.value
        for key in place:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and key < len(value):
                value = value[key]
            else:
                return None
        return value

    def keys(self, *place: str | int) -> tuple[str, ...]:
        """The keys of the mapping at a place; none where there is no mapping."""
        value = self.get(*place)
        return tuple(value) if isinstance(value, dict) else ()

    def validate(self, shape: type[T], context: Mapping[str, Any] | None = None) -> T | None:
        """The file as the dataclass ``shape``, or None with every mistake noted.

        ``context`` goes to the validators; its ``axes`` are keys of the file.
        """
        if self.value is None:
            if not self.mistakes:
                self.report((), "is empty")
            return None
        given = dict(context or {})
        try:
            # mypy does not take a type for hashable where it is a variable.
            adapter: TypeAdapter[T] = _adapter(shape)  # type: ignore[arg-type]
            value = adapter.validate_python(self.value, context=given)
        except ValidationError as error:
            self._report_each(error, shape, given.get("axes", ()))
            return None
        return value

    def _report_each(self, error: ValidationError, shape: type, axes: Sequence[str]) -> None:
        found = error.errors(include_url=False)
        places = {place_of(details) for details in found}
        for details in found[:MOST_MISTAKES]:
            place = place_of(details)
            inside_another = any(place[:length] in places for length in range(len(place)))
            if not (inside_another and details["type"] == "missing"):
                self.report(place, in_words(details, shape, axes))


@cache
def _adapter(shape: type) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def read(path: Path, name: str | None = None) -> Document:
    """Read a file; what can't be read, or is no YAML, is a mistake of the document."""
    document = Document(name or path.name)
    try:
        node = _composed(read_text(path, MOST_BYTES))
    except FileNotFoundError:
        document.report((), f"there is no such file ({path})")
    except Unreadable as error:
        document.report((), f"{error} ({path})")
    except _BeyondLimits as error:
        problem, document.lines[()] = error.args
        document.report((), f"can't be read: {problem}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark:
            document.lines[()] = mark.line + 1
        document.report((), f"is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        document.report((), f"is not YAML: {' '.join(str(error).split())}")
    else:
        if node is not None:
            try:
                document.value = _value(document, node, (), ())
            except _TooLarge:
                document.report((), f"has more than {MOST_VALUES} values, its aliases written out")
            document.lines.pop((), None)
    return document


_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML was built with it; the other takes a fifth of a question's time."""


@lru_cache(maxsize=32)
def _composed(text: str) -> yaml.Node | None:
    """Kept, because a ``probe.yaml`` is read for what it says and for its digest."""
    try:
        _check_limits(text, _FAST)
        return yaml.compose(text, Loader=_FAST)
    except _BeyondLimits:
        raise
    except yaml.YAMLError:
        # The slower one says more clearly what is wrong.
        _check_limits(text, yaml.SafeLoader)
        return yaml.compose(text, Loader=yaml.SafeLoader)


class _TooLarge(Exception):
    """The aliases of a file stand for too much."""


def _check_limits(text: str, loader: Any) -> None:
    """Raise ``_BeyondLimits`` for what is nested too deeply, or refers to too much.

    The events come one by one, where ``compose`` calls itself once a level.
    """
    depth = aliases = 0
    for event in yaml.parse(text, Loader=loader):
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            problem = f"it is nested more than {MOST_DEPTH} levels deep"
        elif aliases > MOST_ALIASES:
            problem = f"it has more than {MOST_ALIASES} aliases"
        else:
            continue
        mark = event.start_mark
        raise _BeyondLimits(problem, mark.line + 1 if mark else 1)


class _BeyondLimits(Exception):
    """It is YAML, but nothing that a person wrote: the problem, and the line."""


def _value(document: Document, node: yaml.Node, place: Place, inside: tuple[yaml.Node, ...]) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    document.size += 1
    if document.size > MOST_VALUES:
        raise _TooLarge
    if node in inside:
        document.report(place, "refers to itself")
        return None
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                document.report(place, "has a key that is no text")
                continue
            key = str(key_node.value)
            here = (*place, key)
            line = key_node.start_mark.line + 1
            if key in mapping:
                document.report(
                    here, f"is given twice, in line {document.lines[here]} and in line {line}"
                )
            document.lines.setdefault(here, line)
            mapping[key] = _value(document, value_node, here, (*inside, node))
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [
            _value(document, child, (*place, position), (*inside, node))
            for position, child in enumerate(node.value)
        ]
    return _scalar(document, node, place)


def _scalar(document: Document, node: yaml.Node, place: Place) -> Any:
    """A JSON value, since what is read here may become JSON; a mistake where it is another."""
    if len(node.value) > MOST_DIGITS and node.tag in _NUMBERS:
        document.report(place, f"is a number of more than {MOST_DIGITS} digits")
        return None
    try:
        value = yaml.constructor.SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, ValueError):
        # PyYAML's own constructors raise all of these for a value that its tag does not fit.
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        document.report(place, f'"{node.value[:40]}" can\'t be read as a YAML {kind}')
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            document.report(place, f"{node.value} is no finite number")
            return None
        number = Number(value)
        number.written = node.value
        return number
    if value is None or isinstance(value, (bool, int, str)):
        return value
    kind = "a date" if isinstance(value, date) else f"a YAML {type(value).__name__}"
    document.report(place, f'{node.value[:40]} is {kind}; write "{node.value[:40]}" in quotes')
    return None

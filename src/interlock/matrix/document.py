"""Read a YAML file into a typed value, with the line of every value.

A YAML loader forgets the lines. It also forgets how a number was written (``3.10`` becomes 3.1),
and accepts a key that is given twice. A mistake here is one line of text, such as ``matrix.yaml:41:
sets.core.ddtrace[3]: …``.

Anybody may have written the file. Its size, its depth and its aliases are limited: a few lines of
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
from interlock.matrix.number import Number
from interlock.matrix.plain_files import Unreadable, read_text

T = TypeVar("T")

SECTIONS = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""The ``__pydantic_config__`` of a whole file. It allows no key but the fields."""


MOST_BYTES = 2**20
MOST_DEPTH = 40
MOST_ALIASES = 200
MOST_VALUES = 50_000
"""Limits of a file. The largest of our own has 14 kB, 6 levels and 3 aliases."""

MOST_DIGITS = 40
"""The most digits of a number."""

_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

MOST_MISTAKES = 50
"""The most mistakes in one message."""


@dataclass
class Document:
    """The content of a file, the line of each value, and the mistakes found so far."""

    name: str
    """The file's name in messages: ``matrix.yaml``."""
    value: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    size: int = 0
    """How many values it holds. A value behind an alias counts each time."""

    def report(self, place: Place, text: str) -> None:
        """Note one mistake. The same text at the same place counts once."""
        mistake = f"{self.where(place)} {text}"
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def where(self, place: Place) -> str:
        """The start of a message about a place: ``matrix.yaml:41: sets.core.ddtrace[3]:``."""
        return where(self.name, self.lines, place)

    def get(self, *place: str | int) -> Any:
        """The value at a place. None if there is none, whatever the file's shape."""
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
        """The keys of the mapping at a place. Empty if there is no mapping."""
        value = self.get(*place)
        return tuple(value) if isinstance(value, dict) else ()

    def validate(self, shape: type[T], context: Mapping[str, Any] | None = None) -> T | None:
        """The file as the dataclass ``shape``, or None with every mistake noted.

        ``context`` is for the validators. Its ``axes`` are keys of the file.
        """
        if self.value is None:
            if not self.mistakes:
                self.report((), "is empty")
            return None
        given = dict(context or {})
        try:
            # mypy does not accept a type in a variable as hashable.
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
    """Read a file. A file that can't be read, or is not YAML, is noted as a mistake."""
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
                document.report(
                    (), f"has more than {MOST_VALUES} values, counting those behind aliases"
                )
            document.lines.pop((), None)
    return document


_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's loader, if PyYAML was built with it.

The other one takes a fifth of a question's time.
"""


@lru_cache(maxsize=32)
def _composed(text: str) -> yaml.Node | None:
    """Cached, because a ``probe.yaml`` is read for its content and for its digest."""
    try:
        _check_limits(text, _FAST)
        return yaml.compose(text, Loader=_FAST)
    except _BeyondLimits:
        raise
    except yaml.YAMLError:
        # The slower loader has clearer messages.
        _check_limits(text, yaml.SafeLoader)
        return yaml.compose(text, Loader=yaml.SafeLoader)


class _TooLarge(Exception):
    """The aliases of a file stand for too many values."""


def _check_limits(text: str, loader: Any) -> None:
    """Raise ``_BeyondLimits`` for too much nesting, or too many aliases.

    The parser returns one event after the other. ``compose`` would call itself for each level.
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
    """YAML that no person would write. Its arguments are the problem and the line."""


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
                document.report(place, "has a key that is not text")
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
    """A value that JSON can hold. Any other value is noted as a mistake."""
    if len(node.value) > MOST_DIGITS and node.tag in _NUMBERS:
        document.report(place, f"is a number of more than {MOST_DIGITS} digits")
        return None
    try:
        value = yaml.constructor.SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ArithmeticError, AttributeError, LookupError, ValueError):
        # PyYAML's own constructors raise all of these if a value does not fit its tag.
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        document.report(place, f'"{node.value[:40]}" can\'t be read as a YAML {kind}')
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            document.report(place, f"{node.value} is not a finite number")
            return None
        number = Number(value)
        number.written = node.value
        return number
    if value is None or isinstance(value, (bool, int, str)):
        return value
    kind = "a date" if isinstance(value, date) else f"a YAML {type(value).__name__}"
    document.report(place, f'{node.value[:40]} is {kind}; write "{node.value[:40]}" in quotes')
    return None

"""A YAML file whose values know their line, read into a typed value.

It does what a YAML loader does not: it keeps the line of every value and how a number was written
(``3.10`` is the number 3.1), and it reports a key that is given twice. A mistake is a line such as
``matrix.yaml:41: sets.core.ddtrace[3]: …``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from interlock.matrix.mistakes import Place, in_words, place_of, where

T = TypeVar("T")

SECTIONS = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
"""For the ``__pydantic_config__`` of a whole file: no key but the fields, in any part of it."""


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
        for details in found:
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
        text = path.read_text(encoding="utf-8")
        node = _composed(text)
    except FileNotFoundError:
        document.report((), f"there is no such file ({path})")
    except (OSError, UnicodeDecodeError) as error:
        document.report((), f"can't be read: {error}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if mark:
            document.lines[()] = mark.line + 1
        document.report((), f"is not YAML: {error.problem or error.context}")
    except yaml.YAMLError as error:
        document.report((), f"is not YAML: {error}")
    else:
        if node is not None:
            document.value = _value(document, node, (), ())
            document.lines.pop((), None)
    return document


_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where PyYAML was built with it; the other takes a fifth of a question's time."""


@lru_cache(maxsize=32)
def _composed(text: str) -> yaml.Node | None:
    """Kept, because a ``probe.yaml`` is read for what it says and for its digest."""
    try:
        return yaml.compose(text, Loader=_FAST)
    except yaml.YAMLError:
        return yaml.compose(text, Loader=yaml.SafeLoader)  # says more clearly what is wrong


def _value(document: Document, node: yaml.Node, place: Place, inside: tuple[yaml.Node, ...]) -> Any:
    document.lines.setdefault(place, node.start_mark.line + 1)
    if node in inside:
        document.report(place, "refers to itself")
        return None
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
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
    try:
        value = yaml.constructor.SafeConstructor().construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        document.report(place, f"can't be read: {error}")
        return None
    if isinstance(value, float):
        number = Number(value)
        number.written = node.value
        return number
    return value

"""A YAML file whose values know their line, and the mistakes a schema finds in it, as lines.

Two things a YAML loader does not do, and a reader of messages needs: it keeps the line of every
value and how a number was written (``3.10`` is the number 3.1), and it reports a key that is given
twice. What is wrong is said as ``matrix.yaml:41: sets.core.ddtrace[3]: …``.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

Place = tuple[str | int, ...]
"""Keys and positions from the top of the file: ``("sets", "core", "ddtrace", 3)``."""

M = TypeVar("M", bound=BaseModel)


class Section(BaseModel):
    """A mapping of the file: no key but its fields, and nothing is converted."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, arbitrary_types_allowed=True
    )


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

    def validate(self, model: type[M], context: Mapping[str, Any] | None = None) -> M | None:
        """The file as ``model``, or None with every mistake noted."""
        if self.value is None:
            if not self.mistakes:
                self.report((), "is empty")
            return None
        try:
            return model.model_validate(self.value, context=dict(context or {}))
        except ValidationError as error:
            for details in error.errors(include_url=False):
                # pydantic marks the key of a mapping so, where the key itself is wrong
                place = tuple(key for key in details["loc"] if key != "[key]")
                self.report(place, _in_words(details, model))
            return None


def where(name: str, lines: Mapping[Place, int], place: Place) -> str:
    """The place as a prefix of a message, with the line of the nearest thing that is there."""
    known = next((lines[p] for n in range(len(place), -1, -1) if (p := place[:n]) in lines), None)
    start = f"{name}:{known}:" if known else f"{name}:"
    return f"{start} {written(place)}:" if place else start


def written(place: Place) -> str:
    """``sets.core.ddtrace[3]``."""
    text = ""
    for key in place:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def wrong(text: str) -> PydanticCustomError:
    """The error a validator raises to say ``text`` about the value it was given."""
    return PydanticCustomError("mistake", "{text}", {"text": text})


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?``, or what there is, or nothing."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; there is {', '.join(known)}" if known else ""


def read(path: Path, name: str | None = None) -> Document:
    """Read a file; what can't be read, or is no YAML, is a mistake of the document."""
    document = Document(name or path.name)
    try:
        text = path.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
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


_KINDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (bool, "a yes or no"),
    ((int, float), "a number"),
    (str, "text"),
    (dict, "a mapping"),
    (list, "a list"),
    (type(None), "nothing"),
)

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}


def _in_words(details: ErrorDetails, model: type[BaseModel]) -> str:
    kind, given = details["type"], details["input"]
    if kind == "extra_forbidden":
        key = str(details["loc"][-1])
        return f'unknown key "{key}"{nearest(key, _fields(model, tuple(details["loc"][:-1])))}'
    if kind == "missing":
        return "is missing"
    if kind in ("too_short", "string_too_short"):
        return "is empty; name at least one"
    if kind in _WANTED:
        is_a = next(
            (words for types, words in _KINDS if isinstance(given, types)), "something else"
        )
        return f"must be {_WANTED[kind]}, and is {is_a}"
    if kind == "mistake":
        return details["msg"]
    return f"{_quoted(given)}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _fields(model: type[BaseModel], place: Place) -> tuple[str, ...]:
    """The keys that the schema allows at a place."""
    shapes: list[Any] = [model]
    for key in place:
        shapes = [inner for shape in shapes for inner in _inside(shape, key)]
    return tuple(name for shape in shapes if _is_model(shape) for name in shape.model_fields)


def _inside(shape: Any, key: str | int) -> Iterator[Any]:
    if _is_model(shape):
        if isinstance(key, str) and key in shape.model_fields:
            yield from _plain(shape.model_fields[key].annotation)
    elif arguments := get_args(shape):
        yield from _plain(arguments[-1] if get_origin(shape) is dict else arguments[0])


def _plain(shape: Any) -> Iterator[Any]:
    """The shape without ``Annotated`` and ``| None``."""
    if get_origin(shape) in (Union, UnionType):
        for argument in get_args(shape):
            yield from _plain(argument)
    elif hasattr(shape, "__metadata__"):
        yield from _plain(shape.__origin__)
    else:
        yield shape


def _is_model(shape: Any) -> bool:
    return isinstance(shape, type) and issubclass(shape, BaseModel)

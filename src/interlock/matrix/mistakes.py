"""Describe a mistake in a file: its place, its line, and what would be right."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import AliasPath
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

Place = tuple[str | int, ...]
"""Keys and positions from the top of the file: ``("sets", "core", "ddtrace", 3)``."""

NAME = "(name)"
"""The field that receives the key of a mapping. Nobody can write it in a file."""

AXES = "(axes)"
"""Stands for the axes of a file. In the file, each axis is a key of its own."""

MISSING = object()
"""The value of an axis that is missing but required."""

_NOT_WRITTEN = (AXES, "[key]")
"""Parts of pydantic's places that are not in the file. "[key]" marks a wrong key."""


def where(name: str, lines: Mapping[Place, int], place: Place) -> str:
    """The place as a prefix of a message, with the line of the nearest known value."""
    known = next((lines[p] for n in range(len(place), -1, -1) if (p := place[:n]) in lines), None)
    start = f"{name}:{known}:" if known else f"{name}:"
    return f"{start} {written(place)}:" if place else start


def written(place: Place) -> str:
    """The place as text: ``sets.core.ddtrace[3]``."""
    text = ""
    for key in place:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def wrong(text: str) -> PydanticCustomError:
    """The error that a validator raises, with this text about the value."""
    return PydanticCustomError("mistake", "{text}", {"text": text})


def nearest(name: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?``, or the list of known names, or nothing."""
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; there is {', '.join(known)}" if known else ""


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
    "tuple_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "dataclass_type": "a mapping",
}


_LONGEST = 80
"""The most characters of a value that a message quotes."""


def place_of(details: ErrorDetails) -> Place:
    """The place in the file where pydantic found a mistake."""
    return tuple(key for key in details["loc"] if key not in _NOT_WRITTEN)


def in_words(details: ErrorDetails, shape: type, axes: Sequence[str] = ()) -> str:
    """One sentence about the mistake, for a file of this shape."""
    kind, given = details["type"], details["input"]
    if kind == "unexpected_keyword_argument":
        *inside, key = place_of(details)
        there = dict.fromkeys(keys(shape, tuple(inside), axes))
        return f'unknown key "{key}"{nearest(str(key), there)}'
    if kind == "missing" or given is MISSING:
        return "is missing"
    if kind == "string_too_short":
        return "is empty; name at least one"
    if kind in _WANTED:
        is_a = next(
            (words for types, words in _KINDS if isinstance(given, types)), "something else"
        )
        return f"must be {_WANTED[kind]}, and is {is_a}"
    if kind == "mistake":
        return details["msg"]
    quoted = f'"{given}"' if isinstance(given, str) else str(given)
    quoted = f"{quoted[:_LONGEST]}…" if len(quoted) > _LONGEST else quoted
    return f"{quoted}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def keys(shape: Any, place: Place, axes: Sequence[str]) -> Iterator[str]:
    """The keys that are allowed at a place of this shape."""
    for plain in _plain(shape):
        if is_dataclass(plain):
            for path, inner in _paths(plain, axes):
                if place[: len(path)] == path:
                    yield from keys(inner, place[len(path) :], axes)
                elif path[: len(place)] == place:
                    yield str(path[len(place)])
        elif place and (arguments := get_args(plain)):
            item = arguments[-1] if isinstance(place[0], str) else arguments[0]
            yield from keys(item, place[1:], axes)


def _paths(shape: Any, axes: Sequence[str]) -> Iterator[tuple[Place, Any]]:
    """The place of each field of a dataclass in the file, and its shape."""
    hints = get_type_hints(shape, include_extras=True)
    for field in fields(shape):
        hint = hints[field.name]
        path = _path(field.name, hint)
        if path == (AXES,):
            of_an_axis = get_args(next(_plain(hint)))[-1]
            yield from (((axis,), of_an_axis) for axis in axes)
        elif path != (NAME,):
            yield path, hint


def _path(name: str, hint: Any) -> Place:
    for given in getattr(hint, "__metadata__", ()):
        alias = given.validation_alias if isinstance(given, FieldInfo) else None
        if isinstance(alias, AliasPath):
            return tuple(alias.path)
        if isinstance(alias, str):
            return (alias,)
    return (name,)


def _plain(shape: Any) -> Iterator[Any]:
    """The shape without ``Annotated`` and ``| None``."""
    if get_origin(shape) in (Union, UnionType):
        for argument in get_args(shape):
            yield from _plain(argument)
    elif get_origin(shape) is Annotated:
        yield from _plain(shape.__origin__)
    else:
        yield shape


def quoted(value: Any) -> str:
    """A value of a file, as a message quotes it."""
    return json.dumps(value)[:60]

"""setup.py: its literal lists. It is parsed, and never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from interlock.check.formats.reading import Place, Reading, requires_python
from interlock.check.formats.requirements import read_line
from interlock.check.formats.text import UnreadableFile

MOST_CHARACTERS = 2**20
"""A parsed file takes a hundred times its size in memory."""

_WHY = "it is computed, and setup.py is never run; give the lock file or `pip freeze` instead"


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    reading = Reading(file=file, sought=sought)
    tree = _tree(file, text)
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name(node.func) in ("setup", "setuptools.setup")
    ]
    names = _names(tree)
    for call in calls:
        _read_call(reading, call, names)
    if not calls:
        reading.unsure(file.name, None, f"no call of setup() is in it: {_WHY}")
    return reading


@dataclass(frozen=True)
class Names:
    """What a module calls its lists."""

    values: Mapping[str, ast.expr]
    changed: frozenset[str]
    """The names that something else sets or changes, too."""


def _read_call(reading: Reading, call: ast.Call, names: Names) -> None:
    for keyword in call.keywords:
        value = keyword.value
        if keyword.arg is None:
            reading.unsure(ast.unparse(keyword)[:80], value.lineno, _WHY)
        elif keyword.arg == "install_requires":
            _read_list(reading, keyword.arg, value, names, Place(is_direct=True))
        elif keyword.arg == "extras_require":
            _read_extras(reading, value, names)
        elif keyword.arg == "python_requires":
            python = _resolved(reading, keyword.arg, value, names)
            reading.python = requires_python(getattr(python, "value", None))


def _resolved(reading: Reading, what: str, value: ast.expr, names: Names) -> ast.expr:
    """What a name stands for. If it is changed elsewhere, that is told."""
    if not isinstance(value, ast.Name):
        return value
    if value.id in names.changed:
        reading.unsure(f"{what}={value.id}", value.lineno, f"{value.id} is changed: {_WHY}")
    return names.values.get(value.id, value)


def _read_extras(reading: Reading, value: ast.expr, names: Names) -> None:
    value = _resolved(reading, "extras_require", value, names)
    if isinstance(value, ast.Name) and value.id in names.changed:
        return
    if not isinstance(value, ast.Dict):
        reading.unsure("extras_require", value.lineno, _WHY)
        return
    for key, held in zip(value.keys, value.values, strict=True):
        if isinstance(key, ast.Constant):
            place = Place(is_direct=True, group=str(key.value))
            _read_list(reading, "extras_require", held, names, place)
        else:
            reading.unsure("extras_require", held.lineno, _WHY)


def _read_list(reading: Reading, what: str, value: ast.expr, names: Names, place: Place) -> None:
    """Read a list of strings. One string is read line by line, as setuptools does."""
    value = _resolved(reading, what, value, names)
    if isinstance(value, ast.Name) and value.id in names.changed:
        return
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        for number, text in enumerate(value.value.split("\n"), start=value.lineno):
            if text.strip():
                read_line(reading, text.strip(), replace(place, line=number))
        return
    if not isinstance(value, ast.List | ast.Tuple | ast.Set):
        reading.unsure(what, value.lineno, _WHY)
        return
    for one in value.elts:
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            read_line(reading, one.value.strip(), replace(place, line=one.lineno))
        else:
            text = ast.unparse(one)[:80]
            named = reading.named_in(text)
            for package in named or [""]:
                reading.unsure(text, one.lineno, _WHY, package=package)


def _names(tree: ast.Module) -> Names:
    """The names that the module gives to literals."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            literals = ast.List | ast.Tuple | ast.Set | ast.Dict | ast.Constant
            if isinstance(node.value, literals):
                found[node.targets[0].id] = node.value
    return Names(found, frozenset(_changed(tree)))


def _changed(tree: ast.Module) -> Iterator[str]:
    """The names that are set again, or of which a method or an element is used."""
    seen: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            if node.id in seen:
                yield node.id
            seen.add(node.id)
        elif isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.value, ast.Name):
            yield node.value.id


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_name(node.value)}.{node.attr}"
    return ""


def _tree(file: Path, text: str) -> ast.Module:
    if len(text) > MOST_CHARACTERS:
        raise UnreadableFile(file, None, "it is too long for a setup.py; give the lock file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of its escapes, which are not our business
            return ast.parse(text)
    except SyntaxError as wrong:
        why = f"it is not Python: {wrong.msg}"
        raise UnreadableFile(file, wrong.lineno, why) from None
    except (ValueError, RecursionError, MemoryError) as wrong:
        raise UnreadableFile(file, None, f"it can't be parsed: {wrong}") from None

"""The meaning of a Python file as one text that no formatting changes.

The text holds the syntax tree without what the compiler drops: comments, docstrings, positions and
prefixes. ``ast.dump`` writes the same tree differently in each Python, so the format is our own. It
is the same text on CPython 3.10 to 3.14. This module needs only the standard library.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

_NO_MEANING = ("kind", "type_comment", "type_ignores")
"""Fields that the compiler ignores: the ``u`` of ``u"…"``, and type comments."""


def meaning(source: bytes) -> str:
    """The text for a file. Raises ``SyntaxError`` or ``ValueError`` for other files."""
    return json.dumps(_plain(ast.parse(source)), separators=(",", ":"))


def _plain(value: Any) -> Any:
    if isinstance(value, ast.Constant):
        return _constant(value.value)
    if isinstance(value, ast.JoinedStr):
        return ["JoinedStr", *_pieces(value)]
    if isinstance(value, ast.AST):
        return [type(value).__name__, *_fields(value)]
    if isinstance(value, list):
        return [_plain(item) for item in value if not _is_text_alone(item)]
    return value


def _fields(node: ast.AST) -> Iterator[tuple[str, Any]]:
    """The fields by name, without empty ones: older Pythons do not have them all."""
    for name in _meaningful(node._fields):
        value = getattr(node, name, None)
        if value is not None and value != []:
            yield name, _plain(value)


@cache
def _meaningful(fields: tuple[str, ...]) -> tuple[str, ...]:
    """Those with a meaning, in the order of the text."""
    return tuple(sorted(set(fields) - set(_NO_MEANING)))


def _constant(value: Any) -> Any:
    if isinstance(value, str):
        return ["str", value]
    # The hexadecimal notation is exact, and has no limit of digits.
    if type(value) is int:
        return ["int", hex(value)]
    if isinstance(value, float):
        return ["float", value.hex()]
    if isinstance(value, bytes):
        return ["bytes", value.hex()]
    return [type(value).__name__, repr(value)]


def _pieces(string: ast.JoinedStr) -> list[Any]:
    """The parts of an f-string. Python 3.12 and newer split its text differently."""
    pieces: list[Any] = []
    for value in string.values:
        piece = _plain(value)
        if piece == ["str", ""]:
            continue
        if pieces and piece[0] == pieces[-1][0] == "str":
            pieces[-1] = ["str", pieces[-1][1] + piece[1]]
        else:
            pieces.append(piece)
    return pieces


def _is_text_alone(node: Any) -> bool:
    """A docstring, or another statement that is only text."""
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )

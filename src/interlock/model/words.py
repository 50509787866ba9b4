"""The parts of a sentence, and text of others made fit to be shown. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are escaped.

They are control, format (with the bidi overrides), surrogate, and the separators of lines and
paragraphs.
"""


class _Escapes(dict[int, int | str]):
    """By code point: the character itself, or its escape; found out once."""

    def __missing__(self, number: int) -> int | str:
        character = chr(number)
        escaped = unicodedata.category(character) in _ESCAPED
        self[number] = ascii(character)[1:-1] if escaped else number
        return self[number]


_ONE_LINE = _Escapes()
_LINES = _Escapes({ord("\n"): "\n", ord("\t"): "\t"})


def printable(text: str, *, lines: bool = False) -> str:
    """The text, with everything escaped that can't be shown or encoded as it is.

    A colour code becomes ``\\x1b[31m``, a lone surrogate ``\\ud800``. A text of several ``lines``
    keeps its line breaks and tabs, and each kind of line break becomes a newline.
    """
    if text.isprintable():
        return text
    if lines:
        return text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINES)
    return text.translate(_ONE_LINE)


DEEPEST = 64
"""Levels of a JSON value: nothing that is read here has more than ten."""


def all_printable(value: Any, lines: Collection[str] = (), *, key: str = "", depth: int = 0) -> Any:
    """A JSON value with all its text printable.

    Text under the keys in ``lines`` may have several lines. Raises ``ValueError`` for a value that
    is nested too deeply.
    """
    if isinstance(value, str):
        return printable(value, lines=key in lines)
    if not isinstance(value, Mapping | list | tuple):
        return value
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, Mapping):
        return {
            printable(str(k)): all_printable(inner, lines, key=str(k), depth=depth + 1)
            for k, inner in value.items()
        }
    return [all_printable(inner, lines, key=key, depth=depth + 1) for inner in value]


def listing(items: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    *front, end = items or [""]
    return f"{', '.join(front)} {last} {end}" if front else end


def plural(number: int, thing: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

"""Parts of sentences, and foreign text made safe to show. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories that are escaped.

They are control, format (with the bidi overrides), surrogate, and the separators of lines and
paragraphs.
"""


class _Escapes(dict[int, int | str]):
    """By code point: the character itself, or its escape. Each is computed once."""

    def __missing__(self, number: int) -> int | str:
        character = chr(number)
        escaped = unicodedata.category(character) in _ESCAPED
        self[number] = ascii(character)[1:-1] if escaped else number
        return self[number]


_ONE_LINE = _Escapes()
_LINES = _Escapes({ord("\n"): "\n", ord("\t"): "\t"})


def printable(text: str, *, lines: bool = False) -> str:
    r"""The text, with escapes for everything that can't be shown or encoded.

    A colour code becomes ``\x1b[31m``, a lone surrogate ``\ud800``. A text of several ``lines``
    keeps its line breaks and tabs, and each kind of line break becomes a newline.
    """
    if text.isprintable():
        return text
    if lines:
        return text.replace("\r\n", "\n").replace("\r", "\n").translate(_LINES)
    return text.translate(_ONE_LINE)


DEEPEST = 64
"""Levels of a JSON value. Nothing that is read here has more than ten."""


def all_printable(value: Any, lines: Collection[str] = ()) -> Any:
    """A JSON value from ``json``, with all its text printable.

    Text under the keys in ``lines`` may have several lines. Raises ``ValueError`` for a value that
    is nested too deeply.
    """
    return value if _is_printable(value) else _made_printable(value, lines, "")


def _is_printable(value: Any) -> bool:
    """Whether nothing has to be escaped. This is the usual case, and fast."""
    level = [value]
    for _ in range(DEEPEST):
        deeper: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if not item.isprintable():
                    return False
            elif isinstance(item, dict):
                deeper += item
                deeper += item.values()
            elif isinstance(item, list | tuple):
                deeper += item
        if not deeper:
            return True
        level = deeper
    raise ValueError("it is nested too deeply")


def _made_printable(value: Any, lines: Collection[str], key: str, depth: int = 0) -> Any:
    if isinstance(value, str):
        return printable(value, lines=key in lines)
    if depth > DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, dict):
        return {
            printable(str(k)): _made_printable(inner, lines, str(k), depth + 1)
            for k, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_made_printable(inner, lines, key, depth + 1) for inner in value]
    return value


def listing(items: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    *front, end = items or [""]
    return f"{', '.join(front)} {last} {end}" if front else end


def plural(number: int, thing: str) -> str:
    """``1 trial``, ``2,000 trials``."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def percent(share: float) -> str:
    """``5.2 %``, ``0.07 %``: two digits, because no measured share is known better."""
    return f"{Decimal(f'{100 * share:.2g}'):f} %"


def between(low: float, high: float) -> str:
    """``0.068 % to 0.35 %``: the bounds of a share."""
    return f"{percent(low)} to {percent(high)}"

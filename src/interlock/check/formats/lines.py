"""The line of each value in a TOML or JSON text that a parser has accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

Place = tuple[str | int, ...]
"""The way to a value: ``("project", "dependencies", 0)``."""

_TOKEN = re.compile(
    r"(?P<space>[ \t]+|#[^\n]*)"
    r'|(?P<text>"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}|\'\'\'(?:[^\']|\'{1,2}(?!\'))*\'{3,5}'
    r'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\')'
    r"|(?P<end>\n)"
    r"|(?P<mark>[\[\]{}=,:.])"
    r"|(?P<word>[^\s\[\]{}=,:.#\"']+)",
    re.DOTALL,
)


def toml_lines(text: str) -> dict[Place, int]:
    """The line of each key and of each element of an array."""
    return _Toml(_tokens(text)).document()


def json_lines(text: str) -> dict[Place, int]:
    """The line of each key."""
    scan = _Json([one for one in _tokens(text) if one.text != "\n"])
    scan.value(())
    return scan.lines


def entry_lines(text: str, key: str, names: Sequence[str]) -> list[int | None]:
    """The line of ``name = …`` in each table of the array ``[[key]]``.

    A lock file may have 100,000 lines, so the plain way is tried first. It holds where it finds the
    very names that the parser found.
    """
    header, found, waits = f"[[{key}]]", [], False
    for number, line in enumerate(text.split("\n"), start=1):
        if line == header:
            waits = True
        elif waits and line.startswith("name = "):
            found.append((number, line[7:].strip().strip("\"'")))
            waits = False
    if [name for _, name in found] == list(names):
        return [number for number, _ in found]
    lines = toml_lines(text)
    return [lines.get((key, index, "name")) for index in range(len(names))]


@dataclass(frozen=True)
class _Token:
    text: str
    line: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    line = 1
    for found in _TOKEN.finditer(text):
        if found.lastgroup != "space":
            tokens.append(_Token(found[0], line))
        if found.lastgroup in ("end", "text"):
            line += found[0].count("\n")
    return tokens


def _plain(token: str) -> str:
    """The string that a key is, without its quotes."""
    if token.startswith("'"):
        return token[1:-1]
    if not token.startswith('"'):
        return token
    try:
        return str(json.loads(token))
    except ValueError:  # an escape that JSON does not know
        return token[1:-1]


@dataclass
class _Scan:
    tokens: list[_Token]
    at: int = 0
    lines: dict[Place, int] = field(default_factory=dict)

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def next(self) -> _Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def skip(self, *texts: str) -> None:
        while self.peek() in texts and self.peek():
            self.at += 1


class _Toml(_Scan):
    def document(self) -> dict[Place, int]:
        arrays: dict[Place, int] = {}
        current: Place = ()
        self.skip("\n")
        while self.peek():
            if self.peek() == "[":
                current = self._header(arrays)
            else:
                self._pair(current)
            self.skip("\n")
        return self.lines

    def _header(self, arrays: dict[Place, int]) -> Place:
        line = self.next().line
        is_array = self.peek() == "["
        self.skip("[")
        place: Place = ()
        keys = self._key()
        for number, key in enumerate(keys, start=1):
            place = (*place, key)
            if is_array and number == len(keys):
                arrays[place] = arrays.get(place, -1) + 1
            if place in arrays:
                place = (*place, arrays[place])
        self.skip("]")
        self.lines.setdefault(place, line)
        return place

    def _key(self) -> list[str]:
        """The parts of a key, up to what follows it."""
        parts: list[str] = []
        while self.peek() not in ("]", "=", ""):
            token = self.next().text
            if token != ".":
                parts.append(_plain(token))
        return parts

    def _pair(self, current: Place) -> None:
        line = self.tokens[self.at].line
        place = (*current, *self._key())
        self.next()
        self.lines[place] = line
        self._value(place)

    def _value(self, place: Place) -> None:
        if self.peek() == "[":
            self.next()
            self._items(place)
        elif self.peek() == "{":
            self.next()
            self.skip("\n", ",")
            while self.peek() not in ("}", ""):
                self._pair(place)
                self.skip("\n", ",")
            self.next()
        else:
            while self.peek() not in (",", "]", "}", "\n", ""):
                self.next()

    def _items(self, place: Place) -> None:
        index = 0
        self.skip("\n", ",")
        while self.peek() not in ("]", ""):
            self.lines[(*place, index)] = self.tokens[self.at].line
            self._value((*place, index))
            index += 1
            self.skip("\n", ",")
        self.next()


class _Json(_Scan):
    def value(self, place: Place) -> None:
        first = self.next()
        if first.text == "{":
            while self.peek() not in ("}", ""):
                key = self.next()
                inner = (*place, _plain(key.text))
                self.lines[inner] = key.line
                self.skip(":")
                self.value(inner)
                self.skip(",")
            self.skip_one()
        elif first.text == "[":
            index = 0
            while self.peek() not in ("]", ""):
                self.value((*place, index))
                index += 1
                self.skip(",")
            self.skip_one()
        else:
            while self.peek() not in (",", "]", "}", ""):  # a number has a dot
                self.next()

    def skip_one(self) -> None:
        if self.peek():
            self.next()

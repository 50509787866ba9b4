"""Shell text → simple commands, each a list of words. Nothing is run.

It knows quotes, continuations, plain variables and what separates commands. What a command prints
(``$(…)``) is not known, and stays in the word as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field

Variables = MutableMapping[str, str | None]
"""None is a variable that has several values, or one that is not plain."""

_TOKEN = re.compile(
    r"(?P<joined>\\\n)"
    r"|(?P<blank>[ \t\f\v]+)"
    r"|(?P<end>\n|&&|\|\||;;?|&(?!>)|\||[()])"
    r"|(?P<turn>&>>?|<<<|<<-?|>>|>&|<&|>\||[<>])"
    r"|'(?P<single>[^']*)'"
    r'|"(?P<double>(?:[^"\\]|\\.)*)"'
    r"|(?P<called>\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`)"
    r"|(?P<variable>\$\{[^}]*\}|\$\w+)"
    r"|\\(?P<escaped>.)"
    r"|(?P<plain>[^\s\\'\"$`&|;<>()]+|.)",
    re.DOTALL,
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+=?])([^}]*))?\}|(\w+))")
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@dataclass
class Word:
    text: str
    line: int
    turned: str = ""
    """What follows it without a blank and the shell takes as a redirection: ``>=2.0``."""


@dataclass
class Command:
    words: list[Word] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.words]


def commands(text: str, line: int, variables: Variables) -> Iterator[Command]:
    """The simple commands of a script, in their order. Assignments go to ``variables``."""
    for words in _split(text, line, variables):
        bare = [word.text for word in words]
        if bare and bare[0] in ("export", "readonly", "local", "declare"):
            bare = bare[1:]
        if bare and all(_ASSIGNED.fullmatch(one) for one in bare):
            for one in bare:
                assign(variables, one)
        elif words:
            yield Command(words)


def assign(variables: Variables, text: str) -> None:
    """Note ``NAME=value``. A second value that differs makes it unknown."""
    found = _ASSIGNED.fullmatch(text)
    if found:
        name, value = found[1], found[2]
        is_plain = "$" not in value and "`" not in value
        is_same = variables.get(name, value) == value
        variables[name] = value if is_plain and is_same else None


def expand(text: str, variables: Variables) -> str:
    """The text with the values of plain variables put in."""

    def value(found: re.Match[str]) -> str:
        name = found[1] or found[4]
        known = variables.get(name)
        if known is not None and found[2] not in (":+", "+"):
            return known
        if found[2] in (":-", "-", ":=", "=") and name not in variables:
            return expand(found[3], variables)
        return found[0]

    return _VARIABLE.sub(value, text)


def _split(text: str, line: int, variables: Variables) -> Iterator[list[Word]]:
    """The words of each command. What an assignment sets is known to those after it."""
    splitter = _Splitter(line)
    at = 0
    while at < len(text):
        if text[at] == "#" and splitter.word is None:  # a comment, to the end of its line
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
            continue
        found = _TOKEN.match(text, at)
        if found is None:  # not reached: the last choice takes any character
            break
        at = found.end()
        kind, token = found.lastgroup or "", found[0]
        if kind == "end":
            yield splitter.command()
        elif kind == "turn":
            splitter.turn(token)
        elif kind in ("blank", "joined"):
            splitter.close(is_blank=kind == "blank")
        elif kind == "variable":
            splitter.add_split(expand(token, variables))
        else:
            splitter.add(_piece(kind, found, variables))
        splitter.line += token.count("\n")
    yield splitter.command()


def _piece(kind: str, found: re.Match[str], variables: Variables) -> str:
    if kind == "double":
        return re.sub(r"\\([\"\\$`\n])", r"\1", expand(found["double"], variables))
    return found[kind] if kind in ("single", "escaped") else found[0]


class _Splitter:
    """Puts pieces together to words, and words to a command."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.words: list[Word] = []
        self.word: Word | None = None
        self._turning: tuple[Word | None, str] | None = None

    def add(self, piece: str) -> None:
        if self.word is None:
            self.word = Word("", self.line)
        self.word.text += piece

    def add_split(self, value: str) -> None:
        """Add the value of a variable without quotes, which the shell splits at blanks."""
        parts = re.split(r"(\s+)", value)
        for part in parts:
            if part.isspace():
                self.close(is_blank=True)
            elif part:
                self.add(part)

    def turn(self, operator: str) -> None:
        """Begin a redirection; the next word is its target."""
        before = self.word
        self.close(is_blank=True)
        if before is not None and before.text.isdigit() and before in self.words:
            self.words.remove(before)  # the number of a stream: 2>
            before = None
        self._turning = (before, operator)

    def close(self, *, is_blank: bool) -> None:
        if self.word is None or not is_blank:
            return
        if self._turning is None:
            self.words.append(self.word)
        else:
            before, operator = self._turning
            if before is not None:
                before.turned = operator + self.word.text
            self._turning = None
        self.word = None

    def command(self) -> list[Word]:
        self.close(is_blank=True)
        words, self.words, self._turning = self.words, [], None
        return words

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
    r"|(?P<variable>\$\{[^{}]*\}|\$\w+)"
    r"|\\(?P<escaped>.)"
    r"|(?P<plain>[^\s\\'\"$`&|;<>()]+|.)",
    re.DOTALL,
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?:(:?[-+=?])([^{}]*))?\}|(\w+))")
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
    targets: tuple[str, ...] = ()
    """The files that its output goes to."""

    @property
    def texts(self) -> list[str]:
        return [word.text for word in self.words]


def commands(text: str, line: int, variables: Variables) -> Iterator[Command]:
    """The simple commands of a script. Assignments go to ``variables``."""
    for command in _split(text, line, variables):
        words = command.words
        bare = [word.text for word in words]
        if bare and bare[0] in ("export", "readonly", "local", "declare"):
            bare = bare[1:]
        if bare and all(_ASSIGNED.fullmatch(one) for one in bare):
            for one in bare:
                assign(variables, one)
        elif words:
            yield command


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


def _split(text: str, line: int, variables: Variables) -> Iterator[Command]:
    """The words of each command. What an assignment sets is known to those after it."""
    splitter = _Splitter(line)
    at = 0
    while at < len(text):
        if text[at] == "#" and splitter.is_between:  # a comment, to the end of its line
            end = text.find("\n", at)
            at = len(text) if end < 0 else end
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
        elif kind == "blank":
            splitter.close()
        elif kind == "variable":
            splitter.add_split(expand(token, variables))
        elif kind != "joined":
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
        self._words: list[Word] = []
        self._pieces: list[str] = []
        self._started = 0  # the line where the open word starts; 0 if none is open
        self._targets: list[str] = []
        self._turning: tuple[Word | None, str] | None = None

    @property
    def is_between(self) -> bool:
        """Whether no word is open."""
        return not self._started

    def add(self, piece: str) -> None:
        self._started = self._started or self.line
        self._pieces.append(piece)

    def add_split(self, value: str) -> None:
        """Add the value of a variable without quotes, which the shell splits at blanks."""
        for part in re.split(r"(\s+)", value):
            if part.isspace():
                self.close()
            elif part:
                self.add(part)

    def turn(self, operator: str) -> None:
        """Begin a redirection; the next word is its target."""
        glued = self.close()
        if glued is not None and glued.text.isdigit():
            self._words.pop()  # the number of a stream: 2>
            glued = None
        self._turning = (glued, operator)

    def close(self) -> Word | None:
        """End the open word. Returns it if it is one of the command's."""
        if not self._started:
            return None
        word = Word("".join(self._pieces), self._started)
        self._pieces, self._started = [], 0
        if self._turning is None:
            self._words.append(word)
            return word
        before, operator = self._turning
        if operator in (">", ">>", ">|", "&>", "&>>"):
            self._targets.append(word.text)
        if before is not None:
            before.turned = operator + word.text
        self._turning = None
        return None

    def command(self) -> Command:
        self.close()
        command = Command(self._words, tuple(self._targets))
        self._words, self._targets, self._turning = [], [], None
        return command

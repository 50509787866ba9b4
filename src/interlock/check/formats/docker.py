"""A Dockerfile's lines that install something, and the Python of its base image.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import SpecifierSet

from interlock.check.formats import requirements
from interlock.check.formats.installers import read_command, read_script
from interlock.check.formats.reading import Reading
from interlock.check.formats.shell import Command, Variables, Word, commands, expand

_INSTRUCTION = re.compile(r"\s*(?:ONBUILD\s+)?([A-Za-z]+)\s+(.*)", re.DOTALL | re.IGNORECASE)
_ESCAPE = re.compile(r"#\s*escape\s*=\s*`", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_IMAGE = re.compile(r"(?:^|/)python:(\d+(?:\.\d+){0,2})|[:-]python-?(\d+\.\d+)")
"""``python:3.12-slim``, ``…/uv:python3.12-alpine``."""


@dataclass(kw_only=True)
class Stages:
    """The stages so far: what their variables and their Pythons are."""

    arguments: Variables = field(default_factory=dict)
    """Those before the first stage. A stage sees them if it asks for them."""
    variables: Variables = field(default_factory=dict)
    pythons: dict[str, SpecifierSet | None] = field(default_factory=dict)
    last: SpecifierSet | None = None
    is_inside: bool = False


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    reading = Reading(file=file, sought=sought)
    stages = Stages()
    for line, instruction in _instructions(text):
        found = _INSTRUCTION.fullmatch(instruction)
        if found:
            at = line + instruction.count("\n", 0, found.start(2))
            _read_instruction(reading, stages, found[1].upper(), found[2], at)
    known = [one for one in stages.pythons.values() if one is not None]
    reading.python = stages.last or (known[-1] if known else None)
    return reading


def read_shell(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read a shell script."""
    reading = Reading(file=file, sought=sought)
    read_script(reading, text, 1, {})
    return reading


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Each instruction with the line where it starts. Comments in it are left out."""
    lines = text.split("\n")
    escape = "`" if _ESCAPE.match(lines[0]) else "\\"
    whole, start, ends = "", 0, list[str]()
    for number, line in enumerate(lines, start=1):
        if ends:
            whole += f"\n{line}"
            if line.strip() == ends[0]:
                ends.pop(0)
            if not ends:
                yield start, whole
                whole = ""
            continue
        is_nothing = not line.strip() or line.lstrip().startswith("#")
        if not whole and is_nothing:
            continue
        start = start if whole else number
        if is_nothing:
            whole += "\\\n"
        elif line.rstrip().endswith(escape):
            whole += line.rstrip()[: -len(escape)] + "\\\n"
        else:
            whole += line
            ends = [end for _, end in _HEREDOC.findall(whole)] if _may_have_heredoc(whole) else []
            if not ends:
                yield start, whole
                whole = ""
    if whole:
        yield start, whole


def _may_have_heredoc(text: str) -> bool:
    return bool(re.match(r"\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\b", text, re.IGNORECASE))


def _read_instruction(reading: Reading, stages: Stages, name: str, rest: str, line: int) -> None:
    if name == "FROM":
        _read_from(stages, rest)
    elif name in ("ARG", "ENV"):
        _read_variables(stages, name, rest)
    elif name in ("RUN", "CMD", "ENTRYPOINT"):
        words = _json_words(rest)
        if words is None:
            read_script(reading, rest, line, dict(stages.variables))
        else:
            read_command(reading, Command([Word(one, line) for one in words]))
    elif name in ("COPY", "ADD"):
        _read_copy(reading, rest, line)


def _read_from(stages: Stages, rest: str) -> None:
    words = [word for word in rest.replace("\\\n", " ").split() if not word.startswith("--")]
    image = expand(words[0], stages.arguments) if words else ""
    found = _IMAGE.search(image)
    if image.lower() in stages.pythons:
        stages.last = stages.pythons[image.lower()]
    else:
        stages.last = SpecifierSet(f"=={found[1] or found[2]}.*") if found else None
    if len(words) >= 3 and words[1].upper() == "AS":
        stages.pythons[words[2].lower()] = stages.last
    else:
        stages.pythons[f"stage {len(stages.pythons)}"] = stages.last
    stages.variables = {}
    stages.is_inside = True


def _read_variables(stages: Stages, name: str, rest: str) -> None:
    """Note ``ARG NAME=value`` and ``ENV NAME=value``, or the older ``ENV NAME value``."""
    known = stages.variables if stages.is_inside else stages.arguments
    words = [word.text for command in commands(f": {rest}", 1, known) for word in command.words][1:]
    if name == "ENV" and words and "=" not in words[0]:
        known[words[0]] = " ".join(words[1:])
        return
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            known[key] = None if "$" in value else value
        elif key in stages.arguments:
            known[key] = stages.arguments[key]


def _json_words(text: str) -> list[str] | None:
    """The words of the JSON form. None if it is not that form."""
    try:
        words = json.loads(text.replace("\\\n", "\n")) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return None
    is_form = isinstance(words, list) and all(isinstance(one, str) for one in words)
    return words if is_form else None


def _read_copy(reading: Reading, rest: str, line: int) -> None:
    """Read a requirement file inside the Dockerfile: ``COPY <<EOF deps.txt``."""
    head, _, body = rest.partition("\n")
    found = _HEREDOC.search(head)
    if not (found and head.rstrip().endswith((".txt", ".in")) and body):
        return
    content = body.rpartition("\n")[0]
    part = requirements.read(reading.file, "\n" * line + content, reading.sought)
    reading.take(part)

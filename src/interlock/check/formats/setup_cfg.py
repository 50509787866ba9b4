"""setup.cfg, the declarative configuration of setuptools.

https://setuptools.pypa.io/en/latest/userguide/declarative_config.html
"""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator
from pathlib import Path

from interlock.check.formats.reading import Place, Reading, requires_python
from interlock.check.formats.requirements import read_line
from interlock.check.formats.text import UnreadableFile

MOST_CHARACTERS = 4000
"""Of one line. The patterns of ``configparser`` take time with the square of it."""

_OPTIONS, _EXTRAS = "options", "options.extras_require"


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    _check(file, text)
    reading = Reading(file=file, sought=sought)
    for section, key, value, line in _values(text):
        if section == _OPTIONS and key == "python_requires":
            reading.python = requires_python(value) or reading.python
        elif (section == _OPTIONS and key == "install_requires") or section == _EXTRAS:
            group = key if section == _EXTRAS else ""
            _read_value(reading, value, Place(line=line, group=group, is_direct=True))
    return reading


def _read_value(reading: Reading, value: str, place: Place) -> None:
    if value.startswith("file:"):
        for name in value[5:].split(","):
            reading.other_file(name.strip(), place.line)
    else:
        read_line(reading, value, place)


def _check(file: Path, text: str) -> None:
    for number, one in enumerate(text.split("\n"), start=1):
        if len(one) > MOST_CHARACTERS:
            raise UnreadableFile(file, number, f"it has more than {MOST_CHARACTERS} characters")
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as wrong:
        raise UnreadableFile(file, wrong.lineno, "it has no section before this line") from None
    except configparser.ParsingError as wrong:
        line = wrong.errors[0][0] if wrong.errors else None
        raise UnreadableFile(file, line, "it is not a key with a value") from None
    except configparser.Error as wrong:
        raise UnreadableFile(file, None, str(wrong).replace("\n", " ")) from None


def _values(text: str) -> Iterator[tuple[str, str, str, int]]:
    """Each line of each value, with its section, its key and its number."""
    section = key = ""
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")):
            continue
        header = re.fullmatch(r"\[([^]]+)\]\s*", line.rstrip())
        pair = re.match(r"([^=:\s][^=:]*?)\s*[=:]\s*(.*)$", line)
        if header:
            section, key = header[1], ""
        elif line[:1].isspace() and key:
            yield section, key, bare, number
        elif pair:
            key = pair[1].strip()
            if pair[2].strip():
                yield section, key, pair[2].strip(), number

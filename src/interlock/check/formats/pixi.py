"""Pixi's tables, in pixi.toml or under ``[tool.pixi]``.

https://pixi.sh/latest/reference/pixi_manifest/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interlock.check.formats.document import table, toml_of
from interlock.check.formats.lines import Place as Way, toml_lines
from interlock.check.formats.poetry import python_range, read_table
from interlock.check.formats.reading import Place, Reading

_LISTS = ("dependencies", "pypi-dependencies")


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read a pixi.toml."""
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought)
    read_pixi(reading, document, (), toml_lines(text))
    return reading


def read_pixi(reading: Reading, pixi: dict[str, Any], way: Way, lines: Mapping[Way, int]) -> None:
    """Read the tables of Pixi that stand at a place of a document."""
    for at, held in _with_lists(pixi, ()):
        group = str(at[1]) if at[:1] == ("feature",) else ""
        place = Place(group=group, is_direct=True)
        for key in _LISTS:
            asked = dict(table(held.get(key)))
            python = asked.pop("python", None)
            if isinstance(python, str) and reading.python is None:
                reading.python = python_range(python)
            read_table(reading, asked, (*way, *at, key), lines, place)


def _with_lists(held: dict[str, Any], at: Way) -> Iterator[tuple[Way, dict[str, Any]]]:
    """The tables that may have lists: the top, its features, and the targets of both."""
    yield at, held
    for key in ("feature", "target"):
        if key not in at:
            for name, inner in table(held.get(key)).items():
                yield from _with_lists(table(inner), (*at, key, name))

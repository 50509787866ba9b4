"""Pipfile and Pipfile.lock: https://github.com/pypa/pipfile"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from interlock.check.formats.beside import add_roots
from interlock.check.formats.document import json_of, table, toml_of
from interlock.check.formats.graph import MAIN, Graph
from interlock.check.formats.lines import json_lines, toml_lines
from interlock.check.formats.poetry import read_table
from interlock.check.formats.reading import Place, Reading, specifiers

_NO_PACKAGES = ("source", "requires", "scripts", "pipenv", "_meta")
_GROUPS = {"packages": MAIN, "default": MAIN, "dev-packages": "dev", "develop": "dev"}
_SOURCES = ("git", "path", "file", "hg", "svn")


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read a Pipfile: what is asked for."""
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought, python=_python(table(document.get("requires"))))
    lines = toml_lines(text)
    for section, asked in document.items():
        if section not in _NO_PACKAGES and isinstance(asked, dict):
            place = Place(group=_GROUPS.get(section, section), is_direct=True)
            read_table(reading, asked, (section,), lines, place)
    return reading


def read_lock(file: Path, text: str, sought: frozenset[str]) -> Reading:
    """Read a Pipfile.lock: what is installed."""
    document = json_of(file, text)
    requires = table(table(document.get("_meta")).get("requires"))
    reading = Reading(file=file, sought=sought, python=_python(requires))
    graph = Graph()
    add_roots(graph, file, "Pipfile", read)
    lines: dict[tuple[str | int, ...], int] | None = None
    for section, packages in document.items():
        for name, held in table(packages).items():
            if section in _NO_PACKAGES or canonicalize_name(name) not in sought:
                reading.packages += section not in _NO_PACKAGES
                continue
            lines = json_lines(text) if lines is None else lines
            place = Place(
                line=lines.get((section, name)),
                group=_GROUPS.get(section, section),
                is_direct=graph.is_direct(canonicalize_name(name)),
                is_locked=True,
            )
            _read_entry(reading, name, held, place)
    return reading


def _read_entry(reading: Reading, name: str, held: object, place: Place) -> None:
    """Read an entry: ``{"version": "==2.5.1"}``, or where it comes from."""
    entry = table(held)
    place = replace(place, marker=str(entry.get("markers", "")))
    source = next((str(entry[key]) for key in _SOURCES if key in entry), "")
    if source and entry.get("ref"):
        source = f"{source}@{entry['ref']}"
    version = held if isinstance(held, str) else entry.get("version")
    pin = version.lstrip("= ") if isinstance(version, str) else None
    reading.locked(name, pin, place, source)


def _python(requires: dict[str, Any]) -> SpecifierSet | None:
    text = requires.get("python_version", requires.get("python_full_version"))
    return specifiers(f"=={text}.*") if isinstance(text, str) else None

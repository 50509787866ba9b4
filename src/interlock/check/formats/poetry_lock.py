"""poetry.lock 1.0 to 2.1.

The format has no description; Poetry's own code is the reference:
https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from interlock.check.formats import pyproject
from interlock.check.formats.beside import add_roots
from interlock.check.formats.document import strings, table, tables, toml_of
from interlock.check.formats.graph import MAIN, Graph
from interlock.check.formats.lines import entry_lines
from interlock.check.formats.markers import any_of
from interlock.check.formats.poetry import python_range
from interlock.check.formats.reading import Reading

_SOURCES = ("git", "url", "file", "directory", "hg", "svn")
"""A source of another type, ``legacy``, is an index."""


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought)
    python = table(document.get("metadata")).get("python-versions")
    reading.python = python_range(python) if isinstance(python, str) else None
    entries = tables(document.get("package"))
    names = [str(entry.get("name", "")) for entry in entries]
    graph = Graph()
    for entry, name in zip(entries, names, strict=True):
        for required in table(entry.get("dependencies")):
            graph.add(canonicalize_name(name), canonicalize_name(required))
    add_roots(graph, file, "pyproject.toml", pyproject.read)
    extras = _extras(document, graph)
    for entry, name, line in zip(entries, names, entry_lines(text, "package", names), strict=True):
        package = canonicalize_name(name)
        if package not in sought:
            reading.other(name, line)
            continue
        known = graph.place(package, line, marker=_marker(entry))
        group = _group(entry, known.group, extras.group_of(package))
        place = graph.place(package, line, marker=known.marker, group=group)
        reading.locked(name, entry.get("version"), place, _source(entry))
    return reading


def _extras(document: dict[str, Any], graph: Graph) -> Graph:
    """The same packages, as far as the extras bring them in."""
    extras = Graph(edges=graph.edges)
    for extra, names in table(document.get("extras")).items():
        for name in strings(names):
            # a 1.0 file has `name (>=1)` here
            extras.root(extra, canonicalize_name(name.split(" ")[0].partition("[")[0]))
    return extras


def _group(entry: dict[str, Any], reached: str, extra: str) -> str:
    """The groups that the entry names; else those that bring it in."""
    groups = strings(entry.get("groups")) or strings(entry.get("category"))
    if entry.get("optional") is True and (not groups or "main" in groups):
        return extra or reached or "optional"
    if groups:
        return MAIN if "main" in groups else ", ".join(groups)
    return reached


def _marker(entry: dict[str, Any]) -> str:
    """The marker; in 2.1 it may be one for each group."""
    held = entry.get("markers", entry.get("marker", ""))
    return any_of([str(one) for one in held.values()] if isinstance(held, dict) else [str(held)])


def _source(entry: dict[str, Any]) -> str:
    source = table(entry.get("source"))
    if source.get("type") not in _SOURCES:
        return ""
    reference = source.get("resolved_reference") or source.get("reference")
    url = str(source.get("url", ""))
    return f"{url}@{reference}" if reference else url

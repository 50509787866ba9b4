"""pdm.lock: https://pdm-project.org/latest/usage/lockfile/"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from interlock.check.formats import pyproject
from interlock.check.formats.beside import add_roots
from interlock.check.formats.document import strings, table, tables, toml_of
from interlock.check.formats.graph import MAIN, Graph
from interlock.check.formats.lines import entry_lines
from interlock.check.formats.reading import Reading, requires_python

_DEFAULT = "default"
_SOURCES = ("url", "git", "hg", "svn", "path")


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought, python=_python(document))
    entries = tables(document.get("package"))
    names = [str(entry.get("name", "")) for entry in entries]
    graph = Graph()
    for entry, name in zip(entries, names, strict=True):
        for required in _names(strings(entry.get("dependencies"))):
            graph.add(canonicalize_name(name), required)
    add_roots(graph, file, "pyproject.toml", pyproject.read)
    whole = {_key(entry) for entry in entries if not entry.get("extras")}
    for entry, name, line in zip(entries, names, entry_lines(text, "package", names), strict=True):
        package = canonicalize_name(name)
        if entry.get("extras") and _key(entry) in whole:
            continue  # the same release again, with what its extras need
        if package not in sought:
            reading.other(name, line)
            continue
        groups = [MAIN if one == _DEFAULT else one for one in strings(entry.get("groups"))]
        group = MAIN if MAIN in groups else ", ".join(groups)
        marker = str(entry.get("marker", ""))
        place = graph.place(package, line, marker=marker)
        if groups:
            place = graph.place(package, line, marker=marker, group=group)
        source = next((str(entry[key]) for key in _SOURCES if key in entry), "")
        reading.locked(name, entry.get("version"), place, source)
    return reading


def _python(document: dict[str, Any]) -> SpecifierSet | None:
    """The Pythons of the targets, if there is one answer."""
    targets = tables(table(document.get("metadata")).get("targets"))
    wanted = {str(one["requires_python"]) for one in targets if "requires_python" in one}
    return requires_python(wanted.pop()) if len(wanted) == 1 else None


def _key(entry: dict[str, Any]) -> tuple[str, ...]:
    """What tells two entries of one package apart."""
    name = canonicalize_name(str(entry.get("name", "")))
    return (name, *(str(entry.get(key, "")) for key in ("version", "marker", *_SOURCES)))


def _names(requirements: Iterable[str]) -> Iterable[str]:
    for one in requirements:
        try:
            yield canonicalize_name(Requirement(one).name)
        except ValueError:
            continue  # it only tells who needs whom

"""uv.lock: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from interlock.check.formats import pyproject
from interlock.check.formats.beside import add_roots
from interlock.check.formats.document import strings, table, tables, toml_of
from interlock.check.formats.graph import MAIN, Graph
from interlock.check.formats.lines import entry_lines
from interlock.check.formats.markers import any_of
from interlock.check.formats.reading import Reading, requires_python

KNOWN_VERSION = 1


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    document = toml_of(file, text)
    reading = Reading(file=file, sought=sought)
    reading.python = requires_python(document.get("requires-python"))
    if document.get("version", KNOWN_VERSION) != KNOWN_VERSION:
        why = f"only version {KNOWN_VERSION} of the format is known; what was read may be wrong"
        reading.unsure(f"version = {document['version']}", None, why)
    entries = tables(document.get("package"))
    names = [str(entry.get("name", "")) for entry in entries]
    graph = _graph(document, entries)
    add_roots(graph, file, "pyproject.toml", pyproject.read)
    for entry, name, line in zip(entries, names, entry_lines(text, "package", names), strict=True):
        package = canonicalize_name(name)
        marker = any_of(strings(entry.get("resolution-markers")))
        source = table(entry.get("source"))
        if package not in sought:
            if not _is_the_project(source):
                reading.other(name, line)
            continue
        place = graph.place(package, line, marker=marker or _marker(package, entries))
        reading.locked(name, entry.get("version"), place, _address(source))
    return reading


def _address(source: dict[str, Any]) -> str:
    """Where it comes from, if not from an index."""
    kinds = ("url", "git", "path", "directory", "editable", "virtual")
    return next((str(source[kind]) for kind in kinds if kind in source), "")


def _is_the_project(source: dict[str, Any]) -> bool:
    return "editable" in source or "virtual" in source


def _projects(document: dict[str, Any], entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The members of the workspace; the project itself where there is none."""
    members = strings(table(document.get("manifest")).get("members"))
    if members:
        return [entry for entry in entries if entry.get("name") in members]
    return [entry for entry in entries if _is_the_project(table(entry.get("source")))]


def _graph(document: dict[str, Any], entries: list[dict[str, Any]]) -> Graph:
    graph = Graph()
    projects = _projects(document, entries)
    for entry in entries:
        if entry in projects:
            _add_project(graph, entry)
        else:
            _add_package(graph, entry)
    manifest = table(document.get("manifest"))  # of a script, which is no package
    for name in _required(manifest.get("requirements")):
        graph.root(MAIN, name)
    for group, wanted in table(manifest.get("dependency-groups")).items():
        for name in _required(wanted):
            graph.root(group, name)
    return graph


def _add_project(graph: Graph, entry: dict[str, Any]) -> None:
    for name in _required(entry.get("dependencies")):
        graph.root(MAIN, name)
    for key in ("optional-dependencies", "dev-dependencies"):
        for group, wanted in table(entry.get(key)).items():
            for name in _required(wanted):
                graph.root(group, name)


def _add_package(graph: Graph, entry: dict[str, Any]) -> None:
    package = canonicalize_name(str(entry.get("name", "")))
    for name in _required(entry.get("dependencies")):
        graph.add(package, name)
    for extra, wanted in table(entry.get("optional-dependencies")).items():
        for name in _required(wanted):
            graph.add(f"{package}[{extra}]", name)


def _required(wanted: object) -> Iterable[str]:
    """The nodes that a list of dependencies names."""
    for one in tables(wanted):
        name = canonicalize_name(str(one.get("name", "")))
        yield name
        for extra in [*strings(one.get("extra")), *strings(one.get("extras"))]:
            yield f"{name}[{extra}]"


def _marker(package: str, entries: list[dict[str, Any]]) -> str:
    """Where any of the requirements holds that bring a package in."""
    wanted = [
        one
        for entry in entries
        for key in ("dependencies", "optional-dependencies", "dev-dependencies")
        for group in [entry.get(key), *table(entry.get(key)).values()]
        for one in tables(group)
        if canonicalize_name(str(one.get("name", ""))) == package
    ]
    return any_of([str(one.get("marker", "")) for one in wanted])

"""pylock.toml: https://packaging.python.org/en/latest/specifications/pylock-toml/

It is read as plain TOML, so that every release of ``packaging`` gives the same answer, with lines.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from interlock.check.formats.document import table, tables, toml_of
from interlock.check.formats.graph import Graph
from interlock.check.formats.lines import entry_lines
from interlock.check.formats.reading import Reading, requires_python


def read(file: Path, text: str, sought: frozenset[str]) -> Reading:
    document = toml_of(file, text)
    reading = Reading(
        file=file, sought=sought, python=requires_python(document.get("requires-python"))
    )
    if not str(document.get("lock-version", "1.0")).startswith("1."):
        why = "only version 1 of the format is known; what was read may be wrong"
        reading.unsure(f"lock-version = {document['lock-version']}", None, why)
    entries = tables(document.get("packages"))
    names = [str(entry.get("name", "")) for entry in entries]
    graph = Graph()
    for entry, name in zip(entries, names, strict=True):
        for required in tables(entry.get("dependencies")):
            graph.add(canonicalize_name(name), canonicalize_name(str(required.get("name", ""))))
    for entry, name, line in zip(entries, names, entry_lines(text, "packages", names), strict=True):
        package = canonicalize_name(name)
        if package not in sought:
            reading.other(name, line)
            continue
        marker = str(entry.get("marker", ""))
        place = graph.place(package, line, marker=marker)
        reading.locked(name, entry.get("version"), place, _source(entry))
    return reading


def _source(entry: dict[str, Any]) -> str:
    """Where it comes from, if not from an index."""
    for key in ("vcs", "directory", "archive"):
        held = table(entry.get(key))
        address = str(held.get("url") or held.get("path") or "")
        if address:
            commit = held.get("commit-id") or held.get("requested-revision")
            return f"{address}@{commit}" if commit else address
    return ""

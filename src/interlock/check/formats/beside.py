"""What the project itself asks for, in the file beside its lock file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from interlock.check.formats.graph import Graph
from interlock.check.formats.reading import Reading
from interlock.check.formats.text import UnreadableFile, text_of

LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock")
"""The names under which the tools write them. One of another name may be anybody's copy."""

Reader = Callable[[Path, str, frozenset[str]], Reading]


def add_roots(graph: Graph, lock: Path, name: str, read: Reader) -> None:
    """Take the roots from the file of this name beside the lock file."""
    file = lock.parent / name
    if graph.roots or lock.name not in LOCKS or not file.is_file():
        return
    try:
        asked = read(file, text_of(file), frozenset()).asked_for
    except UnreadableFile:
        return  # nobody gave this file; the lock file stands for itself
    graph.roots.update({group: set(names) for group, names in asked.items()})

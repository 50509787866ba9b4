"""Files and folders → one project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from interlock.check.formats import requirements
from interlock.check.formats.text import text_of
from interlock.check.found import DependencyFile, Project, joined


def read_project(paths: Sequence[Path], packages: Mapping[str, str]) -> Project:
    """Read dependency files as one project. Nothing in them is executed.

    ``packages`` maps the name of each tested package to its axis. Raises ``UsageError`` for a file
    that can't be read, and for one that no format is known for.
    """
    sought = frozenset(canonicalize_name(name) for name in packages)
    return joined(_read(path, sought) for path in paths)


def _read(path: Path, sought: frozenset[str]) -> DependencyFile:
    return requirements.read(path, text_of(path), sought).done("requirements file")

"""Where a finding stands, for formats that point at files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from interlock.check.result import Finding

Place = tuple[Path, int | None]
"""A file, and the line if it has one."""


def places(finding: Finding) -> list[Place]:
    """Where the files ask for it, each place once. Those with a line come first."""
    found = dict.fromkeys((one.file, one.line) for one in finding.mentions)
    return sorted(found, key=lambda place: place[1] is None)


def where(finding: Finding) -> Iterator[str]:
    """``requirements.txt:3``, each place once."""
    for file, line in places(finding):
        yield f"{file}:{line}" if line else str(file)


def relative(file: Path) -> Path:
    """As seen from the working directory, if it is below that."""
    try:
        return file.resolve().relative_to(Path.cwd().resolve())
    except (ValueError, OSError):
        return file


def as_uri(file: Path) -> str:
    """A URI relative to the working directory, or an absolute one for what lies outside."""
    path = relative(file)
    if path.is_absolute() or ".." in path.parts:
        return path.resolve().as_uri()
    return quote(path.as_posix(), safe="/", errors="surrogateescape")

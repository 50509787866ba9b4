"""What decides what a probe does, and its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

HARNESS = "harness"
"""The folder beside the probes that runs them; not a probe."""

LIBRARIES = "libraries"
"""The folder beside the probes with what they share of the libraries under test; not a probe."""

DESCRIPTION = "probe.yaml"


def digest(folder: Path, name: str) -> str:
    """Of the probe and what it shares with others: Python and YAML files, by name and bytes.

    The same on every machine; what only a reader sees (``PROTOCOL.md``) does not count.
    """
    seen = hashlib.sha256()
    for path in _files(folder, (HARNESS, LIBRARIES, name)):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        seen.update(content)
    return seen.hexdigest()


def _files(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    found = (path for name in names for path in (folder / name).rglob("*") if path.is_file())
    for path in sorted(found, key=lambda path: path.relative_to(folder).as_posix()):
        if path.suffix in (".py", ".yaml") and "__pycache__" not in path.parts:
            yield path

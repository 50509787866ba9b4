"""The digest of a probe, which changes when the probe's behaviour can change.

For Python files the syntax tree counts (``syntax``), for YAML files the parsed value. Comments,
docstrings and formatting do not count, nor does text that only a reader sees. A program can read
its own docstrings, but no probe does.

Line numbers do not count, because a signature names functions and classes. The harness alone uses
line numbers: it looks up a frame's line to find the call there. Layout is left out all the same,
because one formatter lays out every probe.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from interlock.matrix.document import read
from interlock.matrix.plain_files import is_of_a_probe, read_bytes
from interlock.matrix.syntax import meaning
from interlock.model import MatrixError, digest_of

HARNESS = "harness"
"""The folder beside the probes with the code that runs them. It is not a probe."""

LIBRARIES = "libraries"
"""The folder beside the probes with their shared code for the tested libraries.

It is not a probe.
"""

DESCRIPTION = "probe.yaml"

COUNTS = ("needs", "requirements", "alone", "limits")
COUNTS_IN = {"exposures": ("least", "most", "knob")}
COUNTS_IN_EACH = {
    "live": ("name", "fact", "request", "or_fact", "needs", "when"),
    "measures": ("fact", "item", "path"),
    "knobs": ("value",),
    "environment": ("value",),
}
"""The keys of a ``probe.yaml`` that decide what a trial does and how it is judged.

``COUNTS`` are whole keys, ``COUNTS_IN`` keys of one mapping, ``COUNTS_IN_EACH`` keys of each entry.
Everything else is prose or an estimate: ``title``, ``stresses``, ``cannot_see``, ``says``, ``why``,
``unit``, ``expected_s``.
"""


def digest(folder: Path, name: str) -> str:
    """The digest of a probe's behaviour, including the code that it shares.

    It is the same on every machine and every Python. Raises ``MatrixError`` if a file is not
    Python.
    """
    paths = _files(folder, (HARNESS, LIBRARIES, name))
    return digest_of({_name(folder, path): _behaviour(folder, path) for path in paths})


def _files(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    for name in names:
        for path in (folder / name).rglob("*"):
            if is_of_a_probe(path) and path.is_file():
                yield path


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _behaviour(folder: Path, path: Path) -> str:
    if path.suffix == ".py":
        try:
            return _of_python(read_bytes(path))
        except (SyntaxError, ValueError, RecursionError, MemoryError, OSError) as error:
            line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            said = error.msg if isinstance(error, SyntaxError) else error
            if isinstance(error, (RecursionError, MemoryError)):
                said = "it is nested too deeply"
            at = f"{folder.name}/{_name(folder, path)}{line}"
            raise MatrixError([f"{at}: is not Python: {said}"]) from None
    value = read(path).value
    described = path.name == DESCRIPTION and path.parent.parent == folder
    return json.dumps(_counting(value) if described else value, sort_keys=True, default=str)


@lru_cache(maxsize=256)
def _of_python(source: bytes) -> str:
    return hashlib.sha256(meaning(source).encode()).hexdigest()


def _counting(description: Any) -> Any:
    """The part of a ``probe.yaml`` that counts. Empty values count as missing."""
    if not isinstance(description, dict):
        return description
    counting: dict[str, Any] = {key: description.get(key) for key in COUNTS}
    counting |= {key: _only(description.get(key), parts) for key, parts in COUNTS_IN.items()}
    counting |= {
        key: _only_in_each(description.get(key), parts) for key, parts in COUNTS_IN_EACH.items()
    }
    return {key: value for key, value in counting.items() if value}


def _only_in_each(entries: Any, parts: Sequence[str]) -> Any:
    if isinstance(entries, dict):
        return {name: _only(entry, parts) for name, entry in entries.items()}
    if isinstance(entries, list):
        return [_only(entry, parts) for entry in entries]
    return entries


def _only(section: Any, parts: Sequence[str]) -> Any:
    if not isinstance(section, dict):
        return section
    return {key: value for key, value in section.items() if key in parts}

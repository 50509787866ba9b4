"""``releases.json``: what the package index lists, and what it decides, one line a release.

So a question about any release is answered without a network. The file is about one kind of
machine, and about the Pythons of the matrix.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.version import Version

from interlock.index import joined
from interlock.model import Axis, PythonVersion, Reason, moment_in, printable
from interlock.record.files import Batch, read_json
from interlock.record.listed import MACHINE, NONE_LISTED, ListedRelease, ListedReleases
from interlock.record.shapes import ReleasesFile

RELEASES = "releases.json"
SCHEMA_VERSION = 1

_WHY_NOT: Mapping[str, Reason] = {
    "no_wheel": Reason.NO_WHEEL,
    "requires_python": Reason.REQUIRES_PYTHON,
}
"""Keys of a release, and the reason that the Pythons behind each have."""


def read_releases(folder: Path) -> ListedReleases:
    """The releases that were published. Raises ``UsageError`` with every mistake of the file."""
    content = read_json(folder / RELEASES, ReleasesFile)
    if content is None:
        return NONE_LISTED
    names = {name: [name, *others] for name, others in content["vulnerabilities"].items()}
    pythons = {text: PythonVersion.parse(text) for text in content["pythons"]}
    return ListedReleases(
        pythons=tuple(sorted(pythons.values())),
        by_axis={
            axis: sorted(_read(listed, names), key=lambda one: one.version)
            for axis, listed in content["releases"].items()
        },
    )


def _read(
    listed: Mapping[str, Mapping[str, Any]], names: Mapping[str, Sequence[str]]
) -> Iterator[ListedRelease]:
    for version, told in listed.items():
        uploaded_at, known = told["uploaded_at"], told["vulnerabilities"]
        yield ListedRelease(
            version=Version(version),
            uploaded_at=moment_in(uploaded_at) if uploaded_at else None,
            yanked="yanked" in told,
            yanked_because=told.get("yanked", ""),
            refused={
                PythonVersion.parse(python): reason
                for key, reason in _WHY_NOT.items()
                for python in told.get(key, ())
            },
            vulnerabilities=(
                None if known is None else joined(names.get(name, [name]) for name in known)
            ),
        )


def write_releases(
    listed: ListedReleases, axes: Sequence[Axis], folder: Path, batch: Batch
) -> None:
    """Write the file, the axes in their order and each axis in version order."""
    batch.write(folder / RELEASES, _text(listed, axes))


def _text(listed: ListedReleases, axes: Sequence[Axis]) -> str:
    encode = json.JSONEncoder(ensure_ascii=False).encode
    by_axis = {
        axis.name: {
            str(one.version): encode(_line(one)) for one in listed.by_axis.get(axis.name, ())
        }
        for axis in axes
    }
    known = {name: encode(others) for name, others in sorted(_names(listed).items())}
    parts = [
        f'"schema_version": {SCHEMA_VERSION}',
        f'"machine": {encode(MACHINE)}',
        f'"pythons": {encode([str(python) for python in listed.pythons])}',
        f'"vulnerabilities": {_object(known, " ")}',
        '"releases": '
        + _object({name: _object(lines, "  ") for name, lines in by_axis.items()}, " "),
    ]
    return "{\n " + ",\n ".join(parts) + "\n}\n"


def _object(encoded: Mapping[str, str], indent: str) -> str:
    lines = ",\n".join(f"{indent} {json.dumps(key)}: {value}" for key, value in encoded.items())
    return f"{{\n{lines}\n{indent}}}" if lines else "{}"


def _line(one: ListedRelease) -> dict[str, Any]:
    found: dict[str, Any] = {
        "uploaded_at": one.uploaded_at.isoformat() if one.uploaded_at else None
    }
    if one.yanked:
        found["yanked"] = printable(one.yanked_because)
    for key, reason in _WHY_NOT.items():
        refused = [str(python) for python in sorted(one.refused) if one.refused[python] is reason]
        if refused:
            found[key] = refused
    known = one.vulnerabilities
    found["vulnerabilities"] = None if known is None else [each.id for each in known]
    return found


def _names(listed: ListedReleases) -> Mapping[str, Sequence[str]]:
    """By the name of a vulnerability that is shown: its other names."""
    found: dict[str, set[str]] = {}
    for one in _all(listed):
        for each in one.vulnerabilities or ():
            found.setdefault(each.id, set()).update(each.names)
    return {name: sorted(names - {name}) for name, names in found.items()}


def _all(listed: ListedReleases) -> Iterable[ListedRelease]:
    return (one for of in listed.by_axis.values() for one in of)

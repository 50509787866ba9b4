"""The folder ``results/``: the published data set, read and written.

``verdicts.csv`` holds a row a verdict (``rows.py``), sorted so that one night's change is a
readable diff; ``measures.csv`` what trials measured (``measures.py``); ``signatures/`` a JSON file
for each signature (``signatures.py``).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

from interlock.model import Axis, Renames, Signature, Verdict
from interlock.record import older, rows, signatures
from interlock.record.control_results import CONTROLS
from interlock.record.files import read_json, write_csv, write_whole
from interlock.record.measures import MEASURES, read_measures, write_measures
from interlock.record.order import ordered
from interlock.record.rows import VERDICTS, Attributions, Row
from interlock.record.signatures import Example

SIGNATURES = "signatures"
YANKED = "yanked.json"


@dataclass(frozen=True, kw_only=True)
class Results:
    """What ``results/`` says."""

    verdicts: list[Verdict]
    """In published order, with every signature and its count, and what was measured."""
    signatures: list[Mapping[str, Any]]
    """The signature files' contents, most frequent first."""
    yanked: Mapping[str, frozenset[Version]]
    """Tested releases that their authors have withdrawn, by axis."""
    controls: Sequence[Mapping[str, Any]]
    """What each control of each campaign answered; the newest campaign last."""


def write_results(
    verdicts: Sequence[Verdict],
    examples: Mapping[Signature, Example],
    results: Path,
    axes: Sequence[Axis],
    yanked: Mapping[str, Collection[Version]] | None = None,
    attributions: Attributions | None = None,
) -> None:
    """Write the whole data set; the file of a signature that no verdict names any more goes.

    Where no example of a signature is handed in, the one that the folder has stays. ``yanked`` are
    withdrawn releases by axis, as the index knows them; those tested are kept.
    """
    verdicts = ordered(verdicts, axes)
    write_verdicts(verdicts, axes, results / VERDICTS, attributions)
    write_measures(verdicts, axes, results)
    _write_yanked(verdicts, axes, results / YANKED, yanked or {})
    _write_signatures(verdicts, axes, results / SIGNATURES, examples)


def write_verdicts(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    path: Path,
    attributions: Attributions | None = None,
) -> None:
    """Write ``verdicts.csv``; what was there stays until the new one is whole."""
    write_rows(rows.rows(verdicts, axes, attributions), axes, path)


def write_rows(published: Iterable[Row], axes: Sequence[Axis], path: Path) -> None:
    """The same of rows that are made."""
    write_csv(path, published, rows.columns(axes))


def read_results(results: Path, axes: Sequence[Axis], renamed: Renames | None = None) -> Results:
    """Read the data set; where there is none yet, no verdicts.

    ``renamed`` says what older results call a probe's configurations. Whose each trouble is, is
    not read: today's rules attribute it anew. Raises ``UsageError`` for
    files that are not as they were published, each mistake with its line.
    """
    files = [read_json(file) for file in sorted((results / SIGNATURES).glob("*.json"))]
    files.sort(key=lambda file: -sum(cell["hangs"] for cell in file["cells"]))
    path = results / VERDICTS
    renamed = renamed or {}
    measured = read_measures(results / MEASURES, axes, renamed)
    counts = signatures.counts(files, axes)
    withdrawn: dict[str, list[str]] = read_json(results / YANKED, {})
    told = read_json(results / CONTROLS, {"controls": []})
    return Results(
        verdicts=rows.read(path, axes, counts, measured, renamed) if path.exists() else [],
        signatures=[older.signature_file(file, renamed) for file in files],
        yanked={axis: frozenset(map(Version, listed)) for axis, listed in withdrawn.items()},
        controls=[older.control(row, renamed) for row in told["controls"]],
    )


def rewrite_results(
    found: Results, results: Path, axes: Sequence[Axis], attributions: Attributions
) -> None:
    """Write the data set that was read, as it is called and attributed today."""
    for file in found.signatures:
        _write_json(results / SIGNATURES / f"{file['slug']}.json", file, indent=1)
    write_results(found.verdicts, {}, results, axes, found.yanked, attributions)
    told = read_json(results / CONTROLS)
    if told is not None:
        _write_json(results / CONTROLS, {**told, "controls": found.controls}, indent=2)


def _write_json(path: Path, content: Any, indent: int) -> None:
    write_whole(path, json.dumps(content, indent=indent, ensure_ascii=False) + "\n")


def _write_yanked(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    path: Path,
    yanked: Mapping[str, Collection[Version]],
) -> None:
    tested = {axis.name: {v.cell.version(axis.name) for v in verdicts} for axis in axes}
    withdrawn = {
        axis.name: [str(v) for v in sorted(yanked.get(axis.name, ())) if v in tested[axis.name]]
        for axis in axes
    }
    write_whole(path, json.dumps(withdrawn, indent=1) + "\n")


def _write_signatures(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    folder: Path,
    examples: Mapping[Signature, Example],
) -> None:
    showing: dict[Signature, list[Verdict]] = {}
    for verdict in verdicts:
        for seen, _ in verdict.signatures:
            showing.setdefault(seen, []).append(verdict)
    written = set()
    for signature, affected in showing.items():
        path = folder / f"{signature.slug}.json"
        content = signatures.signature_file(signature, affected, examples.get(signature), axes)
        if content["example"] is None and path.exists():
            content["example"] = read_json(path)["example"]
        _write_json(path, content, indent=1)
        written.add(path)
    for stale in set(folder.glob("*.json")) - written:
        stale.unlink()

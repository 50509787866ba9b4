"""The folder ``results/``: read and write the published data set.

``verdicts.csv`` holds one short row for each verdict (``rows.py``). Its order makes the diff of one
night readable. ``shared.json`` holds what many rows have in common (``shared.py``).
``measures.csv`` holds what trials measured (``measures.py``). ``signatures/`` holds a JSON file for
each signature (``signatures.py``). ``audits.csv`` holds the inferred cells that were run to see how
often that is wrong (``audits.py``). ``releases.json`` holds what the package index lists
(``releases.py``). Only tested verdicts are stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from packaging.version import Version

from interlock.matrix import Matrix, Unreadable, plain_files
from interlock.model import AuditedCell, Axis, Basis, Renames, Signature, UsageError, Verdict
from interlock.record import leftovers, older, rows, signatures, switching
from interlock.record.audits import AUDITS, read_audits, rewrite_audits
from interlock.record.control_results import CONTROLS
from interlock.record.files import Batch, read_json, together
from interlock.record.listed import NONE_LISTED, ListedReleases
from interlock.record.measures import MEASURES, read_measures, write_measures
from interlock.record.order import coordinates, ordered
from interlock.record.published import VERDICTS
from interlock.record.releases import RELEASES, read_releases, write_releases
from interlock.record.rows import Attributions, Row
from interlock.record.shapes import Controls, SignatureFile, Yanked
from interlock.record.shared import SHARED, Shared
from interlock.record.signatures import Example

SIGNATURES = "signatures"
YANKED = "yanked.json"
"""Only of a folder without ``releases.json``, which has the yanked releases too."""


@dataclass(frozen=True, kw_only=True)
class Results:
    """The content of ``results/``."""

    verdicts: list[Verdict]
    """In published order, with measures, and with every signature and its count."""
    signatures: list[Mapping[str, Any]]
    """The contents of the signature files, most frequent first."""
    yanked: Mapping[str, frozenset[Version]]
    """Releases that their authors have withdrawn, by axis."""
    controls: Sequence[Mapping[str, Any]]
    """The result of each control in each campaign. The newest campaign is last."""
    audited: Sequence[AuditedCell] = ()
    """The inferred cells that audits drew, with their results."""
    releases: ListedReleases = NONE_LISTED
    """What the package index lists. Empty if no index was asked."""
    folder: Path = Path("results")
    """The folder that it was read from."""

    def within(self, matrix: Matrix) -> Results:
        """The part that the matrix still covers. Logs which rows are left out."""
        verdicts = leftovers.left_in(self.verdicts, matrix, self.folder / VERDICTS)
        files = leftovers.of_signatures(self.signatures, verdicts, matrix.axes)
        audited = [row for row in self.audited if not leftovers.lacking(row.cell, matrix)]
        return replace(self, verdicts=verdicts, signatures=list(files), audited=audited)


def write_results(
    verdicts: Sequence[Verdict],
    examples: Mapping[Signature, Example],
    results: Path,
    axes: Sequence[Axis],
    yanked: Mapping[str, Collection[Version]] | None = None,
    batch: Batch | None = None,
    *,
    kept: Mapping[str, Any] | None = None,
    releases: ListedReleases = NONE_LISTED,
) -> None:
    """Write the whole data set. Removes signature files that no verdict needs.

    All files change together, or none does and ``StorageTrouble`` is raised. A signature without a
    new example keeps the one in ``kept`` by its slug, or the folder's. ``releases`` is what the
    index lists; if it is empty, what the folder has of it stays. Without either, the tested ones of
    ``yanked`` are kept, which are withdrawn releases by axis. Inferred verdicts are left out: they
    are computed from the tested ones.
    """
    verdicts = ordered((v for v in verdicts if v.basis is Basis.TESTED), axes)
    with together(batch, results) as put:
        shared = Shared()
        stored = [shared.stored(row) for row in rows.rows(verdicts, axes)]
        put.write_csv(results / VERDICTS, stored, rows.stored_columns(axes))
        put.write(results / SHARED, shared.text())
        write_measures(verdicts, axes, results, put)
        if releases:
            write_releases(releases, axes, results, put)
        if releases or (results / RELEASES).exists():
            put.remove(results / YANKED)
        else:
            put.write(results / YANKED, _yanked(verdicts, axes, yanked or {}))
        _write_signatures(verdicts, axes, results / SIGNATURES, examples, put, kept or {})


def write_verdicts(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    path: Path,
    attributions: Attributions | None = None,
) -> None:
    """Write the published table. The old file stays until the new one is complete."""
    write_rows(rows.rows(verdicts, axes, attributions), axes, path)


def write_rows(
    published: Iterable[Row], axes: Sequence[Axis], path: Path, batch: Batch | None = None
) -> None:
    """The same for rows that already exist."""
    with together(batch) as put:
        put.write_csv(path, published, rows.columns(axes))


def read_results(results: Path, axes: Sequence[Axis], renamed: Renames | None = None) -> Results:
    """Read the data set. A missing one has no verdicts.

    ``renamed`` maps the configuration names in older results to today's. Attributions are not read,
    because today's rules attribute each verdict anew. Raises ``UsageError`` for files that differ
    from their published form, each mistake with its line.
    """
    with switching.locked(results, to_write=False):
        return _read(results, axes, renamed or {})


def _read(results: Path, axes: Sequence[Axis], renamed: Renames) -> Results:
    names = [axis.name for axis in axes]
    path = results / VERDICTS
    there = path.exists() or path.is_symlink()
    if there:
        rows.check_axes(path, axes)
    files = _signature_files(results / SIGNATURES, names)
    files.sort(key=lambda file: -sum(cell["hangs"] for cell in file["cells"]))
    measured = read_measures(results / MEASURES, axes, renamed)
    counts = signatures.counts(files, axes)
    withdrawn: dict[str, list[str]] = read_json(results / YANKED, Yanked, {})
    yanked = {axis: frozenset(map(Version, listed)) for axis, listed in withdrawn.items()}
    releases = read_releases(results)
    told = read_json(results / CONTROLS, Controls, {"controls": []}, axes=names)
    verdicts = rows.read(path, axes, counts, measured, renamed) if there else []
    shown: list[Mapping[str, Any]] = [older.signature_file(file, renamed) for file in files]
    _check_hangs(verdicts, shown, axes, results)
    return Results(
        folder=results,
        verdicts=verdicts,
        signatures=shown,
        yanked=releases.yanked if releases else yanked,
        releases=releases,
        controls=[older.control(row, renamed) for row in told["controls"]],
        audited=read_audits(results, axes, renamed),
    )


def _check_hangs(
    verdicts: Sequence[Verdict],
    files: Sequence[Mapping[str, Any]],
    axes: Sequence[Axis],
    results: Path,
) -> None:
    """Raise ``UsageError`` if a signature file has a hang whose row is missing.

    A table that was cut between two rows looks whole, and a lost hang may be inferred to pass.
    """
    hung = {tuple(coordinates(v.cell, axes).values()) for v in verdicts if v.hangs}
    names = (*(axis.name for axis in axes), "python", "probe", "config")
    for file in files:
        for cell in file["cells"]:
            if tuple(cell[name] for name in names) not in hung:
                where = ", ".join(cell[name] for name in names)
                raise UsageError(
                    f"{results / VERDICTS}: {SIGNATURES}/ has a hang of {where[:200]}, and here "
                    "is none; keep the files of a folder together, and use them as published"
                )


def verdicts_digest(results: Path) -> str | None:
    """The digest of the folder's verdicts, to see whether another command has written some.

    None without any. A table that can't be read has one too: whoever reads it says what is wrong.
    """
    try:
        content = plain_files.read_bytes(results / VERDICTS, plain_files.MOST_TABLE_BYTES)
    except FileNotFoundError:
        return None
    except Unreadable as why:
        return str(why)
    return hashlib.blake2b(content).hexdigest()


def rewrite_results(found: Results, results: Path, axes: Sequence[Axis]) -> None:
    """Write the data set again, with today's names and in today's form."""
    with Batch(results) as batch:
        kept = {file["slug"]: file["example"] for file in found.signatures}
        write_results(found.verdicts, {}, results, axes, found.yanked, batch, kept=kept)
        told = read_json(results / CONTROLS, Controls)
        if told is not None:
            content = {**told, "controls": found.controls}
            batch.write(results / CONTROLS, _json(content, indent=2))
        if (results / AUDITS).exists():
            rewrite_audits(found.audited, axes, results, batch)


def _json(content: Any, indent: int) -> str:
    return json.dumps(content, indent=indent, ensure_ascii=False) + "\n"


def check_destination(results: Path, axes: Sequence[Axis]) -> None:
    """Raise the error that writing results would raise: before a run, not after it.

    ``UsageError`` if the folder is a file, or a file in it can't be read: its results from other
    machines would be lost. ``StorageTrouble`` if nothing can be written.
    """
    for folder in (results, results / SIGNATURES):
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not nearest.is_dir():
            where = "" if nearest == folder else f"{folder} can't be made: "
            raise UsageError(f"{where}{nearest} is a file; name a folder")
    with Batch(results) as batch:
        # Written beside its place, then withdrawn: nothing changes. Another command may be writing
        # files of the same names, so the folder is held.
        batch.write(results / VERDICTS, "")
        batch.write(results / SHARED, "")
        batch.write(results / SIGNATURES / "some.json", "")
        batch.give_up()
    read_results(results, axes)


def _signature_files(folder: Path, axes: Sequence[str]) -> list[Mapping[str, Any]]:
    found = sorted(folder.glob("*.json"))
    return [read_json(file, SignatureFile, axes=axes) for file in found]


def _yanked(
    verdicts: Sequence[Verdict], axes: Sequence[Axis], yanked: Mapping[str, Collection[Version]]
) -> str:
    tested = {axis.name: {v.cell.version(axis.name) for v in verdicts} for axis in axes}
    withdrawn = {
        axis.name: [str(v) for v in sorted(yanked.get(axis.name, ())) if v in tested[axis.name]]
        for axis in axes
    }
    return json.dumps(withdrawn, indent=1) + "\n"


def _write_signatures(
    verdicts: Sequence[Verdict],
    axes: Sequence[Axis],
    folder: Path,
    examples: Mapping[Signature, Example],
    batch: Batch,
    kept: Mapping[str, Any],
) -> None:
    showing: dict[Signature, list[Verdict]] = {}
    for verdict in verdicts:
        for seen, _ in verdict.signatures:
            showing.setdefault(seen, []).append(verdict)
    written = set()
    for signature, affected in showing.items():
        path = folder / f"{signature.slug}.json"
        content = signatures.signature_file(signature, affected, examples.get(signature), axes)
        if content["example"] is None:
            content["example"] = kept.get(signature.slug) or _example_there(path)
        batch.write(path, _json(content, indent=1))
        written.add(path)
    for stale in set(folder.glob("*.json")) - written:
        batch.remove(stale)


def _example_there(path: Path) -> Any:
    there = read_json(path, SignatureFile)
    return there["example"] if there else None

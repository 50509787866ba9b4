"""What a question needs of ``results/``: the verdicts, and what the index listed.

It is read as ``results.py`` reads it, and kept for the next question (``kept.py``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from interlock.matrix import Matrix
from interlock.model import AuditedCell, Verdict
from interlock.record import leftovers, switching
from interlock.record.columns import Columns
from interlock.record.invariants import CLOCK_SKEW
from interlock.record.kept import Kept, frozen, name_of, thawed
from interlock.record.listed import ListedReleases

if TYPE_CHECKING:
    from typing import Any

VERDICTS = "verdicts.csv"


@dataclass(frozen=True, kw_only=True)
class Published:
    """The part of ``Results`` that answers read, of what the matrix still covers."""

    verdicts: Sequence[Verdict]
    yanked: Mapping[str, frozenset[Version]]
    audited: Sequence[AuditedCell]
    releases: ListedReleases
    newest: datetime | None = None
    """When the newest verdict was tested, in UTC. None if there is none."""
    name: str | None = None
    """The name of the files that it was read from; None if they have none."""
    was_kept: bool = False
    """Whether an earlier command read the same files and kept what it read."""


def read_published(folder: Path, matrix: Matrix, kept: Kept, now: datetime) -> Published:
    """Read the data set, or take what was kept of the same files. Logs which rows are left out.

    Raises what ``read_results`` raises.
    """
    name = _name(folder, matrix)
    found = _taken(kept.get(name), now) if name else None
    was_kept = found is not None
    if found is None:
        found = _read(folder, matrix)
        if name != _name(folder, matrix):  # somebody has written meanwhile
            name = None
        if name:
            _keep(name, found, matrix, kept)
    published, gone = found
    leftovers.log(gone, matrix, folder / VERDICTS)
    return replace(published, name=name, was_kept=was_kept)


_Found = tuple[Published, Counter[str]]
"""With how many rows were left out, by what the matrix lacks."""


def _read(folder: Path, matrix: Matrix) -> _Found:
    # What is kept needs nothing that checks a file.
    from interlock.record.results import read_results

    results = read_results(folder, matrix.axes, matrix.renamed)
    verdicts, gone = leftovers.parted(results.verdicts, matrix)
    published = Published(
        verdicts=Columns.of(verdicts),
        yanked=results.yanked,
        audited=[row for row in results.audited if not leftovers.lacking(row.cell, matrix)],
        releases=results.releases,
        newest=max((verdict.tested_at for verdict in verdicts), default=None),
    )
    return published, gone


def _name(folder: Path, matrix: Matrix) -> str | None:
    axes = [(axis.name, axis.package) for axis in matrix.axes]
    of_matrix = axes, [*matrix.probes], [*matrix.configurations], sorted(matrix.renamed.items())
    with switching.locked(folder, to_write=False):
        return name_of("results", _files(folder), *of_matrix)


def _files(folder: Path) -> Iterator[Path]:
    for inside in (folder, folder / "signatures"):
        yield from sorted(f for f in inside.glob("*") if f.suffix in (".csv", ".json"))


def _keep(name: str, found: _Found, matrix: Matrix, kept: Kept) -> None:
    published, gone = found
    nouns = frozen((dict(published.yanked), list(published.audited), published.releases))
    if nouns is None:
        return
    verdicts = Columns.of(published.verdicts)
    listed = [one for of in published.releases.by_axis.values() for one in of]
    moments = [
        *(verdict.tested_at for verdict in verdicts),
        *(datetime.combine(row.day, time(), timezone.utc) for row in published.audited),
        *(one.uploaded_at for one in listed if one.uploaded_at),
    ]
    latest = max((moment.timestamp() for moment in moments), default=0.0)
    newest = published.newest.timestamp() if published.newest else 0.0
    try:
        packed = verdicts.packed(matrix.axes)
    except ValueError:
        return
    kept.put(name, (packed, nouns, dict(gone), newest, latest))


def _taken(stored: Any, now: datetime) -> _Found | None:
    """What was kept; None if it is not whole, or is of a later day than this one."""
    try:
        packed, nouns, gone, newest, latest = stored
        if latest > (now + CLOCK_SKEW).timestamp():
            return None
        yanked, audited, releases = thawed(nouns)
        published = Published(
            verdicts=Columns.unpacked(packed),
            yanked=yanked,
            audited=audited,
            releases=releases,
            newest=datetime.fromtimestamp(newest, timezone.utc) if newest else None,
        )
    except Exception:  # whatever it is, the files themselves are read instead
        return None
    return published, Counter(gone)

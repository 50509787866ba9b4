"""The table: one tidy row per verdict, the views over it, and the published files both ways.

``results/verdicts.csv`` holds a row a verdict, sorted so that one night's change is a readable
diff; ``results/measures.csv`` a row a verdict and thing that its trials measured, in the same
order; ``results/signatures/`` holds a JSON file a signature (``signatures.py``). Written and read
again, a table is the same: what is rounded (``tested_at`` to the second, ``seconds`` to the
millisecond) and folded (``detail`` to one line) is so in the table already.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import pandas as pd
from packaging.version import Version

from interlock.model import (
    ABSENT,
    LEFT_BEHIND,
    Axis,
    Backend,
    Basis,
    Cell,
    Measured,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    UsageError,
    Verdict,
    version_key,
)
from interlock.record import signatures
from interlock.record.control_results import CONTROLS
from interlock.record.files import read_json, write_whole
from interlock.record.signatures import Counts, Example

SCHEMA_VERSION = 2
"""Of the published table; it grows when a column is added or changes its name or its meaning."""

COLUMNS: Mapping[str, str] = {
    "python": "string",
    "probe": "string",
    "config": "string",
    "outcome": "string",
    "phase": "string",
    "reason": "string",
    "signature": "string",
    "basis": "string",
    "trials": "int64",
    "hangs": "int64",
    "exposures": "int64",
    "seconds": "float64",
    "python_full": "string",
    "probe_digest": "string",
    "environment_digest": "string",
    "image_digest": "string",
    "backend": "string",
    "tested_at": "datetime64[us, UTC]",
    "machine": "string",
    "config_digest": "string",
    "detail": "string",
    "whose": "string",
    "attribution": "string",
}
"""What follows the axes in a row, in order, with its type. Nothing is ever null: what does not
apply, such as the phase of a pass, is the empty string."""

ATTRIBUTED = ("whose", "attribution")
"""Columns that say nothing of their own: they are made of all rows together. A file of schema
version 1 has none of them."""

MEASURES_COLUMNS: Mapping[str, str] = {
    "python": "string",
    "probe": "string",
    "config": "string",
    "measure": "string",
    "trials": "int64",
    "median": "float64",
    "least": "float64",
    "most": "float64",
}
"""The same of the measures' table; the last three are in the unit that the measure's name, or
``probe.yaml``, gives."""

VERDICTS = "verdicts.csv"
MEASURES = "measures.csv"
SIGNATURES = "signatures"
YANKED = "yanked.json"


class Attributed(Protocol):
    """Whose a trouble is, and a sentence that says why."""

    @property
    def whose(self) -> str: ...

    @property
    def says(self) -> str: ...


Attributions: TypeAlias = Mapping[tuple[str, ...], Attributed]
"""By ``Cell.key``."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"


# Between verdicts and rows ------------------------------------------------------------------------


def frame(
    verdicts: Iterable[Verdict], axes: Sequence[Axis], attributions: Attributions | None = None
) -> pd.DataFrame:
    """The verdicts as a table in published order.

    ``attributions`` say whose each trouble is; without them those two columns are empty.

    Raises ``ValueError`` when two verdicts are about the same cell.
    """
    ordered = sorted(verdicts, key=lambda verdict: signatures.cell_key(verdict.cell, axes))
    for one, following in pairwise(ordered):
        if one.cell == following.cell:
            raise ValueError(f"two verdicts about {one.cell}")
    names = [axis.name for axis in axes]
    known = attributions or {}
    rows = [_row(verdict, axes, known.get(verdict.cell.key)) for verdict in ordered]
    return pd.DataFrame(rows, columns=[*names, *COLUMNS]).astype(_types(names))


def measures(verdicts: Iterable[Verdict], axes: Sequence[Axis]) -> pd.DataFrame:
    """What the verdicts' trials measured, as a table, in the verdicts' order."""
    rows = []
    for verdict in verdicts:
        coordinates = signatures.coordinates(verdict.cell, axes)
        for found in verdict.measured:
            values = asdict(found)
            rows.append({**coordinates, "measure": values.pop("name"), **values})
    names = [axis.name for axis in axes]
    frame = pd.DataFrame(rows, columns=[*names, *MEASURES_COLUMNS])
    return frame.astype(_types(names, MEASURES_COLUMNS))


def verdicts(
    table: pd.DataFrame, axes: Sequence[Axis], counts: Counts | None = None
) -> list[Verdict]:
    """The table's rows as verdicts, in its order. Their evidence is not in the table.

    A row names only its most frequent signature: ``counts`` completes it (``read_results`` has
    them), and without it that signature stands alone, counted once. Raises ``UsageError`` naming
    the line for a value that makes no sense.
    """
    found = []
    for line, row in enumerate(records(table), start=2):
        try:
            verdict = _verdict(row, axes)
        except (ValueError, KeyError) as mistake:
            raise UsageError(
                f"{VERDICTS}:{line}: {mistake}; use the file as it was published"
            ) from None
        every = (counts or {}).get(verdict.cell.key)
        found.append(replace(verdict, signatures=every) if every else verdict)
    return found


def records(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """The rows as dictionaries of column name to value."""
    columns = [str(column) for column in table.columns]
    for values in table.itertuples(index=False, name=None):
        yield dict(zip(columns, values, strict=True))


def axis_names(table: pd.DataFrame) -> list[str]:
    """The axes of a table: the columns in front of ``python``."""
    columns = [str(column) for column in table.columns]
    return columns[: columns.index("python")]


# Views --------------------------------------------------------------------------------------------


def in_order(texts: Iterable[str]) -> list[str]:
    """Distinct versions, releases or Pythons, in version order."""
    return sorted(set(texts), key=text_key)


def text_key(text: str) -> tuple[bool, Version]:
    """Sorts versions as text, releases or Pythons; a library that was left out comes first."""
    return version_key(None if text == ABSENT else Version(text))


# The file -----------------------------------------------------------------------------------------


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write the published file; what was there stays until the new one is whole."""
    times = [_moment(value).strftime(_TIME) for value in table["tested_at"]]
    write_whole(path, table.assign(tested_at=times).to_csv(index=False, lineterminator="\n"))


def read_csv(path: Path) -> pd.DataFrame:
    """Read what ``write_csv`` wrote; ``UsageError`` when it is something else.

    What an earlier schema version lacks is empty.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; name a published {VERDICTS}") from None
    except ValueError as mistake:  # what pandas can't parse or decode
        raise UsageError(f"{path}: this is no table of verdicts: {mistake}") from None
    raw = raw.assign(**{name: "" for name in ATTRIBUTED if name not in raw.columns})
    if missing := [name for name in COLUMNS if name not in raw.columns]:
        raise UsageError(f"{path}: no column {', '.join(missing)}; name a published {VERDICTS}")
    names = axis_names(raw)
    try:
        times = pd.to_datetime(raw["tested_at"], format=_TIME, utc=True)
        return raw.assign(tested_at=times)[[*names, *COLUMNS]].astype(_types(names))
    except ValueError as mistake:
        raise UsageError(f"{path}: {mistake}; use the file as it was published") from None


def write_measures(verdicts: Iterable[Verdict], axes: Sequence[Axis], folder: Path) -> None:
    """Write ``measures.csv``; what was there stays until the new one is whole."""
    text = measures(verdicts, axes).to_csv(index=False, lineterminator="\n")
    write_whole(folder / MEASURES, text)


def _read_measures(path: Path, names: Sequence[str]) -> dict[tuple[str, ...], list[Measured]]:
    """What ``measures.csv`` says, by cell; nothing where there is no such file."""
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
        found: dict[tuple[str, ...], list[Measured]] = {}
        for row in records(raw[[*names, *MEASURES_COLUMNS]]):
            key = tuple(row[name] for name in (*names, "python", "probe", "config"))
            found.setdefault(key, []).append(
                Measured(
                    name=row["measure"],
                    trials=int(row["trials"]),
                    median=float(row["median"]),
                    least=float(row["least"]),
                    most=float(row["most"]),
                )
            )
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError) as mistake:
        raise UsageError(f"{path}: {mistake}; use the file as it was published") from None
    return found


# The folder ---------------------------------------------------------------------------------------


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
    verdicts = sorted(verdicts, key=lambda verdict: signatures.cell_key(verdict.cell, axes))
    write_csv(frame(verdicts, axes, attributions), results / VERDICTS)
    write_measures(verdicts, axes, results)
    tested = {axis.name: {v.cell.version(axis.name) for v in verdicts} for axis in axes}
    withdrawn = {
        axis.name: [
            str(v) for v in sorted((yanked or {}).get(axis.name, ())) if v in tested[axis.name]
        ]
        for axis in axes
    }
    write_whole(results / YANKED, json.dumps(withdrawn, indent=1) + "\n")
    folder = results / SIGNATURES
    written = set()
    for signature in {seen for verdict in verdicts for seen, _ in verdict.signatures}:
        path = folder / f"{signature.slug}.json"
        content = signatures.signature_file(signature, verdicts, examples.get(signature), axes)
        if content["example"] is None and path.exists():
            content["example"] = read_json(path)["example"]
        write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        written.add(path)
    for stale in set(folder.glob("*.json")) - written:
        stale.unlink()


def read_results(results: Path, axes: Sequence[Axis]) -> Results:
    """Read the data set; where there is none yet, no verdicts.

    Whose each trouble is, is not read: today's rules attribute it anew.
    """
    path = results / VERDICTS
    table = read_csv(path) if path.exists() else frame([], axes)
    names = [axis.name for axis in axes]
    if axis_names(table) != names:
        raise UsageError(
            f"{path}: its axes are {', '.join(axis_names(table))}, not {', '.join(names)}: "
            "it belongs to another matrix"
        )
    files = [read_json(file) for file in sorted((results / SIGNATURES).glob("*.json"))]
    files.sort(key=lambda file: -sum(cell["hangs"] for cell in file["cells"]))
    counts = signatures.counts(files, axes)
    withdrawn: dict[str, list[str]] = read_json(results / YANKED, {})
    measured = _read_measures(results / MEASURES, names)
    found = [
        replace(verdict, measured=tuple(measured.get(verdict.cell.key, ())))
        for verdict in verdicts(table, axes, counts)
    ]
    found.sort(key=lambda verdict: signatures.cell_key(verdict.cell, axes))
    for one, following in pairwise(found):
        if one.cell == following.cell:
            raise UsageError(
                f"{path}: two verdicts about {one.cell}; use the file as it was published"
            )
    return Results(
        verdicts=found,
        signatures=files,
        yanked={axis: frozenset(map(Version, listed)) for axis, listed in withdrawn.items()},
        controls=read_json(results / CONTROLS, {"controls": []})["controls"],
    )


# A row and its values -----------------------------------------------------------------------------


def _row(verdict: Verdict, axes: Sequence[Axis], attributed: Attributed | None) -> dict[str, Any]:
    return {
        **signatures.coordinates(verdict.cell, axes),
        "outcome": str(verdict.outcome),
        "phase": str(verdict.phase or ""),
        "reason": str(verdict.reason or ""),
        "signature": str(verdict.signature or ""),
        "basis": str(verdict.basis),
        "trials": verdict.trials,
        "hangs": verdict.hangs,
        "exposures": verdict.exposures,
        "seconds": round(verdict.seconds, 3),
        "python_full": verdict.python_full,
        "probe_digest": verdict.probe_digest,
        "environment_digest": verdict.environment_digest,
        "image_digest": verdict.image_digest,
        "backend": str(verdict.backend),
        "tested_at": verdict.tested_at.astimezone(timezone.utc).replace(microsecond=0),
        "machine": verdict.machine,
        "config_digest": verdict.config_digest,
        "detail": one_line(verdict.detail),
        "whose": attributed.whose if attributed else "",
        "attribution": one_line(attributed.says) if attributed else "",
    }


def _verdict(row: Mapping[str, Any], axes: Sequence[Axis]) -> Verdict:
    signature = parse_signature(row["signature"])
    return Verdict(
        cell=Cell(
            pins=tuple(
                Pin(axis=axis.name, package=axis.package, version=_version(row[axis.name]))
                for axis in axes
            ),
            python=PythonVersion.parse(row["python"]),
            probe=row["probe"],
            config=row["config"],
        ),
        outcome=Outcome(row["outcome"]),
        phase=Phase(row["phase"]) if row["phase"] else None,
        reason=Reason(row["reason"]) if row["reason"] else None,
        signatures=((signature, 1),) if signature else (),
        detail=row["detail"],
        evidence=(),
        basis=Basis(row["basis"]),
        trials=int(row["trials"]),
        hangs=int(row["hangs"]),
        exposures=int(row["exposures"]),
        seconds=float(row["seconds"]),
        backend=Backend(row["backend"]),
        probe_digest=row["probe_digest"],
        config_digest=row["config_digest"],
        environment_digest=row["environment_digest"],
        image_digest=row["image_digest"],
        python_full=row["python_full"],
        machine=row["machine"],
        tested_at=_moment(row["tested_at"]),
    )


def parse_signature(text: str) -> Signature | None:
    """The signature that ``str`` wrote; None for the empty string."""
    if not text:
        return None
    if text.startswith("stuck in "):
        return Signature(stuck=tuple(text.removeprefix("stuck in ").split(", ")))
    *locks, again = text.split(" → ")
    if locks and again == LEFT_BEHIND:
        return Signature(locks=(*locks, again))
    if not locks or again != locks[0]:
        raise ValueError(f"{text!r} is not a signature: a cycle ends where it began")
    return Signature(locks=tuple(locks))


def one_line(text: str) -> str:
    """What somebody's package printed, as one line of printable characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _version(text: str) -> Version | None:
    return None if text == ABSENT else Version(text)


def _moment(value: Any) -> datetime:
    moment: datetime = pd.Timestamp(value).to_pydatetime()
    return moment.astimezone(timezone.utc)


def _types(names: Iterable[str], columns: Mapping[str, str] = COLUMNS) -> dict[str, str]:
    return {**dict.fromkeys(names, "string"), **columns}

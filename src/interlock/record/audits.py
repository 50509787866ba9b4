"""``audits.csv``: a row for each inferred cell that an audit drew, and what its trials showed.

``stored.schema.json`` describes the columns, under ``$defs``. A cell that is still to be run has no
result yet: a search on another machine can go on with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timezone
from pathlib import Path

from interlock.model import (
    ABSENT,
    AuditedCell,
    Axis,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Renames,
    UsageError,
    audit_key,
)
from interlock.record import older
from interlock.record.files import AS_PUBLISHED, Batch, Mistakes, csv_lines, row_of, together
from interlock.record.invariants import CLOCK_SKEW
from interlock.record.order import cell_key, coordinates
from interlock.record.rows import count, version
from interlock.record.schema import AUDIT_COLUMNS, STORED

AUDITS = "audits.csv"
"""The file beside the published verdicts."""

_DRAWN = ("seed", "day")
"""The columns before the axes."""
_RULES = tuple(STORED["$defs"]["audit"]["properties"]["rule"]["enum"])
_WRONG = {True: "yes", False: "no", None: ""}


def join_audits(*sources: Iterable[AuditedCell]) -> list[AuditedCell]:
    """The rows of all sources, each draw once.

    Of two rows of one draw, the one with a result counts. If both have one, the later counts.
    """
    found: dict[object, AuditedCell] = {}
    for source in sources:
        for row in source:
            before = found.get(row.identity)
            if before is None or before.seen is None or row.seen is not None:
                found[row.identity] = row
    return list(found.values())


def write_audits(
    audited: Iterable[AuditedCell],
    axes: Sequence[Axis],
    results: Path,
    renamed: Renames | None = None,
    batch: Batch | None = None,
) -> None:
    """Write ``audits.csv``, and keep the file's rows about other draws.

    Raises ``UsageError`` if the existing file can't be read: its content would be lost.
    """
    rows = join_audits(read_audits(results, axes, renamed), audited)
    rewrite_audits(rows, axes, results, batch)


def rewrite_audits(
    audited: Iterable[AuditedCell],
    axes: Sequence[Axis],
    results: Path,
    batch: Batch | None = None,
) -> None:
    """Write these rows alone, in published order."""
    rows = sorted(audited, key=lambda row: (cell_key(row.cell, axes), row.day, row.seed))
    with together(batch) as put:
        put.write_csv(results / AUDITS, (_row(row, axes) for row in rows), audit_columns(axes))


def audit_columns(axes: Sequence[Axis]) -> list[str]:
    """All columns, in order."""
    rest = [name for name in AUDIT_COLUMNS if name not in _DRAWN]
    return [*_DRAWN, *(axis.name for axis in axes), *rest]


def _row(row: AuditedCell, axes: Sequence[Axis]) -> dict[str, str]:
    return {
        "seed": str(row.seed),
        "day": row.day.isoformat(),
        **coordinates(row.cell, axes),
        "rule": row.rule,
        "inferred": str(row.inferred),
        "inferred_as": row.inferred_as,
        "seen": str(row.seen or ""),
        "seen_as": row.seen_as,
        "wrong": _WRONG[row.is_wrong],
    }


def read_audits(
    results: Path, axes: Sequence[Axis], renamed: Renames | None = None
) -> list[AuditedCell]:
    """The rows of ``audits.csv`` in this folder. Empty if there is no such file.

    Raises ``UsageError`` with every mistake of the file, each with its line.
    """
    path = results / AUDITS
    found: dict[object, AuditedCell] = {}
    mistakes = Mistakes(path)
    try:
        with csv_lines(path) as lines:
            _, header = next(lines, (1, []))
            if missing := [name for name in audit_columns(axes) if name not in header]:
                raise UsageError(f"{path}: no column {', '.join(missing)}; {AS_PUBLISHED}")
            for line, values in lines:
                try:
                    row = _read(older.today(row_of(header, values), renamed or {}), axes)
                except ValueError as mistake:
                    mistakes.note(line, str(mistake))
                    continue
                if row.identity in found:
                    mistakes.note(line, f"{row.cell} of this draw is in two rows")
                found[row.identity] = row
    except FileNotFoundError:
        return []
    mistakes.raise_any()
    return list(found.values())


def _read(row: Mapping[str, str], axes: Sequence[Axis]) -> AuditedCell:
    """Raises ``ValueError``."""
    if not row["probe"] or not row["config"]:
        raise ValueError("probe, config: one of them is empty")
    if row["rule"] not in _RULES:
        raise ValueError(f"rule: {row['rule'][:40]!r} is not one of {', '.join(_RULES)}")
    found = AuditedCell(
        seed=count(row["seed"]),
        day=_day(row["day"]),
        cell=Cell(
            pins=tuple(_pin(axis, row[axis.name]) for axis in axes),
            python=PythonVersion.parse(row["python"]),
            probe=row["probe"],
            config=row["config"],
        ),
        rule=row["rule"],
        inferred=Outcome(row["inferred"]),
        inferred_as=row["inferred_as"],
        seen=Outcome(row["seen"]) if row["seen"] else None,
        seen_as=row["seen_as"],
    )
    if problems := list(_broken(found, row["wrong"])):
        raise ValueError("; ".join(problems))
    return found


def _broken(found: AuditedCell, wrong: str) -> Iterator[str]:
    """What no audit can have written."""
    if not found.cell.is_whole:
        yield "only pairs are inferred, and here a library is left out"
    if found.day > (datetime.now(timezone.utc) + CLOCK_SKEW).date():
        yield f"day: {found.day} is later than this machine's clock; correct it, or set the clock"
    if found.inferred not in (Outcome.PASS, Outcome.HANG, Outcome.FAIL):
        yield f"inferred: {found.inferred} is never inferred"
    if wrong != _WRONG[found.is_wrong]:
        yield f"wrong: it says {wrong[:40]!r}, and by the outcomes it is {_WRONG[found.is_wrong]!r}"
    for name, outcome, key in (
        ("inferred_as", found.inferred, found.inferred_as),
        ("seen_as", found.seen, found.seen_as),
    ):
        if (outcome in (Outcome.HANG, Outcome.FAIL)) != bool(key):
            yield f"{name}: {outcome or 'a cell that was not run'} cannot have {key[:40]!r}"
        if key != audit_key(key):
            yield f"{name}: {key[:40]!r} is too long"


def _pin(axis: Axis, text: str) -> Pin:
    found = None if text == ABSENT else version(text)
    return Pin(axis=axis.name, package=axis.package, version=found)


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    # Newer Pythons accept more than one notation.
    if found is None or found.isoformat() != text:
        raise ValueError(f"day: {text[:40]!r} is not a day such as 2026-01-31")
    return found

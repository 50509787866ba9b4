"""``verdicts.csv``: a ``Verdict`` as a published row, and back from a published or stored row.

Every mistake has its line. A verdict survives writing and reading, except for its evidence and
measures, which have files of their own. The row itself is already rounded and folded: ``tested_at``
to the second, ``seconds`` to the millisecond, ``detail`` and ``cause`` to one line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from packaging.version import Version

from interlock.model import (
    ABSENT,
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
    Renames,
    Signature,
    UsageError,
    Verdict,
    printable,
)
from interlock.record import invariants, older, shared
from interlock.record.files import Mistakes, csv_lines, row_of
from interlock.record.order import coordinates, ordered
from interlock.record.published import VERDICTS
from interlock.record.schema import COLUMNS, STORED_COLUMNS
from interlock.record.signatures import Counts, Seen, as_data

ATTRIBUTED = ("whose", "attribution")
"""Columns that are computed from all rows together. They are not read."""

TIME = "%Y-%m-%dT%H:%M:%SZ"

Row: TypeAlias = dict[str, Any]
"""Column name to text or number, in published form."""


MeasuredOf: TypeAlias = Mapping[tuple[str, ...], tuple[Measured, ...]]
"""The measures of each cell, by its key."""


class Attributed(Protocol):
    """Whose a trouble is, and a sentence that explains it."""

    @property
    def whose(self) -> str: ...

    @property
    def says(self) -> str: ...


Attributions: TypeAlias = Mapping[tuple[str, ...], Attributed]
"""By ``Cell.key``."""


# Verdicts to rows ---------------------------------------------------------------------------------


def rows(
    verdicts: Iterable[Verdict], axes: Sequence[Axis], attributions: Attributions | None = None
) -> list[Row]:
    """The verdicts as rows in published order.

    ``attributions`` fill the two columns on whose each trouble is. Without them, these stay empty.
    Raises ``ValueError`` if two verdicts are about the same cell.
    """
    known = attributions or {}
    return [_row(v, axes, known.get(v.cell.key)) for v in ordered(verdicts, axes)]


def columns(axes: Sequence[Axis]) -> list[str]:
    """All columns of the published ``verdicts.csv``, in order."""
    return [*(axis.name for axis in axes), *COLUMNS]


def stored_columns(axes: Sequence[Axis]) -> list[str]:
    """All columns of ``verdicts.csv`` in ``results/``, in order."""
    return [*(axis.name for axis in axes), *STORED_COLUMNS]


def _row(verdict: Verdict, axes: Sequence[Axis], attributed: Attributed | None) -> Row:
    return {
        **coordinates(verdict.cell, axes),
        "outcome": str(verdict.outcome),
        "phase": str(verdict.phase or ""),
        "reason": str(verdict.reason or ""),
        "signature": one_line(str(verdict.signature or "")),
        "basis": str(verdict.basis),
        "trials": verdict.trials,
        "hangs": verdict.hangs,
        "exposures": verdict.exposures,
        "seconds": round(float(verdict.seconds), 3),
        "python_full": one_line(verdict.python_full),
        "probe_digest": verdict.probe_digest,
        "environment_digest": verdict.environment_digest,
        "image_digest": verdict.image_digest,
        "backend": str(verdict.backend),
        "tested_at": verdict.tested_at.astimezone(timezone.utc).strftime(TIME),
        "machine": one_line(verdict.machine),
        "config_digest": verdict.config_digest,
        "detail": one_line(verdict.detail),
        "whose": attributed.whose if attributed else "",
        "attribution": one_line(attributed.says) if attributed else "",
        "cause": one_line(verdict.cause or ""),
        "failed": verdict.failed,
        "signatures": _signatures(verdict.signatures),
    }


def one_line(text: str) -> str:
    """The output of somebody's package, as one line of printable characters."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


@lru_cache(maxsize=1024)
def _signatures(seen: Seen) -> str:
    return json.dumps(as_data(seen), separators=(",", ":"))


# Rows to verdicts ---------------------------------------------------------------------------------


def read(
    path: Path,
    axes: Sequence[Axis],
    counts: Counts | None = None,
    measured: MeasuredOf | None = None,
    renamed: Renames | None = None,
    *,
    now: datetime | None = None,
) -> list[Verdict]:
    """The verdicts of a published or stored file, in published order.

    The rows of ``results/`` refer to the ``shared.json`` beside the file. ``measured`` are the
    cells' measures from other files. No row may have been tested later than ``now``. A file of an
    earlier schema version has only the most frequent signature of a cell. ``counts`` from the
    signature files complete it. Its cells may have another configuration today (``renamed``).
    Raises ``UsageError`` with every mistake of the file, each with its line.
    """
    found: list[Verdict] = []
    lines_of: list[int] = []
    mistakes = Mistakes(path)
    names = [axis.name for axis in axes]
    try:
        with csv_lines(path) as lines:
            _, header = next(lines, (1, []))
            _check(path, header, names)
            complete = _completion(path, header, names, counts or {}, renamed or {})
            reader = Reader(axes, measured or {}, now or datetime.now(timezone.utc))
            for number, values in lines:
                try:
                    found.append(reader.verdict(complete(row_of(header, values))))
                    lines_of.append(number)
                except ValueError as mistake:
                    mistakes.note(number, str(mistake))
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; name a published {VERDICTS}") from None
    _note_doubled(found, lines_of, mistakes)
    mistakes.raise_any()
    return ordered(found, axes)


def _completion(
    path: Path, header: Sequence[str], names: Sequence[str], counts: Counts, renamed: Renames
) -> Callable[[dict[str, str]], dict[str, str]]:
    """A function that makes a published row of today from a row of this file."""
    joined = shared.read_shared(path).row if shared.is_stored(header) else None
    complete = joined or older.completion(header, names, counts)

    def completed(row: dict[str, str]) -> dict[str, str]:
        row = complete(row)
        is_older = (row["probe"], row["config"]) in renamed
        return older.today(row, renamed) if is_older else row

    return completed


def _note_doubled(found: Sequence[Verdict], lines: Sequence[int], mistakes: Mistakes) -> None:
    first: dict[Cell, int] = {}
    for verdict, line in zip(found, lines, strict=True):
        known = first.setdefault(verdict.cell, line)
        if known != line:
            mistakes.note(line, f"two verdicts about {verdict.cell}, the other in line {known}")


def check_axes(path: Path, axes: Sequence[Axis]) -> None:
    """Raise ``UsageError`` if the file is not published, or is for another matrix."""
    with csv_lines(path) as lines:
        _, header = next(lines, (1, []))
    _check(path, header, [axis.name for axis in axes])


def _check(path: Path, header: Sequence[str], names: Sequence[str]) -> None:
    if "python" not in header:
        raise UsageError(f"{path}: this is not a table of verdicts: it has no column python")
    given = header[: header.index("python")]
    if given != list(names):
        raise UsageError(
            f"{path}: its axes are {', '.join(given)}, not {', '.join(names)}: "
            "it belongs to another matrix"
        )
    published = [name for name in older.columns(header, COLUMNS) if name not in ATTRIBUTED]
    wanted = list(STORED_COLUMNS) if shared.is_stored(header) else published
    if missing := [name for name in wanted if name not in header]:
        raise UsageError(f"{path}: no column {', '.join(missing)}; name a published {VERDICTS}")


Value = TypeVar("Value")


class Once(dict[str, Value], Generic[Value]):
    """Caches parsed texts: a table repeats a few versions, digests and reasons."""

    def __init__(self, read: Callable[[str], Value]) -> None:
        self._read = read

    def __missing__(self, text: str) -> Value:
        value = self[text] = self._read(text)
        return value


class Reader:
    """Reads rows of text, for the axes of one matrix."""

    def __init__(self, axes: Sequence[Axis], measured: MeasuredOf, now: datetime) -> None:
        self._now = now
        self._key = (*(axis.name for axis in axes), "python", "probe", "config")
        self._measured = measured
        self._pins = [(axis.name, Once(_pin_of(axis))) for axis in axes]
        self._python = Once(PythonVersion.parse)
        once = {name: Once(read) for name, read in _REPEATED.items()}
        self._fields = {**{name: each.__getitem__ for name, each in once.items()}, **_OWN}

    def verdict(self, row: Mapping[str, str]) -> Verdict:
        """Raises ``ValueError`` with every invalid value of the row."""
        try:
            values = {name: read(row[name]) for name, read in self._fields.items()}
            cell = Cell(
                pins=tuple(pins[row[name]] for name, pins in self._pins),
                python=self._python[row["python"]],
                probe=row["probe"],
                config=row["config"],
            )
        except ValueError:
            raise ValueError("; ".join(self._mistakes(row))) from None
        if problems := list(invariants.broken(row, values, self._now)):
            raise ValueError("; ".join(problems))
        measured = self._measured.get(tuple(row[name] for name in self._key), ())
        return Verdict(cell=cell, evidence=(), measured=measured, **values)

    def _mistakes(self, row: Mapping[str, str]) -> Iterator[str]:
        every: dict[str, Callable[[str], Any]] = {
            **{name: pins.__getitem__ for name, pins in self._pins},
            "python": self._python.__getitem__,
            **self._fields,
        }
        for name, read in every.items():
            try:
                read(row[name])
            except ValueError as mistake:
                yield f"{name}: {mistake}"


def _pin_of(axis: Axis) -> Callable[[str], Pin]:
    def pin(text: str) -> Pin:
        found = None if text == ABSENT else version(text)
        return Pin(axis=axis.name, package=axis.package, version=found)

    return pin


def version(text: str) -> Version:
    """A release. Raises ``ValueError`` for anything else, whatever its length."""
    if len(text) > _LONGEST:
        raise ValueError(f"Invalid version: '{text[:_LONGEST]}…'")
    return Version(text)


_LONGEST = 100


def count(text: str) -> int:
    """A count, up to 10 to the power of 15."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS):
        raise ValueError(f"{text[:_LONGEST]!r} is not a count")
    return int(text)


_DIGITS = 15


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{text[:_LONGEST]!r} is not a duration in seconds")
    return value


def _moment(text: str) -> datetime:
    try:
        # Newer Pythons accept more than one notation.
        if not _NOTATION.fullmatch(text):
            raise ValueError
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=timezone.utc)
        if moment < invariants.FIRST:
            raise ValueError
    except ValueError:
        raise ValueError(
            f"{text[:_LONGEST]!r} is not a time such as 2026-01-31T23:59:59Z"
        ) from None
    return moment


_NOTATION = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)


def _seen(text: str) -> Seen:
    """Reads the output of ``signatures.as_data``."""
    try:
        return tuple(
            (_signature(each["locks"], each["stuck"]), _positive(each["hangs"]))
            for each in json.loads(text)
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError(
            f"{text[:_LONGEST]!r} is not a list of signatures with their counts"
        ) from None


def _signature(locks: Any, stuck: Any) -> Signature:
    for names in (locks, stuck):
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("not a list of names")
    return Signature(locks=tuple(map(printable, locks)), stuck=tuple(map(printable, stuck)))


def _positive(value: Any) -> int:
    if type(value) is not int or not 1 <= value < 10**_DIGITS:
        raise ValueError("not a number of trials")
    return value


_REPEATED: Mapping[str, Callable[[str], Any]] = {
    "outcome": Outcome,
    "phase": lambda text: Phase(text) if text else None,
    "reason": lambda text: Reason(text) if text else None,
    "basis": Basis,
    "backend": Backend,
    "trials": count,
    "hangs": count,
    "failed": count,
    "signatures": _seen,
    "cause": lambda text: text or None,
    **dict.fromkeys(
        ("python_full", "machine", "probe_digest", "config_digest", "environment_digest"), str
    ),
    "image_digest": str,
}
"""Columns with texts that repeat from row to row."""

_OWN: Mapping[str, Callable[[str], Any]] = {
    "exposures": count,
    "seconds": _seconds,
    "tested_at": _moment,
    "detail": str,
}
"""Columns with texts that rarely repeat."""

"""Published files, read and written whole."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from interlock.model import UsageError


def read_json(path: Path, otherwise: Any = None) -> Any:
    """A published file's content, or ``otherwise`` where there is no such file.

    Raises ``UsageError`` for what is no JSON, such as a merge's.
    """
    if not path.exists():
        return otherwise
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as mistake:
        raise UsageError(f"{path}: {mistake}; use the file as it was published") from None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees either what was there or all of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    fresh.write_text(text, encoding="utf-8", newline="\n")
    fresh.replace(path)


def csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, its header first, each with the line that it ends on.

    Raises ``OSError``, ``csv.Error`` and ``UnicodeDecodeError``.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        for values in reader:
            if values:
                yield reader.line_num, values


def as_csv(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """The published text of rows that have these columns."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row[name] for name in columns] for row in rows)
    return text.getvalue()

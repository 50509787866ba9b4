"""Published files, read and written whole."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from interlock.model import UsageError, all_printable, printable


def read_json(path: Path, otherwise: Any = None) -> Any:
    """A published file's content with printable text, or ``otherwise`` where there is none.

    Raises ``UsageError`` for what is no JSON, such as a merge's.
    """
    if not path.exists():
        return otherwise
    try:
        return all_printable(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as mistake:
        raise UsageError(f"{path}: {mistake}; use the file as it was published") from None


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees either what was there or all of the new."""
    with _fresh(path) as file:
        file.write(text)


@contextmanager
def _fresh(path: Path) -> Iterator[TextIO]:
    """A new file beside the path, which takes its place when all is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8", newline="\n") as file:
        yield file
    fresh.replace(path)


def csv_lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV file, its header first, as printable text, each with its last line.

    Raises ``OSError``, ``csv.Error`` and ``UnicodeDecodeError``.
    """
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, strict=True)
        for values in reader:
            if values:
                yield reader.line_num, [printable(value) for value in values]


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows that have these columns; what was there stays until the new file is whole."""
    with _fresh(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([row[name] for name in columns] for row in rows)

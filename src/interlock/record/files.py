"""Read published files and name every mistake; write several files all at once."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TextIO

from interlock.matrix import Document, Unreadable, plain_files
from interlock.model import StorageTrouble, UsageError, all_printable, printable
from interlock.record import switching

AS_PUBLISHED = "use the file as it was published"


def read_json(path: Path, shape: type, otherwise: Any = None, *, axes: Sequence[str] = ()) -> Any:
    """The printable content of a published file, or ``otherwise`` if it is missing.

    The file must have the ``shape`` of a dataclass for these axes, and may hold more. Raises
    ``UsageError`` with every mistake. It also raises ``UsageError`` for text that is not JSON, such
    as a file with merge conflicts.
    """
    try:
        read = json.loads(
            plain_files.read_text(path), parse_constant=_no_number, object_pairs_hook=_once
        )
        content = all_printable(read)
    except FileNotFoundError:
        return otherwise
    except json.JSONDecodeError as mistake:
        at = f"{path}:{mistake.lineno}:{mistake.colno}"
        raise UsageError(f"{at}: is not JSON: {mistake.msg}; {AS_PUBLISHED}") from None
    except Unreadable as mistake:
        raise UsageError(f"{path}: {mistake}") from None
    except _TwiceError as mistake:
        raise UsageError(f"{path}: {mistake}; {AS_PUBLISHED}") from None
    except (ValueError, RecursionError) as mistake:
        said = "it is nested too deeply" if isinstance(mistake, RecursionError) else mistake
        raise UsageError(f"{path}: is not JSON: {said}; {AS_PUBLISHED}") from None
    document = Document(str(path), content)
    if document.validate(shape, {"axes": axes}) is None:
        told = document.mistakes[: Mistakes.MOST]
        raise UsageError("\n".join(f"{line}; {AS_PUBLISHED}" for line in told))
    return content


class _TwiceError(ValueError):
    """A key of which only one value would be read, as a merge of two versions may leave it."""


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = _first_twice(key for key, _ in pairs) or ""
        raise _TwiceError(f"the key {printable(twice[:60])!r} is there twice")
    return found


def _first_twice(names: Iterable[str]) -> str | None:
    """The first name that was there before."""
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


@contextmanager
def csv_lines(path: Path) -> Iterator[Iterator[tuple[int, list[str]]]]:
    """The rows of a CSV file as printable text, each with its last line number.

    The header comes first. Raises ``FileNotFoundError``, or ``UsageError`` if it is not a table.
    """
    try:
        opened = plain_files.opened(path, plain_files.MOST_TABLE_BYTES)
        with io.TextIOWrapper(opened, encoding="utf-8-sig", newline="") as file:
            yield _rows(file)
    except Unreadable as mistake:
        raise UsageError(f"{path}: {mistake}") from None
    except UnicodeDecodeError as mistake:
        said = plain_files.no_text(mistake)
        raise UsageError(f"{path}: this is not a table: {said}; {AS_PUBLISHED}") from None
    except csv.Error as mistake:
        raise UsageError(f"{path}: this is not a table: {mistake}; {AS_PUBLISHED}") from None


def _rows(file: TextIO) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(file, strict=True)
    columns: list[str] | None = None
    for values in reader:
        if values:
            read = [printable(value) for value in values]
            yield reader.line_num, read
            if columns is None and (twice := _first_twice(columns := read)) is not None:
                raise csv.Error(f"it has two columns {twice[:60]!r}")


def row_of(header: Sequence[str], values: Sequence[str]) -> dict[str, str]:
    """One line of a table. Raises ``ValueError`` if values and columns don't match."""
    if len(values) != len(header):
        raise ValueError(f"{len(values)} values, for {len(header)} columns")
    return dict(zip(header, values, strict=True))


class Mistakes:
    """The mistakes in a table, by line. One message holds the first ``MOST`` of them."""

    MOST = 20
    LONGEST = 400
    """Characters of one mistake: a value that it quotes may have any length."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[str] = []
        self._more = 0

    def note(self, line: int, text: str) -> None:
        """Note a mistake in one line."""
        if len(self._found) < self.MOST:
            said = text if len(text) <= self.LONGEST else f"{text[: self.LONGEST]}…"
            self._found.append(f"{self._path}:{line}: {said}; {AS_PUBLISHED}")
        else:
            self._more += 1

    def raise_any(self) -> None:
        """Raise ``UsageError`` if there is any mistake."""
        if self._more:
            self._found.append(f"{self._path}: {self._more} more lines like these")
        if self._found:
            raise UsageError("\n".join(self._found))


@contextmanager
def together(batch: Batch | None, folder: Path | None = None) -> Iterator[Batch]:
    """The given batch, which its owner puts in place, or a new one of this folder."""
    if batch is not None:
        yield batch
        return
    with Batch(folder) as own:
        yield own


class Batch:
    """Files that are written beside their places, and moved there together at the end.

    A reader sees all of the old files or all of the new ones, even after a full disk. Raises
    ``StorageTrouble`` if they can't be written. Then the old files stay.

    Several files need the ``folder`` that they are below. It is held until the end, and the change
    is finished even if this process is killed.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._fresh: dict[Path, Path] = {}
        self._gone: list[Path] = []

    def __enter__(self) -> Batch:
        if self._folder is not None:
            with _said(self._folder):
                self._folder.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(switching.locked(self._folder, to_write=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._held:
            try:
                if kind is None:
                    self._put_in_place()
            finally:
                self._drop_fresh()

    def write(self, path: Path, text: str) -> None:
        """Write a text file."""
        with self._open(path) as file:
            file.write(text)

    def write_csv(
        self, path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]
    ) -> None:
        """Write rows with these columns."""
        with self._open(path) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([row[name] for name in columns] for row in rows)

    def remove(self, path: Path) -> None:
        """Remove a file once the others are in place."""
        with _said(path):
            self._refuse_links(path)
        self._gone.append(path)

    def give_up(self) -> None:
        """Put nothing in place."""
        self._drop_fresh()
        self._gone.clear()

    @contextmanager
    def _open(self, path: Path) -> Iterator[TextIO]:
        fresh = path.with_name(path.name + switching.NEW)
        with _said(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._refuse_links(path)
            if path.is_dir():
                raise IsADirectoryError(0, "a folder is in its place")
            self._fresh[path] = fresh
            with switching.new_file(fresh) as file:
                yield file
                file.flush()
                os.fsync(file.fileno())

    def _refuse_links(self, path: Path) -> None:
        """Only the folder itself may be a link: what is behind another is not ours."""
        if self._folder and (link := switching.link_above(self._folder, path)):
            raise OSError(0, f"{link} is a link; put a folder in its place")

    def _drop_fresh(self) -> None:
        for fresh in self._fresh.values():
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
        self._fresh.clear()

    def _put_in_place(self) -> None:
        """Rename all files. If one rename fails, undo the ones before it."""
        change = self._change()
        old: dict[Path, Path | None] = {}
        try:
            for path in (*self._fresh, *self._gone):
                with _said(path):
                    old[path] = _kept(path)
            if self._folder and change:
                with _said(self._folder):
                    change.note(self._folder)
            for path, fresh in self._fresh.items():
                with _said(path):
                    fresh.replace(path)
            for path in self._gone:
                with _said(path):
                    path.unlink(missing_ok=True)
        except BaseException:
            if self._folder and change:
                change.take_back(self._folder)
            _put_back(old)
            self._forget_change()
            raise
        for kept in filter(None, old.values()):
            kept.unlink(missing_ok=True)
        self._forget_change()

    def _change(self) -> switching.Change | None:
        """What is about to be changed, for whoever finds it unfinished."""
        if self._folder is None or not (self._fresh or self._gone):
            return None

        def below(paths: Iterable[Path]) -> list[str]:
            return [path.relative_to(str(self._folder)).as_posix() for path in paths]

        added = [path for path in self._fresh if not path.exists()]
        return switching.Change(put=below(self._fresh), gone=below(self._gone), added=below(added))

    def _forget_change(self) -> None:
        if self._folder is not None:
            with suppress(OSError):
                (self._folder / switching.FILE).unlink(missing_ok=True)


def _put_back(old: Mapping[Path, Path | None]) -> None:
    for path, kept in old.items():
        with suppress(OSError):
            if kept is None:
                path.unlink(missing_ok=True)
            else:
                kept.replace(path)
                # A rename between two names of the same file does nothing.
                kept.unlink(missing_ok=True)


def _kept(path: Path) -> Path | None:
    """A second name of the existing file."""
    if not path.exists():
        return None
    kept = path.with_name(path.name + switching.OLD)
    kept.unlink(missing_ok=True)
    try:
        kept.hardlink_to(path)
    except OSError:  # not every file system has links
        shutil.copy2(path, kept)
    return kept


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """Turn a disk error into a message for the reader."""
    try:
        yield
    except OSError as problem:
        raise StorageTrouble(
            f"{path} can't be written: {problem.strerror or problem}; "
            "the published files are unchanged"
        ) from problem

"""Verdicts in columns of plain values. Each verdict is made when it is first read.

A question is about a few hundred of many thousand rows. Numbers stand for what repeats: versions,
digests, texts. So all rows are grouped without making any of them. ``packed`` gives plain values
that ``marshal`` can store.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timezone
from functools import cached_property
from operator import itemgetter
from typing import Any, Generic, TypeVar, overload

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
    Signature,
    Verdict,
)

Packed = Mapping[str, Any]
"""Plain values: texts, numbers, bytes, and lists, tuples and dictionaries of them."""

Numbers = tuple[int, ...]
"""A cell: the number of the release on each axis, of the Python, the probe, the configuration."""

T = TypeVar("T")


class _Lazily(dict[int, T], Generic[T]):
    """Makes each value from its plain form when it is first read."""

    def __init__(self, plain: Sequence[Any], make: Callable[[Any], T]) -> None:
        self._plain = plain
        self._make = make

    def __missing__(self, number: int) -> T:
        value = self[number] = self._make(self._plain[number])
        return value


class _Rows(Sequence[Verdict]):
    """Verdicts that are made when they are read."""

    def _row(self, position: int) -> Verdict:
        raise NotImplementedError

    @overload
    def __getitem__(self, position: int) -> Verdict: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Verdict]: ...
    def __getitem__(self, position: int | slice) -> Verdict | Sequence[Verdict]:
        if isinstance(position, slice):
            return [self._row(at) for at in range(*position.indices(len(self)))]
        return self._row(position if position >= 0 else position + len(self))

    def __iter__(self) -> Iterator[Verdict]:
        return map(self._row, range(len(self)))


class Some(_Rows):
    """Some rows of the columns, by their positions."""

    def __init__(self, of: Columns, rows: Sequence[int]) -> None:
        self.of = of
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Verdict]:
        return map(self.of.__getitem__, self.rows)

    def _row(self, position: int) -> Verdict:
        return self.of[self.rows[position]]


class ByKey(Mapping[tuple[str, ...], Verdict]):
    """The verdicts by ``Cell.key``."""

    def __init__(self, of: Columns) -> None:
        self._of = of

    def __getitem__(self, key: tuple[str, ...]) -> Verdict:
        row = self._of.row_at(key)
        if row is None:
            raise KeyError(key)
        return self._of[row]

    def __iter__(self) -> Iterator[tuple[str, ...]]:
        return map(self._of.key_of, range(len(self._of)))

    def __len__(self) -> int:
        return len(self._of)


class Columns(_Rows):
    """All verdicts of a table, with what they have in common as numbers."""

    def __init__(
        self,
        cells: Sequence[Numbers],
        parts: Sequence[Sequence[Any]],
        outcomes: Sequence[Outcome],
        reasons: Sequence[Reason | None],
        tested: Sequence[bool],
        make: Callable[[int, Cell], Verdict],
    ) -> None:
        """``parts`` has what the numbers of ``cells`` stand for: pins, Pythons, names.

        ``make`` makes the verdict of a row.
        """
        self.cells = cells
        self.parts = parts
        self.outcomes = outcomes
        self.reasons = reasons
        self.tested = tested
        """Whether each row's basis is a test."""
        self._make = make
        self._made: list[Verdict | None] = [None] * len(cells)

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> Columns:
        """Verdicts that exist already, in their order. Columns stay as they are."""
        if isinstance(verdicts, Columns):
            return verdicts
        known = list(verdicts)
        axes = len(known[0].cell.pins) if known else 0
        numbers: list[dict[Any, int]] = [{} for _ in range(axes + 3)]
        cells = []
        for verdict in known:
            cell = verdict.cell
            parts = (*cell.pins, cell.python, cell.probe, cell.config)
            cells.append(
                tuple(of.setdefault(part, len(of)) for of, part in zip(numbers, parts, strict=True))
            )
        return cls(
            cells,
            [list(of) for of in numbers],
            [verdict.outcome for verdict in known],
            [verdict.reason for verdict in known],
            [verdict.basis is Basis.TESTED for verdict in known],
            lambda row, _: known[row],
        )

    def __len__(self) -> int:
        return len(self.cells)

    def _row(self, position: int) -> Verdict:
        made = self._made[position]
        if made is None:
            made = self._made[position] = self._make(position, self._cell(position))
        return made

    def _cell(self, row: int) -> Cell:
        *pins, python, probe, config = (
            part[number] for part, number in zip(self.parts, self.cells[row], strict=True)
        )
        return _made(
            Cell, {"pins": tuple(pins), "python": python, "probe": probe, "config": config}
        )

    def some(self, rows: Sequence[int]) -> Some:
        """These rows, by their positions."""
        return Some(self, rows)

    @cached_property
    def row_of(self) -> Mapping[Numbers, int]:
        """The position of each cell."""
        return {cell: row for row, cell in enumerate(self.cells)}

    @cached_property
    def by_key(self) -> ByKey:
        return ByKey(self)

    def row_at(self, key: tuple[str, ...]) -> int | None:
        """The position of the cell with that ``Cell.key``."""
        numbers = self.numbers_of(key)
        return None if numbers is None else self.row_of.get(numbers)

    def numbers_of(
        self, key: tuple[str, ...], parts: Sequence[int] | None = None
    ) -> Numbers | None:
        """The numbers of the parts of a ``Cell.key``, or of some parts in their order.

        None if no row has one of them.
        """
        known = self._number if parts is None else [self._number[part] for part in parts]
        try:
            return tuple(of[text] for of, text in zip(known, key, strict=True))
        except (KeyError, ValueError):
            return None

    def numbers(self, values: Iterable[Any], parts: Iterable[int] | None = None) -> Numbers | None:
        """The numbers of parts of a cell, the first ones if none are named.

        None if no row has one of them.
        """
        known = self._of_value if parts is None else (self._of_value[part] for part in parts)
        try:
            return tuple(of[value] for of, value in zip(known, values, strict=False))
        except KeyError:
            return None

    @cached_property
    def _of_value(self) -> Sequence[Mapping[Any, int]]:
        return [{value: number for number, value in enumerate(of)} for of in self.parts]

    def key_of(self, row: int) -> tuple[str, ...]:
        """The ``Cell.key`` of a row."""
        return tuple(of[number] for of, number in zip(self._texts, self.cells[row], strict=True))

    @cached_property
    def _texts(self) -> Sequence[Sequence[str]]:
        *pins, pythons, probes, configs = self.parts
        of_pins = [[str(pin.version or ABSENT) for pin in part] for part in pins]
        return [*of_pins, [str(python) for python in pythons], probes, configs]

    @cached_property
    def _number(self) -> Sequence[Mapping[str, int]]:
        return [{text: number for number, text in enumerate(of)} for of in self._texts]

    @cached_property
    def is_whole(self) -> Sequence[bool]:
        """Whether each row's cell has every library."""
        found = [True] * len(self)
        for at, pins in enumerate(self.parts[:-3]):
            present = [pin.version is not None for pin in pins]
            if not all(present):
                pairs = zip(found, self.cells, strict=True)
                found = [so_far and present[cell[at]] for so_far, cell in pairs]
        return found

    @cached_property
    def answers(self) -> Sequence[int]:
        """The rows that were tested, with every library."""
        return [row for row, whole in enumerate(self.is_whole) if whole and self.tested[row]]

    @cached_property
    def by_track(self) -> Mapping[Numbers, Sequence[int]]:
        """The rows of each probe and configuration."""
        return self._rows_by(-2, -1)

    def _rows_by(self, *parts: int) -> Mapping[Numbers, Sequence[int]]:
        found: dict[Numbers, list[int]] = {}
        numbers_of = itemgetter(*parts) if len(parts) > 1 else lambda cell: (cell[parts[0]],)
        for row, numbers in enumerate(map(numbers_of, self.cells)):
            found.setdefault(numbers, []).append(row)
        return found

    def grouped(self, *parts: int) -> dict[Any, Some]:
        """The rows by these parts of their cells; a single part is no tuple."""
        found = self.by_track if parts == (-2, -1) else self._rows_by(*parts)
        named = (
            tuple(self.parts[part][number] for part, number in zip(parts, numbers, strict=True))
            for numbers in found
        )
        return {
            name if len(parts) > 1 else name[0]: Some(self, rows)
            for name, rows in zip(named, found.values(), strict=True)
        }

    # As plain values --------------------------------------------------------------------------

    def packed(self, axes: Sequence[Axis]) -> Packed:
        """The content as plain values. ``axes`` are those of the cells."""
        *of_pins, pythons, probes, configs = self._texts
        names = pythons, probes, configs
        found: dict[str, Any] = {
            "axes": [(axis.name, axis.package) for axis in axes],
            "parts": [*([*of] for of in of_pins or [()] * len(axes)), *map(list, names)],
            "cells": [array("I", of).tobytes() for of in zip(*self.cells, strict=True)],
        }
        for name in _FIELDS:
            numbers: dict[Any, int] = {}
            plain, at = _plain_of(name), array("I")
            for verdict in self:
                at.append(numbers.setdefault(plain(getattr(verdict, name)), len(numbers)))
            found[name] = (list(numbers), at.tobytes())
        return found

    @classmethod
    def unpacked(cls, packed: Packed) -> Columns:
        """The verdicts again. Raises ``LookupError``, ``TypeError`` or ``ValueError`` for
        anything that ``packed`` did not give."""
        parts: list[Sequence[Any]] = [
            [_pin(Axis(name=name, package=package), text) for text in texts]
            for (name, package), texts in zip(packed["axes"], packed["parts"], strict=False)
        ]
        pythons, probes, configs = packed["parts"][len(parts) :]
        parts += [[PythonVersion.parse(text) for text in pythons], probes, configs]
        columns = {name: (packed[name][0], _numbers(packed[name][1])) for name in _FIELDS}
        of = [
            (name, _Lazily(plain, _MADE[name]) if name in _MADE else plain, at)
            for name, (plain, at) in columns.items()
        ]

        def make(row: int, cell: Cell) -> Verdict:
            return _made(Verdict, {"cell": cell, **{name: v[at[row]] for name, v, at in of}})

        def named(name: str, make: Callable[[Any], T]) -> list[T]:
            plain, at = columns[name]
            values = [make(one) for one in plain]
            return [values[number] for number in at]

        return cls(
            list(zip(*map(_numbers, packed["cells"]), strict=True)),
            parts,
            named("outcome", Outcome),
            named("reason", _MADE["reason"]),
            named("basis", lambda text: bool(text == Basis.TESTED.value)),
            make,
        )


def _made(kind: type[T], values: dict[str, Any]) -> T:
    """A frozen dataclass with all its fields. Setting each by a call takes three times as long."""
    found = object.__new__(kind)
    vars(found).update(values)
    return found


_FIELDS = tuple(field.name for field in fields(Verdict) if field.name != "cell")


def _numbers(stored: bytes) -> Sequence[int]:
    found = array("I")
    found.frombytes(stored)
    return found


def _pin(axis: Axis, text: str) -> Pin:
    version = None if text == ABSENT else Version(text)
    return Pin(axis=axis.name, package=axis.package, version=version)


def _plain_of(name: str) -> Callable[[Any], Any]:
    return _PLAIN.get(name, lambda value: value)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _moment(value: datetime) -> int:
    """Seconds: a published row has no smaller part."""
    if value.microsecond or value.utcoffset():
        raise ValueError(f"{value} has parts of a second, or is not in UTC")
    return int(value.timestamp())


_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("outcome", "phase", "reason", "basis", "backend"), _text),
    "tested_at": _moment,
    "signatures": lambda seen: tuple((s.locks, s.stuck, hangs) for s, hangs in seen),
    "measured": lambda measured: tuple(
        tuple(getattr(one, field.name) for field in fields(Measured)) for one in measured
    ),
}


def _measured(plain: Iterable[Sequence[Any]]) -> tuple[Measured, ...]:
    names = [field.name for field in fields(Measured)]
    return tuple(Measured(**dict(zip(names, one, strict=True))) for one in plain)


_MADE: Mapping[str, Callable[[Any], Any]] = {
    "outcome": Outcome,
    "phase": lambda text: None if text is None else Phase(text),
    "reason": lambda text: None if text is None else Reason(text),
    "basis": Basis,
    "backend": Backend,
    "tested_at": lambda seconds: datetime.fromtimestamp(seconds, timezone.utc),
    "signatures": lambda plain: tuple(
        (Signature(locks=locks, stuck=stuck), hangs) for locks, stuck, hangs in plain
    ),
    "measured": _measured,
}

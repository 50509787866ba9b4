"""What every question about the same verdicts needs, found once for all rows. Pure.

To find whose each hang is, or which passes are in doubt, takes most of the time of a question. The
next question needs the same of other rows. So ``notes`` finds it for every row, by the same
functions that a question calls, and gives plain values that can be kept. ``Noted`` reads them back,
a piece when it is asked for. Nothing in them depends on the clock.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from packaging.version import Version

from interlock.findings.attribution import WHOSE
from interlock.findings.maps import NotedMaps
from interlock.findings.pools import Pool
from interlock.findings.rare import LineRate, Lines, Rare
from interlock.findings.situation import Levels
from interlock.findings.tested import Known
from interlock.findings.workarounds import WorkaroundKind, WorkaroundRecord
from interlock.model import Outcome, PythonVersion, Verdict
from interlock.record import Columns

if TYPE_CHECKING:  # it reads the notes itself
    from interlock.findings.findings import Findings

_NOT_NOTED = 255
"""In place of an owner, or of whether a pass is in doubt."""


class Noted:
    """Notes about the verdicts of a table. What is not noted is None."""

    def __init__(
        self, plain: Any = (b"", b"", {}, b"", {}, {}), rows: Sequence[Verdict] = ()
    ) -> None:
        """``plain`` is what ``notes`` gave. Raises ``TypeError`` or ``ValueError`` for anything
        that is not about so many rows."""
        self._rows = Columns.of(rows)
        self._whose, self._doubts, self._known, self._records, self._lines, self._maps = plain
        if [type(part) for part in plain] != [bytes, bytes, dict, bytes, dict, dict]:
            raise TypeError("these are no notes")
        if not len(self._whose) == len(self._doubts) == len(rows):
            raise ValueError("these are notes about another table")

    def whose(self, verdict: Verdict) -> str | None:
        """The ``Attribution.whose`` of a verdict that hangs or fails."""
        number = self._at(self._whose, verdict)
        return None if number is None else self._owners[number]

    def in_doubt(self, verdict: Verdict) -> bool | None:
        """What ``ByChances.is_in_doubt`` says of a verdict that passes."""
        said = self._at(self._doubts, verdict)
        return None if said is None else bool(said)

    def _at(self, column: bytes, verdict: Verdict) -> int | None:
        row = self._rows.row_at(verdict.cell.key) if column else None
        return None if row is None or column[row] == _NOT_NOTED else column[row]

    @cached_property
    def _owners(self) -> Sequence[str]:
        return _owners(pins[0].axis for pins in self._rows.parts[:-3])

    def known(self, levels: Levels, python: PythonVersion) -> Known | None:
        """The releases on a Python of which it is known what they do in a situation."""
        piece = self._known.get((levels, str(python)))
        return None if piece is None else Known(*marshal.loads(piece))

    def record(self, kind: WorkaroundKind) -> WorkaroundRecord | None:
        """What a workaround did against one hang."""
        found = marshal.loads(self._records).get(_plain_kind(kind)) if self._records else None
        if found is None:
            return None
        hangs, tried, luck = found
        return WorkaroundRecord(hangs=hangs, tried=tried, luck=luck)

    def lines(self, track: tuple[str, str], axes: Iterable[str], axis: str) -> Lines | None:
        """The rates of the release lines of an axis where hangs are rare."""
        piece = self._lines.get((*track, tuple(sorted(axes)), axis))
        if piece is None:
            return None
        return {
            line: LineRate(
                line=line,
                releases=tuple(map(Version, releases)),
                pool=Pool(hangs=hangs, exposures=exposures, trials=trials),
                state=Rare(state),
            )
            for line, releases, hangs, exposures, trials, state in marshal.loads(piece)
        }

    def maps(self, track: tuple[str, str]) -> NotedMaps | None:
        """What the maps of all pairs are made of, for a probe in a configuration."""
        piece = self._maps.get(track)
        return None if piece is None else NotedMaps(marshal.loads(piece))


NOTHING_NOTED = Noted()


def notes(findings: Findings) -> tuple[object, ...]:
    """All that can be noted of the findings, in plain values. Takes time for every row."""
    return (
        _whose(findings),
        _doubts(findings),
        _known(findings),
        _records(findings),
        _lines(findings),
        _maps(findings),
    )


def _owners(axes: Iterable[str]) -> Sequence[str]:
    return (*WHOSE, *axes)


def _whose(findings: Findings) -> bytes:
    rows, owners = findings.rows, _owners(axis.name for axis in findings.matrix.axes)
    found = bytearray([_NOT_NOTED]) * len(rows)
    for key in findings.attributions:
        row = rows.row_at(key)
        whose = findings.attributions[key].whose
        if row is not None and whose in owners:
            found[row] = owners.index(whose)
    return bytes(found)


def _doubts(findings: Findings) -> bytes:
    rows = findings.rows
    found = bytearray([_NOT_NOTED]) * len(rows)
    for row in rows.answers:
        if rows.outcomes[row] is Outcome.PASS:
            found[row] = findings.by_chances.is_in_doubt(rows[row])
    return bytes(found)


def _known(findings: Findings) -> dict[tuple[tuple[int, ...], str], bytes]:
    tested = findings.tested
    return {
        (asked.levels, str(python)): marshal.dumps((known.with_others, known.with_any))
        for asked in tested.situations
        for python in tested.pythons
        for known in [tested.known_on(asked, python)]
    }


def _records(findings: Findings) -> bytes:
    every = findings.workaround_records
    plain = {_plain_kind(kind): (one.hangs, one.tried, one.luck) for kind, one in every.items()}
    return marshal.dumps(plain)


def _plain_kind(kind: WorkaroundKind) -> tuple[object, ...]:
    *of, signature = kind
    return *of, signature and (signature.locks, signature.stuck)


def _lines(findings: Findings) -> dict[tuple[object, ...], bytes]:
    return {
        (*track, tuple(sorted(axes)), axis): marshal.dumps([_plain_line(o) for o in lines.values()])
        for (track, axes, axis), lines in findings.rare_hangs.every.items()
    }


def _maps(findings: Findings) -> dict[tuple[str, str], bytes]:
    """Of the probes that an answer infers by: those about every application."""
    untested, matrix = findings.untested, findings.matrix
    if untested.pairs is None:
        return {}
    tracks = (track for track in findings.tracks if matrix.is_about(None, track[0]))
    return {track: marshal.dumps(NotedMaps.of(untested.maps_of(track))) for track in tracks}


def _plain_line(one: LineRate) -> tuple[object, ...]:
    releases = [str(version) for version in one.releases]
    counted = one.pool.hangs, one.pool.exposures, one.pool.trials
    return (one.line, releases, *counted, one.state.value)

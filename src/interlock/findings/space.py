"""The releases of two packages as a grid, and what a test of one pair says. Pure data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from packaging.version import Version

from interlock.matrix import release_line
from interlock.model import Outcome, Signature, Verdict, audit_key

Spot = tuple[int, int]
"""The positions of a pair's releases on the two axes: row, column."""

INFERABLE = frozenset({Outcome.PASS, Outcome.HANG, Outcome.FAIL})
"""Outcomes that say something about the libraries.

``unproven`` is about a run, and ``unsupported`` is decided by the wheels of each release.
"""


class Observation(NamedTuple):
    """What the trials of one cell showed. Two are equal if the cells agree."""

    outcome: Outcome
    key: str = ""
    """The signature of a hang, or the cause of a failure: two different hangs do not agree."""

    @property
    def is_usable(self) -> bool:
        return self.outcome in INFERABLE


@dataclass(frozen=True, kw_only=True)
class ReleaseAxis:
    """The final releases of one package, in version order, each with its release line."""

    name: str
    versions: tuple[Version, ...]
    lines: tuple[str, ...]

    @classmethod
    def of(cls, name: str, versions: Iterable[Version]) -> ReleaseAxis:
        """These releases, with major and minor version as the line."""
        known = tuple(sorted(set(versions)))
        return cls(name=name, versions=known, lines=tuple(map(release_line, known)))

    def __len__(self) -> int:
        return len(self.versions)

    @cached_property
    def position(self) -> Mapping[Version, int]:
        return {version: at for at, version in enumerate(self.versions)}

    @cached_property
    def line_number(self) -> Sequence[int]:
        """By position: 0 for the releases of the oldest line, 1 for the next, and so on."""
        numbers: list[int] = []
        for at, line in enumerate(self.lines):
            before = numbers[-1] if numbers else -1
            numbers.append(before + (at == 0 or line != self.lines[at - 1]))
        return numbers

    @cached_property
    def spans(self) -> Sequence[tuple[int, int]]:
        """By line number: the positions of its first and last release."""
        found: list[tuple[int, int]] = []
        for at, number in enumerate(self.line_number):
            if number == len(found):
                found.append((at, at))
            else:
                found[number] = (found[number][0], at)
        return found


@dataclass(frozen=True, kw_only=True)
class Space:
    """All pairs of releases on one Python, for one probe and configuration: nothing is listed."""

    rows: ReleaseAxis
    columns: ReleaseAxis
    installs: Callable[[int, int], bool]
    """Whether the index lets a pair be installed, by its positions."""

    @property
    def size(self) -> int:
        """The pairs, installable or not."""
        return len(self.rows) * len(self.columns)


def observations(verdicts: Iterable[Verdict]) -> Mapping[tuple[str, ...], Observation]:
    """What each of one track's verdicts shows, by ``Cell.key``.

    One race can close in several ways, and a single trial shows one of them. Signatures that were
    seen in the same cell count as the same hang, and so do those that are linked by such cells.
    """
    rows = list(verdicts)
    linked = _linked(row.signatures for row in rows if row.outcome is Outcome.HANG)
    return {row.cell.key: _observation(row, linked) for row in rows}


def keys_today(verdicts: Iterable[Verdict]) -> Mapping[str, str]:
    """By ``audit_key``: what an earlier key of an observation is called with these verdicts.

    A new cell may link two hangs that were different ones before.
    """
    linked = _linked(row.signatures for row in verdicts if row.outcome is Outcome.HANG)
    return {audit_key(str(signature)): name for signature, name in linked.items()}


def _observation(verdict: Verdict, linked: Mapping[Signature, str]) -> Observation:
    if verdict.outcome is Outcome.HANG:
        known = verdict.signature
        return Observation(verdict.outcome, linked[known] if known else str(verdict.reason))
    if verdict.outcome is Outcome.FAIL:
        where = (verdict.phase, verdict.reason, verdict.cause)
        return Observation(verdict.outcome, ", ".join(str(one) for one in where if one))
    return Observation(verdict.outcome)


def _linked(seen: Iterable[Sequence[tuple[Signature, int]]]) -> Mapping[Signature, str]:
    """By signature, the first in text order of those that it is linked with."""
    groups: dict[Signature, set[Signature]] = {}
    for counted in seen:
        together = {signature for signature, _ in counted}
        for signature in tuple(together):
            together |= groups.get(signature, set())
        for signature in together:
            groups[signature] = together
    names = {id(group): min(map(str, group)) for group in groups.values()}
    return {signature: names[id(group)] for signature, group in groups.items()}

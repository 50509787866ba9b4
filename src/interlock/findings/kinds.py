"""What is said of kinds of application that have their own probes, beside an answer. Pure.

Their hangs are rare. A pass of one cell says little, so the rate of its release line is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from interlock.findings.conclusions import concluded
from interlock.findings.findings import Findings
from interlock.findings.rare import RareHang
from interlock.findings.situation import Seen
from interlock.findings.tested import Place
from interlock.matrix import Application, Matrix, Situation
from interlock.model import Cell, Outcome


@dataclass(frozen=True, kw_only=True)
class KindNote:
    """What was seen of the releases in a kind of application: told beside an answer."""

    kind: Application
    seen: tuple[Seen, ...]
    """By the probes that are about it alone. Its hangs are rare, so no pass of it is told."""
    rare: tuple[RareHang, ...] = ()
    """Of the release lines of the question, where one can hang: one a probe."""

    @property
    def hangs(self) -> int:
        return sum(one.verdict.hangs for one in self.seen)

    @property
    def situation(self) -> Situation | None:
        """That of the hangs: of several, the one with the least switched on. None without any."""
        found = (one.situation for one in self.seen if one.verdict.hangs)
        return min(found, key=lambda one: (sum(one.levels), one.levels), default=None)


def kinds_of(situation: Situation, matrix: Matrix) -> list[Application]:
    """The kinds of application that somebody in the situation has."""
    default = matrix.situation({})
    return [k for name, k in matrix.applications.items() if situation[name] != default[name]]


def kind_notes(findings: Findings, place: Place) -> Iterator[KindNote]:
    """What was seen at a place in each kind of application.

    None of a kind in which it fails before it could hang, or can't be installed.
    """
    matrix = findings.matrix
    for kind in matrix.applications.values():
        seen = tuple(
            one
            for one in findings.tested.at(place)
            if one.is_trouble and matrix.is_about(kind.name, one.verdict.cell.probe)
            if not matrix.configurations[one.verdict.cell.config].is_composed
        )
        on = matrix.situation({kind.name: matrix.choices[kind.name].most})
        if not seen and concluded(findings, on, place)[0].outcome in _NEVER_HANGS:
            continue
        rare = tuple(one for one in lines_at(findings, place, [kind]) if one.can_hang)
        yield KindNote(kind=kind, seen=seen, rare=rare)


_NEVER_HANGS = (Outcome.FAIL, Outcome.UNSUPPORTED)


def lines_at(
    findings: Findings,
    place: Place,
    kinds: Iterable[Application],
    asked: Situation | None = None,
) -> Iterator[RareHang]:
    """The rates of the release lines of a place, whether or not it was run: one a probe.

    Of the configurations of a probe that are about ``asked`` (None is any), the first that hung
    speaks.
    """
    matrix, (pins, python) = findings.matrix, place
    names = {kind.name for kind in kinds}
    found: dict[str, list[RareHang]] = {}
    for probe, config in findings.tracks:
        there = matrix.situation_of(probe, config)
        if matrix.use(probe).application not in names or there is None:
            continue
        if matrix.configurations[config].is_composed or not (asked is None or there <= asked):
            continue
        of = findings.rare_hangs.of(Cell(pins=pins, python=python, probe=probe, config=config))
        if of and of.rate.tried:
            found.setdefault(probe, []).append(of)
    for many in found.values():
        yield min(many, key=lambda one: (not one.rate.pool.hangs, not one.can_hang))


def instead_of_pass(
    findings: Findings, asked: Situation, rests_on: Iterable[Seen]
) -> RareHang | None:
    """What is said instead of a pass that rests on these verdicts, where hangs are rare.

    A hang of an application with more switched on does not concern the situation. But where
    nothing else was run, its pass is no pass here either.
    """
    told = [(one, findings.instead_of_pass(one.verdict)) for one in rests_on]
    rare = [of for one, of in told if of and one.situation <= asked]
    if not rare and all(of for _, of in told):
        rare = [of for _, of in told if of]
    return min(rare, key=lambda one: (not one.can_hang, not one.rate.pool.hangs), default=None)

"""One question, one answer: will these releases hang together, and what then? Pure.

    question = Question(
        versions={"sentry": Version("2.5.1"), "ddtrace": Version("2.14.2")},
        python=PythonVersion(3, 10),
        chosen={"event-level": "WARNING"},
    )
    for part in answer(question, findings).parts:
        part.outcome, part.basis    # (Outcome.HANG, AnswerBasis.TESTED)
        part.troubles[0].attribution.says, part.signatures
        part.moves, part.workarounds
        part.neighbours             # where it was not tested: what was, around it

``findings`` is loaded once and asked often: an answer looks up the rows that it needs and no other.
Releases that were not tested get no outcome, and never that of other releases.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.attribution import OPEN, PYTHON
from interlock.findings.findings import Findings
from interlock.findings.likeness import TROUBLE, intermittent
from interlock.findings.situation import AnswerBasis, Conclusion, Seen
from interlock.findings.tested import Place, moved
from interlock.findings.weighing import TOGETHER, Pins, Trouble, version_of
from interlock.findings.workarounds import TriedWorkaround, tried_on
from interlock.matrix import Application, Matrix, Situation
from interlock.model import (
    PRECEDENCE,
    Axis,
    Cell,
    NoTarget,
    Outcome,
    Pin,
    PythonVersion,
    Signature,
    Target,
    UsageError,
    Verdict,
    listing,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a reader runs in one process."""

    versions: Mapping[str, Version]
    """By axis; every axis has to be there."""
    python: PythonVersion
    patch: str | None = None
    """The patch release of the Python, where the reader names one: ``3.11.4``."""
    chosen: Mapping[str, str] = field(default_factory=dict)
    """What the application chooses, as far as it is stated; the rest is at its default. Where
    nothing is stated, every choice of settings that was tested is asked for."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest releases of one axis of which the answer is known, on that Python."""

    axis: str
    below: Version | None
    above: Version | None
    with_the_others: bool
    """They were tested with the other releases of the question. Where none was, these were tested
    with some others, however set up, and both may be the very release that was asked for."""


@dataclass(frozen=True, kw_only=True)
class SituationAnswer:
    """What is known of the releases in one situation."""

    situation: Situation
    outcome: Outcome | None
    """The worst that any probe says; None where the basis is ``unknown``."""
    basis: AnswerBasis
    rests_on: tuple[Seen, ...] = ()
    """The verdicts, the worst first, each with the situation that it is about."""
    missing: tuple[Cell, ...] = ()
    """What would have to be run, and was not."""
    is_meant: bool = True
    """Whether something is meant to be run of these releases with all of it switched on."""
    troubles: tuple[Trouble, ...] = ()
    """What hangs or fails, and whose trouble each is."""
    moves: tuple[Move, ...] = ()
    """The nearest and the newest release to move to along each axis, the one to prefer first."""
    workarounds: tuple[TriedWorkaround, ...] = ()
    """Those that were run on these very cells and pass; ``way.costs`` says what each gives up."""
    neighbours: tuple[Neighbours, ...] = ()
    """One an axis, where the basis is ``unknown``."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(one.verdict for one in self.rests_on)

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Of every hang, each once."""
        seen = (signature for verdict in self.verdicts for signature, _ in verdict.signatures)
        return tuple(dict.fromkeys(seen))

    @property
    def trials(self) -> int:
        """Of all probes together."""
        return sum(verdict.trials for verdict in self.verdicts)

    @property
    def exposures(self) -> int:
        """Of all probes together; what one exposure is, each probe says."""
        return sum(verdict.exposures for verdict in self.verdicts)

    @property
    def tested_at(self) -> datetime | None:
        """When the oldest verdict that it rests on was tested, in UTC."""
        return min((verdict.tested_at for verdict in self.verdicts), default=None)

    @property
    def pythons(self) -> tuple[str, ...]:
        """The patch releases of the Python that it was seen on."""
        found = {v.python_full for v in self.verdicts if v.was_run and v.python_full}
        return tuple(sorted(found, key=Version))


@dataclass(frozen=True, kw_only=True)
class KindNote:
    """What was seen of the releases in a kind of application: told beside an answer."""

    kind: Application
    seen: tuple[Seen, ...]
    """By the probes that are about it alone. Its hangs are rare, so no pass of it is told."""

    @property
    def hangs(self) -> int:
        return sum(one.verdict.hangs for one in self.seen)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known of the releases of a question, a part for each situation."""

    question: Question
    asked: Situation
    """What was stated, and the defaults of the rest."""
    parts: tuple[SituationAnswer, ...]
    """In the order of ``matrix.yaml``."""
    moves: tuple[Move, ...]
    """As in a part, but to releases that pass in every part; none where all is well."""
    kinds: tuple[KindNote, ...] = ()
    """Where the question states nothing, what it does not cover."""
    advice: tuple[str, ...] = ()
    """What helps the kinds of application that the question is about."""

    @cached_property
    def worst(self) -> SituationAnswer | None:
        """A hang or a failure before what is unknown, and that before a pass.

        A choice of settings that these releases are not meant to be run with is no headline.
        """
        ranks = [*TROUBLE, None, *(outcome for outcome in PRECEDENCE if outcome not in TROUBLE)]
        meant = [part for part in self.parts if part.is_meant and not lacks_feature(part)]
        return min(meant or self.parts, key=lambda part: ranks.index(part.outcome), default=None)


def lacks_feature(part: SituationAnswer | Conclusion) -> bool:
    """Whether the releases do not have what would be switched on."""
    return part.outcome is Outcome.UNSUPPORTED and any(s.lacks_feature for s in part.rests_on)


def answer(question: Question, findings: Findings) -> Answer:
    """What the findings say to the question.

    Raises ``UsageError`` for an axis, a choice or a value that is not there.
    """
    matrix = findings.matrix
    _check(question.chosen, matrix)
    place = _pins(question, findings), question.python
    asked = matrix.situation(question.chosen)
    situations = [asked] if question.chosen else _every(findings)
    parts = tuple(_in_situation(findings, one, place) for one in situations)
    moves = parts[0].moves
    if len(parts) > 1:
        troubles = [trouble for part in parts for trouble in part.troubles]
        moves = _moves(findings, situations, place, troubles)
    return Answer(
        question=question,
        asked=asked,
        parts=parts,
        moves=moves,
        kinds=() if question.chosen else tuple(_notes(findings, place)),
        advice=tuple(k.instead_plain for k in _kinds(asked, matrix) if k.instead),
    )


def _check(chosen: Mapping[str, str], matrix: Matrix) -> None:
    for name, value in chosen.items():
        if name not in matrix.choices:
            raise UsageError(f'"{name}" is no choice: there is {listing([*matrix.choices])}')
        if value not in (levels := matrix.choices[name].levels):
            raise UsageError(f'"{value}" is no value of {name}: there is {listing([*levels])}')


def _pins(question: Question, findings: Findings) -> Pins:
    axes = [axis.name for axis in findings.matrix.axes]
    if wrong := sorted({*axes} ^ {*question.versions}):
        raise UsageError(f"name one version of {listing(axes)}: {listing(wrong)} is wrong")
    return tuple(
        Pin(axis=axis.name, package=axis.package, version=question.versions[axis.name])
        for axis in findings.matrix.axes
    )


def _every(findings: Findings) -> list[Situation]:
    """Each choice of settings that was tested."""
    return [*findings.tested.situations] or [findings.matrix.situation({})]


def _kinds(situation: Situation, matrix: Matrix) -> list[Application]:
    """The kinds of application that somebody in the situation has."""
    default = matrix.situation({})
    return [k for name, k in matrix.applications.items() if situation[name] != default[name]]


def _notes(findings: Findings, place: Place) -> Iterable[KindNote]:
    matrix = findings.matrix
    for kind in matrix.applications.values():
        seen = tuple(
            one
            for one in findings.tested.at(place)
            if one.is_trouble and matrix.is_about(kind.name, one.verdict.cell.probe)
            if not matrix.configurations[one.verdict.cell.config].is_composed
        )
        yield KindNote(kind=kind, seen=seen)


def _in_situation(findings: Findings, asked: Situation, place: Place) -> SituationAnswer:
    found, matrix = findings.tested.conclude(asked, place), findings.matrix
    rests_on = tuple(sorted(found.rests_on, key=lambda one: _rank(one, findings)))
    troubles = tuple(
        Trouble(verdict=one.verdict, attribution=findings.attributions[one.verdict.cell.key])
        for one in rests_on
        if one.is_trouble
    )
    unknown = found.basis is AnswerBasis.UNKNOWN
    kinds = {kind.name for kind in _kinds(asked, matrix)}
    return SituationAnswer(
        situation=asked,
        outcome=found.outcome,
        basis=found.basis,
        rests_on=rests_on,
        missing=found.missing,
        is_meant=findings.tested.covers(asked, place),
        troubles=troubles,
        moves=() if kinds else _moves(findings, [asked], place, troubles),
        workarounds=tuple(_workarounds(findings, asked, rests_on)),
        neighbours=tuple(_neighbours(findings, asked, place)) if unknown else (),
    )


def _rank(one: Seen, findings: Findings) -> tuple[object, ...]:
    """The worst first. Of two hangs, the one that is known to be the pair's and always comes."""
    verdict = one.verdict
    whose = findings.attributions[verdict.cell.key].whose if one.is_trouble else None
    return (
        one.lacks_feature,
        PRECEDENCE.index(verdict.outcome),
        whose is not None and whose not in TOGETHER,
        whose == OPEN,
        intermittent(verdict) is not None,
        verdict.cell.probe,
        verdict.cell.config,
    )


def _workarounds(
    findings: Findings, asked: Situation, seen: Iterable[Seen]
) -> Iterable[TriedWorkaround]:
    """Those that pass where it goes wrong, run on top of all that is switched on.

    None against what a probe finds that is told by rates: its hangs are rare, and a single pass may
    be luck.
    """
    for one in seen:
        luck = not findings.matrix.is_about(None, one.verdict.cell.probe)
        if one.is_trouble and one.situation == asked and not luck:
            tried = tried_on(one.verdict, findings.by_cell, findings.matrix)
            yield from (way for way in tried if way.works)


def _moves(
    findings: Findings,
    asked: Sequence[Situation],
    place: Place,
    troubles: Sequence[Trouble],
) -> tuple[Move, ...]:
    """Along each axis, the releases that pass in each of the situations; none without trouble."""
    prefer = findings.matrix.policy.prefer
    axes = sorted(
        findings.matrix.axes,
        key=lambda axis: prefer.index(axis.name) if axis.name in prefer else len(prefer),
    )
    return tuple(_move(findings, axis, asked, place, troubles) for axis in axes if troubles)


def _move(
    findings: Findings,
    axis: Axis,
    asked: Sequence[Situation],
    place: Place,
    troubles: Sequence[Trouble],
) -> Move:
    pins, python = place
    if not any(one.counts_against(axis.name) for one in troubles):
        return _none(axis, _not_its_own(axis, place, troubles))
    present = version_of(pins, axis.name)
    above = [v for v in findings.tested.beside(axis.name, place) if v > present]
    hurt = [one for one in asked if findings.tested.conclude(one, place).outcome in TROUBLE]
    passing = [
        version
        for version in above
        if _all_pass(findings, axis, asked, hurt, (moved(pins, axis.name, version), python))
    ]
    excluded = findings.withdrawn.get(axis.name, ())
    final = [v for v in passing if not v.is_prerelease and v not in excluded]
    if final:
        return Move(
            nearest=Target(axis=axis.name, version=final[0]),
            newest=Target(axis=axis.name, version=final[-1]),
        )
    if passing:
        named = ", ".join(map(str, passing))
        return _none(axis, f"only yanked releases or pre-releases of {axis.package} help: {named}")
    places = [(moved(pins, axis.name, version), python) for version in above]
    if any(findings.tested.covers(one, there) for one in hurt for there in places):
        return _none(axis, f"no {axis.package} release that was tested helps")
    if above:
        return _none(axis, f"no {axis.package} release was tested with all of this switched on")
    return _none(axis, f"no newer {axis.package} release was tested")


def _all_pass(
    findings: Findings,
    axis: Axis,
    asked: Sequence[Situation],
    hurt: Sequence[Situation],
    place: Place,
) -> bool:
    """Whether the same question about that place would be answered with a pass, and what goes
    wrong here passes there. What another library does alone is no reason against it."""

    def beside(verdict: Verdict) -> bool:
        attribution = findings.attributions[verdict.cell.key]
        return not Trouble(verdict=verdict, attribution=attribution).counts_against(axis.name)

    for one in asked:
        found = findings.tested.conclude(one, place, beside)
        if found.outcome is Outcome.PASS:
            continue
        if one in hurt or (findings.tested.covers(one, place) and not lacks_feature(found)):
            return False
    return True


def _none(axis: Axis, reason: str) -> Move:
    none = NoTarget(axis=axis.name, reason=reason)
    return Move(nearest=none, newest=none)


def _not_its_own(axis: Axis, place: Place, troubles: Iterable[Trouble]) -> str:
    """Nothing of what goes wrong is a reason to move along this axis."""
    pins, python = place
    owners = {one.attribution.whose for one in troubles}
    names = [pin.package for pin in pins if pin.axis in owners]
    names += [f"Python {python}"] if PYTHON in owners else []
    return f"moving {axis.package} changes nothing: it is {' and '.join(names)} alone"


def _neighbours(findings: Findings, asked: Situation, place: Place) -> Iterable[Neighbours]:
    for axis in (pin.axis for pin in place[0]):
        below, above = findings.tested.around(asked, axis, place)
        same = bool(below or above)
        if not same:
            below, above = findings.tested.around_with_others(axis, place)
        yield Neighbours(axis=axis, below=below, above=above, with_the_others=same)

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
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.around import Elsewhere, Neighbours, elsewhere, neighbours
from interlock.findings.chances import ByChance
from interlock.findings.conclusions import (
    attribution_of,
    concluded,
    lacking_at,
    rank,
    without_feature,
    workarounds_at,
)
from interlock.findings.effects import OfferedWorkaround
from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis
from interlock.findings.kinds import KindNote, instead_of_pass, kind_notes, kinds_of, lines_at
from interlock.findings.likeness import TROUBLE
from interlock.findings.rare import RareHang
from interlock.findings.rates import KindRate
from interlock.findings.scopes import SmallestMove
from interlock.findings.situation import Seen, lacks_feature
from interlock.findings.tested import Place
from interlock.findings.untested import Refusal
from interlock.findings.weighing import Pins, Trouble
from interlock.matrix import Matrix, Situation
from interlock.model import (
    PRECEDENCE,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Signature,
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
class SituationAnswer:
    """What is known of the releases in one situation."""

    situation: Situation
    outcome: Outcome | None
    """The worst that any probe says; None where the basis is ``unknown``."""
    basis: AnswerBasis
    rare: RareHang | None = None
    """What a reader is told instead of a pass, where hangs are rare."""
    rests_on: tuple[Seen, ...] = ()
    """The verdicts, the worst first, each with the situation that it is about."""
    missing: tuple[Cell, ...] = ()
    """What would have to be run, and was not."""
    refusals: tuple[Refusal, ...] = ()
    """What the index does not let anybody install, where nothing was run and it decides."""
    unlisted: tuple[Pin, ...] = ()
    """Where the basis is ``unknown``: the releases that the index did not list."""
    is_meant: bool = True
    """Whether something is meant to be run of these releases with all of it switched on."""
    troubles: tuple[Trouble, ...] = ()
    """What hangs or fails, and whose trouble each is."""
    moves: tuple[Move, ...] = ()
    """The nearest and the newest release to move to along each axis, the one to prefer first."""
    smallest: SmallestMove | None = None
    """The smallest change of one release that helps, else of several."""
    passing: tuple[Move, ...] = ()
    """Where nothing was run, or can be: newer releases that were tested and pass."""
    workarounds: tuple[OfferedWorkaround, ...] = ()
    """Those that were run on these very cells and pass, the best first.

    ``caution`` says of one that passes here why not to count on it."""
    neighbours: tuple[Neighbours, ...] = ()
    """One an axis, where the basis is ``unknown``."""
    elsewhere: Elsewhere | None = None
    """Where the basis is ``unknown``. Other releases alone only where there are no neighbours."""
    lacking: tuple[Seen, ...] = ()
    """What would be switched on, and these releases do not have."""
    fewer: tuple[SituationAnswer, ...] = ()
    """What is known where a hang was found with less switched on. Filled in where no move and no
    workaround is known to help with all of it switched on."""

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(one.verdict for one in self.rests_on)

    @property
    def not_run(self) -> tuple[str, ...]:
        """The probes that would have to be run, and of which no verdict is told here."""
        told = {verdict.cell.probe for verdict in self.verdicts}
        return tuple(dict.fromkeys(c.probe for c in self.missing if c.probe not in told))

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
class Answer:
    """What is known of the releases of a question, a part for each situation."""

    question: Question
    asked: Situation
    """What was stated, and the defaults of the rest."""
    parts: tuple[SituationAnswer, ...]
    """In the order of ``matrix.yaml``."""
    moves: tuple[Move, ...]
    """As in a part, but to releases that pass in every part; none where all is well."""
    smallest: SmallestMove | None = None
    """As in a part, but for every part together."""
    kinds: tuple[KindNote, ...] = ()
    """Where the question states nothing, what it does not cover."""
    advice: tuple[str, ...] = ()
    """What helps the kinds of application that the question is about.

    None where only a hang was found that needs no such kind."""
    rates: tuple[KindRate, ...] = ()
    """How often such kinds hang at all, beside ``advice``."""
    lines: tuple[RareHang, ...] = ()
    """How often the release lines of the question do, beside ``advice``: one a probe."""
    by_chance: Mapping[tuple[str, ...], Sequence[ByChance]] = field(default_factory=dict)
    """By ``Cell.key`` of a tested cell: windows of trouble that comes by chance, around it."""

    @cached_property
    def worst(self) -> SituationAnswer | None:
        """A hang or a failure before what is unknown, and that before a pass.

        A tested hang comes before an inferred one, and an inferred pass before a tested one. A
        choice of settings that these releases are not meant to be run with is no headline.
        """
        ranks = [*TROUBLE, None, *(outcome for outcome in PRECEDENCE if outcome not in TROUBLE)]
        meant = [
            part
            for part in self.parts
            if part.is_meant and not lacks_feature(part.outcome, part.rests_on)
        ]

        def rank(part: SituationAnswer) -> tuple[int, bool]:
            inferred = part.basis is AnswerBasis.INFERRED
            return ranks.index(part.outcome), inferred is (part.outcome in TROUBLE)

        return min(meant or self.parts, key=rank, default=None)


def answer(question: Question, findings: Findings, *, around: bool = True) -> Answer:
    """What the findings say to the question.

    ``around`` is whether the parts tell what was tested near what was not: ``passing``,
    ``neighbours``, ``elsewhere``, ``fewer`` and their own ``smallest``. It takes most of the time.
    Raises ``UsageError`` for an axis, a choice or a value that is not there.
    """
    matrix = findings.matrix
    _check(question.chosen, matrix)
    place = _pins(question, findings), question.python
    asked = matrix.situation(question.chosen)
    situations = [asked] if question.chosen else every_situation(findings)
    whole = around or len(situations) == 1
    of = _in_situation if whole else in_situation
    parts = tuple(of(findings, one, place) for one in situations)
    moves = parts[0].moves
    smallest = parts[0].smallest if moves else None
    if len(parts) > 1:
        # Settings that no release was tested with would leave no release to move to.
        tested = [one for one in situations if one in findings.tested.situations]
        parts = tuple(_beside_others(one, is_tested=one.situation in tested) for one in parts)
        moves, smallest = _in_every(findings, tested, place, parts)
    kinds = kinds_of(asked, matrix) if _may_be_rare(parts, matrix) else []
    return Answer(
        question=question,
        asked=asked,
        parts=parts,
        moves=moves,
        smallest=smallest,
        kinds=() if question.chosen else tuple(kind_notes(findings, place)),
        advice=tuple(kind.instead_plain for kind in kinds if kind.instead),
        rates=tuple(rate for kind in kinds for rate in findings.kind_rates[kind.name]),
        lines=tuple(lines_at(findings, place, kinds, asked)),
        by_chance={
            verdict.cell.key: found
            for part in parts
            for verdict in part.verdicts
            if (found := findings.by_chances.of(verdict))
        },
    )


def _beside_others(part: SituationAnswer, *, is_tested: bool) -> SituationAnswer:
    """A part of an answer that covers all settings.

    Where nothing is known, no release is recommended that goes wrong in other settings.
    """
    return replace(
        part,
        moves=part.moves if is_tested else (),
        passing=tuple(move for move in part.passing if not move.is_for_these_settings),
    )


def _in_every(
    findings: Findings,
    asked: Sequence[Situation],
    place: Place,
    parts: Sequence[SituationAnswer],
) -> tuple[tuple[Move, ...], SmallestMove | None]:
    """The releases to move to in all of the settings, where one goes wrong or is not known.

    A setting that nothing is to be run with is not known of the next release either.
    """
    targets = findings.targets
    troubles = [trouble for part in parts for trouble in part.troubles]
    if troubles:
        moves = targets.moves(asked, place, troubles)
    elif any(part.basis in _OPEN and part.is_meant for part in parts):
        moves = targets.passing(asked, place)
    else:
        return (), None
    return moves, targets.smallest(asked, place, moves)


def _may_be_rare(parts: Iterable[SituationAnswer], matrix: Matrix) -> bool:
    """Whether what goes wrong comes of a kind of application, or nothing does go wrong."""
    probes = {one.verdict.cell.probe for part in parts for one in part.troubles}
    return not probes or any(not matrix.is_about(None, probe) for probe in probes)


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


def every_situation(findings: Findings) -> list[Situation]:
    """Each choice of settings that was tested, and then those that only the matrix has."""
    matrix = findings.matrix
    known = (
        matrix.situation_of(probe, config)
        for probe, of in matrix.probes.items()
        for config in of.configs
        if matrix.is_about(None, probe) and not matrix.use(probe).only_as_control
    )
    every = dict.fromkeys((*findings.tested.situations, *(one for one in known if one)))
    return [*every] or [matrix.situation({})]


def _in_situation(findings: Findings, asked: Situation, place: Place) -> SituationAnswer:
    """The part of an answer for one situation, with what is known of others around it."""
    part, lacking = in_situation(findings, asked, place), findings.tested.lacking(asked, place)
    unknown = part.basis is AnswerBasis.UNKNOWN
    around = tuple(neighbours(findings.tested, asked, place)) if unknown else ()
    near = any(one.below or one.above for one in around)
    passing = () if lacking else _passing(findings, part, place)
    helps = part.workarounds or any(move.helps for move in part.moves)
    return replace(
        part,
        passing=passing,
        smallest=None if lacking and not part.moves else _smallest(findings, part, place, passing),
        neighbours=around,
        elsewhere=elsewhere(findings.tested, asked, place, near) if unknown else None,
        fewer=() if helps else tuple(_fewer(findings, asked, place, part.troubles)),
    )


def _smallest(
    findings: Findings, part: SituationAnswer, place: Place, passing: tuple[Move, ...]
) -> SmallestMove | None:
    """Where it hangs or fails; and where nothing is known, for what no single release tells."""
    is_rare = kinds_of(part.situation, findings.matrix)
    unknown = part.basis in _OPEN and not passing and not is_rare
    if not part.moves and not unknown:
        return None
    return findings.targets.smallest([part.situation], place, part.moves)


_OPEN = (AnswerBasis.UNKNOWN, AnswerBasis.INDEX)
"""Nothing was run, so a reader is told which releases were."""


def _passing(findings: Findings, part: SituationAnswer, place: Place) -> tuple[Move, ...]:
    """None in a kind of application where hangs are rare, so that a pass proves little."""
    if part.basis not in _OPEN or kinds_of(part.situation, findings.matrix):
        return ()
    return findings.targets.passing([part.situation], place)


def in_situation(findings: Findings, asked: Situation, place: Place) -> SituationAnswer:
    """The part of an answer for one situation, without what is known of others around it."""
    found, refusals = concluded(findings, asked, place)
    if found.basis is AnswerBasis.UNKNOWN:
        found = without_feature(findings, asked, place) or found
    matrix = findings.matrix
    rests_on = tuple(sorted(found.rests_on, key=lambda one: rank(one, findings)))
    troubles = tuple(
        Trouble(verdict=one.verdict, attribution=attribution_of(one, findings))
        for one in rests_on
        if one.is_trouble
    )
    unknown = found.basis is AnswerBasis.UNKNOWN
    return SituationAnswer(
        situation=asked,
        outcome=found.outcome,
        basis=found.basis,
        rare=instead_of_pass(findings, asked, rests_on) if found.outcome is Outcome.PASS else None,
        rests_on=rests_on,
        missing=found.missing,
        refusals=refusals,
        unlisted=findings.untested.unlisted(place) if unknown else (),
        is_meant=findings.tested.covers(asked, place),
        troubles=troubles,
        moves=() if kinds_of(asked, matrix) else findings.targets.moves([asked], place, troubles),
        workarounds=tuple(workarounds_at(findings, asked, rests_on)),
        lacking=tuple(lacking_at(findings, asked, place)),
    )


def _fewer(
    findings: Findings, asked: Situation, place: Place, troubles: Iterable[Trouble]
) -> Iterable[SituationAnswer]:
    """The answer for each situation that a hang was found in, with less switched on."""
    found = dict.fromkeys(
        findings.matrix.situation_of(cell.probe, cell.config)
        for cell in (one.verdict.cell for one in troubles)
        if findings.matrix.is_about(None, cell.probe)
    )
    for less in found:
        if less is not None and less != asked:
            yield _in_situation(findings, less, place)

"""One exact release of each library → findings. Pure: it draws what ``answer`` says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from packaging.version import Version

from interlock.check.exceptions import Exempt
from interlock.check.pythons import span
from interlock.check.result import Chosen, Finding, State
from interlock.findings import (
    Answer,
    AnswerBasis,
    Findings,
    Glance,
    Glances,
    Question,
    SituationAnswer,
    answer,
    expected,
    headlines,
    nearest,
)
from interlock.matrix import Situation, in_words
from interlock.model import Outcome, Pin, PythonVersion, Verdict, plural

Pair = Sequence[tuple[Chosen, Version]]
"""A release of each library, in the order of the axes."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of the releases."""

    findings: Findings
    glances: Glances
    chosen: Mapping[str, str]
    """The settings that are stated. Without any, each choice of settings is asked for."""
    exempts: Sequence[Exempt]
    today: date

    def exempt(self, pair: Pair, python: PythonVersion, known: Glance) -> Exempt | None:
        """The exception that lets these releases through there, and that still counts.

        None of what passes, which needs no exception.
        """
        if State.of(known.outcome, known.rare) is State.PASS:
            return None
        releases = {chosen.axis.name: [version] for chosen, version in pair}
        counting = (one for one in self.exempts if not one.is_over(self.today))
        return next(
            (one for one in counting if one.covers(releases, python, known.situation)), None
        )

    def glance(self, pair: Pair, python: PythonVersion) -> tuple[Glance, ...]:
        """What is known of the releases in each situation that counts."""
        pins = tuple(
            Pin(axis=chosen.axis.name, package=chosen.axis.package, version=version)
            for chosen, version in pair
        )
        found = self.glances.at((pins, python))
        return tuple(one for one in found if one.counts) or found


def look(asked: Asked, pair: Pair, pythons: Sequence[PythonVersion]) -> Iterator[Finding]:
    """The findings about these releases. Pythons and settings that are alike share them."""
    of: dict[_Kind, dict[Situation, list[PythonVersion]]] = {}
    exempts: dict[int, Exempt | None] = {}
    for python in pythons:
        for one in asked.glance(pair, python):
            exempt = asked.exempt(pair, python, one)
            exempts[id(exempt)] = exempt
            kind = State.of(one.outcome, one.rare), one.basis, id(exempt)
            of.setdefault(kind, {}).setdefault(one.situation, []).append(python)
    answers: dict[PythonVersion, Answer] = {}
    for (state, _, exempt_id), by_situation in of.items():
        together: dict[tuple[PythonVersion, ...], list[Situation]] = {}
        for situation, there in by_situation.items():
            together.setdefault(tuple(there), []).append(situation)
        for some, situations in together.items():
            newest = some[-1]  # it speaks for the others
            if newest not in answers:
                answers[newest] = _answer(asked, pair, newest)
            found = _Alike(
                asked=asked, pair=pair, pythons=some, situations=situations, said=answers[newest]
            )
            yield found.finding(state, exempts[exempt_id])


_Kind = tuple[State, AnswerBasis, int]
"""What findings share: with the exception, by its identity."""


def _answer(asked: Asked, pair: Pair, python: PythonVersion) -> Answer:
    versions = {chosen.axis.name: version for chosen, version in pair}
    question = Question(versions=versions, python=python, chosen=asked.chosen)
    return answer(question, asked.findings)


@dataclass(frozen=True, kw_only=True)
class _Alike:
    """Pythons and settings in which the same is known of a pair."""

    asked: Asked
    pair: Pair
    pythons: Sequence[PythonVersion]
    situations: Sequence[Situation]
    said: Answer
    """On the newest of the Pythons."""

    @property
    def parts(self) -> list[SituationAnswer]:
        return [part for part in self.said.parts if part.situation in self.situations]

    @property
    def elsewhere(self) -> list[Chosen]:
        """The libraries that do not come from the index."""
        return [chosen for chosen, _ in self.pair if chosen.source]

    def finding(self, state: State, exempt: Exempt | None) -> Finding:
        parts, unknown = self.parts, bool(self.elsewhere)
        says = headlines.NOT_KNOWN.rstrip(".") if unknown else headlines.headline(parts[0])
        where = headlines.where(self.said, parts, self.asked.findings.matrix)
        return Finding(
            state=State.UNKNOWN if unknown else state,
            chosen=tuple(chosen for chosen, _ in self.pair),
            releases={chosen.axis.name: (version,) for chosen, version in self.pair},
            pythons=tuple(self.pythons),
            situations=tuple(self.situations),
            says=f"{says}: {subject(self.pair, self.pythons)}{', ' * bool(where)}{where}.",
            basis=AnswerBasis.UNKNOWN if unknown else parts[0].basis,
            details=tuple(dict.fromkeys(self._details())),
            parts=tuple(parts),
            answer=self.said,
            exempt=exempt,
        )

    def _details(self) -> Iterator[str]:
        """What it rests on; of what is not known, what was tested nearest."""
        for chosen in self.elsewhere:
            yield (
                f"{chosen.axis.package} comes from {chosen.whence}, so it is no release of the "
                "index and was not tested."
            )
        for part in self.parts:
            if part.basis is AnswerBasis.INDEX:
                yield from (f"{one.says}." for one in part.refusals)
                yield from (verdict.detail for verdict in part.verdicts)
            if self.elsewhere or part.basis is AnswerBasis.UNKNOWN:
                yield from nearest.unlisted(part)
                yield from nearest.nearest(self.asked.findings, self.said.question, part)
            else:
                yield from self._rests_on(part)

    def _rests_on(self, part: SituationAnswer) -> Iterator[str]:
        yield from (trouble.attribution.says for trouble in part.troubles)
        yield from (expected.because(one) for one in expected.needed(part))
        if expected.is_inferred(part) and part.outcome is Outcome.PASS:
            yield expected.NOT_SAFE
        if part.rare:
            yield f"{part.rare}."
        for one in part.rests_on:
            if not one.inferred and one.verdict.was_run and one.verdict.outcome is part.outcome:
                yield _tested(one.verdict, self._at(one.situation, part))

    def _at(self, there: Situation, part: SituationAnswer) -> str:
        """The settings of a verdict, if they are others."""
        if there == part.situation:
            return ""
        return f", {in_words(there, self.asked.findings.matrix.choices)}"


def subject(pair: Pair, pythons: Sequence[PythonVersion]) -> str:
    """``left-lib 1.0 with right-lib 2.0 on Python 3.9 to 3.12``"""
    told = [f"{chosen.axis.package} {version}" for chosen, version in pair]
    return f"{' with '.join(told)} on {span(pythons)}"


def _tested(verdict: Verdict, at: str) -> str:
    """``restart: hang (self-deadlock) in 3 of 3 trials, tested on 2026-03-01``"""
    reason = f" ({verdict.reason})" if verdict.reason else ""
    gone = verdict.hangs if verdict.outcome is Outcome.HANG else verdict.failed
    counted = plural(verdict.trials, "trial")
    share = f" in {gone} of {counted}" if gone else f", {counted}"
    signature = f": {verdict.signature}" if verdict.signature else ""
    return (
        f"{verdict.cell.probe}: {verdict.outcome}{reason}{share}{at}, tested on "
        f"{verdict.tested_at:%Y-%m-%d} with Python {verdict.cell.python}{signature}."
    )

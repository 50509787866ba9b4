"""Which verdicts concern a reader's situation, and what they come to. Pure.

The rule: a hang or a failure that was seen with less switched on concerns everyone who has that
switched on. A pass says nothing about somebody who has more switched on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from interlock.findings.audit import ErrorRate
from interlock.findings.inference import AnswerBasis, Rule
from interlock.findings.likeness import TROUBLE
from interlock.matrix import Situation
from interlock.model import PRECEDENCE, Cell, Outcome, Reason, Verdict


@dataclass(frozen=True, kw_only=True)
class Inferred:
    """What an inferred cell rests on, and how often that is wrong."""

    rule: Rule
    corners: tuple[Verdict, ...]
    """The tested cells that agree: two ends, or corners of a box."""
    error_rate: ErrorRate | None = None
    """Of the inferred cells of its probe that were run. None if none was."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A verdict, and the situation that it is about: of its configuration and its probe."""

    verdict: Verdict
    situation: Situation
    inferred: Inferred | None = None
    """What it rests on, where nobody ran it. Then the verdict has no trials."""

    @property
    def is_trouble(self) -> bool:
        return self.verdict.outcome in TROUBLE

    @property
    def lacks_feature(self) -> bool:
        """A feature that the release does not have speaks for nothing else."""
        return self.verdict.reason is Reason.NO_FEATURE


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A cell that is meant to be run, and the situation that it is about."""

    cell: Cell
    situation: Situation


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What the verdicts about one combination of releases come to in one situation."""

    outcome: Outcome | None
    """None where the basis is ``unknown``."""
    basis: AnswerBasis
    """``inferred`` where the outcome would not be known without an inferred cell."""
    rests_on: tuple[Seen, ...] = ()
    """The worst first."""
    missing: tuple[Cell, ...] = ()
    """What would have to be run, and was not."""


Levels = tuple[int, ...]
"""Those of a situation."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A conclusion without its place."""

    outcome: Outcome | None
    basis: AnswerBasis
    rests_on: tuple[int, ...]
    """Numbers into what was seen at the place."""
    missing: tuple[tuple[str, str], ...]
    """Probes and configurations."""


def concerns(seen: Seen, asked: Situation) -> bool:
    """Whether a verdict says something about somebody in that situation."""
    verdict, there = seen.verdict, seen.situation
    if not verdict.was_run:
        return True  # the index knows no situations
    if seen.is_trouble or seen.lacks_feature:
        return there <= asked
    if verdict.outcome is Outcome.PASS:
        return asked <= there
    return there == asked  # it proved nothing, neither with more switched on nor with less


def lacks_feature(outcome: Outcome | None, rests_on: Iterable[Seen]) -> bool:
    """Whether releases can't be run because they do not have what would be switched on."""
    return outcome is Outcome.UNSUPPORTED and any(one.lacks_feature for one in rests_on)


def conclude(
    asked: Situation,
    seen: Sequence[Seen],
    meant: Sequence[Asked],
    exact: Mapping[str, str] | None = None,
) -> Conclusion:
    """What is known about one combination of releases in one situation.

    ``seen`` are all verdicts about these releases, ``meant`` all cells that are to be run of them.
    ``exact`` names, by probe, the configuration that is just this situation, where there is one.
    """
    if seen and not any(one.verdict.was_run for one in seen):
        return _concluded(Outcome.UNSUPPORTED, AnswerBasis.INDEX, seen)
    troubles = [one for one in seen if one.is_trouble and concerns(one, asked)]
    covered, left, missing = _coverage(asked, seen, required(asked, meant), exact or {})
    # What has less switched on is asked for its hangs. Its passes say nothing here.
    covered = [one for one in covered if concerns(one, asked)]
    rests_on = [*_nearest_of_each(troubles), *left, *covered]
    outcomes = {one.verdict.outcome for one in troubles}
    if not troubles and not missing:
        outcomes = {one.verdict.outcome for one in covered}
        outcomes -= {Outcome.UNSUPPORTED} if Outcome.PASS in outcomes else set()
        outcomes |= {one.verdict.outcome for one in left}
    worst = next((outcome for outcome in PRECEDENCE if outcome in outcomes), None)
    return _concluded(worst, _basis(worst, troubles, covered), rests_on, missing)


def _basis(worst: Outcome | None, troubles: Sequence[Seen], covered: Sequence[Seen]) -> AnswerBasis:
    """What a conclusion rests on: one tested hang is enough, but all that has to pass counts."""
    if worst is None:
        return AnswerBasis.UNKNOWN
    if troubles:
        tested = any(not one.inferred for one in troubles if one.verdict.outcome is worst)
    else:
        tested = not any(one.inferred for one in covered)
    return AnswerBasis.TESTED if tested else AnswerBasis.INFERRED


def _nearest_of_each(troubles: Iterable[Seen]) -> list[Seen]:
    """Of a probe that goes wrong in the same way with less and with more, what is nearest.

    What was tested comes before what is inferred.
    """
    found: dict[tuple[str, Outcome], Seen] = {}
    for one in sorted(troubles, key=lambda one: (not one.inferred, sum(one.situation.levels))):
        found[one.verdict.cell.probe, one.verdict.outcome] = one
    return list(found.values())


def required(asked: Situation, meant: Sequence[Asked]) -> list[Asked]:
    """What has to be run before a situation is called safe.

    All with less switched on, because a hang there would concern it. And, of what has all of it
    switched on, what has the least beside: nothing else was run with all of it on. Empty where
    nothing was meant to be run with all of it on.
    """
    above = [one for one in meant if asked <= one.situation]
    nearest = [
        one
        for one in above
        if not any(
            other.situation <= one.situation and other.situation != one.situation for other in above
        )
    ]
    below = [one for one in meant if one.situation <= asked and one not in nearest]
    return [*nearest, *below] if nearest else []


def _coverage(
    asked: Situation,
    seen: Sequence[Seen],
    required: Iterable[Asked],
    exact: Mapping[str, str],
) -> tuple[list[Seen], list[Seen], tuple[Cell, ...]]:
    """Of what is required: what covers it, what leaves it open, and what is missing."""
    covered: list[Seen] = []
    left: list[Seen] = []
    missing: list[Cell] = []
    for one in required:
        of_probe = [s for s in seen if s.verdict.cell.probe == one.cell.probe]
        here = next((s for s in of_probe if s.verdict.cell.config == one.cell.config), None)
        # With more switched on than is asked, a pass with less of it is enough.
        least = asked if asked <= one.situation else one.situation
        if passing := nearest_pass(of_probe, least):
            covered.append(passing)
        elif here is not None and here.is_trouble and concerns(here, asked):
            continue
        elif here is None or here.is_trouble:
            at = exact.get(one.cell.probe, one.cell.config) if here else one.cell.config
            missing.append(replace(one.cell, config=at))
        elif here.lacks_feature:
            covered.append(here)
        else:
            left.append(here)
    return covered, left, tuple(dict.fromkeys(missing))


def nearest_pass(seen: Iterable[Seen], least: Situation) -> Seen | None:
    """The pass that has at least that switched on, and the least beside; a tested one first."""
    passes = [s for s in seen if s.verdict.outcome is Outcome.PASS and least <= s.situation]

    def rank(one: Seen) -> tuple[bool, int, str]:
        return bool(one.inferred), sum(one.situation.levels), one.verdict.cell.config

    return min(passes, key=rank, default=None)


def _concluded(
    outcome: Outcome | None,
    basis: AnswerBasis,
    rests_on: Iterable[Seen],
    missing: tuple[Cell, ...] = (),
) -> Conclusion:
    once = {one.verdict.cell.key: one for one in rests_on}
    return Conclusion(
        outcome=outcome,
        basis=basis,
        rests_on=tuple(sorted(once.values(), key=_rank)),
        missing=missing,
    )


def _rank(seen: Seen) -> tuple[bool, int, str, str]:
    """The worst first; a feature that the release lacks is last."""
    cell = seen.verdict.cell
    place = PRECEDENCE.index(seen.verdict.outcome)
    return seen.lacks_feature, place, cell.probe, cell.config

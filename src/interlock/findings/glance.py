"""What is known of many places, without what helps there: for whole ranges of releases. Pure.

An answer to one question takes milliseconds, and a range has thousands of places. Places where the
same was seen and the same is inferred share one conclusion here.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from interlock.findings.conclusions import concluded, without_feature
from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis
from interlock.findings.kinds import instead_of_pass, kinds_of
from interlock.findings.rare import RareHang
from interlock.findings.situation import lacks_feature
from interlock.findings.tested import Place
from interlock.matrix import Situation
from interlock.model import Outcome


@dataclass(frozen=True, kw_only=True)
class Glance:
    """What is known of a place in one situation: the short form of ``SituationAnswer``."""

    situation: Situation
    outcome: Outcome | None
    basis: AnswerBasis
    rare: RareHang | None = None
    counts: bool = True
    """Whether a headline may tell it, as ``Answer.telling`` says."""


class Glances:
    """Looks at many places, and concludes once for all that are alike."""

    def __init__(self, findings: Findings, situations: Sequence[Situation]) -> None:
        self._findings = findings
        self._situations = situations
        self._of_kinds = any(kinds_of(one, findings.matrix) for one in situations)
        self._known: dict[Hashable, tuple[Glance, ...]] = {}

    def at(self, place: Place) -> tuple[Glance, ...]:
        """What is known there in each situation, in their order."""
        if self._of_kinds:  # rare hangs have a rate for each release line
            return self._look(place)
        key = self._key(place)
        if key not in self._known:
            self._known[key] = self._look(place)
        return self._known[key]

    def _key(self, place: Place) -> Hashable:
        """The same for places with one conclusion: all that it is drawn from."""
        tested, untested = self._findings.tested, self._findings.untested
        if not tested.rows_at(place) and (refusals := untested.refusals(place)):
            return tuple(one.reason for one in refusals)
        features = (tested.features.at(one, place) for one in self._situations)
        lacking = tuple(tuple(one.seen.verdict.cell.key[-2:] for one in of) for of in features)
        open_tracks = [(one.cell.probe, one.cell.config) for one in tested.meant_at(place)]
        return tested.shape(place), untested.observed(place, open_tracks), lacking

    def _look(self, place: Place) -> tuple[Glance, ...]:
        return tuple(self._in(one, place) for one in self._situations)

    def _in(self, asked: Situation, place: Place) -> Glance:
        findings = self._findings
        found, _ = concluded(findings, asked, place)
        if found.basis is AnswerBasis.UNKNOWN:
            found = without_feature(findings, asked, place) or found
        is_pass = found.outcome is Outcome.PASS
        return Glance(
            situation=asked,
            outcome=found.outcome,
            basis=found.basis,
            rare=instead_of_pass(findings, asked, found.rests_on) if is_pass else None,
            counts=findings.tested.covers(asked, place)
            and not lacks_feature(found.outcome, found.rests_on),
        )

"""What an answer rests on: tests, else the index, else what is inferred. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from interlock.findings.attribution import OPEN, Attribution
from interlock.findings.effects import OfferedWorkaround, WorkaroundEffect, offered
from interlock.findings.findings import Findings
from interlock.findings.inference import AnswerBasis, Rule
from interlock.findings.likeness import intermittent
from interlock.findings.situation import Conclusion, Inferred, Seen
from interlock.findings.tested import Place
from interlock.findings.untested import Refusal, inferred_verdict
from interlock.findings.weighing import TOGETHER
from interlock.matrix import Situation
from interlock.model import PRECEDENCE, Outcome, listing


def concluded(
    findings: Findings, asked: Situation, place: Place
) -> tuple[Conclusion, tuple[Refusal, ...]]:
    """What was tested; else what the index decides; else what is inferred."""
    tested, untested = findings.tested, findings.untested
    found, seen = tested.conclude(asked, place), tested.at(place)
    if found.outcome:
        return found, ()
    if not seen and (refusals := untested.refusals(place)):
        return Conclusion(outcome=Outcome.UNSUPPORTED, basis=AnswerBasis.INDEX), refusals
    inferred = untested.at(place, tested.meant_at(place), seen)
    with_them = tested.conclude_with(asked, place, inferred) if inferred else found
    return (with_them if with_them.outcome else found), ()


def lacking_at(findings: Findings, asked: Situation, place: Place) -> Iterable[Seen]:
    """What would be switched on, and these releases do not have.

    Trouble that comes earlier may hide here that a feature is missing.
    """
    found: dict[str, Seen] = {}
    here = (one for one in findings.tested.at(place) if one.situation <= asked)
    for seen in (one for one in here if one.lacks_feature):
        found.setdefault(seen.verdict.cell.probe, seen)
    for one in findings.tested.features.at(asked, place):
        found.setdefault(one.seen.verdict.cell.probe, one.seen)
    return found.values()


def as_lacking(found: Seen, place: Place) -> Seen:
    """A feature that a release was seen to lack with others, as it holds for these releases."""
    pins, python = place
    cell = replace(found.verdict.cell, pins=pins, python=python)
    if cell == found.verdict.cell:
        return found
    verdict = inferred_verdict(cell, [found.verdict])
    return replace(
        found, verdict=verdict, inferred=Inferred(rule=Rule.FEATURE, corners=(found.verdict,))
    )


def without_feature(findings: Findings, asked: Situation, place: Place) -> Conclusion | None:
    """Where nothing else is known: that a release lacks what would be switched on. Else None."""
    seen = tuple(as_lacking(one, place) for one in findings.tested.lacking(asked, place))
    if not seen:
        return None
    basis = AnswerBasis.INFERRED if any(one.inferred for one in seen) else AnswerBasis.TESTED
    return Conclusion(outcome=Outcome.UNSUPPORTED, basis=basis, rests_on=seen)


def attribution_of(one: Seen, findings: Findings) -> Attribution:
    """Whose a hang or failure is. An inferred one is what the nearest tested one is."""
    if not one.inferred:
        return findings.attributions[one.verdict.cell.key]
    corner = one.inferred.corners[0].cell
    known = findings.attributions[corner.key]
    releases = listing([f"{pin.package} {pin.version}" for pin in corner.pins])
    return replace(known, says=f"As tested with {releases}: {known.says}")


def workarounds_at(
    findings: Findings, asked: Situation, seen: Iterable[Seen]
) -> Iterable[OfferedWorkaround]:
    """Those that pass where it goes wrong, run on top of all that is switched on.

    None against what a probe finds that is told by rates: its hangs are rare, and a single pass may
    be luck.
    """
    troubled = [
        one.verdict
        for one in seen
        if one.is_trouble and one.situation == asked and not one.inferred
        if findings.matrix.is_about(None, one.verdict.cell.probe)
    ]
    if troubled:
        found = offered(troubled, findings.workarounds, findings.workaround_records)
        yield from (one for one in found if one.effect not in _NO_HELP)


_NO_HELP = (WorkaroundEffect.FAILS, WorkaroundEffect.UNPROVEN)


def rank(one: Seen, findings: Findings) -> tuple[object, ...]:
    """The worst first. Of two hangs, the one that is known to be the pair's and always comes."""
    verdict = one.verdict
    whose = attribution_of(one, findings).whose if one.is_trouble else None
    return (
        one.lacks_feature,
        PRECEDENCE.index(verdict.outcome),
        one.inferred is not None,
        whose is not None and whose not in TOGETHER,
        whose == OPEN,
        intermittent(verdict) is not None,
        verdict.cell.probe,
        verdict.cell.config,
    )

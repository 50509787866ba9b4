"""What an answer rests on: tests, else the index, else what is inferred. Pure."""

from __future__ import annotations

from dataclasses import replace

from interlock.findings.attribution import OPEN, Attribution
from interlock.findings.findings import Findings
from interlock.findings.likeness import intermittent
from interlock.findings.situation import AnswerBasis, Conclusion, Seen
from interlock.findings.tested import Place
from interlock.findings.untested import Refusal
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


def attribution_of(one: Seen, findings: Findings) -> Attribution:
    """Whose a hang or failure is. An inferred one is what the nearest tested one is."""
    if not one.inferred:
        return findings.attributions[one.verdict.cell.key]
    corner = one.inferred.corners[0].cell
    known = findings.attributions[corner.key]
    releases = listing([f"{pin.package} {pin.version}" for pin in corner.pins])
    return replace(known, says=f"As tested with {releases}: {known.says}")


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

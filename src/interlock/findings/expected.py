"""What is inferred, in words: what to expect, from which tested releases, how often it is wrong.

An inferred pass is never called safe.
"""

from __future__ import annotations

from collections.abc import Sequence

from interlock.findings.audit import ErrorRate
from interlock.findings.inference import AnswerBasis
from interlock.findings.likeness import TROUBLE
from interlock.findings.question import SituationAnswer
from interlock.findings.situation import Inferred, Seen
from interlock.model import Outcome, Pin, Verdict, listing

NOT_SAFE = "Nobody ran this combination, so it is not known to be safe."

HEADLINES = {
    Outcome.HANG: "It is expected to hang, but was not tested",
    Outcome.FAIL: "It is expected to fail, but was not tested",
    Outcome.PASS: "It was not tested; tested releases around it pass",
    # One probe ran and proved nothing; what the others would show is inferred.
    Outcome.UNPROVEN: "It is not proven to be safe",
    Outcome.UNSUPPORTED: "It cannot be run",
}
"""The first words about a part that is inferred."""

_VERBS = {Outcome.HANG: "hang", Outcome.FAIL: "fail", Outcome.PASS: "pass"}


def is_inferred(part: SituationAnswer) -> bool:
    return part.basis is AnswerBasis.INFERRED


def headline(part: SituationAnswer) -> str:
    """The first words about a part that is inferred."""
    assert part.outcome, "what is inferred has an outcome"
    return HEADLINES[part.outcome]


def needed(part: SituationAnswer) -> list[Seen]:
    """The inferred cells of a part that are told: of a hang, not the passes beside it."""
    inferred = [one for one in part.rests_on if one.inferred]
    if part.outcome in TROUBLE:
        return [one for one in inferred if one.is_trouble]
    return inferred


def because(seen: Seen, at: str = "") -> str:
    """``restart: hang, inferred: left-lib 1.1 and 1.4 both hang with right-lib 2.0 (tested …); …``.

    ``at`` is the situation, if it is another one than that of the answer.
    """
    cell, basis = seen.verdict.cell, seen.inferred
    assert basis, "only an inferred cell has a rule"
    if seen.lacks_feature:
        tested = basis.corners[0]
        return (
            f"{cell.probe}: {seen.verdict.outcome}{at}, as {_releases(tested.cell.pins)} is on "
            f"Python {tested.cell.python} (tested on {tested.tested_at:%Y-%m-%d})."
        )
    head = f"{cell.probe}: {seen.verdict.outcome}{at}, inferred"
    return f"{head}: {_corners(basis)}; {error_rate(basis.error_rate)}."


def error_rate(rate: ErrorRate | None) -> str:
    """How often inferred answers were wrong: ``3 of 300 inferred cells came out otherwise …``."""
    if rate is None or not rate.run:
        return "its error rate is not measured yet"
    cells = "cell" if rate.run == 1 else "cells"
    return (
        f"{rate.wrong} of {rate.run:,} inferred {cells} came out otherwise when run ({rate.bounds})"
    )


def _corners(basis: Inferred) -> str:
    """``left-lib 1.1 and 1.4 both hang with right-lib 2.0 (tested on 2026-03-01)``."""
    corners = basis.corners
    verb, first = _VERBS[corners[0].outcome], min(one.tested_at for one in corners)
    tested = f"(tested on {first:%Y-%m-%d})"
    if len(corners) == 1:
        verb += "es" if verb == "pass" else "s"
        return f"{_releases(corners[0].cell.pins)} {verb} {tested}"
    along = _one_axis(corners)
    both = "both" if len(corners) == 2 else "all"
    if along is None:
        named = listing([_releases(one.cell.pins) for one in corners])
        return f"{named} {both} {verb} {tested}"
    pins = [one.cell.pins[along] for one in corners]
    names = f"{pins[0].package} {listing([str(pin.version) for pin in pins])}"
    others = [pin for at, pin in enumerate(corners[0].cell.pins) if at != along]
    return f"{names} {both} {verb} with {_releases(others)} {tested}"


def _one_axis(corners: Sequence[Verdict]) -> int | None:
    """The axis along which the corners differ, if it is a single one."""
    by_axis = zip(*(one.cell.pins for one in corners), strict=True)
    differ = [at for at, pins in enumerate(by_axis) if len(set(pins)) > 1]
    return differ[0] if len(differ) == 1 else None


def _releases(pins: Sequence[Pin]) -> str:
    return " with ".join(f"{pin.package} {pin.version}" for pin in pins)

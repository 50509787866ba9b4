"""The answer to a question as data for JSON.

The fields of the worst situation come first, then all situations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from interlock.console import advice_json
from interlock.findings import (
    Answer,
    AnswerBasis,
    ByChance,
    Elsewhere,
    ErrorRate,
    KindNote,
    Neighbours,
    OfferedWorkaround,
    RareHang,
    Seen,
    SituationAnswer,
)
from interlock.matrix import Situation
from interlock.model import Signature

UNKNOWN = "unknown"
"""The outcome of what was not tested. Never null, which could be taken for a pass."""
CAN_HANG = "can-hang-rarely"
"""The outcome where a hang is rare and the cell did not hang, but its release line can."""
NO_HANG_SEEN = "no-hang-seen"
"""The same where the release line is not known to hang. It is no pass either."""


def as_data(answer: Answer) -> dict[str, Any]:
    """The question, the answer for its worst situation, and one for each situation.

    ``moves`` beside the question lead to releases that pass in every situation of the question.
    ``advice`` is for kinds of application with rare hangs. ``notes`` are about kinds of application
    that the question leaves open.
    """
    question = answer.question
    worst = answer.worst
    assert worst, "every question is about some situation"
    said = _part(worst)
    return {
        **said,
        "question": {
            "versions": {axis: str(version) for axis, version in question.versions.items()},
            "python": str(question.python),
            "patch": question.patch,
            "situation": {
                name: {"value": value, "stated": name in question.chosen}
                for name, value in answer.asked.chosen
            },
        },
        "moves": said["moves"] if question.chosen else advice_json.moves(answer.moves),
        "smallest": advice_json.smallest(answer.smallest),
        "advice": list(answer.advice),
        "by_chance": [
            _by_chance(key, one) for key, found in answer.by_chance.items() for one in found
        ],
        "rates": [
            {"probe": one.probe, "hangs": one.pool.hangs, "exposures": one.pool.exposures}
            for one in answer.rates
        ],
        "lines": [_rare(one) for one in answer.lines],
        "notes": [_note(note) for note in answer.kinds],
        "situations": [_part(part) for part in answer.parts],
    }


def _part(said: SituationAnswer) -> dict[str, Any]:
    return {
        "situation": _chosen(said.situation),
        "outcome": _outcome(said),
        "rare": _rare(said.rare),
        "basis": str(said.basis),
        "cause": next((v.cause for v in said.verdicts if v.cause), None),
        "whose": [
            {"probe": one.verdict.cell.probe, "whose": one.attribution.whose}
            | {"why": one.attribution.says}
            for one in said.troubles
        ],
        "signatures": [_signature(signature) for signature in said.signatures],
        "moves": advice_json.moves(said.moves),
        "smallest": advice_json.smallest(said.smallest),
        "passing": advice_json.moves(said.passing),
        "workarounds": [way for one in said.workarounds for way in _workaround(one)],
        "trials": said.trials,
        "exposures": said.exposures,
        "tested_at": said.tested_at.isoformat() if said.tested_at else None,
        "python_full": list(said.pythons),
        "verdicts": [_verdict(one) for one in said.rests_on if not one.inferred],
        **_beyond(said),
        "missing": [{"probe": c.probe, "repeat": c.reproduce} for c in said.missing],
        "meant": said.is_meant,
        "neighbours": [_neighbours(one) for one in said.neighbours]
        if said.basis is AnswerBasis.UNKNOWN
        else [],
        "elsewhere": _elsewhere(said.elsewhere) if said.elsewhere else None,
        "fewer": [
            {
                "situation": _chosen(less.situation),
                "outcome": _outcome(less),
                "moves": advice_json.moves(less.moves),
                "smallest": advice_json.smallest(less.smallest),
                "workarounds": [way for one in less.workarounds for way in _workaround(one)],
            }
            for less in said.fewer
        ],
    }


def _outcome(said: SituationAnswer) -> str:
    """What the answer is. Where hangs are rare, a pass of the cell is no pass of the answer."""
    if said.rare:
        return CAN_HANG if said.rare.can_hang else NO_HANG_SEEN
    return str(said.outcome or UNKNOWN)


def _rare(of: RareHang | None) -> dict[str, Any] | None:
    """The rate of a release line, with its bounds at 95 %."""
    if of is None:
        return None
    low, high = of.rate.interval
    return {
        "state": CAN_HANG if of.can_hang else NO_HANG_SEEN,
        "probe": of.probe,
        "config": of.config,
        "axis": of.axis.name,
        "line": of.rate.line,
        "hangs": of.rate.pool.hangs,
        "tried": of.rate.tried,
        "unit": of.unit if of.rate.pool.per_exposure else "trials",
        "low": low,
        "high": high,
    }


def _by_chance(cell: Sequence[str], one: ByChance) -> dict[str, Any]:
    """A window of trouble that comes by chance, and what the cell's own trials rule out of it."""
    *_, probe, config = cell
    low, high = one.chance.pool.interval
    return {
        "probe": probe,
        "config": config,
        "package": one.package,
        "first": str(one.first),
        "last": str(one.last),
        "outcome": str(one.outcome),
        "now_and_then": one.chance.now_and_then,
        "seen": one.chance.pool.hangs,
        "tried": one.chance.pool.tried,
        "per_exposure": one.chance.pool.per_exposure,
        "low": low,
        "high": high,
        "inside": one.passed is None,
        "not_ruled_out": one.passed.interval.high if one.passed else None,
    }


def _chosen(situation: Situation) -> dict[str, str]:
    return dict(situation.chosen)


def _verdict(seen: Seen) -> dict[str, Any]:
    verdict = seen.verdict
    return {
        "probe": verdict.cell.probe,
        "config": verdict.cell.config,
        "situation": _chosen(seen.situation),
        "outcome": str(verdict.outcome),
        "reason": str(verdict.reason) if verdict.reason else None,
        "hangs": verdict.hangs,
        "trials": verdict.trials,
        "exposures": verdict.exposures,
        "tested_at": verdict.tested_at.isoformat(),
        "python_full": verdict.python_full,
        "detail": verdict.detail,
        "repeat": verdict.cell.reproduce,
    }


def _beyond(said: SituationAnswer) -> dict[str, Any]:
    """What is known where nobody ran it: what is inferred, and what the index decides."""
    return {
        "inferred": [_inferred(one) for one in said.rests_on if one.inferred],
        "refused": [
            {"axis": one.pin.axis, "version": str(one.pin.version)}
            | {"reason": str(one.reason), "says": one.says}
            for one in said.refusals
        ],
        "unlisted": [{"axis": pin.axis, "version": str(pin.version)} for pin in said.unlisted],
    }


def _inferred(seen: Seen) -> dict[str, Any]:
    """A cell that nobody ran, and what it is inferred from."""
    verdict, basis = seen.verdict, seen.inferred
    assert basis, "only an inferred cell has a rule"
    return {
        "probe": verdict.cell.probe,
        "config": verdict.cell.config,
        "situation": _chosen(seen.situation),
        "outcome": str(verdict.outcome),
        "rule": str(basis.rule),
        "rests_on": [
            {
                "versions": {pin.axis: str(pin.version) for pin in corner.cell.pins},
                "outcome": str(corner.outcome),
                "tested_at": corner.tested_at.isoformat(),
                "repeat": corner.cell.reproduce,
            }
            for corner in basis.corners
        ],
        "error_rate": _error_rate(basis.error_rate),
        "repeat": verdict.cell.reproduce,
    }


def _error_rate(rate: ErrorRate | None) -> dict[str, Any] | None:
    """None where no inferred cell of the probe was run."""
    if rate is None or not rate.run:
        return None
    low, high = rate.interval
    return {"wrong": rate.wrong, "run": rate.run, "low": low, "high": high}


def _note(note: KindNote) -> dict[str, Any]:
    return {
        "choice": note.kind.name,
        "title": note.kind.title,
        "hangs": note.hangs,
        "instead": note.kind.instead_plain,
        "rare": [_rare(one) for one in note.rare],
        "verdicts": [_verdict(one) for one in note.seen],
    }


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "locks": list(signature.locks),
        "stuck": list(signature.stuck),
        "text": str(signature),
    }


def _workaround(one: OfferedWorkaround) -> list[Mapping[str, Any]]:
    """One for each probe that it was run by."""
    elsewhere = one.elsewhere
    return [
        {
            "name": one.way.name,
            "probe": tried.without.cell.probe,
            "title": one.way.title,
            "description": one.way.description,
            "costs": one.way.costs,
            "paste": one.way.paste or None,
            "trials": tried.verdict.trials,
            "exposures": tried.verdict.exposures,
            "caution": one.caution,
            "elsewhere": {"hangs": elsewhere.hangs, "tried": elsewhere.tried}
            if elsewhere
            else None,
            "not_run_by": list(one.not_run_by),
        }
        for tried in one.tried
    ]


def _elsewhere(one: Elsewhere) -> Mapping[str, Any]:
    return {
        "pythons": [str(python) for python in one.pythons],
        "with_these_releases": one.with_these,
    }


def _neighbours(one: Neighbours) -> Mapping[str, Any]:
    return {
        "axis": one.axis,
        "below": str(one.below) if one.below else None,
        "above": str(one.above) if one.above else None,
        "with_the_others": one.with_the_others,
    }

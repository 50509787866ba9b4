"""The answer to a question as data for JSON: the fields of its worst part, and every part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interlock.findings import (
    Answer,
    AnswerBasis,
    ConfigurationAnswer,
    Move,
    Neighbours,
    TriedWorkaround,
)
from interlock.matrix import Matrix
from interlock.model import NoTarget, Signature, Target

UNKNOWN = "unknown"
"""The outcome of what was not tested: never null, so that nobody takes it for a pass."""


_NOTHING = ConfigurationAnswer(config="", outcome=None, basis=AnswerBasis.UNKNOWN)
"""Where no configuration was tested at all."""


def as_data(answer: Answer, matrix: Matrix) -> dict[str, Any]:
    """The question, what its worst configuration says, and ``configurations``: what each says.

    ``moves`` beside the question lead to releases that pass in every configuration asked about.
    ``instead`` is what helps a kind of application whose hangs are rare.
    """
    question = answer.question
    kind = matrix.applications.get(question.application or "")
    said = _part(answer.worst or _NOTHING)
    return {
        "question": {
            **{axis: str(version) for axis, version in question.versions.items()},
            "python": str(question.python),
            "config": question.config,
            "application": question.application,
        },
        **said,
        "moves": said["moves"] if question.config else _moves(answer.moves),
        "instead": kind.instead_plain if kind else None,
        "configurations": [_part(part) for part in answer.by_config],
    }


def _part(said: ConfigurationAnswer) -> dict[str, Any]:
    return {
        "config": said.config or None,
        "outcome": str(said.outcome or UNKNOWN),
        "basis": str(said.basis),
        "cause": next((v.cause for v in said.verdicts if v.cause), None),
        "whose": [
            {"probe": one.verdict.cell.probe, "whose": one.attribution.whose}
            | {"why": one.attribution.says}
            for one in said.troubles
        ],
        "signatures": [_signature(signature) for signature in said.signatures],
        "moves": _moves(said.moves),
        "workarounds": [_workaround(one) for one in said.workarounds],
        "trials": said.trials,
        "exposures": said.exposures,
        "tested_at": said.tested_at.isoformat() if said.tested_at else None,
        "probes": {
            v.cell.probe: {"outcome": str(v.outcome), "reason": str(v.reason) if v.reason else None}
            | {"trials": v.trials, "exposures": v.exposures, "detail": v.detail}
            | {"repeat": v.cell.reproduce}
            for v in said.verdicts
        },
        "missing": [cell.probe for cell in said.missing],
        "neighbours": [_neighbours(one) for one in said.neighbours],
    }


def _signature(signature: Signature) -> dict[str, Any]:
    return {
        "locks": list(signature.locks),
        "stuck": list(signature.stuck),
        "text": str(signature),
    }


def _moves(moves: Iterable[Move]) -> list[Mapping[str, Any]]:
    return [_move(move) for move in moves]


def _move(move: Move) -> Mapping[str, Any]:
    match move.nearest, move.newest:
        case Target(axis=axis, version=nearest), Target(version=newest):
            return {"axis": axis, "nearest": str(nearest), "newest": str(newest), "reason": None}
        case NoTarget(axis=axis, reason=reason), _:
            return {"axis": axis, "nearest": None, "newest": None, "reason": reason}
    raise AssertionError("a move is a target or the reason why there is none")


def _workaround(one: TriedWorkaround) -> Mapping[str, Any]:
    return {
        "name": one.way.name,
        "probe": one.without.cell.probe,
        "title": one.way.title,
        "description": one.way.description,
        "costs": one.way.costs,
        "trials": one.verdict.trials,
        "exposures": one.verdict.exposures,
    }


def _neighbours(one: Neighbours) -> Mapping[str, Any]:
    return {
        "axis": one.axis,
        "below": str(one.below) if one.below else None,
        "above": str(one.above) if one.above else None,
        "with_the_others": one.with_the_others,
    }

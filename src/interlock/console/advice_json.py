"""Advice as data for JSON: where each move leads, on what basis, and what is left open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from interlock.findings import Barred, Evidence, Move, OnEveryPython, SmallestMove
from interlock.model import NoTarget, Target


def moves(some: Iterable[Move]) -> list[Mapping[str, Any]]:
    return [_move(move) for move in some]


def smallest(one: SmallestMove | None) -> Mapping[str, Any] | None:
    """The smallest change that helps: one release or, if none alone helps, several."""
    if one is None:
        return None
    targets = [{"axis": target.axis, "version": str(target.version)} for target in one.targets]
    return {"scope": str(one.scope), "targets": targets}


def _move(move: Move) -> Mapping[str, Any]:
    untested = [str(version) for version in move.untested]
    return {
        **_ends(move),
        "evidence": [_evidence(one) for one in move.evidence],
        "scopes": [
            {
                "scope": str(one.scope),
                "nearest": str(one.target.version) if one.target else None,
                "tested": one.tested,
                "untested": len(one.untested),
            }
            for one in move.scopes
        ],
        "not_recommended": [_barred(one) for one in move.barred],
        "other_settings": [
            {
                "version": str(one.version),
                "situation": dict(one.situation.chosen),
                "outcome": str(one.outcome),
            }
            for one in move.other_settings
        ],
        "every_python": _every_python(move.everywhere),
        "untested": {"count": len(untested), "first": untested[0], "last": untested[-1]}
        if untested
        else None,
    }


def _ends(move: Move) -> Mapping[str, Any]:
    match move.nearest, move.newest:
        case Target(axis=axis, version=nearest), Target(version=newest):
            return {"axis": axis, "nearest": str(nearest), "newest": str(newest), "reason": None}
        case NoTarget(axis=axis, reason=reason), _:
            return {"axis": axis, "nearest": None, "newest": None, "reason": reason}
    raise AssertionError("a move is a target or the reason why there is none")


def _evidence(one: Evidence) -> Mapping[str, Any]:
    return {
        "version": str(one.version),
        "basis": "tested",
        "trials": one.trials,
        "exposures": one.exposures,
        "tested_at": one.tested_at.isoformat(),
    }


def _barred(one: Barred) -> Mapping[str, Any]:
    return {
        "version": str(one.version),
        "because": [
            {
                "bar": str(objection.bar),
                "certain": objection.is_certain,
                "says": objection.because or None,
                "until": objection.until.isoformat() if objection.until else None,
                "vulnerabilities": [known.id for known in objection.vulnerabilities],
            }
            for objection in one.objections
        ],
    }


def _every_python(one: OnEveryPython | None) -> Mapping[str, Any] | None:
    if one is None:
        return None
    return {
        "nearest": str(one.nearest.version),
        "newest": str(one.newest.version),
        "pythons": [str(python) for python in one.pythons],
        "newest_pythons": [str(python) for python in one.newest_pythons],
    }

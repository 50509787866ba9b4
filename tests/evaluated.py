"""An answer of ``findings`` in the form of the page's evaluator, and questions to ask of both."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from packaging.version import InvalidVersion, Version

from interlock.findings.advice import Move
from interlock.findings.effects import OfferedWorkaround, WorkaroundEffect
from interlock.findings.findings import Findings
from interlock.findings.question import (
    Answer,
    Question,
    SituationAnswer,
    answer,
    every_situation,
)
from interlock.findings.rare import RareHang
from interlock.findings.scopes import SmallestMove
from interlock.findings.situation import Seen
from interlock.model import NoTarget, PythonVersion, Target

Asked = dict[str, Any]
"""A question in plain values, as the evaluator is asked it."""

REASONS = (
    ("changes nothing: it is", "not-its-own"),
    ("only yanked releases or pre-releases", "barred"),
    ("that are not recommended help", "barred"),
    ("does not help: ", "lacking"),
    ("passes in every setting", "not-in-every-setting"),
    ("release that was tested helps", "none-helps"),
    ("release was tested with these settings", "not-with-these-settings"),
    ("no newer", "none-tested"),
)
"""What a sentence says, and what the evaluator calls it; the first that fits."""

EFFECTS = {
    WorkaroundEffect.HANGS_ELSEWHERE: "hangs-elsewhere",
    WorkaroundEffect.TOO_FEW: "too-few",
    WorkaroundEffect.NOT_BY_ALL: "not-by-all",
    WorkaroundEffect.WORKS: "works",
}


def by_findings(asked: Asked, findings: Findings) -> dict[str, Any]:
    """The answer of ``findings``, field by field as the evaluator has it."""
    question = Question(
        versions={axis: Version(text) for axis, text in asked["versions"].items()},
        python=PythonVersion.parse(asked["python"]),
        chosen=asked["chosen"],
    )
    found = answer(question, findings)
    return {
        "parts": [_part(part, findings) for part in found.parts],
        "moves": [_move(move) for move in found.moves],
        "smallest": _smallest(found.smallest),
        "worst": _worst(found),
    }


def _worst(found: Answer) -> int:
    return next(at for at, part in enumerate(found.parts) if part is found.worst)


def _part(part: SituationAnswer, findings: Findings) -> dict[str, Any]:
    return {
        "situation": dict(part.situation.chosen),
        "outcome": part.outcome and str(part.outcome),
        "basis": str(part.basis),
        "is_meant": part.is_meant,
        "rests_on": [_seen(one, findings) for one in part.rests_on],
        "missing": [{"probe": cell.probe, "config": cell.config} for cell in part.missing],
        "refusals": [
            {
                "axis": one.pin.axis,
                "version": str(one.pin.version),
                "python": str(one.python),
                "reason": str(one.reason),
            }
            for one in part.refusals
        ],
        "lacking": [_seen(one, findings) for one in part.lacking],
        "rare": _rare(part.rare),
        "moves": [_move(move) for move in part.moves],
        "smallest": _smallest(part.smallest),
        "passing": [_move(move) for move in part.passing],
        "workarounds": [_workaround(one) for one in part.workarounds],
        "neighbours": [
            {
                "axis": one.axis,
                "below": one.below and str(one.below),
                "above": one.above and str(one.above),
                "with_the_others": one.with_the_others,
            }
            for one in part.neighbours
        ],
    }


def _seen(one: Seen, findings: Findings) -> dict[str, Any]:
    verdict, inferred = one.verdict, one.inferred
    whose = None
    if one.is_trouble:
        of = inferred.corners[0] if inferred else verdict
        whose = findings.attributions[of.cell.key].whose
    rate = inferred and inferred.error_rate
    return {
        "probe": verdict.cell.probe,
        "config": verdict.cell.config,
        "outcome": str(verdict.outcome),
        "basis": "inferred" if inferred else "tested",
        "rule": inferred and str(inferred.rule),
        "corners": [
            {
                "versions": [str(pin.version) for pin in corner.cell.pins],
                "python": str(corner.cell.python),
            }
            for corner in (inferred.corners if inferred else ())
        ],
        "reason": verdict.reason and str(verdict.reason),
        "whose": whose,
        "signatures": [str(signature) for signature, _ in verdict.signatures],
        "trials": verdict.trials,
        "hangs": verdict.hangs,
        "failed": verdict.failed,
        "exposures": verdict.exposures,
        "tested_on": verdict.tested_at.date().isoformat(),
        "error_rate": rate and {"wrong": rate.wrong, "run": rate.run, "interval": [*rate.interval]},
    }


def _rare(one: RareHang | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "probe": one.probe,
        "config": one.config,
        "axis": one.axis.name,
        "line": one.rate.line,
        "state": str(one.rate.state),
        "hangs": one.rate.pool.hangs,
        "tried": one.rate.tried,
        "per_exposure": one.rate.pool.per_exposure,
    }


def _move(move: Move) -> dict[str, Any]:
    nearest, newest = (
        str(one.version) if isinstance(one, Target) else None for one in (move.nearest, move.newest)
    )
    return {
        "axis": move.axis,
        "nearest": nearest,
        "newest": newest,
        "reason": reason_of(move.nearest.reason) if isinstance(move.nearest, NoTarget) else None,
        "is_open": move.is_open,
        "barred": [
            {
                "version": str(one.version),
                "bars": list(dict.fromkeys(str(objection.bar) for objection in one.objections)),
            }
            for one in move.barred
        ],
        "other_settings": [
            {
                "version": str(one.version),
                "situation": dict(one.situation.chosen),
                "outcome": str(one.outcome),
            }
            for one in move.other_settings
        ],
    }


def reason_of(sentence: str) -> str:
    """What the evaluator calls the reason that there is no release to move to."""
    return next(name for words, name in REASONS if words in sentence)


def _smallest(one: SmallestMove | None) -> dict[str, Any] | None:
    if one is None:
        return None
    return {
        "targets": [{"axis": to.axis, "version": str(to.version)} for to in one.targets],
        "scope": str(one.scope),
    }


def _workaround(one: OfferedWorkaround) -> dict[str, Any]:
    return {
        "name": one.way.name,
        "effect": EFFECTS[one.effect],
        "tried": [
            {
                "probe": tried.verdict.cell.probe,
                "config": tried.verdict.cell.config,
                "outcome": str(tried.verdict.outcome),
                "trials": tried.verdict.trials,
            }
            for tried in one.tried
        ],
        "elsewhere": one.elsewhere
        and {
            "hangs": one.elsewhere.hangs,
            "tried": one.elsewhere.tried,
            "tells": one.elsewhere.tells,
        },
        "not_run_by": [*one.not_run_by],
    }


def questions(findings: Findings, seed: int, count: int) -> Iterator[Asked]:
    """Random questions: of releases that were run, beside them, and of any, in any situation.

    Some have a Python or a release that nobody lists.
    """
    of = _Drawing(findings, random.Random(seed))
    for _ in range(count):
        yield of.question()


class _Drawing:
    """Draws questions. Half of the releases are those of a test, or the next ones to it."""

    def __init__(self, findings: Findings, drawn: random.Random) -> None:
        self._drawn = drawn
        matrix, releases = findings.matrix, findings.releases
        self._choices = {name: [*choice.levels] for name, choice in matrix.choices.items()}
        self._places = sorted(
            ([str(pin.version) for pin in pins], str(python))
            for pins, python in findings.tested.places
        )
        self._situations = every_situation(findings)
        self._axes = [axis.name for axis in matrix.axes]
        listed = {
            axis: {one.version for one in releases.by_axis.get(axis, ())} for axis in self._axes
        }
        for texts, _ in self._places:
            for axis, text in zip(self._axes, texts, strict=True):
                listed[axis].add(Version(text))
        self._listed = {axis: sorted(versions) for axis, versions in listed.items()}
        self._pythons = sorted(
            {*map(str, releases.pythons), *(python for _, python in self._places)}
        )

    def question(self) -> Asked:
        drawn = self._drawn
        texts, python = drawn.choice(self._places)
        versions = {
            axis: self._release(axis, text) for axis, text in zip(self._axes, texts, strict=True)
        }
        if drawn.random() < 0.2:
            python = drawn.choice([*self._pythons, "3.99"])
        return {"versions": versions, "python": python, "chosen": self._chosen()}

    def _release(self, axis: str, text: str) -> str:
        drawn, listed = self._drawn, self._listed[axis]
        how = drawn.random()
        if how < 0.45:
            return text
        if how < 0.8:
            at = listed.index(Version(text)) + drawn.choice([-2, -1, 1, 2])
            return str(listed[max(0, min(at, len(listed) - 1))])
        if how < 0.97:
            return str(drawn.choice(listed))
        return self._unlisted(str(drawn.choice(listed)))

    def _unlisted(self, text: str) -> str:
        """A release that may not be there: later, earlier, older than all, newer than all."""
        made = self._drawn.choice([f"{text}.post1", f"{text}.dev0", "0.0.1", "99.0", f"{text}.0"])
        try:
            return str(Version(made))
        except InvalidVersion:
            return text

    def _chosen(self) -> dict[str, str]:
        """Nothing in one question of four; else settings that were tested, or any at all."""
        how = self._drawn.random()
        if how < 0.25:
            return {}
        if how < 0.75:
            return dict(self._drawn.choice(self._situations).chosen)
        share = self._drawn.choice([0.3, 1.0])
        return {
            name: self._drawn.choice(values)
            for name, values in self._choices.items()
            if self._drawn.random() < share
        }

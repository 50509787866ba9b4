"""A question, and its answer in short words."""

from __future__ import annotations

import grids
from grids import LEVEL, cell, matrix, verdict
from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import (
    Answer,
    Question,
    SituationAnswer,
    answer,
)
from interlock.matrix.definition import ProbeUse
from interlock.model import (
    NoTarget,
    PythonVersion,
    Reason,
    Verdict,
)

CHOSEN: dict[str, dict[str, str]] = {
    "stock": {"level": "ERROR"},
    "warnings": {"level": "WARNING"},
    "forking": {"forking": "yes"},
    "every": {},
}


def asked(
    verdicts: list[Verdict],
    left: str = "1.0",
    right: str = "1.0",
    chosen: str = "stock",
    **changes: object,
) -> Answer:
    return answer(
        Question(
            versions={"left": Version(left), "right": Version(right)},
            python=PythonVersion(3, 10),
            chosen=CHOSEN[chosen],
        ),
        Findings(matrix=matrix(**changes), verdicts=verdicts),
    )


def one(verdicts: list[Verdict], **of: object) -> SituationAnswer:
    (found,) = asked(verdicts, **of).parts  # type: ignore[arg-type]
    return found


def says(found: SituationAnswer) -> str:
    return f"{found.outcome or 'nothing'}, {found.basis}"


def targets(moves: tuple[Move, ...]) -> list[str]:
    return [
        m.nearest.reason
        if isinstance(m.nearest, NoTarget)
        else f"{m.axis} {m.nearest.version} {getattr(m.newest, 'version', None)}"
        for m in moves
    ]


def missing(right: str = "2.0") -> Verdict:
    """Of a probe whose library has no such feature."""
    of = cell(right=right, probe="serve", config="warnings")
    return verdict(of, "unsupported", reason=Reason.NO_FEATURE)


def levels(found: Answer) -> list[str]:
    return [f"{part.situation['level']} {part.outcome}" for part in found.parts]


FORKING = {
    "uses": {"serve": ProbeUse(choices={"forking": "yes"})},
    "choices": {**LEVEL, **grids.forking(instead="Start it in the `child`.")},
}

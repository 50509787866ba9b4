"""A question as ``interlock ask`` answers it, for tests of its text and of its data."""

from __future__ import annotations

from typing import Any

from grids import LEVEL, cell, forking, grid, matrix, rows, verdict
from packaging.version import Version

from interlock.console import answer_json, answer_text
from interlock.console.page import Page
from interlock.findings import Answer, Findings, Question, answer
from interlock.matrix.definition import ProbeUse, Workaround
from interlock.model import PythonVersion, Signature, Verdict

QUIET = Workaround(
    name="quiet", title="keep quiet", description="", costs="Nobody hears.", paste="QUIET=1"
)
A = Signature(locks=("A",))
PYTHON = PythonVersion(3, 10)
WIDE = Page(width=120)


def findings(verdicts: list[Verdict], **changes: object) -> Findings:
    return Findings(matrix=matrix(**changes), verdicts=verdicts)


CHOSEN: dict[str, dict[str, str]] = {
    "stock": {"level": "ERROR"},
    "warnings": {"level": "WARNING"},
    "forking": {"forking": "yes"},
    "every": {},
}


def answered(
    of: Findings, left: str = "1.0", chosen: str = "stock", patch: str | None = None
) -> Answer:
    question = Question(
        versions={"left": Version(left), "right": Version("1.0")},
        python=PYTHON,
        patch=patch,
        chosen=CHOSEN[chosen],
    )
    return answer(question, of)


def text(of: Findings, page: Page = WIDE, **question: Any) -> str:
    return answer_text.as_text(answered(of, **question), of, page)


def data(of: Findings, **question: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer_json.as_data(answered(of, **question))
    return found


ENDS = ("axis", "nearest", "newest", "reason")

HANG = rows("pair: hang A 3/90; left: pass 500; right: pass 500")
NEXT = [verdict(cell("1.0", "2.0")), verdict(cell("1.1", "1.0"), "hang")]


FORKING = forking("it forks", instead="Start it in the `child`.")


def worked_around(*probes: str, elsewhere: str = "pass", exposures: int = 500) -> Findings:
    """A hang of the probe ``restart``, and of the others named, where being quiet helps it.

    ``elsewhere`` is what being quiet comes to with left 1.1. ``exposures`` are those of the pass.
    """
    seen = {"trials": 3, "hangs": 3, "exposures": 30, "signatures": ((A, 3),)}
    hangs = [verdict(cell(probe=probe), "hang", **seen) for probe in ("restart", *probes)]
    also = {"hang": seen, "pass": {"exposures": exposures}}[elsewhere]
    return findings(
        [
            *hangs,
            verdict(cell("1.1"), "hang", **seen),
            verdict(cell(config="stock+quiet"), exposures=exposures),
            verdict(cell("1.1", config="stock+quiet"), elsewhere, **also),
        ],
        workarounds={"quiet": QUIET},
        uses={"restart": ProbeUse(workarounds={"stock": ("quiet",)})},
    )


def forked() -> Findings:
    probes = matrix().probes
    uses = {"serve": ProbeUse(choices={"forking": "yes"}, workarounds={"stock": ("quiet",)})}
    return findings(
        [
            verdict(cell(probe="serve"), "hang"),
            verdict(cell(probe="serve", config="stock+quiet")),
            verdict(cell("1.0", "2.0", probe="serve")),
            *grid("1.0 2.0\n1.0 pass pass"),
        ],
        probes=probes,
        uses=uses,
        workarounds={"quiet": QUIET},
        choices={**LEVEL, **FORKING},
    )

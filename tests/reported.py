"""What a run found, for tests of what it prints at its end."""

from __future__ import annotations

from collections.abc import Sequence

from grids import matrix

from interlock.findings.findings import Findings
from interlock.findings.weighing import Excluded
from interlock.matrix.definition import Application
from interlock.model import (
    Verdict,
)


def findings(
    verdicts: Sequence[Verdict], withdrawn: Excluded | None = None, **changes: object
) -> Findings:
    return Findings(matrix=matrix(**changes), verdicts=verdicts, withdrawn=withdrawn or {})


FORKS = Application(
    name="forking", title="it forks", description="", instead="Start it in the `child`."
)

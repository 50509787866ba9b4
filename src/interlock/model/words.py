"""The parts of a sentence, and what a verdict's says beside its columns. Pure.

The published table counts the trials that hang and the exposures, and says the rest in ``detail``:
how many trials failed, and by which exception or signal. The site and the attribution need both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from interlock.model.evidence import Fail
from interlock.model.outcome import Outcome
from interlock.model.result import Verdict

_FAILED = re.compile(r"(\d+) of (\d+) trials? failed ")
_CAUSE = re.compile(r"\bSIG[A-Z]+\d*\b|\b\w*(?:Error|Exception|Exit|Interrupt)\b")


def listing(items: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    *front, end = items or [""]
    return f"{', '.join(front)} {last} {end}" if front else end


def plural(number: int, thing: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def of_failure(failed: int, of: int, finding: Fail) -> str:
    """``2 of 5 trials failed in import: ddtrace does not start: TypeError: …``."""
    return f"{failed} of {plural(of, 'trial')} failed in {finding.phase}: {finding.detail}."


def failed(verdict: Verdict) -> tuple[int, int] | None:
    """How many of how many trials failed; None of a cell that did not fail, or does not say."""
    told = _FAILED.match(verdict.detail) if verdict.outcome is Outcome.FAIL else None
    return (int(told[1]), int(told[2])) if told else None


def cause(verdict: Verdict) -> str | None:
    """The exception (``TypeError``) or the signal (``SIGSEGV``) that is named first."""
    found = _CAUSE.search(verdict.detail)
    return found[0] if found else None

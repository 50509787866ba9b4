"""When two cells have the same trouble, and when a trouble comes by chance. Pure."""

from __future__ import annotations

from interlock.model import Outcome, Reason, Verdict

TROUBLE = (Outcome.HANG, Outcome.FAIL)
"""Outcomes that have a cause, the worst first."""


def is_same(one: Verdict, other: Verdict) -> bool:
    """Whether two cells have the same trouble."""
    if (one.outcome, one.reason) != (other.outcome, other.reason):
        return False
    if one.outcome is Outcome.HANG:
        return bool({s for s, _ in one.signatures} & {s for s, _ in other.signatures})
    return one.phase is other.phase and one.cause == other.cause


def comes_by_chance(trouble: Verdict) -> bool:
    """Whether a failure came while its probe repeated its work, and so may be rare."""
    later = trouble.reason is Reason.CRASH and trouble.exposures > 0
    return later or trouble.reason is Reason.DEGRADED


def is_alike(one: Verdict, trouble: Verdict) -> bool:
    """Whether a failure is rare, and the same as another."""
    return one.reason is trouble.reason and comes_by_chance(one) and one.cause == trouble.cause


def intermittent(verdict: Verdict) -> tuple[int, int] | None:
    """How many of how many trials went wrong; None where all or none did."""
    counts = {Outcome.HANG: verdict.hangs, Outcome.FAIL: verdict.failed}
    wrong = counts.get(verdict.outcome, 0)
    return (wrong, verdict.trials) if 0 < wrong < verdict.trials else None

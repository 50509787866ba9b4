"""Find combinations of values in a row that no trials can have produced.

Each value may be valid by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from interlock.model import REASONS, Outcome

CLOCK_SKEW = timedelta(days=1)
"""How far the clock of the testing machine may be ahead of the reader's."""

FIRST = datetime(2015, 1, 1, tzinfo=timezone.utc)
"""No trial is older than this date."""


def broken(row: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What is wrong with a row by its values, when it is read at ``now``."""
    outcome, reason = values["outcome"], values["reason"]
    if (reason not in REASONS[outcome]) if REASONS[outcome] else (reason is not None):
        yield f"reason: {outcome} cannot have {row['reason']!r}"
    if (values["phase"] is None) != (outcome is Outcome.PASS):
        yield f"phase: {outcome} cannot have {row['phase']!r}"
    if not row["probe"] or not row["config"]:
        yield "probe, config: one of them is empty"
    if values["tested_at"] > now + CLOCK_SKEW:
        yield (
            f"tested_at: {row['tested_at']} is later than this machine's clock, {now:%FT%TZ}; "
            "correct it, or set this machine's clock"
        )
    yield from _of_counts(values, outcome)


def _of_counts(values: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    trials, hangs, failed = values["trials"], values["hangs"], values["failed"]
    if trials < 1:
        yield "trials: a verdict of 0 trials"
    if hangs + failed > trials:
        yield f"hangs: {hangs} hangs and {failed} failures in {trials} trials"
    if (hangs > 0) != (outcome is Outcome.HANG):
        yield f"hangs: {outcome} cannot have {hangs}"
    if any(times > hangs for _, times in values["signatures"]):
        yield f"signatures: one was seen more often than in {hangs} hangs"

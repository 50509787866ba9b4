"""Find values in a row that no trials can have produced, and moments that are not over yet.

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


THINKABLE_YEARS = range(1990, 2200)
"""A day more or less must not leave the calendar."""


def is_late(moment: datetime, now: datetime) -> bool:
    """Whether something that has happened is said to happen after ``now``."""
    return moment > now + CLOCK_SKEW


def of_control(row: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with a row of ``controls.json``, each value being of its kind."""
    got, expected, trials = row["got"], row["expected"], row["trials"]
    known = {str(outcome) for outcome in Outcome}
    for word in sorted({expected, *got} - known):
        yield f"{word[:40]!r} is no outcome"
    proven = sum(count for outcome, count in got.items() if outcome != Outcome.UNPROVEN)
    if trials < 1 or trials not in (proven, sum(got.values())):
        yield f"{trials} trials cannot have given {dict(got)}"
    if expected != Outcome.UNPROVEN and row["as_expected"] != got.get(expected, 0):
        yield f"{row['as_expected']} as expected, of {got.get(expected, 0)} that gave it"
    if bool(row["says"]) is not row["differs"]:
        yield "it says how it differs if it does, and only then"
    if datetime.fromisoformat(row["first_at"]) > datetime.fromisoformat(row["last_at"]):
        yield "its last trial is before its first"


def broken(row: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """What is wrong with a row by its values, when it is read at ``now``."""
    outcome, reason = values["outcome"], values["reason"]
    if (reason not in REASONS[outcome]) if REASONS[outcome] else (reason is not None):
        yield f"reason: {outcome} cannot have {row['reason']!r}"
    if (values["phase"] is None) != (outcome is Outcome.PASS):
        yield f"phase: {outcome} cannot have {row['phase']!r}"
    if not row["probe"] or not row["config"]:
        yield "probe, config: one of them is empty"
    if is_late(values["tested_at"], now):
        yield (
            f"tested_at: {row['tested_at']} is later than this machine's clock, {now:%FT%TZ}; "
            "correct it, or set this machine's clock"
        )
    patch = values["python_full"]
    if patch and not patch.startswith(f"{row['python']}."):
        yield f"environment: trials on Python {patch[:20]} say nothing about {row['python']}"
    yield from _of_counts(values, outcome)


def _of_counts(values: Mapping[str, Any], outcome: Outcome) -> Iterator[str]:
    trials, hangs, failed = values["trials"], values["hangs"], values["failed"]
    if trials < 1:
        yield "trials: a verdict of 0 trials"
    if outcome is Outcome.PASS and values["exposures"] < 1:
        yield "exposures: a pass without any"
    if hangs + failed > trials:
        yield f"hangs: {hangs} hangs and {failed} failures in {trials} trials"
    if (hangs > 0) != (outcome is Outcome.HANG):
        yield f"hangs: {outcome} cannot have {hangs}"
    if any(times > hangs for _, times in values["signatures"]):
        yield f"signatures: one was seen more often than in {hangs} hangs"

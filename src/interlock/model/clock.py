"""Moments and ages of what was recorded, by clocks that may be wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

CLOCK_SKEW = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""


def moment_in(text: str) -> datetime:
    """Raises ``ValueError`` for text that is not an ISO 8601 time, or has no time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment


def is_young(made_at: datetime, most: timedelta, now: datetime) -> bool:
    """Whether something is at most so old. What a wrong clock put into the future is not."""
    return -CLOCK_SKEW <= now - made_at <= most

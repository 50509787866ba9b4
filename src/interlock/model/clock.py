"""Ages of what was recorded, by clocks that may be wrong."""

from __future__ import annotations

from datetime import datetime, timedelta

CLOCK_SKEW = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""


def is_young(made_at: datetime, most: timedelta, now: datetime) -> bool:
    """Whether something is at most so old. What a wrong clock put into the future is not."""
    return -CLOCK_SKEW <= now - made_at <= most

"""The parts of a sentence. Pure."""

from __future__ import annotations

from collections.abc import Sequence


def listing(items: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    *front, end = items or [""]
    return f"{', '.join(front)} {last} {end}" if front else end


def plural(number: int, thing: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"

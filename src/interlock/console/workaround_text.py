"""The workarounds of an answer as text, each with what it costs."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.console.page import Page
from interlock.findings import OfferedWorkaround, SituationAnswer
from interlock.model import listing


def lines(said: SituationAnswer, page: Page) -> list[str]:
    """Each workaround with its cost, and those not to count on below the others."""
    passing = [one for one in said.workarounds if not one.caution]
    doubtful = [one for one in said.workarounds if one.caution]
    told = page.wrapped("Workarounds that pass on these very releases:", "  ") if passing else []
    told += _each(passing, page)
    if doubtful:
        told += page.wrapped("Workarounds that pass here, but that you can't rely on:", "  ")
    return told + _each(doubtful, page)


def _each(some: Iterable[OfferedWorkaround], page: Page) -> list[str]:
    lines = []
    for one in some:
        only = f"Tested only by {listing(one.run_by)}." if one.not_run_by else None
        words = filter(None, [f"{one.way.title}.", one.caution, one.way.costs, only])
        lines += page.wrapped(f"{one.way.name}: {' '.join(words)}", "  ", "- ")
    return lines

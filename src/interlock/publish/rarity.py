"""How rare a hang is in the configurations without amplification."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlock.evidence import confidence
from interlock.findings import RareHang, counts, everything, is_amplified
from interlock.model import Outcome, Verdict, percent
from interlock.publish import links, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import Mark, mark, releases, word


def publish(context: PageContext, folder: Path) -> None:
    """``rarity.md``, a part of a hand-written page."""
    here = [
        v
        for v in context.verdicts
        if everything(v.cell) and not is_amplified(context.matrix, v.cell.config)
    ]
    rows = [_row(context, verdict) for verdict in here]
    templates.write(folder / "rarity.md", "rarity.html.j2", rows=rows)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One cell that was run without amplification."""

    mark: Mark
    page: str
    releases: str
    python: str
    rate: str


def _row(context: PageContext, verdict: Verdict) -> Row:
    cell = verdict.cell
    return Row(
        mark=mark(verdict, rare=context.rare(verdict)),
        page=links.found_at(cell),
        releases=releases(cell),
        python=str(cell.python),
        rate=rate(verdict, context.unit(cell.probe), context.rare(verdict)),
    )


def rate(verdict: Verdict, unit: str, rare: RareHang | None = None) -> str:
    """``one hang in 3,000 worker starts, between one in 540 and one in 17,000``."""
    exposed = verdict.exposures
    if verdict.outcome is Outcome.HANG and exposed >= verdict.hangs > 0:
        low, high = confidence.exact_interval(verdict.hangs, exposed)
        often = _about(exposed / verdict.hangs)
        return (
            f"one hang in {often} {unit}, between one in {_about(1 / high)} and {_about(1 / low)}"
        )
    if exposed and counts(verdict) and verdict.outcome is not Outcome.HANG:
        ruled_out = 1 / confidence.ruled_out_rate(exposed)
        return (
            f"{word(verdict, rare).name}: no hang in {exposed:,} {unit}; "
            f"rarer than one in {_about(ruled_out)} at {percent(confidence.LEVEL)} confidence"
        )
    return f"{word(verdict, rare).name}, and could not be counted"


def _about(number: float) -> str:
    """Two digits, because the measurement is no more precise."""
    return f"{float(f'{number:.2g}'):,.0f}"

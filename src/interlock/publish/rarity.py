"""How rare a hang is where nothing makes it likelier: the configurations without amplification."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from interlock.evidence import confidence
from interlock.findings import counts, everything, is_amplified
from interlock.model import Outcome, Verdict
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block
from interlock.publish.wording import word


def publish(edition: Edition, folder: Path) -> None:
    """``rarity.md``, a part of a hand-written page."""
    here = [
        v
        for v in edition.verdicts
        if everything(v.cell) and not is_amplified(edition.matrix, v.cell.config)
    ]
    if not here:
        markup.page(folder / "rarity.md", "This has not been measured yet.")
        return
    head = markup.columns(("Releases", "Python", "Without amplification"))
    rows = (_row(edition, verdict) for verdict in here)
    markup.page(folder / "rarity.md", block(markup.table(head, rows)))


def _row(edition: Edition, verdict: Verdict) -> Markup:
    return Markup(
        '<tr><td><span class="il-mark {}" aria-hidden="true">{}</span> '
        '<a href="generated/{}">{}</a></td><td>{}</td><td>{}</td></tr>'
    ).format(
        markup.look(verdict),
        markup.symbol(verdict),
        markup.found_at(verdict.cell),
        markup.releases(verdict.cell),
        str(verdict.cell.python),
        rate(verdict, edition.unit(verdict.cell.probe)),
    )


def rate(verdict: Verdict, unit: str) -> str:
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
            f"{word(verdict).name}: no hang in {exposed:,} {unit}; "
            f"rarer than one in {_about(ruled_out)} at {confidence.LEVEL:.0%} confidence"
        )
    return f"{word(verdict).name}, and could not be counted"


def _about(number: float) -> str:
    """Two digits: more would be more than is known."""
    return f"{float(f'{number:.2g}'):,.0f}"

"""Every verdict in words, one page a Python: what the matrix links to."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from interlock.model import Verdict
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.publish.wording import basis, day, why, word


def publish(edition: Edition, folder: Path) -> None:
    """``verdicts/python-3.10.md`` and so on."""
    for python in edition.pythons:
        cards = [card(edition, v) for v in edition.verdicts if v.cell.python == python]
        markup.page(
            (folder / markup.details_page(python)).with_suffix(".md"),
            f"---\ntitle: Python {python}, every verdict\nhide: [toc]\n---",
            f"# Python {python}: every verdict",
            "[The matrix](../../matrix.md) shows the same as a grid.",
            block(join(cards), "il-cards"),
        )


def card(edition: Edition, verdict: Verdict) -> Markup:
    """One verdict with its configuration, what it rests on, and the command that repeats it."""
    cell = verdict.cell
    reason = Markup(": {}").format(why(verdict)) if verdict.reason else ""
    return Markup(
        '<article class="il-card {look}" id="{anchor}"><h3>'
        '<span class="il-mark" aria-hidden="true">{symbol}</span> {releases}</h3>'
        '<p class="il-config">Configuration: {config}</p>'
        "<p><strong>{says}</strong>{reason}.</p><p>{detail}</p>{signatures}"
        '<p class="il-basis">{basis}, {day}.</p>{command}</article>'
    ).format(
        look=markup.look(verdict),
        anchor=markup.anchor(cell),
        symbol=markup.symbol(verdict),
        releases=markup.releases(cell),
        config=edition.title(cell.config),
        says=word(verdict).sentence,
        reason=reason,
        detail=verdict.detail,
        signatures=_signatures(verdict),
        basis=basis(verdict),
        day=day(verdict.tested_at),
        command=markup.command(cell.reproduce),
    )


def _signatures(verdict: Verdict) -> Markup:
    if not verdict.signatures:
        return Markup("")
    item = Markup('<li><a href="../{page}"><code>{name}</code></a>{count}</li>')
    return Markup('<ul class="il-signatures">{}</ul>').format(
        join(
            item.format(
                page=markup.hang_page(signature),
                name=str(signature),
                count=f", {count} of {verdict.hangs}" if len(verdict.signatures) > 1 else "",
            )
            for signature, count in verdict.signatures
        )
    )

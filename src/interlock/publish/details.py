"""Every verdict in words, a page a probe and Python: what the matrix links to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from interlock.findings import plain, present
from interlock.model import Verdict
from interlock.publish import markup, measures
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.publish.summary import is_own
from interlock.publish.wording import basis, day, headline, how_often, why

SECTIONS = (
    ("pairs", "every pair"),
    ("ways-out", "the same with a way out, or with the dependencies of its day"),
    ("alone", "one library alone"),
)
"""What a page tells, in this order, each under an anchor."""


def publish(edition: Edition, folder: Path) -> None:
    """``verdicts/worker_restart-python-3.10.md`` and so on."""
    pages: dict[tuple[str, object], list[Verdict]] = {}
    for verdict in edition.verdicts:
        cell = verdict.cell
        pages.setdefault((cell.probe, cell.python), []).append(verdict)
    for verdicts in pages.values():
        cell = verdicts[0].cell
        title = edition.probe_title(cell.probe)
        markup.page(
            (folder / markup.details_page(cell.probe, cell.python)).with_suffix(".md"),
            f"---\ntitle: {cell.probe}, Python {cell.python}\nhide: [toc]\n---",
            f"# Python {cell.python}: every verdict of one probe",
            block(
                Markup('<p>The probe: <a href="../{}">{}</a>. ').format(
                    markup.probe_page(cell.probe), title
                )
                + Markup('<a href="../../matrix.html">The matrix</a> shows all probes.</p>')
            ),
            *_sections(edition, verdicts),
        )


def _sections(edition: Edition, verdicts: list[Verdict]) -> Iterator[str | Markup]:
    for anchor, says in SECTIONS:
        cards = [card(edition, v) for v in verdicts if _section(v) == anchor]
        if cards:
            yield f"## {says.capitalize()} {{ #{anchor} }}"
            yield block(join(cards), "il-cards")


def _section(verdict: Verdict) -> str:
    cell = verdict.cell
    if len(present(cell)) < len(cell.pins):
        return "alone"
    return "pairs" if plain(cell.config) == cell.config else "ways-out"


def card(edition: Edition, verdict: Verdict) -> Markup:
    """One verdict with its configuration, what it rests on, and the command that repeats it."""
    cell = verdict.cell
    own = is_own(edition, verdict)
    reason = Markup(": {}").format(why(verdict)) if verdict.reason else ""
    return Markup(
        '<article class="il-card {look}" id="{anchor}"><h3>'
        '<span class="il-mark" aria-hidden="true">{symbol}</span> {releases}</h3>'
        '<p class="il-config">Configuration: {config}</p>'
        "<p><strong>{says}</strong>{reason}.</p>{whose}<p>{detail}{often}</p>{measured}{signatures}"
        '{ways}<p class="il-basis">{basis}, {day}.</p>{command}</article>'
    ).format(
        look=markup.look(verdict, own=own),
        anchor=markup.anchor(cell),
        symbol=markup.symbol(verdict, own=own),
        releases=markup.releases(cell),
        config=edition.title(cell.config),
        says=headline(verdict),
        reason=reason,
        whose=_whose(edition, verdict),
        detail=verdict.detail,
        often=f" {how_often(verdict)}" if how_often(verdict) else "",
        measured=_measured(edition, verdict),
        signatures=_signatures(verdict),
        ways=_ways_out(edition, verdict),
        basis=basis(verdict),
        day=day(verdict.tested_at),
        command=markup.command(cell.reproduce),
    )


def _whose(edition: Edition, verdict: Verdict) -> Markup:
    found = edition.attributions.get(verdict.cell.key)
    return Markup('<p class="il-whose">{}</p>').format(found.says) if found else Markup("")


def _measured(edition: Edition, verdict: Verdict) -> Markup:
    known = edition.matrix.probes.get(verdict.cell.probe)
    said = measures.line(known, verdict) if known else ""
    return Markup('<p class="il-measured">{}</p>').format(said) if said else Markup("")


def _ways_out(edition: Edition, verdict: Verdict) -> Markup:
    """What was tried on this very cell."""
    here = edition.ways_out.get(verdict.cell.key, ())
    if not here:
        return Markup("")
    item = Markup('<li><span class="il-mark {}">{}</span> <a href="../{}">{}</a></li>')
    return Markup('<p>With a way out:</p><ul class="il-tried">{}</ul>').format(
        join(
            item.format(
                markup.look(one.verdict),
                markup.symbol(one.verdict),
                markup.found_at(one.verdict.cell),
                one.way.title,
            )
            for one in here
        )
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

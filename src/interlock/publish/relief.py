"""What became of each way out: how many cells it helps, of how many it was run on, and its cost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from markupsafe import Markup

from interlock.evidence import PRECEDENCE
from interlock.findings import TriedWorkaround, record
from interlock.matrix import WayOut
from interlock.model import Outcome, listing, plural
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.publish.wording import WORDS, why, word
from interlock.record import in_order

LISTED = 20
"""Lines that name cells where a way out does not help; the rest is counted."""


def publish(edition: Edition, folder: Path) -> None:
    """``ways-out.md``, a part of a hand-written page."""
    tried = [one for many in edition.ways_out.values() for one in many]
    tracks = [track for track in edition.tracks if any(_track(one) == track for one in tried)]
    blocks: list[str | Markup] = []
    for track in tracks:
        blocks += _of_track(edition, track, [one for one in tried if _track(one) == track])
    markup.page(folder / "ways-out.md", *(blocks or ["No way out has been run yet."]))


def _track(one: TriedWorkaround) -> tuple[str, str]:
    return one.without.cell.probe, one.without.cell.config


def _of_track(
    edition: Edition, track: tuple[str, str], tried: Sequence[TriedWorkaround]
) -> Iterator[str | Markup]:
    probe, config = track
    needed = [one for one in tried if one.was_needed]
    yield f"## In `{config}`, by `{probe}` {{ #{probe}-{config} }}"
    said = "<p>The probe: {}. The configuration: {}.</p>"
    yield block(Markup(said).format(edition.probe_title(probe), edition.title(config)))
    ways = list(dict.fromkeys(one.way.name for one in tried))
    known = {one.way.name: one.way for one in tried}
    if needed:
        yield block(_table(edition, [known[name] for name in ways], needed))
    for name in ways:
        failing = [o for o in needed if o.way.name == name and o.fails]
        broken = [one for one in tried if one.way.name == name and one.breaks]
        if failing or broken:
            yield block(_failing(edition, known[name], failing, broken))
    passing = [one for one in tried if not one.was_needed and one.way.same_as is None]
    if passing:
        kept = sum(not one.breaks for one in passing)
        yield (
            f"Beside what hangs or fails they were run on {plural(len(passing), 'cell')} that pass "
            f"without them: {kept} of {len(passing)} did not go wrong with them."
        )


def _table(edition: Edition, ways: Sequence[WayOut], needed: Sequence[TriedWorkaround]) -> Markup:
    axis = edition.answers[0].axis
    versions = in_order(_version(one, axis) for one in needed)
    head = [Markup('<th class="il-corner">way out ↓<br>{} →</th>').format(edition.package(axis))]
    head += markup.columns(versions)
    rows = []
    for way in ways:
        here = [one for one in needed if one.way.name == way.name]
        cells = [_count([o for o in here if _version(o, axis) == v]) for v in versions]
        row = Markup(
            '<tr><th scope="row" class="il-way"><a href="configurations.html#{}">{}</a>'
            "<small>It costs: {}</small></th>{}</tr>"
        )
        rows.append(row.format(way.name, way.title, way.costs, join(cells)))
    return markup.table(head, rows, "il-ways") + Markup(
        "<p><small>Cells that hang or fail without it and pass with it, of those that it was run"
        " on; the sign is the worst that happened with it.</small></p>"
    )


def _version(one: TriedWorkaround, axis: str) -> str:
    return str(one.without.cell.version(axis))


def _count(tried: Sequence[TriedWorkaround]) -> Markup:
    """The worst that happened with it, and on how many cells it works of those that it ran on."""
    run = [one for one in tried if one.was_run]
    if not run:
        says = "can't be run" if tried else "not run"
        return Markup('<td class="il-untested">{}</td>').format(says)
    worst = min((one.verdict for one in run), key=lambda v: PRECEDENCE.index(v.outcome))
    works = sum(one.works for one in run)
    unproven = sum(one.verdict.outcome is Outcome.UNPROVEN for one in run)
    look, symbol = markup.look(worst), markup.symbol(worst)
    but = f", {unproven} unproven" if unproven else ""
    if works == len(run) and not record(run).tells:
        unsure = WORDS[Outcome.UNPROVEN]
        look, symbol, but = f"il-{Outcome.UNPROVEN}", unsure.symbol, ", too few to tell"
    return Markup('<td><span class="il-mark {}">{}</span> {} of {}{}</td>').format(
        look, symbol, works, len(run), but
    )


def _failing(
    edition: Edition,
    way: WayOut,
    failing: Sequence[TriedWorkaround],
    broken: Sequence[TriedWorkaround],
) -> Markup:
    parts = []
    for title, cells in (
        ("where it does not help", failing),
        ("what passes without it and goes wrong with it", broken),
    ):
        if cells:
            text = Markup("<h3>{}: {}</h3><ul>{}</ul>")
            parts.append(text.format(way.title, title, _named(edition, cells)))
    return join(parts)


def _named(edition: Edition, tried: Iterable[TriedWorkaround]) -> Markup:
    """A line for what one release does in the same way on a Python, whatever it is run with."""
    axis = edition.answers[0].axis
    alike: dict[object, list[TriedWorkaround]] = {}
    for one in tried:
        said = one.verdict
        what = said.cell.version(axis), said.cell.python, said.outcome, said.reason, said.signature
        alike.setdefault(what, []).append(one)
    item = Markup('<li><a href="generated/{}">{}, Python {}</a>: {}{}</li>')
    lines = [
        item.format(
            markup.found_at(many[0].verdict.cell),
            _releases(edition, axis, many),
            str(many[0].verdict.cell.python),
            word(many[0].verdict).name,
            _how(many[0]),
        )
        for many in [*alike.values()][:LISTED]
    ]
    if len(alike) > LISTED:
        lines.append(Markup("<li>and {} more</li>").format(len(alike) - LISTED))
    return join(lines)


def _releases(edition: Edition, axis: str, many: Sequence[TriedWorkaround]) -> str:
    """``ddtrace 2.21.12 with 9 releases of sentry-sdk``."""
    cell = many[0].verdict.cell
    if len(many) == 1:
        return markup.releases(cell)
    others = [
        plural(len({one.verdict.cell.version(a.name) for one in many}), "release")
        + f" of {a.package}"
        for a in edition.axes
        if a.name != axis
    ]
    return f"{edition.package(axis)} {cell.version(axis)} with {listing(others)}"


def _how(one: TriedWorkaround) -> Markup:
    signature = one.verdict.signature
    if signature:
        link = Markup(', <a href="generated/{}"><code>{}</code></a>')
        return link.format(markup.hang_page(signature), str(signature))
    reason = why(one.verdict)
    return Markup(", {}").format(reason) if reason else Markup("")

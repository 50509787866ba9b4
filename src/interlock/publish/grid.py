"""The matrix: a grid per Python and configuration, every cell a link to what was found there.

On the matrix's own page a cell is the worst that any probe found in a plain configuration; on a
probe's page it is what that probe found. Libraries alone and ways out are in neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from interlock.model import Backend, Basis, Cell, Pin, PythonVersion, Verdict
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import (
    INTERMITTENT_MARK,
    OWN_MARK,
    PART_MARK,
    PROCESS_MARK,
    block,
    join,
)
from interlock.publish.summary import Summary, is_own, key, summaries
from interlock.publish.wording import UNTESTED, WORDS, how_often, why, word
from interlock.record import in_order, text_key


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What one cell of a grid shows."""

    cell: Cell
    look: str
    symbol: str
    says: str
    answer: tuple[str, ...] | None
    """The key of the answer that it opens in place."""


Setting = tuple[str, str]
"""A configuration, and its title for a kind of application."""

Shows = Mapping[tuple[str, ...], Shown]
"""By the versions, from the first axis to the last."""


def publish(edition: Edition, folder: Path) -> None:
    """``matrix.md``: a part that the hand-written page includes."""
    if not edition.pairs:
        markup.page(folder / "matrix.md", "Nothing has been tested yet, so there is no matrix.")
        return
    grids: dict[tuple[PythonVersion, Setting], dict[tuple[str, ...], Shown]] = {}
    for about in edition.by_application:
        for summary in summaries(about).values():
            cell = summary.cell
            here = grids.setdefault((cell.python, _setting(about, cell.config)), {})
            here[_versions(cell)] = _summed(about, summary)
    settings = [_setting(about, c) for about in edition.by_application for c in about.configs]
    panels = [
        panel(edition, python, [(s, grids.get((python, s), {})) for s in settings], "generated/")
        for python in edition.pythons
    ]
    markup.page(
        folder / "matrix.md",
        block(
            join([*panels, legend(edition.verdicts), by_probe(edition), markup.ANSWERS]),
            "il-matrix",
        ),
    )


def by_probe(edition: Edition) -> Markup:
    """The way to what each probe found by itself."""
    if len(edition.probes) < 2:
        return Markup("")
    item = Markup('<li><a href="generated/{}#matrix">{}</a></li>')
    links = (item.format(markup.probe_page(p), edition.probe_title(p)) for p in edition.probes)
    return Markup(
        '<p class="il-choice">A cell is the worst that the probes found that are about it. One at '
        "a time:</p><ul>{}</ul>"
    ).format(join(links))


def of_probe(edition: Edition, probe: str, root: str) -> list[Markup]:
    """A panel a Python with what one probe found, in each of its plain configurations."""
    configs = [config for name, config in edition.tracks if name == probe]
    found: dict[tuple[PythonVersion, str], dict[tuple[str, ...], Shown]] = {}
    for verdict in edition.verdicts:
        cell = verdict.cell
        if cell.probe == probe and cell.config in configs and all(p.version for p in cell.pins):
            here = found.setdefault((cell.python, cell.config), {})
            here[_versions(cell)] = _alone(edition, verdict)
    pythons = sorted({python for python, _ in found})
    settings = [_setting(edition, config) for config in configs]
    return [
        panel(edition, python, [(s, found.get((python, s[0]), {})) for s in settings], root)
        for python in pythons
    ]


def legend(shown: Iterable[Verdict], *, summed: bool = True) -> Markup:
    """What the symbols mean; the two that few tables have, where these verdicts do."""
    sources = {source for verdict in shown for source in (verdict.basis, verdict.backend)}
    inferred = (
        f"({WORDS[next(iter(WORDS))].symbol})",
        "inferred from both neighbours",
        "il-inferred",
    )
    by_process = (PROCESS_MARK, "run without a container", "il-process")
    entries = [
        *((word.symbol, word.name, f"il-{outcome}") for outcome, word in WORDS.items()),
        (UNTESTED.symbol, "not tested", "il-untested"),
        (f"✗{INTERMITTENT_MARK}", "in some trials, not in all", "il-hang"),
        (f"✗{OWN_MARK}", "as one library does alone", "il-hang il-own"),
        *([(f"✓{PART_MARK}", "by the probes run so far", "il-pass")] if summed else []),
        *([inferred] if Basis.INFERRED in sources else []),
        *([by_process] if Backend.PROCESS in sources else []),
    ]
    item = Markup('<li><span class="il-mark {}" aria-hidden="true">{}</span> {}</li>')
    return Markup('<ul class="il-legend" aria-label="Symbols">{}</ul>').format(
        join(item.format(look, symbol, name) for symbol, name, look in entries)
    )


def panel(
    edition: Edition,
    python: PythonVersion,
    grids: Sequence[tuple[Setting, Shows]],
    root: str,
) -> Markup:
    """One tab: a grid a configuration."""
    return Markup(
        '<section class="il-panel" id="python-{python}" data-tab="{python}"{first}>'
        "<h2>Python {python}</h2>{grids}</section>"
    ).format(
        python=str(python),
        first=Markup(" data-first") if python == edition.default_python else "",
        grids=join(_grid(edition, python, setting, shows, root) for setting, shows in grids),
    )


def _setting(edition: Edition, config: str) -> Setting:
    return config, edition.title(config)


def _grid(
    edition: Edition, python: PythonVersion, setting: Setting, shows: Shows, root: str
) -> Markup:
    config, title = setting
    *down, across = edition.axes
    caption = Markup("<strong>{}</strong> <small>configuration {}</small>").format(title, config)
    if not shows:
        return Markup("<figure><figcaption>{}</figcaption><p>Not tested.</p></figure>").format(
            caption
        )
    corners = [*(f"{axis.package} ↓" for axis in down), f"{across.package} →"]
    columns = in_order(versions[-1] for versions in shows)
    lines = sorted({versions[:-1] for versions in shows}, key=lambda of: [*map(text_key, of)])
    head = join(markup.columns(columns))
    rows = []
    for line in lines:
        cells = [_cell(shows.get((*line, column)), root) for column in columns]
        row = Markup('<tr><th scope="row">{}</th>{}</tr>')
        rows.append(row.format(" · ".join(line), join(cells)))
    return Markup(
        '<figure><figcaption>{caption}</figcaption><div class="il-scroll" tabindex="0"'
        ' role="region" aria-label="{label}"><table class="il-table"><thead>'
        '<tr><th class="il-corner">{corner}</th>{head}</tr></thead>'
        "<tbody>{rows}</tbody></table></div></figure>"
    ).format(
        caption=caption,
        label=f"Python {python}, {title}",
        corner=Markup("<br>").join(corners),
        head=head,
        rows=join(rows),
    )


def _cell(shown: Shown | None, root: str) -> Markup:
    if shown is None:
        return Markup(
            '<td class="il-untested"><span role="img" aria-label="not tested">{}</span></td>'
        ).format(UNTESTED.symbol)
    key = Markup(' data-answer-key="{}"').format("|".join(shown.answer)) if shown.answer else ""
    return Markup(
        '<td class="{look}"><a href="{root}{page}" title="{says}" aria-label="{says}"{key}>'
        '<span aria-hidden="true">{symbol}</span></a></td>'
    ).format(
        look=shown.look,
        root=root,
        page=markup.found_at(shown.cell),
        says=shown.says,
        key=key,
        symbol=shown.symbol,
    )


def _summed(edition: Edition, summary: Summary) -> Shown:
    verdict, missing = summary.worst, len(summary.missing)
    says = _says(edition, verdict)
    if len(summary.verdicts) > 1:
        says += f"; the worst of {len(summary.verdicts)} probes"
    if missing:
        says += f"; {missing} more not run yet"
    return Shown(
        cell=verdict.cell,
        look=markup.look(verdict, own=summary.own),
        symbol=markup.symbol(verdict, own=summary.own, part=bool(missing)),
        says=says,
        answer=key(edition, verdict.cell),
    )


def _alone(edition: Edition, verdict: Verdict) -> Shown:
    own = is_own(edition, verdict)
    return Shown(
        cell=verdict.cell,
        look=markup.look(verdict, own=own),
        symbol=markup.symbol(verdict, own=own),
        says=_says(edition, verdict),
        answer=None,
    )


def _says(edition: Edition, verdict: Verdict) -> str:
    cell = verdict.cell
    says = f"{cell.combination}, {edition.title(cell.config)}: {word(verdict).name}"
    says += f" ({why(verdict)})" if verdict.reason else ""
    often = how_often(verdict)
    return f"{says}. {often}" if often else says


def _versions(cell: Cell) -> tuple[str, ...]:
    return tuple(map(_version, cell.pins))


def _version(pin: Pin) -> str:
    return str(pin.version)

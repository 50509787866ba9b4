"""The matrix: a grid per Python and configuration, every cell a link to what was found there."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from interlock import table
from interlock.model import PythonVersion, Verdict
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import PROCESS_MARK, block, join
from interlock.publish.wording import UNTESTED, WORDS, why, word


def publish(edition: Edition, folder: Path) -> None:
    """``matrix.md``: a part that the hand-written page includes."""
    if not edition.verdicts:
        markup.page(folder / "matrix.md", "Nothing has been tested yet, so there is no matrix.")
        return
    panels = [_panel(edition, python) for python in edition.pythons]
    markup.page(folder / "matrix.md", block(join([legend(), *panels, markup.ANSWERS]), "il-matrix"))


def legend() -> Markup:
    """What the symbols mean."""
    entries = [
        *((word.symbol, word.name, f"il-{outcome}") for outcome, word in WORDS.items()),
        (UNTESTED.symbol, "not tested", "il-untested"),
        (f"({WORDS[next(iter(WORDS))].symbol})", "inferred from both neighbours", "il-inferred"),
        (PROCESS_MARK, "run without a container", "il-process"),
    ]
    item = Markup('<li><span class="il-mark {}" aria-hidden="true">{}</span> {}</li>')
    return Markup('<ul class="il-legend" aria-label="Symbols">{}</ul>').format(
        join(item.format(look, symbol, name) for symbol, name, look in entries)
    )


def _panel(edition: Edition, python: PythonVersion) -> Markup:
    grids = [_grid(edition, python, probe, config) for probe, config in edition.tracks]
    return Markup(
        '<section class="il-panel" id="python-{python}" data-tab="{python}"{first}>'
        "<h2>Python {python}</h2>{grids}</section>"
    ).format(
        python=str(python),
        first=Markup(" data-first") if python == edition.default_python else "",
        grids=join(grids),
    )


def _grid(edition: Edition, python: PythonVersion, probe: str, config: str) -> Markup:
    view = table.grid(edition.results.table, probe=probe, config=config, python=str(python))
    *down, across = edition.axes
    caption = Markup("<strong>{}</strong>{}").format(
        edition.title(config),
        Markup(" <small>configuration {} · probe {}</small>").format(config, probe),
    )
    if view.empty:
        return Markup("<figure><figcaption>{}</figcaption><p>Not tested.</p></figure>").format(
            caption
        )
    corners = [*(f"{axis.package} ↓" for axis in down), f"{across.package} →"]
    head = join(Markup('<th scope="col">{}</th>').format(version) for version in view.columns)
    rows = []
    for key, numbers in zip(view.index, view.to_numpy().tolist(), strict=True):
        name = " · ".join(key) if down else ""
        cells = [_cell(edition, edition.verdicts[n] if n >= 0 else None) for n in numbers]
        rows.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(name, join(cells)))
    return Markup(
        '<figure><figcaption>{caption}</figcaption><div class="il-scroll" tabindex="0"'
        ' role="region" aria-label="{label}"><table class="il-table"><thead>'
        '<tr><th class="il-corner">{corner}</th>{head}</tr></thead>'
        "<tbody>{rows}</tbody></table></div></figure>"
    ).format(
        caption=caption,
        label=f"Python {python}, {edition.title(config)}",
        corner=Markup("<br>").join(corners),
        head=head,
        rows=join(rows),
    )


def _cell(edition: Edition, verdict: Verdict | None) -> Markup:
    if verdict is None:
        return Markup(
            '<td class="il-untested"><span role="img" aria-label="not tested">{}</span></td>'
        ).format(UNTESTED.symbol)
    cell = verdict.cell
    says = f"{cell.combination}, {edition.title(cell.config)}: {word(verdict).name}"
    if verdict.reason:
        says += f" ({why(verdict)})"
    return Markup(
        '<td class="{look}"><a href="generated/{page}#{anchor}" title="{says}" aria-label="{says}"'
        ' data-answer-key="{key}"><span aria-hidden="true">{symbol}</span></a></td>'
    ).format(
        look=markup.look(verdict),
        page=markup.details_page(cell.python),
        anchor=markup.anchor(cell),
        says=says,
        key="|".join(markup.answer_key(cell)),
        symbol=markup.symbol(verdict),
    )

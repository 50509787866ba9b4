"""What the trials measured: a table a probe, by release, and the numbers of one verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median

from markupsafe import Markup
from packaging.version import Version

from interlock.model import Measure, Measured, Probe, Verdict, listing
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join
from interlock.publish.wording import sentence


def section(edition: Edition, probe: Probe) -> Iterator[str | Markup]:
    """For a probe's page: a table a configuration, by release, and each measure in words."""
    rows = [v for v in edition.verdicts if v.cell.probe == probe.name and v.measured]
    if not rows:
        return
    yield "## What it measured { #measured }"
    yield (
        "In the median of the combinations, each itself the median of its trials; in brackets the "
        "least and the greatest of them."
    )
    by_config: dict[str, list[Verdict]] = {}
    for verdict in rows:
        by_config.setdefault(verdict.cell.config, []).append(verdict)
    for config in edition.in_order(by_config):
        said = Markup("<p>{}</p>").format(sentence(edition.title(config)))
        yield block(said + _table(edition, probe, by_config[config]))
    item = Markup("<li><strong>{}</strong>: {}</li>")
    listed = join(item.format(m.title, markup.code(m.says)) for m in probe.measures)
    yield block(Markup("<ul>{}</ul>").format(listed))


def _table(edition: Edition, probe: Probe, rows: Sequence[Verdict]) -> Markup:
    """Where all libraries were there, a row a release of the one that one moves first; else a row
    for what was left out."""
    groups: dict[tuple[bool, Version | str], list[Verdict]] = {}
    for verdict in rows:
        what = _what(edition, verdict)
        groups.setdefault((isinstance(what, Version), what), []).append(verdict)
    package = edition.package(edition.answers[0].axis)
    titles = (package, "combinations", *(m.title for m in probe.measures))
    cells = Markup('<tr><th scope="row">{}</th><td>{}</td>{}</tr>')
    return markup.table(
        markup.columns(titles),
        (
            cells.format(
                str(what),
                len(found),
                join(map(Markup("<td>{}</td>").format, _columns(probe, found))),
            )
            for (_, what), found in sorted(groups.items())
        ),
        "il-measures",
    )


def _what(edition: Edition, verdict: Verdict) -> Version | str:
    absent = [pin.package for pin in verdict.cell.pins if pin.version is None]
    version = verdict.cell.version(edition.answers[0].axis)
    return f"no {listing(absent, last='or')}" if absent or version is None else version


def _columns(probe: Probe, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for measure in probe.measures:
        values = [m.median for v in verdicts for m in v.measured if m.name == measure.name]
        yield _spread(median(values), min(values), max(values)) if values else "–"


def line(probe: Probe, verdict: Verdict) -> str:
    """``Measured: answered: 1,204; longest exit, s: 2.1 (1.9 to 2.4 in 3 trials).``, or nothing."""
    named = {measure.name: measure for measure in probe.measures}
    told = [_one(named[m.name], m) for m in verdict.measured if m.name in named]
    return f"Measured: {'; '.join(told)}." if told else ""


def _one(measure: Measure, found: Measured) -> str:
    said = f"{measure.title}: {number(found.median)}"
    if found.least == found.most:
        return said
    return f"{said} ({number(found.least)} to {number(found.most)} in {found.trials} trials)"


def _spread(middle: float, least: float, most: float) -> str:
    if least == most:
        return number(middle)
    return f"{number(middle)} ({number(least)}–{number(most)})"


def number(value: float) -> str:
    """Two digits, or all of a whole part: ``0.83``, ``4.2``, ``1,204``."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"

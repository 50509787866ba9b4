"""What an application can set, in words: the configurations, and the ways out on top of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.matrix import Application, WayOut
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, code, join


def publish(edition: Edition, folder: Path) -> None:
    """``configurations.md``, a part of a hand-written page."""
    of_controls = _of_controls(edition)
    entry = Markup('<dt id="{name}">{title} <code>{name}</code></dt><dd><p>{says}</p>{sets}</dd>')
    configurations = join(
        entry.format(
            name=known.name,
            title=known.title,
            says=code(known.description),
            sets=settings({**known.environment, **known.settings}),
        )
        for known in edition.matrix.configurations.values()
        if not known.is_composed and known.name not in of_controls
    )
    blocks: list[str | Markup] = [block(Markup("<dl>{}</dl>").format(configurations))]
    if edition.matrix.applications:
        kinds = (_application(edition, kind) for kind in edition.matrix.applications.values())
        blocks += [
            "## Kinds of application { #applications }",
            "Some probes are about one kind alone; what the others find is about every one.",
            block(Markup("<dl>{}</dl>").format(join(kinds))),
        ]
    if edition.matrix.ways_out:
        ways = join(map(_way_out, edition.matrix.ways_out.values()))
        blocks += [
            "## Ways out { #ways-out }",
            "One thing changed, on top of a configuration. [What became of them](ways-out.md).",
            block(Markup("<dl>{}</dl>").format(ways)),
        ]
    markup.page(folder / "configurations.md", *blocks)


def _of_controls(edition: Edition) -> set[str]:
    """Configurations in which nothing but controls is run: of no concern to an application."""
    matrix = edition.matrix
    probes = matrix.probes.values()
    judged = {c for p in probes if not matrix.use(p.name).only_as_control for c in p.configs}
    return {config for probe in probes for config in probe.configs} - judged


def settings(values: Mapping[str, Any]) -> Markup:
    """Each value, and what is taken away."""
    if not values:
        return Markup("")
    item = Markup("<li><code>{} = {}</code></li>")
    gone = Markup("<li><code>{}</code> as the library has it</li>")
    return Markup("<ul>{}</ul>").format(
        join(
            gone.format(name) if value is None else item.format(name, value)
            for name, value in values.items()
        )
    )


def _application(edition: Edition, kind: Application) -> Markup:
    matrix = edition.matrix
    probes = [p for name, p in matrix.probes.items() if matrix.is_about(kind.name, name)]
    link = Markup('<a href="generated/{}">{}</a>')
    return Markup("<dt>Where {} <code>{}</code></dt><dd><p>{}</p><p>Probes: {}.</p></dd>").format(
        kind.title,
        kind.name,
        code(kind.description),
        Markup("; ").join(link.format(markup.probe_page(p.name), p.title) for p in probes),
    )


def _way_out(way: WayOut) -> Markup:
    same = Markup("<p>It is the configuration <code>{}</code>.</p>").format(way.same_as)
    return Markup(
        '<dt id="{name}">{title} <code>{name}</code></dt><dd><p>{says}</p>'
        "<p>It costs: {costs}</p>{sets}</dd>"
    ).format(
        name=way.name,
        title=way.title,
        says=code(way.description),
        costs=code(way.costs),
        sets=same if way.same_as else settings({**way.environment, **way.settings}),
    )

"""What was set, in words: the configurations that an application can have, and each probe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from interlock.model import Probe
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join


def publish(edition: Edition, folder: Path) -> None:
    """``configurations.md`` and ``probes.md``, parts of hand-written pages."""
    entry = Markup('<dt id="{name}">{title} <code>{name}</code></dt><dd><p>{says}</p>{sets}</dd>')
    configurations = join(
        entry.format(
            name=known.name,
            title=known.title,
            says=known.description,
            sets=_settings({**known.environment, **known.settings}),
        )
        for known in edition.matrix.configurations.values()
    )
    markup.page(folder / "configurations.md", block(Markup("<dl>{}</dl>").format(configurations)))
    probes = join(map(_probe, edition.matrix.probes.values()))
    markup.page(folder / "probes.md", block(probes))


def _probe(probe: Probe) -> Markup:
    proofs = join(Markup("<li>{}</li>").format(rule.says) for rule in probe.live)
    return Markup(
        '<section id="{name}"><h3>{title} <code>{name}</code></h3><p>{stresses}</p>'
        "<p>What it cannot see: {cannot_see}</p>"
        "<p>A run counts only with proof that both libraries were at work:</p><ul>{proofs}</ul>"
        "<p>What it sets to make a rare race frequent enough to measure:</p>{knobs}"
        "<p>Below {least} {unit} a run without a hang proves nothing.</p></section>"
    ).format(
        name=probe.name,
        title=probe.title,
        stresses=probe.stresses,
        cannot_see=probe.cannot_see,
        proofs=proofs,
        knobs=_settings({**probe.knobs, **probe.environment}),
        least=probe.least_exposures,
        unit=probe.exposure_unit,
    )


def _settings(values: Mapping[str, Any]) -> Markup:
    if not values:
        return Markup("")
    item = Markup("<li><code>{} = {}</code></li>")
    return Markup("<ul>{}</ul>").format(join(item.format(*pair) for pair in values.items()))

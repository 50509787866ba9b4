"""What each probe is and what it found: a page each, and the list of them on the method's page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from interlock.model import Probe, ProofRule
from interlock.publish import grid, markup, measures
from interlock.publish.edition import Edition
from interlock.publish.markup import block, code, join


def publish(edition: Edition, folder: Path) -> None:
    """``probes.md``, a part of a hand-written page, and ``probes/worker_restart.md`` and so on."""
    known = edition.matrix.probes
    item = Markup('<li><a href="generated/{}">{}</a> <code>{}</code><br>{}</li>')
    listed = join(
        item.format(
            markup.probe_page(probe.name), probe.title, probe.name, code(_first(probe.stresses))
        )
        for probe in known.values()
    )
    markup.page(folder / "probes.md", block(Markup("<ul>{}</ul>").format(listed)))
    for probe in known.values():
        path = (folder / markup.probe_page(probe.name)).with_suffix(".md")
        markup.page(path, *_page(edition, probe))
    for gone in set(edition.probes) - known.keys():
        path = (folder / markup.probe_page(gone)).with_suffix(".md")
        markup.page(path, f"# {gone}", "This probe is no longer run.", *_matrix(edition, gone))


def _page(edition: Edition, probe: Probe) -> Iterator[str | Markup]:
    yield f"# {probe.title}"
    yield block(Markup("<p>Probe <code>{}</code></p>").format(probe.name))
    yield "## What it stresses, and why"
    yield block(Markup("<p>{}</p>").format(code(probe.stresses)))
    yield "## What counts as live"
    yield block(
        Markup(
            "<p>A run counts only with proof from inside of it that the libraries were at work:</p>"
            "<ul>{}</ul><p>Below {:,} {} a run without a hang proves nothing.{}</p>"
        ).format(
            join(map(_proof, probe.live)),
            probe.least_exposures,
            probe.exposure_unit,
            _raised(probe),
        )
    )
    yield "## What it cannot see"
    yield block(Markup("<p>{}</p>").format(code(probe.cannot_see)))
    if made := {**probe.knobs, **probe.environment}:
        yield "## What it sets"
        said = Markup("<p>To make a rare race frequent enough to measure:</p><dl>{}</dl>")
        item = Markup("<dt><code>{} = {}</code></dt><dd><p>{}</p></dd>")
        reasons = (code(probe.reasons.get(name, "")) for name in made)
        listed = map(item.format, made.keys(), made.values(), reasons)
        yield block(said.format(join(listed)))
    yield "## Where it is run"
    yield block(Markup("<p>{}</p>").format(_where(edition, probe)))
    yield from _matrix(edition, probe.name)
    yield from measures.section(edition, probe)


def _matrix(edition: Edition, probe: str) -> Iterator[str | Markup]:
    panels = grid.of_probe(edition, probe, root="../")
    shown = [verdict for verdict in edition.verdicts if verdict.cell.probe == probe]
    yield "## What it found { #matrix }"
    if panels:
        yield block(join([*panels, grid.legend(shown, summed=False)]), "il-matrix")
    else:
        yield "It has not been run on a pair of the libraries."


def _proof(rule: ProofRule) -> Markup:
    """In words, and with which settings it is asked for."""
    settings = ", ".join(f"`{name} = {value}`" for name, value in rule.when.items())
    where = f" Asked for where {settings}." if settings else ""
    return Markup("<li>{}.{}</li>").format(code(rule.says.rstrip(".")), code(where))


def _raised(probe: Probe) -> str:
    if probe.most_exposures <= probe.least_exposures:
        return ""
    return (
        f" On a machine so busy that this is too few, they are raised, up to "
        f"{probe.most_exposures:,}."
    )


def _where(edition: Edition, probe: Probe) -> str:
    use = edition.matrix.use(probe.name)
    said = f"In {', '.join(probe.configs)}."
    if use.application:
        kind = edition.matrix.applications[use.application]
        said = f"It is about applications where {kind.title}, and no others. {said}"
    if use.only_as_control:
        return f"{said} Only as a control: it is no verdict about the libraries."
    narrowed = [
        f"{edition.package(axis)} {', '.join(map(str, choices))}"
        for axis, choices in use.only.versions.items()
    ]
    if use.only.pythons:
        narrowed.append(f"Python {', '.join(map(str, use.only.pythons))}")
    return f"{said} Only with {'; '.join(narrowed)}." if narrowed else said


def _first(text: str) -> str:
    """Its first sentence."""
    head, dot, _ = text.partition(". ")
    return f"{head}{dot.strip()}"

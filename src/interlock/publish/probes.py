"""A page for each probe, and the list of probes on the method's page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlock.model import Probe
from interlock.publish import grid, links, measures, templates
from interlock.publish.edition import Edition


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A probe in the list of all."""

    name: str
    title: str
    stresses: str


@dataclass(frozen=True, kw_only=True)
class Knob:
    """One thing that a probe sets, and why."""

    name: str
    value: object
    reason: str


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one probe found by itself."""

    panels: list[grid.Panel]
    legend: list[grid.Meaning]


def publish(edition: Edition, folder: Path) -> None:
    """``probes.md``, a part of a hand-written page, and a page each under ``probes/``."""
    known = edition.matrix.probes
    listed = [
        Listed(name=p.name, title=p.title, stresses=_first(p.stresses)) for p in known.values()
    ]
    templates.write(folder / "probes.md", "probes.html.j2", probes=listed)
    for probe in known.values():
        templates.write(
            _path(folder, probe.name),
            "probe.md.j2",
            probe=probe,
            knobs=_knobs(probe),
            where=_where(edition, probe),
            found=_found(edition, probe.name),
            measured=measures.section(edition, probe),
        )
    for gone in set(edition.probes) - known.keys():
        found = _found(edition, gone)
        templates.write(_path(folder, gone), "probe_gone.md.j2", name=gone, found=found)


def _path(folder: Path, probe: str) -> Path:
    return (folder / links.probe_page(probe)).with_suffix(".md")


def _found(edition: Edition, probe: str) -> Found:
    shown = [verdict for verdict in edition.verdicts if verdict.cell.probe == probe]
    panels = grid.of_probe(edition, probe)
    return Found(panels=panels, legend=grid.legend(shown, summed=False))


def _knobs(probe: Probe) -> list[Knob]:
    made = {**probe.knobs, **probe.environment}
    return [
        Knob(name=name, value=value, reason=probe.reasons.get(name, ""))
        for name, value in made.items()
    ]


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

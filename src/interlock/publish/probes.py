"""A page for each probe, and the list of probes on the method's page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlock.matrix import Only
from interlock.model import Probe
from interlock.publish import grid, links, measures, templates
from interlock.publish.context import PageContext


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
    """The findings of one probe by itself."""

    panels: list[grid.Panel]
    legend: list[grid.Meaning]


def publish(context: PageContext, folder: Path) -> None:
    """``probes.md``, a part of a hand-written page, and a page each under ``probes/``."""
    known = context.matrix.probes
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
            where=_where(context, probe),
            found=_found(context, probe.name),
            measured=measures.tables(context, probe),
            package=context.package(context.first.axis),
        )
    for gone in set(context.findings.probes) - known.keys():
        found = _found(context, gone)
        templates.write(_path(folder, gone), "probe_gone.md.j2", name=gone, found=found)


def _path(folder: Path, probe: str) -> Path:
    return (folder / links.probe_page(probe)).with_suffix(".md")


def _found(context: PageContext, probe: str) -> Found:
    shown = context.findings.by_probe.get(probe, ())
    panels = grid.of_probe(context, probe)
    return Found(panels=panels, legend=grid.legend(context, shown, summed=False))


def _knobs(probe: Probe) -> list[Knob]:
    made = {**probe.knobs, **probe.environment}
    return [
        Knob(name=name, value=value, reason=probe.reasons.get(name, ""))
        for name, value in made.items()
    ]


def _where(context: PageContext, probe: Probe) -> str:
    use = context.matrix.use(probe.name)
    said = f"In {', '.join(probe.configs)}."
    if use.application:
        kind = context.matrix.applications[use.application]
        said = f"It is about applications where {kind.title}, and no others. {said}"
    if use.only_as_control:
        return f"{said} Only as a control: it is no verdict about the libraries."
    if narrowed := _narrowed(context, use.only):
        said += f" Only with {narrowed}."
    for config, only in use.only_in.items():
        said += f" In {config} only with {_narrowed(context, only)}."
    return said


def _narrowed(context: PageContext, only: Only) -> str:
    parts = [
        f"{context.package(axis)} {', '.join(map(str, choices))}"
        for axis, choices in only.versions.items()
    ]
    if only.pythons:
        parts.append(f"Python {', '.join(map(str, only.pythons))}")
    return "; ".join(parts)


def _first(text: str) -> str:
    """The first sentence of a text."""
    head, dot, _ = text.partition(". ")
    return f"{head}{dot.strip()}"

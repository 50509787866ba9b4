"""Every verdict in words, one page a probe and Python; the matrix links to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from interlock.findings import plain, present
from interlock.model import PythonVersion, Verdict
from interlock.publish import links, measures, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import Mark, basis, day, headline, how_often, mark, releases, why

SECTIONS = (
    ("pairs", "Every pair"),
    ("workarounds", "The same with a workaround, or with the dependencies of its day"),
    ("alone", "One library alone"),
)
"""The sections of a page in this order, each with an anchor."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """A signature among those of a verdict."""

    page: str
    name: str
    count: int


@dataclass(frozen=True, kw_only=True)
class TriedWorkaround:
    """A workaround that was tried on a cell."""

    mark: Mark
    page: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One verdict with its configuration and basis, and the command that repeats it."""

    mark: Mark
    anchor: str
    releases: str
    config: str
    says: str
    why: str
    whose: str
    detail: str
    often: str
    measured: str
    hangs: int
    signatures: list[Seen]
    ways: list[TriedWorkaround]
    basis: str
    day: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The cards under one heading."""

    anchor: str
    title: str
    cards: list[Card]


def publish(context: PageContext, folder: Path) -> None:
    """``verdicts/worker_restart-python-3.10.md`` and so on."""
    pages: dict[tuple[str, PythonVersion], list[Verdict]] = {}
    for verdict in context.verdicts:
        pages.setdefault((verdict.cell.probe, verdict.cell.python), []).append(verdict)
    for (probe, python), verdicts in pages.items():
        templates.write(
            (folder / links.details_page(probe, python)).with_suffix(".md"),
            "verdicts.md.j2",
            probe=probe,
            probe_title=context.probe_title(probe),
            python=python,
            sections=_sections(context, verdicts),
        )


def _sections(context: PageContext, verdicts: list[Verdict]) -> list[Section]:
    """The verdicts that have a card."""
    cards: dict[str, list[Card]] = {}
    for verdict in verdicts:
        cards.setdefault(_section(verdict), []).append(card(context, verdict))
    return [
        Section(anchor=anchor, title=title, cards=cards[anchor])
        for anchor, title in SECTIONS
        if anchor in cards
    ]


def _section(verdict: Verdict) -> str:
    cell = verdict.cell
    if len(present(cell)) < len(cell.pins):
        return "alone"
    return "pairs" if plain(cell.config) == cell.config else "workarounds"


def card(context: PageContext, verdict: Verdict) -> Card:
    """The texts of a card; empty if there is nothing to say."""
    cell = verdict.cell
    attribution = context.findings.attributions.get(cell.key)
    probe = context.matrix.probes.get(cell.probe)
    return Card(
        mark=context.mark(verdict),
        anchor=links.anchor(cell),
        releases=releases(cell),
        config=context.title(cell.config),
        says=headline(verdict, context.rare(verdict)),
        why=why(verdict),
        whose=attribution.says if attribution else "",
        detail=verdict.detail,
        often=" ".join(filter(None, [how_often(verdict), context.line_rate(verdict)])),
        measured=measures.line(probe, verdict) if probe else "",
        hangs=verdict.hangs,
        signatures=[
            Seen(page=links.hang_page(signature), name=str(signature), count=count)
            for signature, count in verdict.signatures
        ],
        ways=_workarounds(context, verdict),
        basis=basis(verdict),
        day=day(verdict.tested_at),
        command=cell.reproduce,
    )


def _workarounds(context: PageContext, verdict: Verdict) -> list[TriedWorkaround]:
    """The workarounds that were tried on this very cell."""
    return [
        TriedWorkaround(
            mark=mark(one.verdict, rare=context.rare(one.verdict)),
            page=links.found_at(one.verdict.cell),
            title=one.way.title,
        )
        for one in context.findings.workarounds.get(verdict.cell.key, ())
    ]

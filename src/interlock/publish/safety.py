"""What is safe: the first sentences of the start page, and its two tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from packaging.version import Version

from interlock.evidence import PRECEDENCE
from interlock.findings import Recommendation
from interlock.model import Cell, Outcome, PythonVersion, Target
from interlock.publish import applications, coverage, links
from interlock.publish.context import PageContext
from interlock.publish.release_lines import ReleaseLine, by_line
from interlock.publish.wording import OWN_MARK, PART_MARK, WORDS, Mark, day, span


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A configuration in which a safe release was not run on some Pythons."""

    release: str
    title: str
    pythons: str


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The first sentences: which releases to run, and what they were tested with."""

    look: str
    """The colour: green if there is something to move to, else red."""
    package: str
    others: list[str]
    reached: list[tuple[Version, str]]
    """The releases to run, and on which Pythons; empty if none is safe."""
    gaps: list[Gap]
    """Where these releases were not run."""
    safe_from: Version | None
    """The oldest release from which on every release is safe."""
    sparse: list[str]
    """If none is safe: releases without hang or failure that are not tested enough."""
    own: list[str]
    """Packages with trouble of their own."""
    warnings: list[applications.Kind]
    titles: list[str]
    day: str
    cells: int
    probes: int
    machines: list[str]


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """An axis along which moving alone does not help."""

    package: str
    others: list[str]


@dataclass(frozen=True, kw_only=True)
class Dangers:
    """The releases that hang, and the axes along which moving does not help."""

    others: list[str]
    hanging: list[str]
    """Windows of releases that hang, along the axis that one moves first."""
    stuck: list[Stuck]


@dataclass(frozen=True, kw_only=True)
class Own:
    """Trouble that one library has alone, with any release of the other."""

    package: str
    does: str
    others: list[str]
    where: str
    """Each stretch of releases with its Pythons: ``1.0 on Python 3.10, and 2.0 on Python 3.11``."""
    probes: list[tuple[str, str]]
    """Their pages and titles."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """The number of combinations in which one release has an outcome."""

    mark: Mark
    number: int
    counted: str
    own: bool
    part: bool
    """Whether it passes, but some probe has not run on it."""


Counted = tuple[Outcome, bool, bool]
"""An outcome, whether one library has it alone, and whether a probe was not run."""


def lead(context: PageContext) -> Lead:
    """The first sentences, from the answer for the axis that one moves first."""
    said = context.first
    found = said.targets
    newest = found[0][0].version if found else None
    return Lead(
        look=f"il-{Outcome.PASS if found else Outcome.HANG}",
        package=context.package(said.axis),
        others=context.others(said.axis),
        reached=[(target.version, span(where, context.pythons)) for target, where in found],
        gaps=[gap for target, where in found for gap in _gaps(context, target, where)],
        safe_from=said.safe_from if said.safe_from != newest else None,
        sparse=[str(one.version) for one in coverage.sparse(said)],
        own=[
            context.package(axis)
            for axis in sorted({t.attribution.whose for s in said.standings for t in s.beside})
            if axis in [other.name for other in context.axes]
        ],
        warnings=list(applications.warnings(context)),
        titles=[context.title(name) for name in context.configs],
        day=day(context.tested_at) if context.tested_at else "no day",
        cells=sum(verdict.was_run for verdict in context.verdicts),
        probes=len(context.findings.probes),
        machines=sorted({verdict.machine for verdict in context.verdicts}),
    )


def _gaps(
    context: PageContext, target: Target, pythons: Collection[PythonVersion]
) -> Iterable[Gap]:
    run = {
        (v.cell.config, v.cell.python)
        for v in context.about.pairs
        if v.was_run and v.cell.version(target.axis) == target.version
    }
    for config in context.configs:
        if missing := [python for python in pythons if (config, python) not in run]:
            yield Gap(
                release=f"{context.package(target.axis)} {target.version}",
                title=context.title(config),
                pythons=span(missing, context.pythons),
            )


def dangers(context: PageContext) -> Dangers:
    """Windows of releases that hang, and the axes along which moving does not help."""
    first, *others = context.about.recommendations
    package = context.package(first.axis)
    return Dangers(
        others=context.others(first.axis),
        hanging=[
            f"{package} {w.first}" if w.first == w.last else f"{package} {w.first} to {w.last}"
            for w in context.about.hanging(first.axis)
        ],
        stuck=[
            Stuck(package=context.package(said.axis), others=context.others(said.axis))
            for said in others
            if said.always_breaks
        ],
    )


def beside(context: PageContext) -> list[Own]:
    """Trouble that is good to know, but no reason to avoid the other library."""
    seen_by: dict[tuple[str, Outcome, str], list[str]] = {}
    for (axis, probe, outcome), cells in context.about.own_troubles().items():
        seen_by.setdefault((axis, outcome, _where(context, axis, cells)), []).append(probe)
    return [
        Own(
            package=context.package(axis),
            does=WORDS[outcome].name,
            others=context.others(axis),
            where=where,
            probes=[(links.probe_page(probe), context.probe_title(probe)) for probe in probes],
        )
        for (axis, outcome, where), probes in seen_by.items()
    ]


def _where(context: PageContext, axis: str, cells: Collection[Cell]) -> str:
    """The releases with their Pythons, those with the same Pythons together."""
    tested = sorted(_releases((v.cell for v in context.about.pairs), axis))
    by_pythons: dict[str, list[Version]] = {}
    for release in sorted(_releases(cells, axis)):
        pythons = span({c.python for c in cells if c.version(axis) == release}, context.pythons)
        by_pythons.setdefault(pythons, []).append(release)
    stretches = [f"{span(some, tested)} on Python {on}" for on, some in by_pythons.items()]
    return ", and ".join(stretches)


def _releases(cells: Iterable[Cell], axis: str) -> set[Version]:
    return {version for cell in cells if (version := cell.version(axis)) is not None}


ReleaseCounts = tuple[str, list[list[Count]]]
"""A release or a release line, and its outcomes in each configuration."""


def by_release(context: PageContext, said: Recommendation) -> list[ReleaseLine[ReleaseCounts]]:
    """The outcomes of every release of one axis, counted in each configuration.

    The first row of a release line with several has those of all its releases together.
    """
    counters: dict[tuple[Version | None, str], Counter[Counted]] = {}
    for one in context.about.summaries.values():
        of = one.cell.version(said.axis), one.cell.config
        part = one.worst.outcome is Outcome.PASS and bool(one.missing)
        counters.setdefault(of, Counter())[one.worst.outcome, one.own, part] += 1

    def counted(name: str, versions: Iterable[Version]) -> ReleaseCounts:
        every = list(versions)
        summed = (
            sum((counters.get((one, config), Counter()) for one in every), Counter[Counted]())
            for config in context.configs
        )
        return name, [_counts(of) for of in summed]

    newest_first = [one.version for one in reversed(said.standings)]
    return [
        ReleaseLine(
            name=line.name,
            rows=[
                *([counted(line.name, line.rows)] if line.name else []),
                *(counted(str(version), [version]) for version in line.rows),
            ],
        )
        for line in by_line(newest_first, str)
    ]


def by_python(context: PageContext) -> list[tuple[PythonVersion, list[Version | None]]]:
    """The newest safe release of each axis, by Python."""
    rows = []
    for python in reversed(context.pythons):
        reached = [said.by_python.get(python) for said in context.about.recommendations]
        rows.append((python, [t.version if isinstance(t, Target) else None for t in reached]))
    return rows


def _counts(counted: Mapping[Counted, int]) -> list[Count]:
    """The worst first; trouble of one library alone comes last."""
    ordered = sorted(
        counted.items(), key=lambda item: (item[0][1], PRECEDENCE.index(item[0][0]), not item[0][2])
    )
    return [
        Count(
            mark=Mark(
                look=f"il-{outcome} il-own" if own else f"il-{outcome}",
                symbol=WORDS[outcome].symbol + OWN_MARK * own + PART_MARK * part,
            ),
            number=number,
            counted=WORDS[outcome].counted,
            own=own,
            part=part,
        )
        for (outcome, own, part), number in ordered
    ]

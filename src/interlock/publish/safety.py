"""What is safe: the first sentences of the start page, and its two tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.version import Version

from interlock.evidence import PRECEDENCE
from interlock.findings import TOGETHER, Recommendation, windows
from interlock.model import Basis, Cell, Outcome, PythonVersion, Target, Window
from interlock.publish import applications, links
from interlock.publish.edition import Edition
from interlock.publish.summary import summaries
from interlock.publish.wording import OWN_MARK, WORDS, Mark, day, span


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The first sentences: what to run, and what that was tested with."""

    look: str
    """The colour: whether there is something to move to."""
    package: str
    others: list[str]
    reached: list[tuple[Version, str]]
    """The releases to run, and on which Pythons; empty where none is safe."""
    safe_from: Version | None
    """Where every release since an older one is safe too."""
    own: list[str]
    """Packages that do something by themselves."""
    warnings: list[applications.Kind]
    titles: list[str]
    day: str
    cells: int
    probes: int
    machines: list[str]


@dataclass(frozen=True, kw_only=True)
class Stuck:
    """An axis along which it does not help to move alone."""

    package: str
    others: list[str]


@dataclass(frozen=True, kw_only=True)
class Dangers:
    """What hangs, and where moving does not help."""

    others: list[str]
    hanging: list[str]
    """Releases of the axis that one moves first, from the first to the last of each window."""
    stuck: list[Stuck]


@dataclass(frozen=True, kw_only=True)
class Own:
    """What one library does alone, whichever the other."""

    package: str
    does: str
    others: list[str]
    releases: str
    pythons: str
    probes: list[tuple[str, str]]
    """Their pages and titles."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """How many combinations one release gives an outcome with."""

    mark: Mark
    number: int
    counted: str
    own: bool


def lead(edition: Edition) -> Lead:
    """From the answer for the axis that one moves first."""
    said = edition.answers[0]
    found = targets(said)
    newest = found[0][0].version if found else None
    return Lead(
        look=look(edition),
        package=edition.package(said.axis),
        others=_others(edition, said.axis),
        reached=[(target.version, span(where, edition.pythons)) for target, where in found],
        safe_from=said.safe_from if said.safe_from != newest else None,
        own=[
            edition.package(axis)
            for axis in sorted({t.attribution.whose for s in said.standings for t in s.beside})
            if axis in [other.name for other in edition.axes]
        ],
        warnings=list(applications.warnings(edition)),
        titles=[edition.title(name) for name in edition.configs],
        day=day(edition.tested_at) if edition.tested_at else "no day",
        cells=sum(verdict.was_run for verdict in edition.verdicts),
        probes=len(edition.probes),
        machines=sorted({verdict.machine for verdict in edition.verdicts}),
    )


def dangers(edition: Edition) -> Dangers:
    """Windows of releases that hang, and each other axis that is no way out of them."""
    first, *others = edition.answers
    package = edition.package(first.axis)
    return Dangers(
        others=_others(edition, first.axis),
        hanging=[
            f"{package} {w.first}" if w.first == w.last else f"{package} {w.first} to {w.last}"
            for w in hanging(edition, first.axis)
        ],
        stuck=[
            Stuck(package=edition.package(said.axis), others=_others(edition, said.axis))
            for said in others
            if said.standings and all(standing.breaks for standing in said.standings)
        ],
    )


def beside(edition: Edition) -> list[Own]:
    """What is no reason to avoid the other library, and good to know."""
    seen_by: dict[tuple[str, Outcome, str, str], list[str]] = {}
    for (axis, probe, outcome), cells in _own(edition).items():
        tested = sorted(_releases((v.cell for v in edition.pairs), axis))
        releases = span(_releases(cells, axis), tested)
        pythons = span({cell.python for cell in cells}, edition.pythons)
        seen_by.setdefault((axis, outcome, releases, pythons), []).append(probe)
    return [
        Own(
            package=edition.package(axis),
            does=WORDS[outcome].name,
            others=_others(edition, axis),
            releases=releases,
            pythons=pythons,
            probes=[(links.probe_page(probe), edition.probe_title(probe)) for probe in probes],
        )
        for (axis, outcome, releases, pythons), probes in seen_by.items()
    ]


def _own(edition: Edition) -> Mapping[tuple[str, str, Outcome], list[Cell]]:
    """By axis, probe and outcome, the cells in which the axis does it alone."""
    found: dict[tuple[str, str, Outcome], list[Cell]] = {}
    for verdict in edition.pairs:
        whose = edition.attributions.get(verdict.cell.key)
        if whose and whose.whose in [axis.name for axis in edition.axes]:
            of = (whose.whose, verdict.cell.probe, verdict.outcome)
            found.setdefault(of, []).append(verdict.cell)
    return found


def _others(edition: Edition, axis: str) -> list[str]:
    return [other.package for other in edition.axes if other.name != axis]


def _releases(cells: Iterable[Cell], axis: str) -> set[Version]:
    return {version for cell in cells if (version := cell.version(axis)) is not None}


def look(edition: Edition) -> str:
    """The colour of the first sentences: whether there is something to move to."""
    safe = any(isinstance(t, Target) for t in edition.answers[0].by_python.values())
    return f"il-{Outcome.PASS if safe else Outcome.HANG}"


def targets(said: Recommendation) -> list[tuple[Target, list[PythonVersion]]]:
    """The release to run, and on which Pythons; the one for the newest Python first."""
    newest = [(p, t) for p, t in sorted(said.by_python.items(), reverse=True)]
    found: dict[Target, list[PythonVersion]] = {}
    for python, target in newest:
        if isinstance(target, Target):
            found.setdefault(target, []).append(python)
    return [(target, sorted(where)) for target, where in found.items()]


def hanging(edition: Edition, axis: str) -> list[Window]:
    """Windows of releases that hang with something, in some configuration."""
    worst: dict[Version, Outcome] = {}
    for verdict in edition.pairs:
        version = verdict.cell.version(axis)
        whose = edition.attributions.get(verdict.cell.key)
        counts = whose is None or whose.whose in (*TOGETHER, axis)
        if version is not None and verdict.basis is Basis.TESTED and counts:
            before = worst.get(version, Outcome.PASS)
            worst[version] = min(before, verdict.outcome, key=PRECEDENCE.index)
    return [w for w in windows.windows(axis, worst.items()) if w.outcome is Outcome.HANG]


def by_release(edition: Edition, said: Recommendation) -> list[tuple[Version, list[list[Count]]]]:
    """The outcomes of every release of one axis, counted in each configuration."""
    counters: dict[tuple[Version | None, str], Counter[tuple[Outcome, bool]]] = {}
    for one in summaries(edition).values():
        of = one.cell.version(said.axis), one.cell.config
        counters.setdefault(of, Counter())[one.worst.outcome, one.own] += 1
    return [
        (
            standing.version,
            [_counts(counters.get((standing.version, config), {})) for config in edition.configs],
        )
        for standing in reversed(said.standings)
    ]


def by_python(edition: Edition) -> list[tuple[PythonVersion, list[Version | None]]]:
    """The newest release of each axis that passes with all others, by Python."""
    rows = []
    for python in reversed(edition.pythons):
        reached = [said.by_python.get(python) for said in edition.answers]
        rows.append((python, [t.version if isinstance(t, Target) else None for t in reached]))
    return rows


def _counts(counted: Mapping[tuple[Outcome, bool], int]) -> list[Count]:
    """The worst first, what one library does alone at the end."""
    ordered = sorted(counted.items(), key=lambda item: (item[0][1], PRECEDENCE.index(item[0][0])))
    return [
        Count(
            mark=Mark(
                look=f"il-{outcome} il-own" if own else f"il-{outcome}",
                symbol=WORDS[outcome].symbol + OWN_MARK * own,
            ),
            number=number,
            counted=WORDS[outcome].counted,
            own=own,
        )
        for (outcome, own), number in ordered
    ]

"""The effect of each workaround: the cells that it helps, and what it costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from interlock.evidence import PRECEDENCE
from interlock.findings import TROUBLE, TriedWorkaround, everything, hangs_rarely, record
from interlock.model import Basis, Outcome, listing, plural
from interlock.publish import grid, links, templates
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS, Mark, mark, releases, why, word
from interlock.record import in_order

LISTED = 20
"""This many lines name cells where a workaround does not help; others are counted."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """The results of a workaround on the cells of one release."""

    tried: bool
    mark: Mark | None
    """None if it did not run."""
    works: int
    run: int
    unproven: int
    not_run: int
    """Cells that hang or fail without it, on which it did not or could not run."""
    too_few: bool
    """Whether it works everywhere, but in too few runs to be sure."""
    rate: str
    """Where hangs are rare, those of the release line instead of the cells; else empty."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Cells that end in the same way."""

    page: str
    releases: str
    python: str
    outcome: str
    hang_page: str
    signature: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Lines:
    """The lines that are listed, and how many more there are."""

    listed: list[Line]
    more: int


@dataclass(frozen=True, kw_only=True)
class Way:
    """One workaround in a track."""

    name: str
    title: str
    costs: str
    counts: list[Count]
    """One for each release of the axis that one moves first."""
    failing: Lines
    broken: Lines


@dataclass(frozen=True, kw_only=True)
class Track:
    """The workarounds that were tried in one configuration, by one probe."""

    probe: str
    probe_title: str
    config: str
    config_title: str
    rare_unit: str
    """Where hangs are rare: what the rates count. Else empty."""
    package: str
    versions: list[str]
    """The releases that needed a workaround; empty if none did."""
    ways: list[Way]
    passing: int
    """Cells that pass without a workaround."""
    kept: int
    """Those of them that did not go wrong with it."""


def publish(context: PageContext, folder: Path) -> None:
    """``workarounds.md``, a part of a hand-written page."""
    by_track: dict[tuple[str, str], list[TriedWorkaround]] = {}
    for many in context.findings.workarounds.values():
        for one in many:
            cell = one.without.cell
            by_track.setdefault((cell.probe, cell.config), []).append(one)
    tracks = [
        _of_track(context, *of, by_track[of]) for of in context.findings.tracks if of in by_track
    ]
    tried = [o.verdict for of in context.findings.workarounds.values() for o in of if o.was_run]
    templates.write(
        folder / "workarounds.md",
        "workarounds.md.j2",
        tracks=tracks,
        legend=grid.legend(context, tried, summed=False),
    )


def _of_track(
    context: PageContext, probe: str, config: str, tried: Sequence[TriedWorkaround]
) -> Track:
    axis = context.first.axis
    needed = [one for one in tried if one.was_needed]
    versions = in_order(_version(one, axis) for one in needed)
    troubled = Counter(
        str(verdict.cell.version(axis))
        for verdict in context.findings.by_track[probe, config]
        if verdict.outcome in TROUBLE and verdict.basis is Basis.TESTED and everything(verdict.cell)
    )
    passing = [one for one in tried if not one.was_needed and one.way.same_as is None]
    by_way: dict[str, list[TriedWorkaround]] = {}
    for one in tried:
        by_way.setdefault(one.way.name, []).append(one)
    return Track(
        probe=probe,
        probe_title=context.probe_title(probe),
        config=config,
        config_title=context.title(config),
        rare_unit=context.unit(probe) if hangs_rarely(context.matrix, probe, config) else "",
        package=context.package(axis),
        versions=versions,
        ways=[
            _way(context, axis, {v: troubled[v] for v in versions}, of) for of in by_way.values()
        ],
        passing=len(passing),
        kept=sum(not one.breaks for one in passing),
    )


def _way(
    context: PageContext,
    axis: str,
    troubled: Mapping[str, int],
    tried: Sequence[TriedWorkaround],
) -> Way:
    """``troubled`` is by release how many cells hang or fail without a workaround."""
    way = tried[0].way
    needed = [one for one in tried if one.was_needed]
    by_version: dict[str, list[TriedWorkaround]] = {}
    for one in needed:
        by_version.setdefault(_version(one, axis), []).append(one)
    return Way(
        name=way.name,
        title=way.title,
        costs=way.costs,
        counts=[
            _count(context, axis, by_version.get(version, []), cells)
            for version, cells in troubled.items()
        ],
        failing=_lines(context, axis, [one for one in needed if one.fails]),
        broken=_lines(context, axis, [one for one in tried if one.breaks]),
    )


def _version(one: TriedWorkaround, axis: str) -> str:
    return str(one.without.cell.version(axis))


def _count(
    context: PageContext, axis: str, tried: Sequence[TriedWorkaround], troubled: int
) -> Count:
    """The worst outcome with it, and the number of cells on which it works."""
    run = [one for one in tried if one.was_run]
    works = sum(one.works for one in run)
    rate = _rate(context, axis, run)
    too_few = bool(run) and not rate and works == len(run) and not record(run).tells
    worst = min(
        (one.verdict for one in run), key=lambda v: PRECEDENCE.index(v.outcome), default=None
    )
    unsure = Mark(f"il-{Outcome.UNPROVEN}", WORDS[Outcome.UNPROVEN].symbol)
    return Count(
        tried=bool(tried),
        mark=(unsure if too_few else mark(worst, rare=context.rare(worst))) if worst else None,
        works=works,
        run=len(run),
        unproven=sum(one.verdict.outcome is Outcome.UNPROVEN for one in run),
        not_run=troubled - len(run),
        too_few=too_few,
        rate=rate,
    )


def _rate(context: PageContext, axis: str, run: Sequence[TriedWorkaround]) -> str:
    """``2 of 400, 0.061 % to 1.8 %``, of all that ran with it in the release line."""
    rare = context.findings.rare_hangs
    if not run or not rare.of(run[0].verdict.cell):
        return ""
    along = rare.on(context.matrix.axis(axis), run[0].verdict.cell)
    return f"{along.rate.pool.share}, {along.rate.pool.bounds}" if along else ""


def _lines(context: PageContext, axis: str, tried: Iterable[TriedWorkaround]) -> Lines:
    """A line for all cells with one release and Python that end in the same way."""
    alike: dict[object, list[TriedWorkaround]] = {}
    for one in tried:
        said = one.verdict
        what = said.cell.version(axis), said.cell.python, said.outcome, said.reason, said.signature
        alike.setdefault(what, []).append(one)
    listed = [_line(context, axis, many) for many in [*alike.values()][:LISTED]]
    return Lines(listed=listed, more=len(alike) - len(listed))


def _line(context: PageContext, axis: str, many: Sequence[TriedWorkaround]) -> Line:
    verdict = many[0].verdict
    signature = verdict.signature
    return Line(
        page=links.found_at(verdict.cell),
        releases=_releases(context, axis, many),
        python=str(verdict.cell.python),
        outcome=word(verdict).name,
        hang_page=links.hang_page(signature) if signature else "",
        signature=str(signature) if signature else "",
        why=why(verdict),
    )


def _releases(context: PageContext, axis: str, many: Sequence[TriedWorkaround]) -> str:
    """``ddtrace 2.21.12 with 9 releases of sentry-sdk``."""
    cell = many[0].verdict.cell
    if len(many) == 1:
        return releases(cell)
    others = [
        plural(len({one.verdict.cell.version(a.name) for one in many}), "release")
        + f" of {a.package}"
        for a in context.axes
        if a.name != axis
    ]
    return f"{context.package(axis)} {cell.version(axis)} with {listing(others)}"

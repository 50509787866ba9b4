"""The part of the start page for kinds of application that have their own probes.

Their hangs concern no other application. They are often rare, and often one library has them alone.
So the page shows rates: with each release of the axis that one moves first, and without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from packaging.version import Version

from interlock.evidence import exact_interval, ruled_out_rate
from interlock.findings import Pool, Ratio, counts, places, plain, pool, present, ratio_of
from interlock.model import Outcome, Verdict, listing
from interlock.publish import links
from interlock.publish.edition import Edition


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of application, as it is named on a page."""

    name: str
    title: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """One release of the first axis, or all of them, with all that they were run with."""

    version: Version | None
    """None for all."""
    pool: Pool
    ratio: Ratio | None
    """To the same without it; certain where it is among all of these."""


@dataclass(frozen=True, kw_only=True)
class Track:
    """One probe in one configuration, over all releases and Pythons."""

    probe: str
    config: str
    without: Pool
    """The others without the first axis."""
    rows: tuple[Row, ...]
    every: Row
    alone: Pool
    """The first axis without the others."""
    ways: tuple[tuple[str, Pool], ...] = ()
    """With each way out, by its title: every release that it was run with, together."""


def track(edition: Edition, probe: str, config: str) -> Track:
    """The counts of one probe in one configuration, by release of the first axis."""
    axis = edition.answers[0].axis
    others = [a.name for a in edition.axes if a.name != axis]
    here = [v for v in edition.by_track.get((probe, config), ()) if counts(v)]
    without = [v for v in here if _axes(v) == set(others)]
    whole: dict[Version, list[Verdict]] = {}
    for verdict in here:
        version = verdict.cell.version(axis)
        if version is not None and _axes(verdict) == {axis, *others}:
            whole.setdefault(version, []).append(verdict)
    among = len(whole) + (len(whole) > 1)
    return Track(
        probe=probe,
        config=config,
        without=pool(without),
        rows=tuple(
            _row(version, rows, without, others, among) for version, rows in sorted(whole.items())
        ),
        every=_row(
            None,
            [row for rows in whole.values() for row in rows],
            without,
            others,
            among,
        ),
        alone=pool(v for v in here if _axes(v) == {axis}),
        ways=tuple(_ways(edition, probe, config)),
    )


def _row(
    version: Version | None,
    rows: Sequence[Verdict],
    without: Sequence[Verdict],
    others: Sequence[str],
    among: int,
) -> Row:
    ratio = ratio_of(places(rows, without, *others), looks=among)
    return Row(version=version, pool=pool(rows), ratio=ratio)


def _ways(edition: Edition, probe: str, config: str) -> Iterator[tuple[str, Pool]]:
    matrix, every = edition.matrix, {axis.name for axis in edition.axes}
    for name in matrix.use(probe).ways_out.get(config, ()):
        way = matrix.ways_out[name]
        on = way.on(config)
        run = [v for v in edition.by_track.get((probe, on), ()) if _axes(v) == every and counts(v)]
        if run:
            yield way.title, pool(run)


def _axes(verdict: Verdict) -> set[str]:
    return {pin.axis for pin in present(verdict.cell)}


@dataclass(frozen=True, kw_only=True)
class Alone:
    """What releases of one library do without any other."""

    package: str
    others: list[str]
    every: bool
    """Whether every release that was tested hangs."""
    releases: list[str]
    counted: list[str]


@dataclass(frozen=True, kw_only=True)
class Likelier:
    """Where the first axis certainly makes a hang likelier."""

    releases: list[str]
    """Empty where only all of them together do."""
    probe: str
    config: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table of rates."""

    name: str
    counted: str
    rate: str
    times: str


@dataclass(frozen=True, kw_only=True)
class Table:
    """The rates of one probe in one configuration."""

    page: str
    probe: str
    config: str
    unit: str
    lines: list[Line]


@dataclass(frozen=True, kw_only=True)
class Section:
    """What was found for one kind of application."""

    name: str
    title: str
    description: str
    instead: str
    package: str
    """Of the axis that one moves first."""
    look: str
    """The colour of the first sentences; empty where nothing hangs and there are none."""
    alone: list[Alone]
    likelier: list[Likelier]
    tables: list[Table]


def sections(edition: Edition) -> Iterator[Section]:
    """One for each kind of application."""
    for kind, about in edition.kinds:
        found = [track(about, *of) for of in about.tracks if about.is_about(of[0])]
        measured = [one for one in found if one.rows]
        hung = any(row.pool.hangs for one in measured for row in one.rows)
        yield Section(
            name=kind.name,
            title=kind.title,
            description=kind.description,
            instead=kind.instead,
            package=about.package(about.answers[0].axis),
            look=f"il-{Outcome.HANG}" if hung else "",
            alone=list(_alone(about)) if hung else [],
            likelier=list(_likelier(about, measured)) if hung else [],
            tables=[_table(about, one) for one in measured],
        )


def warnings(edition: Edition) -> Iterator[Kind]:
    """The kinds of application that can hang, for the first sentences of the page."""
    for kind, about in edition.kinds:
        if any(_hangs(v) and about.is_about(v.cell.probe) for v in about.pairs):
            yield Kind(name=kind.name, title=kind.title)


def _alone(edition: Edition) -> Iterator[Alone]:
    """Which releases hang there without any other library."""
    for axis in edition.axes:
        alone = [
            v
            for v in edition.verdicts
            if _axes(v) == {axis.name}
            and edition.is_about(v.cell.probe)
            and plain(v.cell.config) == v.cell.config
            and counts(v)
        ]
        tested = {v.cell.version(axis.name) for v in alone}
        hung = {version for v in alone if _hangs(v) and (version := v.cell.version(axis.name))}
        if hung:
            rows = [v for v in alone if v.cell.version(axis.name) in hung]
            yield Alone(
                package=axis.package,
                others=[other.package for other in edition.axes if other != axis],
                every=hung == tested,
                releases=[str(version) for version in sorted(hung)],
                counted=_by_unit(edition, rows),
            )


def _by_unit(edition: Edition, rows: Sequence[Verdict]) -> list[str]:
    """``16 of 2,337 forked children``, for each unit that is counted in."""
    units: dict[str, list[Verdict]] = {}
    for row in rows:
        units.setdefault(edition.unit(row.cell.probe), []).append(row)
    return [f"{_counted(pool(counted))} {unit}" for unit, counted in units.items()]


def _hangs(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.HANG


def _likelier(edition: Edition, tracks: Sequence[Track]) -> Iterator[Likelier]:
    """With which releases of the first axis it is certainly likelier, track by track."""
    for one in tracks:
        releases = [str(row.version) for row in one.rows if _certain(row)]
        if releases or _certain(one.every):
            title = edition.probe_title(one.probe)
            yield Likelier(
                releases=releases,
                probe=title[:1].lower() + title[1:],
                config=edition.config_title(one.config),
            )


def _certain(row: Row) -> bool:
    return row.ratio is not None and row.ratio.certain


def _counted(of: Pool) -> str:
    return f"{of.hangs:,} of {of.exposures:,}"


def _table(edition: Edition, one: Track) -> Table:
    first = edition.answers[0]
    package = edition.package(first.axis)
    others = listing([a.package for a in edition.axes if a.name != first.axis], last="or")
    lines: list[tuple[str, Pool, Ratio | None]] = [(f"no {package}", one.without, None)]
    lines += [(str(row.version), row.pool, row.ratio) for row in one.rows]
    if len(one.rows) > 1:
        lines.append((f"any {package}", one.every.pool, one.every.ratio))
    if one.alone.trials:
        lines.append((f"no {others}", one.alone, None))
    lines += [(f"{title}, any {package}", of, None) for title, of in one.ways]
    return Table(
        page=links.probe_page(one.probe),
        probe=edition.probe_title(one.probe),
        config=edition.config_title(one.config),
        unit=edition.unit(one.probe),
        lines=[
            Line(
                name=name,
                counted=_counted(of),
                rate=rate(of),
                times=ratio.short if ratio else "",
            )
            for name, of, ratio in lines
        ],
    )


def rate(of: Pool) -> str:
    """``5.2 % (3.6–7.5 %)``, or the upper limit, or a dash where nothing was counted."""
    if not of.per_exposure:
        return "–"
    if not of.hangs:
        return f"below {_percent(ruled_out_rate(of.exposures))} %"
    low, high = exact_interval(of.hangs, of.exposures)
    return f"{_percent(of.hangs / of.exposures)} % ({_percent(low)}–{_percent(high)} %)"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}"

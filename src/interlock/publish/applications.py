"""The part of the start page for kinds of application that have their own probes.

Their hangs concern no other application. They are often rare, and often one library has them alone.
So the page shows rates: with each release line of the axis that one moves first, and without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from interlock.findings import HangsAlone, LineRate, Pool, Rates, Ratio, headlines, pool
from interlock.model import Verdict, listing, percent
from interlock.publish import links
from interlock.publish.context import PageContext
from interlock.publish.wording import CAN_HANG, NOT_SEEN, RARE_LOOK, Mark


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of application in which a release that is called safe can hang."""

    name: str
    where: str
    """The beginning of the warning: ``Not where …:``."""
    says: str


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

    lines: list[str]
    """Empty where only all of them together do."""
    probe: str
    config: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a table of rates."""

    mark: Mark | None
    """The state of a release line; None where the line is about something else."""
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


def sections(context: PageContext) -> Iterator[Section]:
    """One for each kind of application."""
    for kind, about in context.kinds:
        measured = [rates for rates in about.about.rates if rates.lines]
        hung = any(rates.hangs for rates in measured)
        yield Section(
            name=kind.name,
            title=kind.title,
            description=kind.description,
            instead=kind.instead,
            package=about.package(about.first.axis),
            look=RARE_LOOK if hung else "",
            alone=[_alone(about, one) for one in about.about.hang_alone()] if hung else [],
            likelier=list(_likelier(about, measured)) if hung else [],
            tables=[_table(about, rates) for rates in measured],
        )


def warnings(context: PageContext) -> Iterator[Kind]:
    """The kinds of application that can hang, for the first sentences of the page."""
    for kind in headlines.unsafe_kinds(context.findings):
        yield Kind(name=kind.name, where=headlines.not_where(kind), says=headlines.THERE)


def _alone(context: PageContext, one: HangsAlone) -> Alone:
    return Alone(
        package=context.package(one.axis),
        others=context.others(one.axis),
        every=one.every,
        releases=[str(version) for version in one.releases],
        counted=_by_unit(context, one.rows),
    )


def _by_unit(context: PageContext, rows: Sequence[Verdict]) -> list[str]:
    """``16 of 2,337 forked children``, for each unit in which a hang was counted."""
    units: dict[str, list[Verdict]] = {}
    for row in rows:
        units.setdefault(context.unit(row.cell.probe), []).append(row)
    pools = {unit: pool(counted) for unit, counted in units.items()}
    return [f"{_counted(of)} {unit}" for unit, of in pools.items() if of.hangs]


def _likelier(context: PageContext, measured: Sequence[Rates]) -> Iterator[Likelier]:
    """With which release lines of the first axis it is certainly likelier, track by track."""
    for one in measured:
        if (lines := one.likelier) is not None:
            title = context.probe_title(one.probe)
            yield Likelier(
                lines=list(lines),
                probe=title[:1].lower() + title[1:],
                config=context.config_title(one.config),
            )


def _counted(of: Pool) -> str:
    return f"{of.hangs:,} of {of.exposures:,}"


def _table(context: PageContext, one: Rates) -> Table:
    axis = context.first.axis
    package = context.package(axis)
    every = [other.name for other in context.axes]
    known = context.findings.rare_hangs.lines((one.probe, one.config), every, axis)
    lines: list[tuple[str, Pool, Ratio | None]] = [(f"no {package}", one.without, None)]
    lines += [(str(row.line), row.pool, row.ratio) for row in one.lines]
    if len(one.lines) > 1:
        lines.append((f"any {package}", one.every.pool, one.every.ratio))
    if one.alone.trials:
        lines.append((f"no {listing(context.others(axis), last='or')}", one.alone, None))
    lines += [(f"{w.way.title}, any {package}", w.pool, None) for w in one.workarounds]
    return Table(
        page=links.probe_page(one.probe),
        probe=context.probe_title(one.probe),
        config=context.config_title(one.config),
        unit=context.unit(one.probe),
        lines=[
            Line(
                mark=_mark(known[name]) if name in known else None,
                name=name,
                counted=_counted(of),
                rate=rate(of),
                times=ratio.short if ratio else "",
            )
            for name, of, ratio in lines
        ],
    )


def _mark(line: LineRate) -> Mark:
    """The sign of a release line, which never says that it passes."""
    return Mark(RARE_LOOK, (CAN_HANG if line.can_hang else NOT_SEEN).symbol)


def rate(of: Pool) -> str:
    """``5.2 % (3.6 % to 7.5 %)``, or the upper bound, or a dash where nothing was counted."""
    if not of.per_exposure:
        return "–"
    return f"{percent(of.hangs / of.exposures)} ({of.bounds})" if of.hangs else of.bounds

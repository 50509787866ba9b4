"""The start page's part about kinds of application that some probes are about alone.

What they find says nothing to anybody else, and is often rare and not the pair's alone. So it is
told by rates: with each release of the axis that one moves first, and without it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from packaging.version import Version

from interlock.evidence import LEVEL, exact_interval, ruled_out_rate
from interlock.findings import Pool, Ratio, counts, places, plain, pool, present, ratio_of
from interlock.model import Outcome, Verdict, listing
from interlock.publish import markup
from interlock.publish.edition import Edition
from interlock.publish.markup import block, join

NOTE = (
    "How many times as often is held against each other release by release and Python by Python, "
    "of those that both were run on: it is not the quotient of two rates above. Each release is "
    "one of several looks, and all of them together one more, so that an interval above 2 is not "
    "yet certain: what is sure all the same stands behind it. Cells that failed, or proved nothing "
    "for another reason than too few exposures, are left out."
)


def sections(edition: Edition) -> Iterator[str | Markup]:
    """A heading and what was found, for each kind of application."""
    for kind, about in edition.kinds:
        found = [track(about, *of) for of in about.tracks if about.is_about(of[0])]
        measured = [one for one in found if one.rows]
        yield f"## Where {kind.title} {{ #{kind.name} }}"
        yield block(Markup("<p>{}</p>").format(markup.code(kind.description)))
        if any(row.pool.hangs for one in measured for row in one.rows):
            told = _by_itself(about) + _likelier(about, measured)
            if kind.instead:
                told += Markup("<p>{}</p>").format(markup.code(kind.instead))
            yield block(told, "il-lead il-hang")
        yield from (block(_table(about, one)) for one in measured)
        if measured:
            yield block(Markup(f"<p><small>{NOTE}</small></p>"))


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
    """What one probe counted in one configuration, by release of the axis that one moves first."""
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


def warning(edition: Edition) -> Markup:
    """For the first sentences: that this kind of application can hang, and where to look."""
    text = Markup('<p><strong>Not where {}:</strong> <a href="#{}">{}</a>.</p>')
    return join(
        text.format(kind.title, kind.name, "it can hang there, and how often")
        for kind, about in edition.kinds
        if any(_hangs(v) and about.is_about(v.cell.probe) for v in about.pairs)
    )


def _by_itself(edition: Edition) -> Markup:
    """Which releases hang there without any other library."""
    said = Markup("")
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
        if not hung:
            continue
        every = Markup("<strong>Every {} that was tested</strong>").format(axis.package)
        some = Markup("{} {}").format(axis.package, listing([str(v) for v in sorted(hung)]))
        said += Markup("<p>{} {} there without any {}: {}.</p>").format(
            every if hung == tested else some,
            "hang" if len(hung) > 1 and hung != tested else "hangs",
            listing([a.package for a in edition.axes if a != axis], last="or"),
            listing(_by_unit(edition, [v for v in alone if v.cell.version(axis.name) in hung])),
        )
    return said


def _by_unit(edition: Edition, rows: Sequence[Verdict]) -> list[str]:
    """``16 of 2,337 forked children``, for each unit that is counted in."""
    units: dict[str, list[Verdict]] = {}
    for row in rows:
        units.setdefault(edition.unit(row.cell.probe), []).append(row)
    return [f"{_counted(pool(counted))} {unit}" for unit, counted in units.items()]


def _hangs(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.HANG


def _likelier(edition: Edition, tracks: Sequence[Track]) -> Markup:
    """With which releases of the first axis it is certainly likelier, track by track."""
    package = edition.package(edition.answers[0].axis)
    found = {
        (one.probe, one.config): [str(row.version) for row in one.rows if _certain(row)]
        or ["as a whole: which releases, the runs so far don't tell"] * _certain(one.every)
        for one in tracks
    }
    if not any(found.values()):
        text = Markup("<p>No {} that was tested makes it certainly twice as likely.</p>")
        return text.format(package)
    item = Markup("<li>{} {}: by {}, {}</li>")
    return Markup(
        "<p><strong>Certainly more than twice as likely</strong> with</p><ul>{}</ul>"
    ).format(
        join(
            item.format(
                package,
                listing(versions),
                edition.probe_title(probe)[:1].lower() + edition.probe_title(probe)[1:],
                edition.config_title(config),
            )
            for (probe, config), versions in found.items()
            if versions
        )
    )


def _certain(row: Row) -> bool:
    return row.ratio is not None and row.ratio.certain


def _counted(of: Pool) -> str:
    return f"{of.hangs:,} of {of.exposures:,}"


def _table(edition: Edition, one: Track) -> Markup:
    first = edition.answers[0]
    package = edition.package(first.axis)
    others = listing([a.package for a in edition.axes if a.name != first.axis], last="or")
    head = (
        package,
        "stuck",
        f"rate ({LEVEL:.0%} interval)",
        f"times as often as with no {package}",
    )
    lines: list[tuple[str, Pool, str]] = [(f"no {package}", one.without, "")]
    lines += [(str(row.version), row.pool, _times(row.ratio)) for row in one.rows]
    if len(one.rows) > 1:
        lines.append((f"any {package}", one.every.pool, _times(one.every.ratio)))
    if one.alone.trials:
        lines.append((f"no {others}", one.alone, ""))
    lines += [(f"{title}, any {package}", of, "") for title, of in one.ways]
    cells = Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td><td>{}</td></tr>')
    said = Markup('<p>By <a href="generated/{}">{}</a>, {}, of all {} together:</p>').format(
        markup.probe_page(one.probe),
        edition.probe_title(one.probe),
        edition.config_title(one.config),
        edition.unit(one.probe),
    )
    return said + markup.table(
        markup.columns(head),
        (cells.format(name, _counted(of), rate(of), times) for name, of, times in lines),
        "il-rates",
    )


def rate(of: Pool) -> str:
    """``5.2 % (3.6–7.5 %)``; of none, what is ruled out; a dash where nothing was counted."""
    if not of.per_exposure:
        return "–"
    if not of.hangs:
        return f"below {_percent(ruled_out_rate(of.exposures))} %"
    low, high = exact_interval(of.hangs, of.exposures)
    return f"{_percent(of.hangs / of.exposures)} % ({_percent(low)}–{_percent(high)} %)"


def _percent(share: float) -> str:
    return f"{100 * share:.2g}"


def _times(ratio: Ratio | None) -> str:
    return ratio.short if ratio else ""

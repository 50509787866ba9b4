"""The windows of releases, each with its basis: a page of its own, and a short table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from packaging.version import Version

from interlock.findings import ErrorRate, SearchedWindow, captions, hanging_windows
from interlock.matrix import Matrix
from interlock.publish import templates
from interlock.publish.context import PageContext
from interlock.publish.wording import UNTESTED, WORDS, span


@dataclass(frozen=True, kw_only=True)
class Row:
    """One window, in words."""

    symbol: str
    says: str
    pythons: str
    basis: str
    edges: str
    upstream: str
    """What the library itself says of an exact edge."""


@dataclass(frozen=True, kw_only=True)
class AlongRelease:
    """The windows with one release of the other package."""

    title: str
    rows: list[Row]


@dataclass(frozen=True, kw_only=True)
class OfTrack:
    """The windows of one probe in one configuration."""

    title: str
    audit: str
    releases: list[AlongRelease]


def publish(context: PageContext, folder: Path) -> None:
    """``windows.md`` and ``windows-short.md``, parts that hand-written pages include."""
    templates.write(folder / "windows.md", "windows.md.j2", tracks=list(_tracks(context)))
    lines = short(context)
    said = [*lines, "", "[All windows, and what they rest on](windows.md)"] if lines else []
    (folder / "windows-short.md").write_text("\n".join([*said, ""]), encoding="utf-8")


def short(context: PageContext) -> list[str]:
    """The windows that hang, as a Markdown table, of the package to move first at the top.

    Of that package those with exact edges, and what is predicted of the same releases on other
    Pythons. Of the others those without an end: no release of theirs is known that helps.
    """
    package = context.package(context.first.axis)
    every = [
        window
        for window in hanging_windows(context.findings.searched)
        if not _is_rare(context, window)
    ]
    own = [window for window in every if window.stretch.axis == package]
    exact = {(one.track, one.release) for one in own if one.is_exact and not one.is_predicted}
    shown = [
        window
        for window in own
        if window.is_exact or (window.is_predicted and (window.track, window.release) in exact)
    ]
    shown += [one for one in every if one.stretch.axis != package and not one.edges]
    lines = [f"| {_cells(context, window)} |" for window in shown]
    if not lines:
        return []
    head = ["window", "with", "settings", "Python", "basis"]
    return [f"| {' | '.join(head)} |", "| --- |" + " --- |" * (len(head) - 1), *lines]


def _cells(context: PageContext, window: SearchedWindow) -> str:
    _, config = window.track
    told = [
        basis(window),
        "only one end is known" if len(window.edges) == 1 else "",
        "no release is known that does not" if not window.edges else "",
        "" if window.is_exact or not window.edges else "its edges are not exact",
    ]
    return " | ".join(
        [
            window.stretch.says,
            f"{window.partner} {window.release}",
            context.config_title(config),
            span(window.pythons, context.pythons),
            "; ".join(filter(None, told)),
        ]
    )


def _is_rare(context: PageContext, window: SearchedWindow) -> bool:
    """Whether its hangs have a rate and no edges: those of one kind of application."""
    probe, _ = window.track
    return context.matrix.use(probe).application is not None


def _tracks(context: PageContext) -> Iterator[OfTrack]:
    for (probe, config), windows in groupby(context.findings.searched, key=lambda w: w.track):
        unit = context.unit(probe)
        yield OfTrack(
            title=f"{context.probe_title(probe)}: {context.config_title(config)}",
            audit=audited(context.findings.audits.get(probe)),
            releases=[
                AlongRelease(
                    title=f"{_other(group)} with {partner} {release}",
                    rows=[_row(context, window, unit) for window in group],
                )
                for (partner, release), group in _by_release(windows)
            ],
        )


def _by_release(
    windows: Iterable[SearchedWindow],
) -> Iterator[tuple[tuple[str, Version], list[SearchedWindow]]]:
    for of, group in groupby(windows, key=lambda w: (w.partner, w.release)):
        yield of, list(group)


def _other(group: Sequence[SearchedWindow]) -> str:
    return group[0].stretch.axis


def _row(context: PageContext, window: SearchedWindow, unit: str) -> Row:
    outcome = window.outcome
    return Row(
        symbol=(WORDS[outcome] if outcome else UNTESTED).symbol,
        says=window.stretch.says,
        pythons=span(window.pythons, context.pythons),
        basis=", ".join(filter(None, [basis(window), captions.rate(window.chance, unit)])),
        edges=edges(window, unit),
        upstream=upstream(window, context.matrix),
    )


def basis(window: SearchedWindow) -> str:
    """``26 tested, 31 inferred``; ``predicted: …`` where other Pythons vouch for a part of it."""
    counted = captions.basis(window.tested, window.inferred)
    return f"predicted: {counted}" if window.is_predicted else counted


def edges(window: SearchedWindow, unit: str) -> str:
    """How exact its ends are, and how well they are confirmed. Empty if it has no edge."""
    if window.is_exact:
        ends = "exact" if len(window.edges) == 1 else "both exact"
        sure = f", with at least {window.exposures:,} {unit} on each side"
        return f"{ends}{sure if window.exposures else ''}"
    open_edges = [captions.open_edge(edge, unit) for edge in window.edges if not edge.is_exact]
    return "; ".join(open_edges)


def upstream(window: SearchedWindow, matrix: Matrix) -> str:
    """What the library itself says of each exact edge, as links. Empty without one."""
    package = window.stretch.axis
    axis = next(axis.name for axis in matrix.axes if axis.package == package)
    edges = window.edges if window.is_exact else ()
    return "; ".join(
        f"{note.release}: [{note.change.title}]({note.change.url})"
        if note.change
        else note.says(package)
        for note in captions.upstream(edges, axis, matrix.changes)
    )


def audited(rate: ErrorRate | None) -> str:
    """How often inference is wrong here, in a sentence."""
    if rate is None or not rate.run:
        return "How often an inferred answer is wrong was not measured here yet."
    return (
        f"Of {rate.run:,} inferred combinations that were drawn at random and run, {rate.wrong:,} "
        f"came out otherwise ({rate.bounds} with 95 % confidence)."
    )

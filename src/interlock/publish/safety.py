"""What is safe, over everything that was tested: the first sentences, and two short tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from markupsafe import Markup
from packaging.version import Version

from interlock.evidence import PRECEDENCE
from interlock.findings import TOGETHER, Recommendation, windows
from interlock.model import Basis, Cell, Outcome, PythonVersion, Target, Window, listing, plural
from interlock.publish import applications, markup
from interlock.publish.edition import Edition
from interlock.publish.markup import join
from interlock.publish.summary import Summary, summaries
from interlock.publish.wording import WORDS, day, span


def lead(edition: Edition) -> Markup:
    """What to run, in which configurations that was tested, and when."""
    small = Markup(
        '<p class="il-when">Configurations: {titles}.<br>'
        "Last tested on {day}: {counted}, Linux on {machines}.</p>"
    )
    said = _safe(edition, edition.answers[0]) + applications.warning(edition)
    run = sum(verdict.was_run for verdict in edition.verdicts)
    return said + small.format(
        titles="; and ".join(edition.title(name) for name in edition.configs),
        day=day(edition.tested_at) if edition.tested_at else "no day",
        counted=f"{run:,} cells run by {plural(len(edition.probes), 'probe')}",
        machines=listing(sorted({verdict.machine for verdict in edition.verdicts})),
    )


def dangers(edition: Edition) -> Markup:
    """What hangs, and which axis it does not help to move along alone."""
    first, *others = edition.answers
    return _hanging(edition, first) + join(_no_way(edition, other) for other in others)


def beside(edition: Edition) -> Markup:
    """What one library does alone, whichever the other: on the page, and no reason to avoid it."""
    found: dict[tuple[str, str, Outcome], list[Cell]] = {}
    for verdict in edition.pairs:
        whose = edition.attributions.get(verdict.cell.key)
        if whose and whose.whose in [axis.name for axis in edition.axes]:
            of = (whose.whose, verdict.cell.probe, verdict.outcome)
            found.setdefault(of, []).append(verdict.cell)
    seen_by: dict[tuple[str, Outcome, str, str], list[str]] = {}
    for (axis, probe, outcome), cells in found.items():
        tested = sorted(_releases((v.cell for v in edition.pairs), axis))
        releases = span(_releases(cells, axis), tested)
        pythons = span({cell.python for cell in cells}, edition.pythons)
        seen_by.setdefault((axis, outcome, releases, pythons), []).append(probe)
    item = Markup(
        "<li>{} {} by itself, with or without {}: releases {}, on Python {}. Seen by {}.</li>"
    )
    link = Markup('<a href="generated/{}">{}</a>')
    lines = [
        item.format(
            edition.package(axis),
            WORDS[outcome].name,
            listing([a.package for a in edition.axes if a.name != axis], last="or"),
            releases,
            pythons,
            Markup("; ").join(
                link.format(markup.probe_page(probe), edition.probe_title(probe))
                for probe in probes
            ),
        )
        for (axis, outcome, releases, pythons), probes in seen_by.items()
    ]
    if not lines:
        return Markup("")
    return Markup(
        "<p>No reason to avoid the other library, and good to know:</p><ul>{}</ul>"
    ).format(join(lines))


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


def by_release(edition: Edition, said: Recommendation) -> Markup:
    """For every release of one axis, what it does in each configuration with all the others."""
    counted = summaries(edition).values()
    head = [Markup('<th class="il-corner">{}</th>').format(edition.package(said.axis))]
    head += markup.columns(map(edition.title, edition.configs))
    rows = []
    for standing in reversed(said.standings):
        cells = [_counts(counted, said.axis, standing.version, c) for c in edition.configs]
        row = Markup('<tr><th scope="row">{}</th>{}</tr>')
        rows.append(row.format(standing.version, join(cells)))
    return markup.table(head, rows)


def by_python(edition: Edition) -> Markup:
    """For every Python, the newest release of each axis that passes with all the others."""
    head = [Markup('<th class="il-corner">Python</th>')]
    column = Markup('<th scope="col">newest {} that passes with all</th>')
    head += [column.format(edition.package(said.axis)) for said in edition.answers]
    rows = []
    for python in reversed(edition.pythons):
        reached = [said.by_python.get(python) for said in edition.answers]
        cells = [t.version if isinstance(t, Target) else "none that was tested" for t in reached]
        row = Markup('<tr><th scope="row">{}</th>{}</tr>')
        rows.append(row.format(python, join(map(Markup("<td>{}</td>").format, cells))))
    return markup.table(head, rows)


def _safe(edition: Edition, said: Recommendation) -> Markup:
    package = edition.package(said.axis)
    found = targets(said)
    if not found:
        none = Markup(
            "<p><strong>No {} release that was tested is safe on any Python.</strong></p>"
        )
        return none.format(package)
    item = Markup("<strong>{} {}</strong> on Python {}")
    reached = [
        item.format(package, target.version, span(where, edition.pythons))
        for target, where in found
    ]
    beside = listing([f"every {a.package} tested" for a in edition.axes if a.name != said.axis])
    since = ""
    if said.safe_from is not None and said.safe_from != found[0][0].version:
        since = f" So does every release tested since {said.safe_from}."
    own = "".join(
        f" What {edition.package(axis)} does by itself, with any of them, is told below."
        for axis in sorted({t.attribution.whose for s in said.standings for t in s.beside})
        if axis in [other.name for other in edition.axes]
    )
    text = Markup("<p><strong>Safe:</strong> {}. Passes with {}, in every configuration.{}{}</p>")
    return text.format(Markup(", ").join(reached), beside, since, own)


def _hanging(edition: Edition, said: Recommendation) -> Markup:
    package = edition.package(said.axis)
    found = [
        f"{package} {w.first}" if w.first == w.last else f"{package} {w.first} to {w.last}"
        for w in hanging(edition, said.axis)
    ]
    if not found:
        return Markup("")
    beside = [axis.package for axis in edition.axes if axis.name != said.axis]
    text = Markup("<p><strong>Hangs</strong> with some {}, in some configuration: {}.</p>")
    return text.format(listing(beside, last="or"), listing(found))


def _no_way(edition: Edition, said: Recommendation) -> Markup:
    """Whether moving along this axis alone would do; said only where it would not."""
    if not said.standings or not all(standing.breaks for standing in said.standings):
        return Markup("")
    text = Markup(
        "<p>Moving {0} alone is not enough: every tested {0} hangs or fails with some {1}.</p>"
    )
    others = [axis.package for axis in edition.axes if axis.name != said.axis]
    return text.format(edition.package(said.axis), listing(others, last="or"))


def _counts(counted: Iterable[Summary], axis: str, version: Version, config: str) -> Markup:
    here = Counter(
        (one.worst.outcome, one.own)
        for one in counted
        if one.cell.config == config and one.cell.version(axis) == version
    )
    mark = Markup(
        '<span class="il-count"><span class="il-mark il-{}{}" aria-hidden="true">{}</span>'
        " {} {}</span> "
    )
    ordered = sorted(here.items(), key=lambda item: (item[0][1], PRECEDENCE.index(item[0][0])))
    return Markup("<td>{}</td>").format(
        join(
            mark.format(
                outcome,
                " il-own" if own else "",
                WORDS[outcome].symbol + markup.OWN_MARK * own,
                count,
                WORDS[outcome].counted + (" as one library does alone" if own else ""),
            )
            for (outcome, own), count in ordered
        )
    )

"""The command ``search``: the windows of releases, and what they rest on."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone

from packaging.version import Version

from interlock.campaign import (
    Exploration,
    Finished,
    Survey,
    planning,
    publish_results,
    surveys_of,
)
from interlock.console import answer_rare, telling
from interlock.console.campaigns import Ground, end, read_known
from interlock.console.place import Place
from interlock.console.summary import Known
from interlock.findings import (
    Edge,
    ErrorRate,
    Findings,
    KnownBy,
    Stretch,
    TrackMap,
    along_row,
    hangs_rarely,
    yanked,
)
from interlock.matrix import Matrix, Selector, choices, selection
from interlock.model import Pin, PythonVersion, UsageError, Verdict, plural
from interlock.record import VERDICTS, Ledger, check_destination

SET = "all"
"""The set that the searched releases are from."""


def run_search(place: Place, options: argparse.Namespace) -> int:
    """Search until nothing is left or the budget is spent, then print the windows.

    Raise ``OpenCells`` if cells stay open.
    """
    started = time.monotonic()
    check_destination(telling.folder_of_results(place, options.results), place.matrix.axes)
    ground = Ground.look(place, options)
    found = selection.select(place.matrix, ground.releases, _request(place.matrix, options), _now())
    named = _named(place.matrix, options, found.selector.pins[place.matrix.axes[0].name])
    ground = ground.isolated(found.selector.used_pythons, options.python or ())
    selector = found.selector.without(ground.skipped)
    with Ledger(place.store.home) as ledger:
        ledger.rename(place.matrix.renamed)
        known = ground.known(read_known(place, options.known), ledger)
        exploration = _exploration(ground, selector, named, known, started)
        finished = ground.drive(
            ledger, exploration.following({}), exploration.following, resolved=found.resolved
        )
        remembered = list(ledger.verdicts(ground.box.backend))
        told = {verdict.cell.key: verdict for verdict in remembered}
        for line in lines(exploration, told, place.matrix):
            place.console.print(line, highlight=False, markup=False, soft_wrap=True)
        _publish(place, options, ground, finished, ledger, remembered)
    return end(place, finished, ledger.lost, planning.Rerun.STALE)


def _exploration(
    ground: Ground, selector: Selector, named: Sequence[Version], known: Known, started: float
) -> Exploration:
    """The search that the options ask for, of which nothing has run."""
    matrix, options = ground.place.matrix, ground.options
    surveys = surveys_of(
        selector.blocks, named, matrix=matrix, releases=ground.releases, machine=ground.machine
    )
    return Exploration(
        surveys,
        known,
        matrix=matrix,
        releases=ground.releases,
        now=_now(),
        machine=ground.machine,
        jobs=options.jobs,
        is_over=lambda: bool(options.budget and time.monotonic() - started > options.budget),
        audit=options.audit,
        seed=options.seed or int(f"{_now():%Y%m%d}"),
    )


def _request(found: Matrix, options: argparse.Namespace) -> selection.Request:
    """The releases along both axes: of the named ones alone, or of a specifier, or all."""
    versions = {}
    for axis in found.axes:
        asked = getattr(options, axis.name) or ()
        specifiers = [text for text in asked if not selection.is_choice(text)]
        versions[axis.name] = specifiers or asked
    return selection.Request(
        set_name=SET,
        versions={name: texts for name, texts in versions.items() if texts},
        pythons=options.python or (),
        probes=options.probe or (),
        configs=options.config or (),
    )


def _named(found: Matrix, options: argparse.Namespace, pins: Sequence[Pin]) -> tuple[Version, ...]:
    """The releases of the first axis that are searched along the second; the newest by default."""
    rows = found.axes[0]
    there = [pin.version for pin in pins if pin.version is not None]
    asked = getattr(options, rows.name) or ()
    names = [text for text in asked if selection.is_choice(text)]
    if names and len(names) == len(asked):
        return tuple(there)
    chosen = []
    for text in names:
        choice = choices.read_choice(text)
        if not isinstance(choice, Version) or choice not in there:
            raise UsageError(f"--{rows.name} {text}: the other --{rows.name} leaves it out")
        chosen.append(choice)
    return tuple(chosen) or tuple(there[-1:])


# What is printed ------------------------------------------------------------------------------


def lines(
    exploration: Exploration, told: Mapping[tuple[str, ...], Verdict], matrix: Matrix
) -> Iterator[str]:
    """The windows of each survey, how much they rest on, and how far to trust what is inferred.

    Where hangs are rare there are no windows: the rate of each release line is printed.
    """
    counting = exploration.counting(told)
    for survey in exploration.surveys:
        if hangs_rarely(matrix, survey.probe, survey.config):
            findings = Findings(matrix=matrix, verdicts=list(counting.values()))
            yield from answer_rare.line_rates(findings, survey.probe, survey.config)
            continue
        maps = survey.maps(counting)
        for python, of in maps.items():
            yield ""
            yield f"{survey.probe} in {survey.config}, Python {python}"
            for version in survey.named:
                yield f"  {survey.axes[0].package} {version}:"
                yield from (
                    f"    {_says(each)}" for each in along_row(of, of.space.rows.position[version])
                )
        yield from _counted(survey, maps, counting)
    if exploration.stopped:
        yield "The time is up, and something is left to search: run the same command again."


def _says(stretch: Stretch) -> str:
    """One window: ``ddtrace 2.10.2 to 2.19.4 hang (26 tested, 31 inferred)``."""
    parts = [f"{stretch.tested} tested"] if stretch.tested else []
    parts += [f"{stretch.inferred} inferred"] if stretch.inferred else []
    edge = f"; {_edge(stretch.end)}" if stretch.end and not stretch.end.is_exact else ""
    return f"{stretch.says} ({', '.join(parts) or 'nothing tested'}{edge})"


def _edge(edge: Edge) -> str:
    return f"the edge lies between {edge.before} and {edge.after}, {edge.between} not tested"


def _counted(
    survey: Survey,
    maps: Mapping[PythonVersion, TrackMap],
    counting: Mapping[tuple[str, ...], Verdict],
) -> Iterator[str]:
    counts = sum((of.counts() for of in maps.values()), Counter())
    total = sum(counts.values())
    yield (
        f"{plural(counts[KnownBy.TESTED], 'pair')} tested of {total:,}: "
        f"{counts[KnownBy.INFERRED]:,} inferred, {counts[KnownBy.INDEX]:,} decided by the index, "
        f"{counts[KnownBy.UNKNOWN]:,} unknown"
    )
    every, by_rule = survey.error_rates(counting)
    if survey.audited:
        yield f"audit: {_rate(every)}"
        yield from (f"  {rule}: {_rate(rate)}" for rule, rate in by_rule.items())


def _rate(rate: ErrorRate) -> str:
    low, high = rate.interval
    return (
        f"{rate.wrong} of {rate.run} inferred cells came out otherwise "
        f"({low:.1%} to {high:.1%}, 95 %)"
    )


def _publish(
    place: Place,
    options: argparse.Namespace,
    ground: Ground,
    finished: Finished,
    ledger: Ledger,
    remembered: Sequence[Verdict],
) -> None:
    """Write the verdicts of the ledger, and those of the folder that is named."""
    folder = telling.folder_of_results(place, options.results)
    kept = telling.kept_results(place, options.results)
    known = planning.known_now(kept, remembered, place.matrix, _now())
    findings = Findings(
        matrix=place.matrix,
        verdicts=[verdict for verdict in known.values() if verdict.cell.has_library],
        withdrawn=yanked(ground.releases),
    )
    publish_results(ledger, findings, folder, finished.controls, finished.classify)
    place.console.print(f"verdicts: {folder / VERDICTS}", highlight=False)


def _now() -> datetime:
    return datetime.now(timezone.utc)

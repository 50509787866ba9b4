"""The command ``search``, and the same policy for a set that is too large to run one by one."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from packaging.version import Version

from interlock.campaign import Audit, Exploration, Finished, planning, publish_results, surveys_of
from interlock.console import telling
from interlock.console.beside import Beside
from interlock.console.ground import Ground, end, read_known
from interlock.console.place import Place
from interlock.console.summary import Known
from interlock.console.windows import lines
from interlock.findings import Findings, with_results, yanked
from interlock.matrix import Matrix, Selector, choices, selection
from interlock.model import Pin, UsageError
from interlock.record import VERDICTS, Ledger, ListedReleases, check_destination

SET = "all"
"""The set that the searched releases are from."""

AT_ONCE = 20
"""Trials of a round for each job, if there is a budget: some minutes. It may be over by then."""


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
    with Ledger(place.store.home) as ledger:
        ledger.rename(place.matrix.renamed)
        known = ground.known(read_known(place, options.known), ledger)
        asked = found.selector.without(ground.skipped)
        return explore(ground, ledger, asked, named, known, found.resolved, started)


def explore(
    ground: Ground,
    ledger: Ledger,
    asked: Selector,
    named: Sequence[Version],
    known: Known,
    resolved: Mapping[str, str],
    started: float,
) -> int:
    """Search the cells that are asked for, print what is known of them, and publish it.

    ``named`` releases of the first axis are searched whole. ``started`` begins the budget.
    """
    place, options = ground.place, ground.options
    check_destination(telling.folder_of_results(place, options.results), place.matrix.axes)
    exploration = _exploration(ground, ledger, asked, named, known, started)
    listed = Beside(ground.listed)
    listed.begin()
    first = exploration.following({})
    finished = ground.drive(ledger, first, exploration.following, resolved=resolved)
    told = {verdict.cell.key: verdict for verdict in ledger.verdicts(ground.box.backend)}
    # The results first: counting the pairs of all releases takes some seconds.
    _publish(ground, ledger, finished, listed())
    with place.console.status("counting the pairs of releases …"):
        for line in lines(exploration, told, place.matrix):
            place.console.print(line, highlight=False, markup=False, soft_wrap=True)
    return end(place, finished, ledger.lost, _rerun(options, planning.Rerun.STALE))


def _exploration(
    ground: Ground,
    ledger: Ledger,
    asked: Selector,
    named: Sequence[Version],
    known: Known,
    started: float,
) -> Exploration:
    """The search that the options ask for, of which nothing has run."""
    matrix, options = ground.place.matrix, ground.options
    return Exploration(
        surveys_of(
            asked.blocks, named, matrix=matrix, releases=ground.releases, machine=ground.machine
        ),
        known,
        matrix=matrix,
        releases=ground.releases,
        now=_now,
        machine=ground.machine,
        jobs=options.jobs,
        rerun=_rerun(options, planning.Rerun.STALE),
        is_over=lambda: bool(options.budget and time.monotonic() - started > options.budget),
        at_once=AT_ONCE * options.jobs if options.budget else None,
        audit=Audit(
            cells=getattr(options, "audit", 0),
            seed=getattr(options, "seed", None) or int(f"{_now():%Y%m%d}"),
            before=ground.audited(ledger),
            keep=ledger.keep_drawn,
        ),
    )


def _rerun(options: argparse.Namespace, otherwise: planning.Rerun) -> planning.Rerun:
    """Which known cells run again. ``search`` has no such option."""
    return planning.Rerun(getattr(options, "rerun", otherwise))


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


def whole_rows(found: Matrix, options: argparse.Namespace, asked: Selector) -> tuple[Version, ...]:
    """The releases of the first axis that a set is searched along, if it has a budget.

    Those that are named. Without any, the newest, and the oldest that the default set lists too:
    the releases before it are known to need other dependencies than today's.
    """
    axis = found.axes[0].name
    there = [pin.version for pin in asked.pins[axis] if pin.version is not None]
    texts = [text for text in getattr(options, axis) or () if selection.is_choice(text)]
    typed = {choices.read_choice(text) for text in texts}
    if texts and len(texts) == len(getattr(options, axis)):
        return tuple(there)
    listed = found.sets[found.default_set].versions[axis] if found.default_set else ()
    oldest = next((version for version in there if version in listed), there[0])
    return tuple(dict.fromkeys([*(v for v in there if v in typed), oldest, there[-1]]))


def _publish(ground: Ground, ledger: Ledger, finished: Finished, listed: ListedReleases) -> None:
    """Write the verdicts of the ledger, and those of the folder that is named."""
    place, options = ground.place, ground.options
    folder = telling.folder_of_results(place, options.results)

    def found() -> Findings:
        kept = telling.kept_results(place, options.results)
        remembered = ledger.verdicts(ground.box.backend)
        known = planning.known_now(kept, remembered, place.matrix, _now())
        verdicts = [verdict for verdict in known.values() if verdict.cell.has_library]
        return Findings(
            matrix=place.matrix,
            verdicts=verdicts,
            withdrawn=yanked(ground.releases),
            audited=with_results(ground.audited(ledger), verdicts, place.matrix.fresh_for),
            releases=listed,
        )

    findings = publish_results(ledger, found, folder, finished.controls, finished.classify, listed)
    place.console.print(f"verdicts: {folder / VERDICTS}", highlight=False)
    if telling.has_page(place) and not getattr(options, "no_page", True):
        telling.publish_page(place, folder, findings, finished)


def _now() -> datetime:
    return datetime.now(timezone.utc)

"""The commands that run a campaign: ``matrix``, and ``aa`` for known cells."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from interlock.campaign import MOST_AT_ONCE, Agenda, Plan, planning, repeatability
from interlock.console import report, telling
from interlock.console.beside import Beside
from interlock.console.ground import Ground, end, read_known
from interlock.console.place import Place
from interlock.console.search import explore, whole_rows
from interlock.console.telling import Telling
from interlock.findings import yanked
from interlock.model import UsageError, Verdict
from interlock.record import Ledger, check_destination


def run_matrix(place: Place, options: argparse.Namespace) -> int:
    """Plan, run and judge until nothing is open, then print the results.

    With ``--budget`` the cells are searched, not run one by one. Raise ``OpenCells`` if cells stay
    open.
    """
    started = time.monotonic()
    place = _with_trials(place, options.trials)
    ground = Ground.look(place, options)
    found = ground.selected()
    ground = ground.isolated(found.selector.used_pythons, options.python or ())
    with Ledger(place.store.home) as ledger:
        ledger.rename(place.matrix.renamed)
        published = read_known(place, options.known)
        asked, known = found.selector.without(ground.skipped), ground.known(published, ledger)
        if options.budget and not options.dry_run:
            rows = whole_rows(place.matrix, options, asked)
            return explore(ground, ledger, asked, rows, known, found.resolved, started)
        if len(asked) > MOST_AT_ONCE:
            return ground.only_counted(asked, known)
        agenda = ground.agenda(tuple(asked), known)
        first = agenda.first()
        _announce(place, options, agenda, first)
        if options.dry_run:
            return 0
        check_destination(telling.folder_of_results(place, options.results), place.matrix.axes)
        page = telling.has_page(place) and not options.no_page
        told = _telling(ground, agenda, ledger, published, page=page)
        finished = ground.drive(ledger, first, agenda.following, resolved=found.resolved, told=told)
        findings = told.findings(releases=told.listed())
        told.at_the_end(findings, keep=options.keep)
        told.publish(findings, finished, options.results, page=page)
    return end(place, finished, ledger.lost, planning.Rerun(options.rerun))


def _telling(
    ground: Ground, agenda: Agenda, ledger: Ledger, published: Sequence[Verdict], *, page: bool
) -> Telling:
    """What will be printed and written of the run."""
    place = ground.place
    return Telling(
        place=place,
        backend=ground.box.backend,
        agenda=agenda,
        ledger=ledger,
        known=published,
        advice=Beside(partial(telling.published_advice, place)),
        preparation=Beside(telling.prepare_page if page else lambda: None),
        withdrawn=yanked(ground.releases),
        listed=Beside(ground.listed),
        audited=ground.audited(ledger),
    )


def _with_trials(place: Place, per_cell: int | None) -> Place:
    """The same with this many trials of each cell; None leaves the number of the matrix."""
    if not per_cell:
        return place
    trials = replace(place.matrix.trials, per_cell=per_cell)
    return replace(place, matrix=replace(place.matrix, trials=trials))


def _announce(place: Place, options: argparse.Namespace, agenda: Agenda, first: Plan) -> None:
    """Print which cells will run, what may follow, and how long that may take."""
    place.console.print(report.planned(first, options.jobs), highlight=False)
    if then := report.at_most(*agenda.at_most(first)) if agenda.follows else "":
        place.console.print(then, highlight=False)
    if options.dry_run:
        place.console.print(report.cells(first), highlight=False, end="")


def run_again(place: Place, options: argparse.Namespace) -> int:
    """Run known cells again and again (A/A); judge each trial by itself."""
    # Here a trial that proves nothing is an answer, so it is not repeated.
    once = replace(place.matrix.trials, per_cell=1, when_unproven=1)
    place = replace(place, matrix=replace(place.matrix, trials=once))
    found = place.matrix
    ground = Ground.look(place, options)
    ground = ground.isolated(sorted({p for s in found.sets.values() for p in s.pythons}))
    with Ledger(place.store.home) as ledger:
        ledger.rename(found.renamed)
        known = ground.known(read_known(place, options.known), ledger)
        same = [v for v in known.values() if planning.is_same(v, found)]
        there = [v for v in same if planning.is_there(v, ground.releases)]
        possible = [v for v in there if v.cell.python not in ground.skipped]
        cells = repeatability.choose(possible, options.cells)
        if not cells:
            raise UsageError("there are no verdicts to run again; run `nox -s matrix` first")
        planned = ground.agenda(cells, known, planning.Rerun.ALL).first()
        place.console.print(report.repeated(planned, options.repeat, options.jobs), highlight=False)
        finished = ground.drive(ledger, planned, repeat=options.repeat)
        compared = [
            repeatability.compare(cell, trials, found.probes[cell.probe])
            for cell in planned.cells
            if (trials := list(ledger.trials(cell, campaign=finished.campaign)))
        ]
        for line in repeatability.lines(compared):
            place.console.print(line, highlight=False, markup=False)
    return end(place, finished, ledger.lost, None)

"""The commands that run a campaign: ``matrix``, and ``aa`` for known cells."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

from interlock.campaign import (
    MOST_AT_ONCE,
    Agenda,
    Finished,
    Follow,
    Plan,
    Planned,
    Probing,
    Progress,
    Session,
    count,
    planning,
    repeatability,
)
from interlock.console import progress, pythons_at_hand, report, selected, telling
from interlock.console.beside import Beside
from interlock.console.given import IMAGE_VARIABLE
from interlock.console.place import Place
from interlock.console.summary import Known
from interlock.console.telling import Telling
from interlock.findings import hangs_rarely, yanked
from interlock.index import IndexSettings, Pages, Releases, read_index_settings
from interlock.isolation import Sandbox, sandbox
from interlock.matrix import Matrix, Selection, Selector, definition, selection
from interlock.model import (
    Cell,
    ImageMissing,
    InterpreterMissing,
    OpenCells,
    PythonVersion,
    Release,
    UsageError,
    Verdict,
)
from interlock.record import VERDICTS, Ledger, check_destination, read_results


def run_matrix(place: Place, options: argparse.Namespace) -> int:
    """Plan, run and judge until nothing is open, then print the results.

    Raise ``OpenCells`` if cells stay open.
    """
    place = _with_trials(place, options.trials)
    ground = Ground.look(place, options)
    found = ground.selected()
    ground = ground.isolated(found.selector.used_pythons, options.python or ())
    with Ledger(place.store.home) as ledger:
        ledger.rename(place.matrix.renamed)
        published = read_known(place, options.known)
        asked, known = found.selector.without(ground.skipped), ground.known(published, ledger)
        if len(asked) > MOST_AT_ONCE:
            return ground.only_counted(asked, known)
        agenda = ground.agenda(tuple(asked), known)
        first = agenda.first()
        _announce(place, options, agenda, first)
        if options.dry_run:
            return 0
        check_destination(telling.folder_of_results(place, options.results), place.matrix.axes)
        kept = telling.kept_results(place, options.results)
        page = telling.has_page(place) and not options.no_page
        told = Telling(
            place=place,
            backend=ground.box.backend,
            agenda=agenda,
            ledger=ledger,
            known=published,
            advice=Beside(partial(telling.published_advice, place)),
            preparation=Beside(telling.prepare_page if page else lambda: None),
            withdrawn=yanked(ground.releases),
            kept=kept,
        )
        finished = ground.drive(ledger, first, agenda.following, resolved=found.resolved, told=told)
        findings = told.findings()
        told.at_the_end(findings, keep=options.keep)
        told.publish(findings, finished, options.results, page=page)
    return end(place, finished, ledger.lost, planning.Rerun(options.rerun))


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


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a campaign needs: releases, index settings, and the sandbox."""

    place: Place
    options: argparse.Namespace
    settings: IndexSettings
    releases: Mapping[str, tuple[Release, ...]]
    sandbox: Sandbox | None = None
    machine: str = ""
    """The machine that the wheels must fit."""
    skipped: frozenset[PythonVersion] = frozenset()
    """Pythons that this machine lacks and that nobody asked for by name."""

    @classmethod
    def look(cls, place: Place, options: argparse.Namespace) -> Ground:
        """Ask the index for releases, and check the versions in the matrix against them."""
        settings = read_index_settings(os.environ)
        with place.console.status("asking the package index …"):
            index = Releases(Pages(settings, place.store.index))
            releases = {axis.name: index.of(axis.package) for axis in place.matrix.axes}
        definition.check_published(place.matrix, releases)
        return cls(place=place, options=options, settings=settings, releases=releases)

    def selected(self) -> Selection:
        """The cells that the options ask for. Print what ``latest`` is today."""
        matrix = self.place.matrix
        found = selection.select(matrix, self.releases, _request(matrix, self.options), _now())
        for line in selected.chosen(found, matrix):
            self.place.console.print(line, highlight=False)
        return found

    def isolated(self, pythons: Sequence[PythonVersion], asked: Sequence[str] = ()) -> Ground:
        """The same with a sandbox for these Pythons; ``asked`` are the ones typed by name.

        A Python that is not available is skipped, and one line names it. If it was asked for by
        name, its cells stay open.
        """
        place = self.place
        box, why = sandbox.choose(
            self.options.backend,
            pythons,
            place.matrix.image,
            store=place.store,
            probes=place.probes,
            is_named=IMAGE_VARIABLE in os.environ,
        )
        place.console.print(f"isolated by {why}", highlight=False)
        if swept := box.sweep():
            place.console.print(f"removed {swept} left behind by an earlier run", highlight=False)
        with place.console.status("looking for the Pythons …"):
            missing = pythons_at_hand.missing(box, pythons)
        skipped = {p: why for p, why in missing.items() if str(p) not in asked}
        if skipped and len(skipped) == len(pythons):
            raise OpenCells("\n".join(map(str, skipped.values())))
        for python, trouble in skipped.items():
            place.console.print(f"Python {python} is skipped: {trouble}", highlight=False)
        machine = _machine(box, [p for p in pythons if p not in missing])
        return replace(self, sandbox=box, machine=machine, skipped=frozenset(skipped))

    def only_counted(self, asked: Selector, known: Known) -> int:
        """Print how many cells these are; a dry run ends there.

        Raises ``UsageError`` instead of a run that would take weeks.
        """
        options = self.options
        counted = count(
            asked,
            known,
            matrix=self.place.matrix,
            releases=self.releases,
            now=_now(),
            machine=self.machine,
            rerun=planning.Rerun(options.rerun),
            jobs=options.jobs,
        )
        if not options.dry_run:
            raise UsageError(selected.too_many(counted, options.jobs, self.place.matrix))
        self.place.console.print(selected.numbers(counted, options.jobs), highlight=False)
        return 0

    @property
    def box(self) -> Sandbox:
        assert self.sandbox, "isolated() comes first"
        return self.sandbox

    def known(self, published: Sequence[Verdict], ledger: Ledger) -> Known:
        remembered = ledger.verdicts(self.box.backend)
        return planning.by_cell((*published, *remembered), self.place.matrix)

    def agenda(
        self, cells: Sequence[Cell], known: Known, rerun: planning.Rerun | None = None
    ) -> Agenda:
        return Agenda(
            asked=tuple(cells),
            known=known,
            matrix=self.place.matrix,
            releases=self.releases,
            now=_now(),
            machine=self.machine,
            rerun=rerun or planning.Rerun(self.options.rerun),
            jobs=self.options.jobs,
            follows=not getattr(self.options, "no_follow_ups", True),
        )

    def _is_rare(self, cell: Cell) -> bool:
        return hangs_rarely(self.place.matrix, cell.probe, cell.config)

    def drive(
        self,
        ledger: Ledger,
        first: Plan,
        follow: Follow | None = None,
        *,
        repeat: int = 1,
        resolved: Mapping[str, str] | None = None,
        told: Telling | None = None,
    ) -> Finished:
        """Run the campaign and draw it; then print which passes prove nothing.

        ``told`` gets ready while the first trials run. It prints the answer so far once, when the
        requested cells are done and before the follow-ups start.
        """
        session = self._session(ledger)
        so_far = told and told.so_far
        with progress.display(self.place.console, self._is_rare) as display:

            def show(event: Progress) -> None:
                nonlocal so_far
                if isinstance(event, Planned) and event.follows and so_far:
                    so_far()
                    so_far = None
                if isinstance(event, Probing) and told:
                    told.get_ready()
                display.show(event)

            finished = session.drive(first, follow, show=show, repeat=repeat, resolved=resolved)
        for line in report.doubts(finished.records):
            self.place.console.print(line, style="bold yellow", highlight=False)
        return finished

    def _session(self, ledger: Ledger) -> Session:
        return Session(
            matrix=self.place.matrix,
            ledger=ledger,
            sandbox=self.box,
            store=self.place.store,
            probes=self.place.probes,
            index=self.settings,
            releases=self.releases,
            jobs=self.options.jobs,
            keep_failed=getattr(self.options, "keep", False),
        )


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _machine(box: Sandbox, pythons: Sequence[PythonVersion]) -> str:
    """The machine of the images. On a Mac it differs from the host's."""
    for python in pythons:
        with suppress(ImageMissing, InterpreterMissing):
            return box.available(python).machine
    return platform.machine()


def _request(found: Matrix, options: argparse.Namespace) -> selection.Request:
    asked = {axis.name: getattr(options, axis.name) for axis in found.axes}
    return selection.Request(
        set_name=options.set,
        versions={name: versions for name, versions in asked.items() if versions},
        pythons=options.python or (),
        probes=options.probe or (),
        configs=options.config or (),
        pre=options.pre,
    )


def read_known(place: Place, path: Path | None) -> list[Verdict]:
    if path is None:
        return []
    if path.is_dir():
        raise UsageError(f"--known {path}: is a folder; name the {VERDICTS} in it")
    if not path.is_file():
        raise UsageError(f"--known {path}: there is no such file")

    if path.name != VERDICTS:
        raise UsageError(f"--known {path}: the published file is called {VERDICTS}")
    matrix = place.matrix
    return read_results(path.parent, matrix.axes, matrix.renamed).within(matrix).verdicts


def how_to_go_on(rerun: planning.Rerun | None) -> str:
    """What to do after an interruption; ``None`` is a command that always runs all its cells."""
    if rerun in (planning.Rerun.MISSING, planning.Rerun.STALE):
        return "run the same command again to continue"
    over = "the same command starts from the beginning"
    if rerun is None:
        return over
    return f"{over}; without --rerun {rerun} it runs only the cells that still need a verdict"


def end(place: Place, finished: Finished, lost: Sequence[str], rerun: planning.Rerun | None) -> int:
    if finished.interrupted:
        place.console.print(how_to_go_on(rerun), highlight=False)
        raise KeyboardInterrupt
    report.raise_open(finished.left_open, lost)
    return 0

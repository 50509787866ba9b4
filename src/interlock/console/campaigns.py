"""The commands that run a campaign: ``matrix``, and ``aa``, which runs what is known again."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from threading import Thread

from interlock.campaign import Agenda, Finished, Follow, Plan, Session, planning, repeatability
from interlock.console import progress, report
from interlock.console.place import Place
from interlock.console.summary import Known, Summary
from interlock.findings import Findings, yanked
from interlock.index import IndexSettings, Pages, Releases, read_index_settings
from interlock.isolation import Sandbox, sandbox
from interlock.matrix import Matrix, definition, selection
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
from interlock.record import VERDICTS, Ledger, read_results


def run_matrix(place: Place, options: argparse.Namespace) -> int:
    """Plan, run, judge, plan; print. ``OpenCells`` where something is left to do."""
    if options.trials:
        trials = replace(place.matrix.trials, per_cell=options.trials)
        place = replace(place, matrix=replace(place.matrix, trials=trials))
    ground = _Ground.look(place, options)
    selected = selection.select(place.matrix, ground.releases, _request(place.matrix, options))
    for what, version in selected.resolved.items():
        place.console.print(f"{what} is {version}", highlight=False)
    ground = ground.isolated(sorted({cell.python for cell in selected.cells}))
    with Ledger(place.store.home) as ledger:
        ledger.rename(place.matrix.renamed)
        published = _published(place, options.known)
        agenda = ground.agenda(selected.cells, ground.known(published, ledger))
        first = agenda.first()
        place.console.print(report.planned(first, options.jobs), highlight=False)
        if agenda.follows:
            place.console.print(report.at_most(*agenda.at_most(first)), highlight=False)
        if options.dry_run:
            place.console.print(report.cells(first), highlight=False, end="")
            return 0
        if _has_page(place, options):
            Thread(target=_prepare_page, daemon=True).start()
        finished = ground.drive(ledger, first, agenda.following, resolved=selected.resolved)
        by_now = {v.cell.key: v for v in ledger.verdicts(ground.box.backend)}
        wanted = [*selected.cells, *agenda.follow_ups(by_now).cells]
        known = planning.known_now(published, by_now.values(), place.matrix, _now())
        findings = Findings(
            matrix=place.matrix,
            verdicts=[v for v in known.values() if v.cell.has_library],
            withdrawn=yanked(ground.releases),
        )
        _tell(place, options, Summary.of(wanted, known, findings))
        _publish(place, options, ledger, findings, finished)
    return _end(finished)


def run_again(place: Place, options: argparse.Namespace) -> int:
    """Known cells again and again (A/A), each trial judged by itself."""
    # A trial that proves nothing is an answer here, and no reason to try again.
    once = replace(place.matrix.trials, per_cell=1, when_unproven=1)
    place = replace(place, matrix=replace(place.matrix, trials=once))
    found = place.matrix
    ground = _Ground.look(place, options)
    ground = ground.isolated(sorted({p for s in found.sets.values() for p in s.pythons}))
    with Ledger(place.store.home) as ledger:
        ledger.rename(found.renamed)
        known = ground.known(_published(place, options.known), ledger)
        same = [v for v in known.values() if planning.is_same(v, found)]
        there = [v for v in same if planning.is_there(v, ground.releases)]
        cells = repeatability.choose(there, options.cells)
        if not cells:
            raise UsageError("nothing is known that could be run again; run `nox -s matrix` first")
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
    return _end(finished)


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What a campaign stands on: releases, index settings, and what isolates it."""

    place: Place
    options: argparse.Namespace
    settings: IndexSettings
    releases: Mapping[str, tuple[Release, ...]]
    sandbox: Sandbox | None = None
    machine: str = ""
    """What the wheels have to fit."""

    @classmethod
    def look(cls, place: Place, options: argparse.Namespace) -> _Ground:
        """Ask the index, and check what the matrix names against it."""
        settings = read_index_settings(os.environ)
        with place.console.status("asking the package index …"):
            index = Releases(Pages(settings, place.store.index))
            releases = {axis.name: index.of(axis.package) for axis in place.matrix.axes}
        definition.check_published(place.matrix, releases)
        return cls(place=place, options=options, settings=settings, releases=releases)

    def isolated(self, pythons: Sequence[PythonVersion]) -> _Ground:
        """The same, with a sandbox for these Pythons."""
        place = self.place
        box, why = sandbox.choose(
            self.options.backend,
            pythons,
            place.matrix.image,
            store=place.store,
            probes=place.probes,
        )
        place.console.print(f"isolated by {why}", highlight=False)
        if swept := box.sweep():
            place.console.print(f"removed {swept} left behind by an earlier run", highlight=False)
        return replace(self, sandbox=box, machine=_machine(box, pythons))

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

    def drive(
        self,
        ledger: Ledger,
        first: Plan,
        follow: Follow | None = None,
        *,
        repeat: int = 1,
        resolved: Mapping[str, str] | None = None,
    ) -> Finished:
        """Run the campaign and draw it; print what of it proves nothing."""
        session = Session(
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
        with progress.display(self.place.console) as display:
            finished = session.drive(
                first, follow, show=display.show, repeat=repeat, resolved=resolved
            )
        for line in report.doubts(finished.records):
            self.place.console.print(line, style="bold yellow", highlight=False)
        return finished


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _machine(box: Sandbox, pythons: Sequence[PythonVersion]) -> str:
    """The images' machine, not the host's: they differ on a Mac."""
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
    )


def _published(place: Place, path: Path | None) -> list[Verdict]:
    if path is None:
        return []
    if not path.is_file():
        raise UsageError(f"--known {path}: there is no such file")

    if path.name != VERDICTS:
        raise UsageError(f"--known {path}: what is published is called {VERDICTS}")
    matrix = place.matrix
    return read_results(path.parent, matrix.axes, matrix.renamed).verdicts


def _tell(place: Place, options: argparse.Namespace, told: Summary) -> None:
    """Print what the cells say, by all that is known."""
    for drawn in told.tables():
        place.console.print(drawn)
    lines = told.lines()
    if options.keep:
        lines += report.environments(told.asked, place.store)
    for line in lines:
        place.console.print(line, highlight=False, markup=False)
    place.console.print()
    for line in told.safe():
        place.console.print(line, style="bold", highlight=False)


def _publish(
    place: Place,
    options: argparse.Namespace,
    ledger: Ledger,
    findings: Findings,
    finished: Finished,
) -> None:
    """Write the results, and build the page where the project has one."""
    from interlock.campaign import publish_results

    results = options.results or place.store.home / "results"
    publish_results(ledger, findings, results, finished.controls, finished.classify)
    place.console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
    if _has_page(place, options):
        from interlock.publish import site

        with place.console.status("building the page …"):
            page = site.build(place.root, results, place.matrix, findings)
        place.console.print(f"page:     {page}", highlight=False)


def _has_page(place: Place, options: argparse.Namespace) -> bool:
    return not options.no_page and (place.root / "mkdocs.yml").is_file()


def _prepare_page() -> None:
    """Beside the containers, whose end the run waits for."""
    from interlock.publish import site

    with suppress(ImportError):  # said when the page is built
        site.prepare()


def _end(finished: Finished) -> int:
    if finished.left_open:
        raise OpenCells(report.left_open(finished.left_open))
    return 0

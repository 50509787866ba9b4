"""What every command that runs a campaign stands on, and how it ends."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from interlock.campaign import (
    Agenda,
    Finished,
    Follow,
    Plan,
    Planned,
    Probing,
    Progress,
    Session,
    count,
    listed_releases,
    planning,
)
from interlock.console import progress, pythons_at_hand, report, selected, telling
from interlock.console.given import IMAGE_VARIABLE
from interlock.console.place import Place
from interlock.console.summary import Known
from interlock.console.telling import Telling
from interlock.findings import hangs_rarely
from interlock.index import Advisories, IndexSettings, Pages, Releases, read_index_settings
from interlock.isolation import Sandbox, sandbox
from interlock.matrix import Matrix, Selection, Selector, definition, selection
from interlock.model import (
    AuditedCell,
    Cell,
    ImageMissing,
    InterpreterMissing,
    OpenCells,
    PythonVersion,
    Release,
    UsageError,
    Verdict,
)
from interlock.record import (
    VERDICTS,
    Ledger,
    ListedReleases,
    join_audits,
    read_audits,
    read_releases,
    read_results,
)


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a campaign needs: releases, index settings, and the sandbox."""

    place: Place
    options: argparse.Namespace
    settings: IndexSettings
    pages: Pages
    """The pages of the index, as this command has read them."""
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
            pages = Pages(settings, place.store.index)
            index = Releases(pages)
            releases = {axis.name: index.of(axis.package) for axis in place.matrix.axes}
        definition.check_published(place.matrix, releases)
        return cls(place=place, options=options, settings=settings, pages=pages, releases=releases)

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
            named=[name for name in ("DOCKER_HOST", IMAGE_VARIABLE) if os.environ.get(name)],
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

    def listed(self) -> ListedReleases:
        """What the index lists, for the folder of results."""
        advisories = Advisories(self.settings, self.pages, self.place.store.index)
        before = read_releases(telling.folder_of_results(self.place, self.options.results))
        return listed_releases(self.place.matrix, self.releases, advisories.of, before)

    def known(self, published: Sequence[Verdict], ledger: Ledger) -> Known:
        remembered = ledger.verdicts(self.box.backend)
        return planning.by_cell((*published, *remembered), self.place.matrix)

    def audited(self, ledger: Ledger) -> list[AuditedCell]:
        """The cells that audits drew: those of the ledger, and those that are published."""
        folders = [telling.folder_of_results(self.place, self.options.results)]
        if self.options.known:
            folders.append(self.options.known.parent)
        axes, renamed = self.place.matrix.axes, self.place.matrix.renamed
        published = (read_audits(folder, axes, renamed) for folder in folders)
        return join_audits(ledger.drawn(), *published)

    def agenda(
        self, cells: Sequence[Cell], known: Known, rerun: planning.Rerun | None = None
    ) -> Agenda:
        return Agenda(
            asked=tuple(cells),
            known=known,
            matrix=self.place.matrix,
            releases=self.releases,
            now=_now,
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
        for line in report.doubts(finished.records, how_to_repair(self.options)):
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


def how_to_repair(options: argparse.Namespace) -> str:
    """How to run again what a control put in doubt, in the options that the command has."""
    if hasattr(options, "rerun"):
        return "run again with --rerun failed"
    if options.command == "search":
        return "the commands below run the pairs again that stayed unproven"
    return "run the same command again"


def end(place: Place, finished: Finished, lost: Sequence[str], rerun: planning.Rerun | None) -> int:
    if finished.interrupted:
        place.console.print(how_to_go_on(rerun), highlight=False)
        raise KeyboardInterrupt
    report.raise_open(finished.left_open, lost)
    return 0

"""Arguments, printing, exit codes. What a command does is elsewhere; here it is put together.

What only some commands need is imported there: pandas and MkDocs take as long to import as a cell
takes to be planned.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from interlock.campaign import (
    Agenda,
    Finished,
    Follow,
    LeftOpen,
    Session,
    judge_again,
    planning,
    repeatability,
)
from interlock.console import progress, report, summary
from interlock.console.options import parser as parser_of
from interlock.findings import advice
from interlock.index import IndexSettings, Pages, Releases, read_index_settings
from interlock.isolation import Store, sandbox
from interlock.matrix import definition, matrix_file, selection
from interlock.model import (
    Cell,
    ImageMissing,
    InterlockError,
    InterpreterMissing,
    Interrupted,
    OpenCells,
    PythonVersion,
    Release,
    UsageError,
    Verdict,
)
from interlock.record import Ledger

IMAGE_VARIABLE = "INTERLOCK_IMAGE"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a command works on: the matrix, and the folders beside it."""

    root: Path
    matrix: definition.Matrix
    store: Store
    console: Console

    @property
    def probes(self) -> Path:
        return self.root / "probes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    console = Console(soft_wrap=not sys.stdout.isatty())
    errors = Console(stderr=True, soft_wrap=True)
    signal.signal(signal.SIGTERM, _interrupt)
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _command(given, console)
    except KeyboardInterrupt:
        errors.print("interrupted; what was finished is kept", style="yellow")
        return Interrupted.exit_code
    except InterlockError as error:
        errors.print(str(error), style="red", markup=False, highlight=False)
        return error.exit_code


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _command(given: Sequence[str], console: Console) -> int:
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--matrix", type=Path, default=Path("matrix.yaml"), metavar="FILE")
    where, rest = first.parse_known_args(given)
    path = where.matrix.resolve()
    found = matrix_file.load(path, path.parent / "probes", os.environ.get(IMAGE_VARIABLE))
    options = parser_of(found, first).parse_args(rest)
    place = Place(root=path.parent, matrix=found, store=Store.of(os.environ), console=console)
    commands = {
        "matrix": run_matrix,
        "aa": run_again,
        "images": build_images,
        "site": build_site,
        "serve": serve_site,
        "judge": run_judge,
        "clean": clean,
    }
    return commands[options.command](place, options)


# matrix -------------------------------------------------------------------------------------------


def run_matrix(place: Place, options: argparse.Namespace) -> int:
    """Plan, run, judge, plan; print. ``OpenCells`` where something is left to do."""
    console = place.console
    if options.trials:
        trials = replace(place.matrix.trials, per_cell=options.trials)
        place = replace(place, matrix=replace(place.matrix, trials=trials))
    found = place.matrix
    settings = read_index_settings(os.environ)
    releases = _releases(place, settings)
    definition.check_published(found, releases)
    selected = selection.select(found, releases, _request(found, options))
    for what, version in selected.resolved.items():
        console.print(f"{what} is {version}", highlight=False)
    pythons = sorted({cell.python for cell in selected.cells})
    box = _sandbox(place, options, pythons)

    with Ledger(place.store.home) as ledger:
        published = _published(place, options.known)
        remembered = ledger.verdicts(box.backend)
        agenda = Agenda(
            asked=selected.cells,
            known=planning.by_cell((*published, *remembered), found),
            matrix=found,
            releases=releases,
            now=datetime.now(timezone.utc),
            machine=_machine(box, pythons),
            rerun=planning.Rerun(options.rerun),
            jobs=options.jobs,
            follows=not options.no_follow_ups,
        )
        first = agenda.first()
        console.print(report.planned(first, options.jobs), highlight=False)
        if agenda.follows:
            console.print(report.at_most(*agenda.at_most(first)), highlight=False)
        if options.dry_run:
            console.print(report.cells(first), highlight=False, end="")
            return 0
        session = _session(place, options, box, ledger, releases, settings)
        finished = _drive(place, session, first, agenda.following, resolved=selected.resolved)
        by_now = {v.cell.key: v for v in ledger.verdicts(box.backend)}
        wanted = [*selected.cells, *agenda.follow_ups(by_now).cells]
        now = datetime.now(timezone.utc)
        known = planning.known_now(published, ledger.verdicts(box.backend), found, now)
        withdrawn = advice.yanked(releases)
        _tell(place, options, wanted, known, withdrawn)
        results = options.results or place.store.home / "results"
        from interlock.campaign import write_results

        write_results(ledger, found, list(known.values()), results, withdrawn, finished.classified)
        console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
    if not options.no_page and (place.root / "mkdocs.yml").is_file():
        from interlock.publish import site

        with console.status("building the page …"):
            page = site.build(place.root, results, found)
        console.print(f"page:     {page}", highlight=False)
    return _end(finished)


def run_again(place: Place, options: argparse.Namespace) -> int:
    """Known cells again and again (A/A), each trial judged by itself."""
    console = place.console
    # A trial that proves nothing is an answer here, and no reason to try again.
    once = replace(place.matrix.trials, per_cell=1, when_unproven=1)
    place = replace(place, matrix=replace(place.matrix, trials=once))
    found = place.matrix
    settings = read_index_settings(os.environ)
    releases = _releases(place, settings)
    definition.check_published(found, releases)
    box = _sandbox(place, options, sorted({p for s in found.sets.values() for p in s.pythons}))
    with Ledger(place.store.home) as ledger:
        published = _published(place, options.known)
        known = planning.by_cell((*published, *ledger.verdicts(box.backend)), found)
        cells = repeatability.choose(
            (
                v
                for v in known.values()
                if planning.is_same(v, found) and planning.is_there(v, releases)
            ),
            options.cells,
        )
        if not cells:
            raise UsageError("nothing is known that could be run again; run `nox -s matrix` first")
        planned = planning.plan(
            cells,
            known,
            matrix=found,
            releases=releases,
            now=datetime.now(timezone.utc),
            machine=_machine(box, [cell.python for cell in cells]),
            rerun=planning.Rerun.ALL,
            jobs=options.jobs,
        )
        console.print(report.repeated(planned, options.repeat, options.jobs), highlight=False)
        session = _session(place, options, box, ledger, releases, settings)
        finished = _drive(place, session, planned, repeat=options.repeat)
        compared = [
            repeatability.repeated(cell, trials, found.probes[cell.probe])
            for cell in planned.cells
            if (trials := list(ledger.trials(cell, campaign=finished.campaign)))
        ]
        for line in repeatability.lines(compared):
            console.print(line, highlight=False, markup=False)
    return _end(finished)


def _releases(place: Place, settings: IndexSettings) -> dict[str, tuple[Release, ...]]:
    with place.console.status("asking the package index …"):
        index = Releases(Pages(settings, place.store.index))
        return {axis.name: index.of(axis.package) for axis in place.matrix.axes}


def _sandbox(
    place: Place, options: argparse.Namespace, pythons: Sequence[PythonVersion]
) -> sandbox.Sandbox:
    box, why = sandbox.choose(
        options.backend, pythons, place.matrix.image, store=place.store, probes=place.probes
    )
    place.console.print(f"isolated by {why}", highlight=False)
    if swept := box.sweep():
        place.console.print(f"removed {swept} left behind by an earlier run", highlight=False)
    return box


def _machine(box: sandbox.Sandbox, pythons: Sequence[PythonVersion]) -> str:
    """What the wheels have to fit: the images' machine, not the host's (they differ on a Mac)."""
    for python in pythons:
        with suppress(ImageMissing, InterpreterMissing):
            return box.available(python).machine
    return platform.machine()


def _request(found: definition.Matrix, options: argparse.Namespace) -> selection.Request:
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
    from interlock.record import table

    if path.name != table.VERDICTS:
        raise UsageError(f"--known {path}: what is published is called {table.VERDICTS}")
    return table.read_results(path.parent, place.matrix.axes).verdicts


def _session(
    place: Place,
    options: argparse.Namespace,
    box: sandbox.Sandbox,
    ledger: Ledger,
    releases: Mapping[str, Sequence[Release]],
    settings: IndexSettings,
) -> Session:
    return Session(
        matrix=place.matrix,
        ledger=ledger,
        sandbox=box,
        store=place.store,
        probes=place.probes,
        index=settings,
        releases=releases,
        jobs=options.jobs,
        keep_failed=getattr(options, "keep", False),
    )


def _drive(
    place: Place,
    session: Session,
    first: planning.Plan,
    follow: Follow | None = None,
    *,
    repeat: int = 1,
    resolved: Mapping[str, str] | None = None,
) -> Finished:
    """Run the campaign and draw it; say what of it proves nothing."""
    with progress.display(place.console) as display:
        finished = session.drive(first, follow, show=display.show, repeat=repeat, resolved=resolved)
    for line in report.doubts(finished.controls):
        place.console.print(line, style="bold yellow", highlight=False)
    return finished


def _tell(
    place: Place,
    options: argparse.Namespace,
    cells: Sequence[Cell],
    known: Mapping[tuple[str, ...], Verdict],
    withdrawn: advice.Excluded,
) -> None:
    """Print what the cells say, by all that is known."""
    told = summary.Summary.of(cells, known, place.matrix, withdrawn)
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


def _end(finished: Finished) -> int:
    if finished.left_open:
        raise OpenCells(report.left_open(finished.left_open))
    return 0


# The other commands -------------------------------------------------------------------------------


def build_images(place: Place, options: argparse.Namespace) -> int:
    """Build what the matrix's template names; ``ImageMissing`` for a Python that can't be had."""
    from interlock.isolation import images

    asked = [_python(text) for text in options.python or ()]
    every = sorted({python for cells in place.matrix.sets.values() for python in cells.pythons})
    made = images.build(asked or every, place.matrix.image, lambda line: place.console.print(line))
    missing = [image.reference for image in made if image.status == "missing"]
    if asked and missing:
        raise ImageMissing(f"no image could be built: {', '.join(missing)}")
    return 0


def _python(text: str) -> PythonVersion:
    try:
        return PythonVersion.parse(text)
    except ValueError as problem:
        raise UsageError(f"--python: {problem}") from None


def build_site(place: Place, options: argparse.Namespace) -> int:
    from interlock.publish import site

    if options.results and not options.results.is_dir():
        raise UsageError(f"--results {options.results}: there is no such folder")
    page = site.build(place.root, options.results or place.root / "results", place.matrix)
    place.console.print(f"page: {page}", highlight=False)
    return 0


def serve_site(place: Place, options: argparse.Namespace) -> int:
    from interlock.publish import site

    build_site(place, options)
    site.serve(place.root, lambda line: place.console.print(line, highlight=False))
    return 0


def run_judge(place: Place, options: argparse.Namespace) -> int:
    """Every cell of the ledger, by today's rules; what differs from before is printed."""
    found = place.matrix
    left_open: list[LeftOpen] = []
    judged = changed = 0
    with Ledger(place.store.home) as ledger:
        for told in judge_again(ledger, found):
            if isinstance(told, LeftOpen):
                left_open.append(told)
                text = progress.trouble_text(told)
                place.console.print(text, highlight=False, markup=False)
                continue
            judged += 1
            changed += told.changed
            if told.changed:
                place.console.print(progress.sentence(told.verdict), highlight=False)
        cells = f"{judged} cell{'s' * (judged != 1)}"
        place.console.print(f"{cells} judged again, {changed} changed", highlight=False)
        if options.results:
            from interlock.campaign import write_results
            from interlock.record import read_results

            now = datetime.now(timezone.utc)
            known = planning.known_now((), ledger.verdicts(), found, now)
            withdrawn = read_results(options.results, found.axes).yanked
            write_results(ledger, found, list(known.values()), options.results, withdrawn)
    return _end(Finished(left_open=tuple(left_open)))


def clean(place: Place, options: argparse.Namespace) -> int:
    """Say what is held, and remove what was not used for so long, or for as long as a verdict is
    fresh."""
    age = timedelta(days=options.days) if options.days is not None else place.matrix.fresh_for
    for holding in place.store.holdings():
        place.console.print(
            f"{holding.size_bytes / 2**20:9.1f} MB  {holding.count:5}  {holding.what}",
            highlight=False,
        )
    freed = place.store.remove_older_than(age)
    place.console.print(
        f"removed what was not used for {progress.duration(age.total_seconds())}: "
        f"{freed / 2**20:.1f} MB freed, in {place.store.home}",
        highlight=False,
    )
    return 0

"""The commands that need more than a question does; each is put together here, and printed.

What only some commands need is imported there: pandas and MkDocs take as long to import as a cell
takes to be planned.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

from rich.console import Console

from interlock.campaign import (
    Agenda,
    Answers,
    Campaign,
    Follow,
    LeftOpen,
    Setting,
    answers_in,
    controls,
    planning,
    released,
    repeatability,
    verdict_of,
)
from interlock.console import progress, report
from interlock.findings import Excluded, Findings, yanked
from interlock.index import IndexSettings, Pages, Releases, read_index_settings
from interlock.isolation import Environments, Store, sandbox
from interlock.matrix import definition, selection
from interlock.model import (
    Backend,
    Cell,
    ImageMissing,
    InterpreterMissing,
    OpenCells,
    PythonVersion,
    Release,
    StorageTrouble,
    UsageError,
    Verdict,
)
from interlock.record import CampaignRecord, Ledger, find_examples, write_controls


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


def run(command: str, options: argparse.Namespace, root: Path, matrix: definition.Matrix) -> int:
    """Run a command that ``entry.py`` has found; its exit code."""
    commands = {
        "matrix": run_matrix,
        "aa": run_again,
        "images": build_images,
        "site": build_site,
        "serve": serve_site,
        "judge": judge_again,
        "clean": clean,
    }
    console = Console(soft_wrap=not sys.stdout.isatty())
    place = Place(root=root, matrix=matrix, store=Store.of(os.environ), console=console)
    return commands[command](place, options)


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
        run = _Run(place, options, box, ledger, releases, settings)
        left_open = run.drive(first, agenda.following, resolved=selected.resolved)
        wanted = [*selected.cells, *agenda.follow_ups(run.told()).cells]
        return _close(
            place,
            options,
            ledger,
            box.backend,
            wanted,
            published,
            yanked(releases),
            left_open,
        )


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
        run = _Run(place, options, box, ledger, releases, settings)
        left_open = run.drive(planned, repeat=options.repeat)
        compared = [
            repeatability.repeated(cell, trials, found.probes[cell.probe])
            for cell in planned.cells
            if (trials := [t for t in ledger.trials(cell) if t.campaign == run.campaign])
        ]
        for line in repeatability.lines(compared):
            console.print(line, highlight=False, markup=False)
    if left_open:
        raise OpenCells(report.left_open(left_open))
    return 0


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
    from interlock.record import VERDICTS, read_results

    if path.name != VERDICTS:
        raise UsageError(f"--known {path}: what is published is called {VERDICTS}")
    return read_results(path.parent, place.matrix.axes).verdicts


@dataclass
class _Run:
    """One campaign: put together, driven and drawn."""

    place: Place
    options: argparse.Namespace
    box: sandbox.Sandbox
    ledger: Ledger
    releases: Mapping[str, Sequence[Release]]
    settings: IndexSettings
    campaign: str = ""

    def drive(
        self,
        first: planning.Plan,
        follow: Follow | None = None,
        *,
        repeat: int = 1,
        resolved: Mapping[str, str] | None = None,
    ) -> list[LeftOpen]:
        """What stays open."""
        if first.is_empty and (follow is None or follow({}).is_empty):
            return []
        now = datetime.now(timezone.utc)
        self.campaign = f"{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        record = CampaignRecord(id=self.campaign, started_at=now, resolved=resolved or {})
        self.ledger.begin(record)
        left_open = []
        with ThreadPoolExecutor(self.options.jobs) as executor:
            campaign = Campaign(
                setting=Setting(
                    campaign=self.campaign,
                    sandbox=self.box,
                    probes=self.place.probes,
                    limits=self.place.matrix.limits,
                ),
                matrix=self.place.matrix,
                environments=self._environments(),
                ledger=self.ledger,
                executor=executor,
                released=lambda pins: released(pins, self.releases),
            )
            events = campaign.run(first, follow, repeat=repeat)
            with closing(events), progress.display(self.place.console) as display:
                for event in events:
                    display.show(event)
                    if isinstance(event, LeftOpen):
                        left_open.append(event)
        answers = Answers(self.place.matrix, answers_in(self.ledger, self.place.matrix, now))
        for line in report.doubts(answers.told(self.campaign)):
            self.place.console.print(line, style="bold yellow", highlight=False)
        return left_open

    def told(self) -> dict[tuple[str, ...], Verdict]:
        """Every verdict of the ledger, by now."""
        return {v.cell.key: v for v in self.ledger.verdicts(self.box.backend)}

    def _environments(self) -> Environments:
        found = self.place.matrix
        return Environments(
            sandbox=self.box,
            store=self.place.store,
            index=self.settings,
            only_binary=[axis.package for axis in found.axes],
            resolve_fresh_for=found.resolve_fresh_for,
            keep_failed=getattr(self.options, "keep", False),
            limits=sandbox.Limits(
                wall_s=found.limits.install_wall_s,
                memory_bytes=found.limits.install.memory_bytes,
                pids=found.limits.install.pids,
                output_bytes=found.limits.install.output_bytes,
            ),
        )


def _close(
    place: Place,
    options: argparse.Namespace,
    ledger: Ledger,
    backend: Backend,
    cells: Sequence[Cell],
    published: Sequence[Verdict],
    withdrawn: Excluded,
    left_open: Sequence[LeftOpen],
) -> int:
    """Print what the cells say, write the verdicts, build the page."""
    found, console = place.matrix, place.console
    now = datetime.now(timezone.utc)
    current = [v for v in ledger.verdicts(backend) if planning.is_fresh(v, found, now)]
    known = planning.by_cell((*published, *current), found)
    asked = [known[cell.key] for cell in cells if cell.key in known]
    plain = [v for v in asked if report.is_plain(v.cell, found)]
    on_its_own = {n: c for n, c in found.configurations.items() if not c.is_composed}
    shown = on_its_own if plain else found.configurations
    for drawn in report.tables(asked, found.axes, found.probes, shown):
        console.print(drawn)
    findings = Findings(matrix=found, verdicts=list(known.values()), withdrawn=withdrawn)
    groups = report.by_application(asked, found)
    for kind, about in groups:
        for line in report.stories(about, findings, kind):
            console.print(line, highlight=False, markup=False)
    for line in report.ways_out(asked, found):
        console.print(line, highlight=False, markup=False)
    if options.keep:
        for line in report.environments(asked, place.store):
            console.print(line, highlight=False, markup=False)
    console.print()
    for kind, about in groups:
        told = [v for v in about if report.is_plain(v.cell, found)] or about
        says = report.in_kind(told, kind) if kind else report.safe(told, findings)
        console.print(says, style="bold", highlight=False)
    results = options.results or place.store.home / "results"
    _write_results(place, ledger, findings, results)
    console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
    if not options.no_page and (place.root / "mkdocs.yml").is_file():
        from interlock.publish import site

        with console.status("building the page …"):
            page = site.build(place.root, results, found)
        console.print(f"page:     {page}", highlight=False)
    if left_open:
        raise OpenCells(report.left_open(left_open))
    return 0


def _write_results(
    place: Place,
    ledger: Ledger,
    findings: Findings,
    results: Path,
) -> None:
    from interlock.record import write_results

    # What needs no library at all says something of the harness, and stands in controls.json.
    verdicts = [v for v in findings.verdicts if any(pin.version for pin in v.cell.pins)]
    examples = find_examples(verdicts, place.matrix.probes, ledger.trials)
    axes, withdrawn = place.matrix.axes, findings.withdrawn
    write_results(verdicts, examples, results, axes, withdrawn, findings.attributions)
    since = datetime.now(timezone.utc) - place.matrix.fresh_for
    answers = Answers(place.matrix, answers_in(ledger, place.matrix, since))
    write_controls(controls.rows(answers), results, newer_than=since)


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


def judge_again(place: Place, options: argparse.Namespace) -> int:
    """Every cell of the ledger, by today's rules; what differs from before is printed."""
    found = place.matrix
    with Ledger(place.store.home) as ledger:
        before = {(v.cell.key, b): v for b in Backend for v in ledger.verdicts(b)}
        answers = Answers(found, answers_in(ledger, found))
        judged = changed = 0
        left_open: list[LeftOpen] = []
        for cell, backend, last in ledger.newest():
            if cell.probe not in found.probes:
                continue
            try:
                verdict = verdict_of(
                    ledger,
                    cell,
                    probe=found.probes[cell.probe],
                    backend=backend,
                    newer_than=last - found.fresh_for,
                    answers=answers,
                )
            except StorageTrouble:
                raise
            except Exception as problem:  # a crash in the judge keeps no other cell from it
                left_open.append(LeftOpen(cells=(cell,), trouble=problem))
                told = progress.trouble_text(left_open[-1])
                place.console.print(told, highlight=False, markup=False)
                continue
            ledger.keep_verdict(verdict)
            judged += 1
            old = before.get((cell.key, backend))
            if old is None or (old.outcome, old.reason) != (verdict.outcome, verdict.reason):
                changed += 1
                place.console.print(progress.sentence(verdict), highlight=False)
        cells = f"{judged} cell{'s' * (judged != 1)}"
        place.console.print(f"{cells} judged again, {changed} changed", highlight=False)
        if options.results:
            from interlock.record import read_results

            now = datetime.now(timezone.utc)
            current = [v for v in ledger.verdicts() if planning.is_fresh(v, found, now)]
            withdrawn = read_results(options.results, found.axes).yanked
            findings = Findings(matrix=found, verdicts=current, withdrawn=withdrawn)
            _write_results(place, ledger, findings, options.results)
    if left_open:
        raise OpenCells(report.left_open(left_open))
    return 0


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

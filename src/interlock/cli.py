"""Arguments, printing, exit codes. What a command does is elsewhere; here it is put together.

What only some commands need is imported there: pandas and MkDocs take as long to import as a cell
takes to be planned.
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from interlock import advice, judge, matrix, plan, progress, report, sandbox
from interlock.campaign import Campaign, Judged, LeftOpen, doubtful, verdict_of
from interlock.environments import Environments
from interlock.errors import (
    ImageMissing,
    InterlockError,
    InterpreterMissing,
    Interrupted,
    OpenCells,
    UsageError,
)
from interlock.index import IndexSettings, read_index_settings
from interlock.ledger import CampaignRecord, Ledger
from interlock.model import Backend, Cell, Hang, PythonVersion, Signature, Verdict
from interlock.releases import Releases
from interlock.signatures import Example
from interlock.simple import Pages
from interlock.store import Store
from interlock.trial import Setting

IMAGE_VARIABLE = "INTERLOCK_IMAGE"


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a command works on: the matrix, and the folders beside it."""

    root: Path
    matrix: matrix.Matrix
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
    found = matrix.load(path, path.parent / "probes", os.environ.get(IMAGE_VARIABLE))
    options = _parser(found, first).parse_args(rest)
    place = Place(root=path.parent, matrix=found, store=Store.of(os.environ), console=console)
    commands = {
        "matrix": run_matrix,
        "images": build_images,
        "site": build_site,
        "serve": serve_site,
        "judge": judge_again,
        "clean": clean,
    }
    return commands[options.command](place, options)


def _parser(found: matrix.Matrix, first: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="interlock", parents=[first], allow_abbrev=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser("matrix", help="run the cells that have no fresh verdict")
    for axis in found.axes:
        run.add_argument(
            f"--{axis.name}",
            action="append",
            metavar="VERSION",
            help=f"a release of {axis.package}, `latest`, or a specifier that filters the set",
        )
    run.add_argument("--python", action="append", metavar="3.X")
    run.add_argument("--probe", action="append", metavar="NAME")
    run.add_argument("--config", action="append", metavar="NAME")
    run.add_argument("--set", default=None, metavar="NAME", help=f"of {', '.join(found.sets)}")
    run.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N")
    run.add_argument("--trials", type=_positive, default=None, metavar="N")
    run.add_argument("--rerun", choices=[r.value for r in plan.Rerun], default="stale")
    run.add_argument("--backend", choices=["auto", "docker", "process"], default="auto")
    run.add_argument("--known", type=Path, metavar="CSV", help="count published verdicts as known")
    run.add_argument("--results", type=Path, metavar="DIR", help="where to write the verdicts")
    run.add_argument("--no-page", action="store_true", help="build no page at the end")
    run.add_argument("--dry-run", action="store_true", help="only the plan and its time")
    run.add_argument("--keep", action="store_true", help="leave a failed cell's environment")

    images = commands.add_parser("images", help="build base images from this machine's Pythons")
    images.add_argument("--python", action="append", metavar="3.X")

    for name in ("site", "serve"):
        site = commands.add_parser(name, help=f"{name} the report site")
        site.add_argument("--results", type=Path, metavar="DIR")

    again = commands.add_parser("judge", help="compute every verdict again from its trials")
    again.add_argument("--results", type=Path, metavar="DIR", help="where to write the verdicts")

    cleaned = commands.add_parser("clean", help="say what the cache holds, remove what is old")
    cleaned.add_argument("--days", type=float, default=None, help="unused for longer: removed")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


# matrix -------------------------------------------------------------------------------------------


def run_matrix(place: Place, options: argparse.Namespace) -> int:
    """Plan, run, judge, print; ``OpenCells`` where something is left to do."""
    console, found = place.console, place.matrix
    settings = read_index_settings(os.environ)
    with console.status("asking the package index …"):
        index = Releases(Pages(settings, place.store.index))
        releases = {axis.name: index.of(axis.package) for axis in found.axes}
    matrix.check_published(found, releases)
    selection = plan.select(found, releases, _request(found, options))
    for what, version in selection.resolved.items():
        console.print(f"{what} is {version}", highlight=False)

    pythons = sorted({cell.python for cell in selection.cells})
    box, why = sandbox.choose(
        options.backend, pythons, found.image, store=place.store, probes=place.probes
    )
    console.print(f"isolated by {why}", highlight=False)
    if swept := box.sweep():
        console.print(f"removed {swept} left behind by an earlier run", highlight=False)

    with Ledger(place.store.home) as ledger:
        published = _published(place, options.known)
        remembered = ledger.verdicts(box.backend)
        known = {verdict.cell.key: verdict for verdict in (*published, *remembered)}
        planned = plan.plan(
            selection.cells,
            known,
            matrix=found,
            releases=releases,
            now=datetime.now(timezone.utc),
            machine=_machine(box, pythons),
            rerun=plan.Rerun(options.rerun),
            jobs=options.jobs,
            trials=options.trials,
        )
        planned = plan.with_controls(planned, found)
        console.print(report.planned(planned, options.jobs), highlight=False)
        if options.dry_run:
            console.print(report.cells(planned), highlight=False, end="")
            return 0
        left_open = _run(place, options, box, ledger, planned, selection.resolved, settings)
        withdrawn = advice.yanked(releases)
        return _close(
            place,
            options,
            ledger,
            box.backend,
            selection.cells,
            published,
            withdrawn,
            left_open,
        )


def _machine(box: sandbox.Sandbox, pythons: Sequence[PythonVersion]) -> str:
    """What the wheels have to fit: the images' machine, not the host's (they differ on a Mac)."""
    for python in pythons:
        with suppress(ImageMissing, InterpreterMissing):
            return box.available(python).machine
    return platform.machine()


def _request(found: matrix.Matrix, options: argparse.Namespace) -> plan.Request:
    asked = {axis.name: getattr(options, axis.name) for axis in found.axes}
    return plan.Request(
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
    from interlock import table

    return table.read_results(path.parent, place.matrix.axes).verdicts


def _run(
    place: Place,
    options: argparse.Namespace,
    box: sandbox.Sandbox,
    ledger: Ledger,
    planned: plan.Plan,
    resolved: Mapping[str, str],
    settings: IndexSettings,
) -> list[LeftOpen]:
    """Drive the campaign and draw it; what stays open."""
    found = place.matrix
    todo = (*planned.unsupported, *planned.cells)
    if not todo:
        return []
    record = CampaignRecord(
        id=f"{datetime.now(timezone.utc):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}",
        started_at=datetime.now(timezone.utc),
        resolved=resolved,
    )
    ledger.begin(record)
    left_open = []
    display = progress.display(place.console, len(planned.cells), planned.seconds)
    with ThreadPoolExecutor(options.jobs) as executor:
        campaign = Campaign(
            setting=Setting(
                campaign=record.id, sandbox=box, probes=place.probes, limits=found.limits
            ),
            probes=found.probes,
            configurations=found.configurations,
            environments=Environments(
                sandbox=box,
                store=place.store,
                index=settings,
                only_binary=[axis.package for axis in found.axes],
                resolve_fresh_for=found.resolve_fresh_for,
                keep_failed=options.keep,
                limits=sandbox.Limits(
                    wall_s=found.limits.install_wall_s,
                    memory_bytes=found.limits.install.memory_bytes,
                    pids=found.limits.install.pids,
                    output_bytes=found.limits.install.output_bytes,
                ),
            ),
            ledger=ledger,
            executor=executor,
            trials=replace(found.trials, per_cell=options.trials or found.trials.per_cell),
            fresh_for=found.fresh_for,
        )
        with closing(campaign.run(todo, planned.unsupported)) as events, display:
            for event in events:
                if not (isinstance(event, Judged) and event.cell in planned.unsupported):
                    display.show(event)
                if isinstance(event, LeftOpen):
                    left_open.append(event)
    _doubt(place, ledger, record.id, planned.cells)
    return left_open


def _doubt(place: Place, ledger: Ledger, campaign: str, cells: Sequence[Cell]) -> None:
    """Judge the cells of a run again where a control gave another answer than is known."""
    found = place.matrix
    doubts = doubtful(ledger, found.controls, found.probes)
    for cell in cells:
        if (campaign, cell.probe) in doubts and any(ledger.trials(cell)):
            verdict = verdict_of(ledger, cell, probe=found.probes[cell.probe], doubts=doubts)
            ledger.keep_verdict(verdict)
    for (when, probe), why in doubts.items():
        if when == campaign:
            warning = f"the passes of {probe} in this run prove nothing: {why}; --rerun failed"
            place.console.print(warning, style="bold yellow", highlight=False)


def _close(
    place: Place,
    options: argparse.Namespace,
    ledger: Ledger,
    backend: Backend,
    cells: Sequence[Cell],
    published: Sequence[Verdict],
    withdrawn: advice.Excluded,
    left_open: Sequence[LeftOpen],
) -> int:
    """Print what the cells asked for say, write the verdicts, build the page."""
    found, console = place.matrix, place.console
    now = datetime.now(timezone.utc)
    current = [v for v in ledger.verdicts(backend) if plan.is_fresh(v, found, now)]
    known = {verdict.cell.key: verdict for verdict in (*published, *current)}
    asked = [known[cell.key] for cell in cells if cell.key in known]
    for drawn in report.tables(asked, found.axes, found.probes, found.configurations):
        console.print(drawn)
    for line in report.stories(asked, list(known.values()), found.axes, found.policy, withdrawn):
        console.print(line, highlight=False, markup=False)
    if options.keep:
        for line in report.environments(asked, place.store):
            console.print(line, highlight=False, markup=False)
    safe = report.safe(asked, found.axes, found.policy, withdrawn)
    console.print(f"\n{safe}", style="bold", highlight=False)
    results = options.results or place.store.home / "results"
    _write_results(place, ledger, list(known.values()), results, withdrawn)
    console.print(f"verdicts: {results / 'verdicts.csv'}", highlight=False)
    if not options.no_page and (place.root / "mkdocs.yml").is_file():
        from interlock import site

        with console.status("building the page …"):
            page = site.build(place.root, results, found)
        console.print(f"page:     {page}", highlight=False)
    if left_open:
        raise OpenCells(report.left_open(left_open))
    return 0


def _write_results(
    place: Place,
    ledger: Ledger,
    verdicts: Sequence[Verdict],
    results: Path,
    withdrawn: advice.Excluded,
) -> None:
    from interlock import table

    examples: dict[Signature, Example] = {}
    wanted = {signature for verdict in verdicts for signature, _ in verdict.signatures}
    for verdict in verdicts:
        if not any(s in wanted - examples.keys() for s, _ in verdict.signatures):
            continue
        for ran in ledger.trials(verdict.cell):
            finding = judge.classify(ran.events, place.matrix.probes[ran.cell.probe])
            if isinstance(finding, Hang) and finding.signature not in examples:
                examples[finding.signature] = Example(
                    cell=ran.cell, hang=finding, events=ran.events
                )
    table.write_results(verdicts, examples, results, place.matrix.axes, withdrawn)


# The other commands -------------------------------------------------------------------------------


def build_images(place: Place, options: argparse.Namespace) -> int:
    """Build what the matrix's template names; ``ImageMissing`` for a Python that can't be had."""
    from interlock import images

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
    from interlock import site

    page = site.build(place.root, options.results or place.root / "results", place.matrix)
    place.console.print(f"page: {page}", highlight=False)
    return 0


def serve_site(place: Place, options: argparse.Namespace) -> int:
    from interlock import site

    build_site(place, options)
    site.serve(place.root, lambda line: place.console.print(line, highlight=False))
    return 0


def judge_again(place: Place, options: argparse.Namespace) -> int:
    """Every cell of the ledger, by today's rules; what differs from before is printed."""
    found = place.matrix
    with Ledger(place.store.home) as ledger:
        before = {verdict.cell.key: verdict for verdict in ledger.verdicts()}
        doubts = doubtful(ledger, found.controls, found.probes)
        judged = changed = 0
        for cell in ledger.cells():
            if cell.probe not in found.probes:
                continue
            verdict = verdict_of(ledger, cell, probe=found.probes[cell.probe], doubts=doubts)
            ledger.keep_verdict(verdict)
            judged += 1
            old = before.get(cell.key)
            if old is None or (old.outcome, old.reason) != (verdict.outcome, verdict.reason):
                changed += 1
                place.console.print(progress.sentence(verdict), highlight=False)
        cells = f"{judged} cell{'s' * (judged != 1)}"
        place.console.print(f"{cells} judged again, {changed} changed", highlight=False)
        if options.results:
            from interlock import table

            now = datetime.now(timezone.utc)
            current = [v for v in ledger.verdicts() if plan.is_fresh(v, found, now)]
            withdrawn = table.read_results(options.results, found.axes).yanked
            _write_results(place, ledger, current, options.results, withdrawn)
    return 0


def clean(place: Place, options: argparse.Namespace) -> int:
    """Say what is held; with an age, remove what was not used for that long."""
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

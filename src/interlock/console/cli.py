"""The commands that need more than a question does.

A command imports what it needs by itself. pandas and MkDocs take as long to import as planning a
cell takes.
"""

from __future__ import annotations

import argparse
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

from interlock.campaign import LeftOpen, judge_again, planning
from interlock.console import progress, report
from interlock.console.campaigns import run_again, run_matrix
from interlock.console.place import Place, console
from interlock.console.search import run_search
from interlock.findings import Findings
from interlock.isolation import Store
from interlock.matrix import Matrix
from interlock.model import (
    ImageMissing,
    PythonVersion,
    UsageError,
    plural,
)
from interlock.record import Ledger, check_destination, read_results, repair


def run(command: str, options: argparse.Namespace, root: Path, matrix: Matrix) -> int:
    """Run the command that ``entry.py`` found; return its exit code."""
    commands = {
        "matrix": run_matrix,
        "search": run_search,
        "aa": run_again,
        "images": build_images,
        "site": build_site,
        "serve": serve_site,
        "judge": run_judge,
        "clean": clean,
    }
    place = Place(root=root, matrix=matrix, store=Store.of(os.environ), console=console())
    return commands[command](place, options)


# The other commands -------------------------------------------------------------------------------


def build_images(place: Place, options: argparse.Namespace) -> int:
    """Build the images that the matrix names.

    Raise ``ImageMissing`` for a Python that is not available.
    """
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
    """Judge every cell of the ledger by today's rules, and print the changes."""
    found = place.matrix
    if options.results:
        check_destination(options.results, found.axes)
    left_open: list[LeftOpen] = []
    judged = changed = 0
    if repaired := repair(place.store.home, in_use=place.store.is_in_use):
        text = (
            f"the ledger was damaged: {plural(repaired.trials, 'trial')} read, "
            f"{repaired.lost} lost; the damaged file is kept as {repaired.damaged}"
        )
        place.console.print(text, highlight=False, markup=False, soft_wrap=True)
    with Ledger(place.store.home) as ledger:
        ledger.rename(found.renamed)
        for lost in ledger.set_aside():
            text = f"set aside {lost}; its verdict is judged without it"
            place.console.print(text, highlight=False, markup=False, soft_wrap=True)
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
            _publish_again(ledger, found, options.results)
        report.raise_open(left_open, ledger.lost)
    return 0


def _publish_again(ledger: Ledger, matrix: Matrix, folder: Path) -> None:
    """Write what was judged again into the folder; what it has of other cells stays."""
    from interlock.campaign import publish_results

    remembered = ledger.verdicts()

    def found() -> Findings:
        before = read_results(folder, matrix.axes, matrix.renamed).within(matrix)
        there = {verdict.cell.key for verdict in before.verdicts}
        # A verdict that is no longer fresh is not published anew, but renews what was published
        # of it.
        published = (*before.verdicts, *(v for v in remembered if v.cell.key in there))
        known = planning.known_now(published, remembered, matrix, datetime.now(timezone.utc))
        return Findings(
            matrix=matrix,
            verdicts=list(known.values()),
            withdrawn=before.yanked,
            audited=before.audited,
        )

    publish_results(ledger, found, folder)


def clean(place: Place, options: argparse.Namespace) -> int:
    """Print what the cache holds, and remove what was not used for a while.

    Without ``--days``, that is as long as a verdict stays fresh.
    """
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

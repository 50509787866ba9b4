"""``interlock check``: dependency files from the options, and the result as a report.

Like ``ask``, the command reads the published results. It needs no engine and none of the extras.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from interlock.check import (
    Exempt,
    Exit,
    Project,
    Request,
    Result,
    decide,
    joined,
    read_environment,
    read_exceptions,
    read_project,
    written,
)
from interlock.console import ask, check_text, ending
from interlock.console.page import Page
from interlock.console.reading import Named, Notes
from interlock.findings import Findings
from interlock.matrix import Matrix
from interlock.model import PythonVersion, StorageTrouble, TroubleError, UsageError
from interlock.record import VERDICTS, Kept, read_published

_WIDEST = 100


def run(options: argparse.Namespace, found: Named, results: Path, kept: Kept) -> int:
    """Print the report; return the exit code of the result.

    ``kept`` has what earlier commands read. Raise ``UsageError`` for a mistake in the options.
    """
    matrix, now = found.matrix, datetime.now(timezone.utc)
    if not options.files and not options.environment:
        raise UsageError("name the files to check, such as requirements.txt or uv.lock")
    chosen = ask.chosen_of(options.chosen or (), matrix, "--situation")
    pythons = tuple(_python(text) for text in options.python or ())
    project, mistakes = _project(options, matrix)
    exempts, wrong = _exempts(options, project, matrix)
    findings, newest, notes = _findings(found, results, kept, now)
    request = Request(
        pythons=pythons,
        chosen=chosen,
        exempts=tuple(exempts),
        mistakes=(*mistakes, *wrong),
        report_only=options.report_only,
        today=now.date(),
        data_of=None if options.no_age else newest,
    )
    result = decide(project, findings, request)
    _deliver(_text(result, options, now), options.output)
    if options.format != "text" or options.output:  # nobody may read the report soon
        for problem in (one for one in result.problems if one.code is Exit.MISTAKE):
            ending.mistaken(problem.says)
    notes.make(findings)
    return int(result.code)


def _python(text: str) -> PythonVersion:
    python, _ = ask.python_of(text)
    return python


def _project(options: argparse.Namespace, matrix: Matrix) -> tuple[Project, list[str]]:
    """The files as one project, and what is wrong with those that can't be read."""
    packages = {axis.package: axis.name for axis in matrix.axes}
    project, mistakes = _of_files(options.files, packages)
    if options.environment:
        installed = read_environment(packages)
        project = joined([*project.files, *installed.files])
    return project, mistakes


def _of_files(files: Sequence[Path], packages: Mapping[str, str]) -> tuple[Project, list[str]]:
    try:
        return read_project(files, packages), []
    except UsageError as error:
        if len(files) == 1:
            return joined([]), [str(error)]
    # What the other files say is told all the same.
    read: list[Path] = []
    mistakes: list[str] = []
    for file in files:
        try:
            read_project([file], packages)
            read.append(file)
        except UsageError as error:
            mistakes.append(str(error))
    return read_project(read, packages), mistakes


def _exempts(
    options: argparse.Namespace, project: Project, matrix: Matrix
) -> tuple[list[Exempt], list[str]]:
    """The exceptions of the option and of each ``pyproject.toml``, and what is wrong with them."""
    given = [file.path for file in project.files]
    given += [folder / "pyproject.toml" for folder in options.files if folder.is_dir()]
    files = {path: False for path in given if path.name == "pyproject.toml" and path.is_file()}
    if options.exceptions is not None:
        files[options.exceptions] = True
    found: list[Exempt] = []
    wrong: list[str] = []
    for file, is_required in files.items():
        try:
            found += read_exceptions(file, matrix, is_required=is_required)
        except UsageError as error:
            wrong.append(str(error))
    return found, wrong


def _findings(
    found: Named, results: Path, kept: Kept, now: datetime
) -> tuple[Findings, datetime | None, Notes]:
    """What is published, and when its newest verdict was tested."""
    if not (results / VERDICTS).is_file():
        raise TroubleError(f"{results / VERDICTS}: there is no such file; name other --data")
    try:
        published = read_published(results, found.matrix, kept, now)
    except UsageError as error:  # the data are wrong, and not what the reader asked
        raise TroubleError(f"the published results can't be read: {error}") from None
    notes = Notes(kept, found.name, published.name, again=published.was_kept)
    findings = Findings(
        matrix=found.matrix,
        verdicts=published.verdicts,
        withdrawn=published.yanked,
        audited=published.audited,
        releases=published.releases,
        now=now,
        noted=notes.of(published.verdicts),
    )
    return findings, published.newest, notes


def _text(result: Result, options: argparse.Namespace, now: datetime) -> str:
    if options.format != "text":
        return written(result, options.format)
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    colours = options.output is None and ask.has_colours()
    return check_text.as_text(result, Page(width=width, colours=colours), now)


def _deliver(text: str, output: Path | None) -> None:
    if output is None:
        ask.show(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise StorageTrouble(f"{output}: can't be written: {error.strerror or error}") from None

"""``interlock ask``: a question from the options, and the answer as text or JSON.

Needs neither engine nor network, and nothing of the extras: what is published is read, and
``findings`` answers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from interlock.console import answer_json, answer_text
from interlock.findings import Answer, Findings, Question, answer
from interlock.matrix import Matrix
from interlock.model import Axis, PythonVersion, UsageError, listing
from interlock.record import VERDICTS, read_results

_WIDEST = 100


def run(options: argparse.Namespace, found: Matrix, results: Path) -> int:
    """Print the answer; 0 whatever it is. Raise ``UsageError`` for a mistake in the question."""
    question = question_of(options, found)
    if not (results / VERDICTS).is_file():
        raise UsageError(f"{results / VERDICTS}: there is no such file; name a folder that has one")
    published = read_results(results, found.axes, found.renamed).within(found)
    findings = Findings(matrix=found, verdicts=published.verdicts, withdrawn=published.yanked)
    said = without_luck(answer(question, findings), found)
    if options.format == "json":
        plain = not _is_unicode(sys.stdout.encoding)
        text = json.dumps(answer_json.as_data(said, found), indent=2, ensure_ascii=plain)
    else:
        width = min(shutil.get_terminal_size().columns, _WIDEST)
        page = answer_text.Page(width=width, colours=_colours())
        text = answer_text.as_text(said, findings, page)
    _print(text)
    return 0


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head` has read enough; nothing is left to be flushed at the exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def without_luck(said: Answer, found: Matrix) -> Answer:
    """For a kind of application, without what rests on single passes of a hang that is rare there:
    releases to move to, and workarounds against what its own probes find."""
    kind = said.question.application
    if kind is None:
        return said
    parts = tuple(
        replace(
            part,
            moves=(),
            workarounds=tuple(
                one for one in part.workarounds if not found.is_about(kind, one.without.cell.probe)
            ),
        )
        for part in said.by_config
    )
    return replace(said, by_config=parts, moves=())


def question_of(options: argparse.Namespace, found: Matrix) -> Question:
    """What is asked; every release and the Python have to be named."""
    names = [*(axis.name for axis in found.axes), "python"]
    if missing := [f"--{name}" for name in names if getattr(options, name) is None]:
        packages = [axis.package for axis in found.axes]
        raise UsageError(
            f"name {listing(missing)} too: a question is about one release of "
            f"{listing(packages)} each, on one Python"
        )
    plain = [c.name for c in found.configurations.values() if not c.is_composed]
    if options.config is not None and options.config not in found.configurations:
        raise UsageError(f'--config: "{options.config}" is not one of {listing(plain)}')
    return Question(
        versions={axis.name: _version(axis, getattr(options, axis.name)) for axis in found.axes},
        python=_python(options.python),
        config=options.config,
        application=options.application,
    )


def _version(axis: Axis, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise UsageError(
            f'--{axis.name}: "{text}" is not a version of {axis.package} such as "2.5.1"'
        ) from None


def _python(text: str) -> PythonVersion:
    """``3.11``, or a patch release of it."""
    try:
        major, minor, *_ = Version(text).release
        if major != 3:
            raise ValueError
    except ValueError:
        raise UsageError(f'--python: "{text}" is no Python such as 3.11') from None
    return PythonVersion(major, minor)


def _is_unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").startswith("utf")


def _colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

"""``interlock ask``: a question from the options, and the answer as text or JSON.

The command reads the published results. It needs no engine, no network and none of the extras.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

from packaging.version import InvalidVersion, Version

from interlock.console.page import Page
from interlock.console.reading import Named, Notes
from interlock.findings import Findings, Question, answer
from interlock.matrix import Matrix
from interlock.model import Axis, PythonVersion, UsageError, listing
from interlock.record import VERDICTS, Kept, read_published

_WIDEST = 100


def run(options: argparse.Namespace, found: Named, results: Path, kept: Kept) -> int:
    """Print the answer; return 0, whatever the answer is.

    ``kept`` has what earlier questions read. Raise ``UsageError`` for a mistake in the question.
    """
    matrix = found.matrix
    question = question_of(options, matrix)
    if not (results / VERDICTS).is_file():
        raise UsageError(f"{results / VERDICTS}: there is no such file; name a folder that has one")
    now = datetime.now(timezone.utc)
    published = read_published(results, matrix, kept, now)
    notes = Notes(kept, found.name, published.name, again=published.was_kept)
    findings = Findings(
        matrix=matrix,
        verdicts=published.verdicts,
        withdrawn=published.yanked,
        audited=published.audited,
        releases=published.releases,
        now=now,
        noted=notes.of(published.verdicts),
    )
    said = answer(question, findings)
    if options.format == "json":
        from interlock.console import answer_json

        plain = not is_unicode(sys.stdout.encoding)
        text = json.dumps(answer_json.as_data(said), indent=2, ensure_ascii=plain)
    else:
        from interlock.console import answer_text

        width = min(shutil.get_terminal_size().columns, _WIDEST)
        page = Page(width=width, colours=has_colours())
        text = answer_text.as_text(said, findings, page)
    show(text)
    notes.make(findings)
    return 0


def show(text: str) -> None:
    """Print the answer, if somebody still reads it."""
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head` has read enough; so nothing may be flushed at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def question_of(options: argparse.Namespace, found: Matrix) -> Question:
    """The question from the options. It must name every release and the Python."""
    names = [*(axis.name for axis in found.axes), "python"]
    if missing := [f"--{name}" for name in names if getattr(options, name) is None]:
        packages = [axis.package for axis in found.axes]
        raise UsageError(
            f"name {listing(missing)} too: a question is about one release of "
            f"{listing(packages)} each, on one Python"
        )
    if options.application is not None:
        instead = [f"--with {name}" for name in found.applications]
        raise UsageError(
            f"--application was removed: use {listing(instead, last='or') or '--with'}"
        )
    python, patch = python_of(options.python)
    return Question(
        versions={axis.name: _version(axis, getattr(options, axis.name)) for axis in found.axes},
        python=python,
        patch=patch,
        chosen=_all_chosen(options, found),
    )


def _all_chosen(options: argparse.Namespace, found: Matrix) -> Mapping[str, str]:
    """The choices of ``--config`` and of ``--with``.

    A kind of application is in no configuration, so ``--with`` adds it.
    """
    of_config = _as_in(options.config, found)
    chosen = chosen_of(options.chosen or (), found)
    for name, value in chosen.items():
        in_config = of_config.get(name, value)
        if in_config != value and name not in found.applications:
            raise UsageError(
                f"--with {name}={value} contradicts --config {options.config}, which has "
                f"{name}={in_config}; leave one of them out"
            )
    return {**of_config, **chosen}


def _as_in(config: str | None, found: Matrix) -> Mapping[str, str]:
    """All choices of a configuration, as if each had been given with ``--with``."""
    if config is None:
        return {}
    known = found.configurations
    plain = [name for name, c in known.items() if c.choices is not None and not c.is_composed]
    if config not in known:
        raise UsageError(f'--config: "{config}" is not one of {listing(plain)}')
    chosen = known[config].choices
    if chosen is None or known[config].at_release:
        raise UsageError(
            f'--config: "{config}" sets something that no application can choose; '
            f"name one of {listing(plain)}"
        )
    return dict(found.situation(chosen).chosen)


def chosen_of(texts: Sequence[str], found: Matrix, option: str = "--with") -> Mapping[str, str]:
    """The choices given with ``--with``, or with the option of another command.

    A name without a value (``structured-logs``) stands for the value that switches on the most.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if name not in found.choices:
            raise UsageError(f'{option}: "{name}" is no choice{_meant(name, [*found.choices])}')
        choice = found.choices[name]
        value = value if equals else choice.most
        if value not in choice.levels:
            raise UsageError(
                f'{option} {name}: "{value}" is no value of it{_meant(value, [*choice.levels])}'
            )
        if chosen.setdefault(name, value) != value:
            raise UsageError(f"{option} {name} is given twice: {chosen[name]} and {value}")
    return chosen


def _meant(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{close[0]}"?' if close else f": there is {listing(known) or 'none'}"


def _version(axis: Axis, text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        raise UsageError(
            f'--{axis.name}: "{text}" is not a version of {axis.package} such as "2.5.1"'
        ) from None


def python_of(text: str) -> tuple[PythonVersion, str | None]:
    """The Python, and its patch release if one was given: ``3.11`` or ``3.11.4``."""
    try:
        version = Version(text)
        major, minor, *patch = version.release
        if major != 3:
            raise ValueError
    except ValueError:
        raise UsageError(
            f'--python: "{text}" is not a supported Python version; write it like 3.11'
        ) from None
    return PythonVersion(major, minor), str(version) if patch else None


def is_unicode(encoding: str | None) -> bool:
    return (encoding or "").lower().replace("-", "").startswith("utf")


def has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

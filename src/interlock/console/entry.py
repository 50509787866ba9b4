"""``interlock``: finds the command, and what it needs; prints mistakes and leaves with their code.

The light installation answers questions alone. So nothing is imported here that only a run or the
site needs, and no command waits for what another one imports.
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import NoReturn

from interlock.console import options, sources
from interlock.model import InterlockError, Interrupted, UsageError

IMAGE_VARIABLE = "INTERLOCK_IMAGE"

_RED, _YELLOW = "31", "33"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal may have no arrow, and no tick
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _command(given)
    except KeyboardInterrupt:
        _say("interrupted; what was finished is kept", _YELLOW)
        return Interrupted.exit_code
    except InterlockError as error:
        _say(str(error), _RED)
        return error.exit_code


def _interrupt(number: int, frame: object) -> NoReturn:
    raise KeyboardInterrupt


def _command(given: Sequence[str]) -> int:
    first = options.everywhere()
    where, rest = first.parse_known_args(given)
    known, after = options.overview(first).parse_known_args(rest)
    command: str = known.command
    if command == "ask" or {"-h", "--help"} & set(after):
        source = sources.to_read(where.matrix)
    else:
        _need(command, "run", *(["site"] if command in ("site", "serve") else []))
        source = sources.to_run(where.matrix)

    from interlock.matrix import matrix_file

    to_run = command in ("matrix", "aa") and not {"-h", "--help"} & set(after)
    image = os.environ.get(IMAGE_VARIABLE)
    found = matrix_file.load(source.matrix, source.probes, image, to_run=to_run)
    asked = options.parser(command, found, first).parse_args(rest)
    if command == "ask":
        from interlock.console import ask

        return ask.run(asked, found, asked.results or source.results)
    if command == "matrix" and _ends_with_a_page(asked, source):
        _need(command, "run", "site")

    from interlock.console import cli

    return cli.run(command, asked, source.root, found)


def _ends_with_a_page(asked: argparse.Namespace, source: sources.Source) -> bool:
    return not (asked.no_page or asked.dry_run) and (source.root / "mkdocs.yml").is_file()


def _need(command: str, *extras: str) -> None:
    """Raise ``UsageError`` where something of the extras is not installed.

    Asked at once: a run that stops at its end, for want of what builds the page, took hours.
    """
    missing = [package for extra in extras for package in _missing(extra)]
    if missing:
        raise UsageError(
            f"`interlock {command}` needs {missing[0]}, which is not installed: "
            f"pip install 'interlock[{','.join(extras)}]' (in a checkout '.[{','.join(extras)}]')"
        )


def _missing(extra: str) -> Iterator[str]:
    """What the installed package's extra names and is not there."""
    from importlib import metadata

    from packaging.requirements import Requirement

    try:
        required = metadata.requires("interlock") or []
    except metadata.PackageNotFoundError:  # the sources, without an installation
        return
    for requirement in map(Requirement, required):
        marker = requirement.marker
        if marker and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""}):
            try:
                metadata.version(requirement.name)
            except metadata.PackageNotFoundError:
                yield requirement.name


def _say(text: str, colour: str) -> None:
    plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
    print(text if plain else f"\x1b[{colour}m{text}\x1b[0m", file=sys.stderr)

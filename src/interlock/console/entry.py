"""The entry point: finds the command, and turns errors into exit codes.

The light installation only answers questions. So this module imports nothing that only a run or the
site needs, and no command waits for another command's imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from interlock.console import ending

if TYPE_CHECKING:  # a signal is handled before these are loaded
    import argparse

    from interlock.console import sources


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code, whatever happens."""
    try:
        with ending.signals.handled(), ending.threads_reported():
            ending.prepare_streams()
            code = _ended(list(sys.argv[1:] if arguments is None else arguments))
            return ending.flush(code)
    except KeyboardInterrupt:
        return ending.flush(ending.interrupted())


def _ended(given: Sequence[str]) -> int:
    """Run a command; print how it ended, and return the exit code."""
    try:
        return _run(given)
    except KeyboardInterrupt:
        return ending.interrupted()
    except SystemExit as left:  # argparse exits by itself
        if not isinstance(left.code, int):
            return 0 if left.code is None else 1
        return left.code
    except OSError as error:
        if ending.signals.came:  # the terminal may be gone
            return ending.interrupted()
        if ending.is_of_output(error):
            ending.abandon(sys.stdout)
            return ending.closed(error)
        return ending.full(error) if ending.is_of_disk(error) else ending.unforeseen(error)
    except Exception as error:
        return ending.interrupted() if ending.signals.came else ending.unforeseen(error)


def _run(given: Sequence[str]) -> int:
    from interlock.model import InterlockError

    try:
        return _command(given)
    except InterlockError as error:
        ending.mistaken(str(error))
        return error.exit_code


def _command(given: Sequence[str]) -> int:
    from interlock.console import given as typed, options, sources

    typed.check(given, os.environ)
    first = options.everywhere()
    where, rest = first.parse_known_args(given)
    known, after = options.overview(first).parse_known_args(rest)
    command: str = known.command
    if command == "check":
        source = sources.to_check(where.matrix)
    elif command == "ask" or {"-h", "--help"} & set(after):
        source = sources.to_read(where.matrix)
    else:
        _need(command, "run", *(["site"] if command in ("site", "serve") else []))
        source = sources.to_run(where.matrix)

    image = os.environ.get(typed.IMAGE_VARIABLE)
    if command in ("ask", "check"):
        return _answer(command, source, image, first, rest)

    from interlock.console import reading
    from interlock.record import Kept

    to_run = command in ("matrix", "search", "aa") and not {"-h", "--help"} & set(after)
    found, _ = reading.matrix_of(source, image, Kept.of(os.environ), to_run=to_run)
    asked = options.parser(command, found, first).parse_args(rest)
    if command == "matrix" and _ends_with_a_page(asked, source):
        _need(command, "run", "site")

    from interlock.console import cli

    return cli.run(command, asked, source.root, found)


def _answer(
    command: str,
    source: sources.Source,
    image: str | None,
    first: argparse.ArgumentParser,
    rest: Sequence[str],
) -> int:
    """Answer a question. It needs no more than what an earlier one kept."""
    from interlock.console import options, reading
    from interlock.record import Kept

    keep = Kept.of(os.environ)
    found = reading.matrix_of(source, image, keep, digests=False)
    parser = options.parser(command, found.matrix, first)
    if command == "ask":
        from interlock.console import ask

        asked = parser.parse_args(rest)
        return ask.run(asked, found, asked.results or source.results, keep)
    from interlock.console import check, check_options, data_source

    asked = check_options.with_files(parser, rest)
    with data_source.opened(asked.data, source.results) as results:
        return check.run(asked, found, results, keep)


def _ends_with_a_page(asked: argparse.Namespace, source: sources.Source) -> bool:
    return not (asked.no_page or asked.dry_run) and (source.root / "mkdocs.yml").is_file()


def _need(command: str, *extras: str) -> None:
    """Raise ``UsageError`` if a package of the extras is not installed.

    The check runs at the start. Otherwise a run could fail after hours, when it builds the page.
    """
    missing = [package for extra in extras for package in _missing(extra)]
    if missing:
        from interlock.model import UsageError

        raise UsageError(
            f"`interlock {command}` needs {missing[0]}, which is not installed: "
            f"pip install 'interlock[{','.join(extras)}]' (in a checkout '.[{','.join(extras)}]')"
        )


def _missing(extra: str) -> Iterator[str]:
    """The packages of the extra that are not installed."""
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

"""The options of ``interlock check``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

FORMATS = ("text", "json", "sarif", "github", "markdown")
"""Of the report."""


def add(command: argparse.ArgumentParser, choices: str) -> None:
    """Add the options. ``choices`` names the choices of the matrix with their values."""
    command.add_argument(
        "files",
        type=Path,
        nargs="*",
        metavar="FILE",
        help="requirements, lock files, pyproject.toml and the like; a folder that has them, or "
        "that has installed packages",
    )
    command.add_argument(
        "--environment", action="store_true", help="check what is installed in this Python too"
    )
    command.add_argument(
        "--python", action="append", metavar="3.X", help="the Python; else what the files name"
    )
    command.add_argument(
        "--situation",
        "--with",
        dest="chosen",
        action="append",
        metavar="CHOICE[=VALUE]",
        help="a setting of your application; repeat it for each. The others have their defaults. "
        f"Without it, every tested choice of settings is checked. {choices}",
    )
    command.add_argument(
        "--exceptions", type=Path, metavar="FILE", help="a TOML file of findings to let through"
    )
    command.add_argument("--format", choices=FORMATS, default="text")
    command.add_argument("--output", type=Path, metavar="FILE", help="write the report there")
    command.add_argument(
        "--data",
        metavar="FOLDER|ZIP|URL",
        help="read other published results: a folder, a zip file, or a URL of either",
    )
    command.add_argument(
        "--report-only", action="store_true", help="return 0 instead of 1 and of 5"
    )
    command.add_argument("--no-age", action="store_true", help="leave out how old the data are")


def with_files(whole: argparse.ArgumentParser, rest: Sequence[str]) -> argparse.Namespace:
    """The options of a check, with files before, between and after them.

    argparse takes positional arguments only where they first stand.
    """
    asked, left = whole.parse_known_args(rest)
    if any(one.startswith("-") for one in left):
        return whole.parse_args(rest)  # it says which option is unknown
    asked.files = [*asked.files, *map(Path, left)]
    return asked

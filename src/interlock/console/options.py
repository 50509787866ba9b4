"""The commands and options of the command line, with names from the matrix."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from interlock.console import check_options

if TYPE_CHECKING:  # reading a matrix takes longer than listing the commands
    from interlock.matrix import Matrix

COMMANDS: Mapping[str, str] = {
    "ask": "show what is known about a combination of releases",
    "check": "check dependency files for a known hang, with an exit code",
    "matrix": "run the cells that have no valid verdict",
    "search": "find the windows of releases that hang, with few runs",
    "aa": "run known cells again, and show where they disagree",
    "images": "build base images from Pythons of this machine and Debian",
    "site": "build the report site",
    "serve": "build and serve the report site",
    "judge": "compute every verdict again from its trials",
    "clean": "show what the cache holds, and remove what is old",
}
"""Every command with its description, in the order of the help."""

MOST_TRIALS = 10_000
"""Of one cell, as in ``matrix.yaml``."""

MOST_DAYS = 36_500

MOST_JOBS = 512
"""At the same time. Each job is a container, and a thread or a process here."""

RERUN = ("missing", "stale", "failed", "all")
"""The values of ``campaign.Rerun``, which is too slow to import for a help text."""


class _Once(argparse.Action):
    """Stores a value; another one for the same option is a mistake, since one would be ignored."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: object,
        option_string: str | None = None,
    ) -> None:
        given: dict[str, object] = vars(namespace).setdefault("given_once", {})
        if given.setdefault(self.dest, values) != values:
            first = str(given[self.dest])[:40]
            parser.error(
                f"argument {option_string}: is given twice: {first} and {str(values)[:40]}"
            )
        setattr(namespace, self.dest, values)


class _Parser(argparse.ArgumentParser):
    """A parser that never lets one value of an option take the place of another."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.register("action", None, _Once)

    def error(self, message: str) -> NoReturn:
        """Say of a value too many how several are given."""
        _, unrecognized, values = message.partition("unrecognized arguments: ")
        first = values.partition(" ")[0]
        if unrecognized and not first.startswith("-"):
            message += (
                "; an option takes one value: repeat the option for several, or ask once for each"
            )
        super().error(message)


def everywhere() -> argparse.ArgumentParser:
    """The options that may stand before or after every command."""
    first = _Parser(add_help=False, allow_abbrev=False)
    first.add_argument(
        "--matrix", type=Path, metavar="FILE", help="the matrix file (default: matrix.yaml)"
    )
    return first


def overview(first: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """A parser for the commands without their options.

    It needs no matrix. ``--help`` is left to the commands.
    """
    whole, commands = _whole(first)
    whole.add_argument("--version", action=_Version, nargs=0, help="print the version")
    for name, does in COMMANDS.items():
        commands.add_parser(name, help=does, add_help=False, allow_abbrev=False)
    return whole


def parser(command: str, found: Matrix, first: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """``first`` with one command and all its options, named as in the matrix."""
    whole, commands = _whole(first)
    options = commands.add_parser(
        command, description=_DESCRIPTIONS.get(command, COMMANDS[command]), allow_abbrev=False
    )
    _OPTIONS[command](options, found)
    return whole


_DESCRIPTIONS: Mapping[str, str] = {
    "ask": "Show whether a combination of releases hangs in the tests, and why. Name the releases "
    "to move to, and the workarounds until then. Needs neither network nor engine. The exit code "
    "is 0 for any answer, and 2 for a mistake in the question.",
    "check": "Find the two libraries in dependency files, and show whether they are known to hang "
    "together. All files are one project. Nothing in them is executed. Needs neither network nor "
    "engine. The exit code is 0 if nothing was found, 1 for a known hang or failure, 2 for bad "
    "input, 3 for trouble of our own, and 5 if it is not known.",
    "matrix": "Run the cells that have no valid verdict, then their follow-ups: workarounds, "
    "baselines, the dependencies of the releases' day, more trials to compare. A verdict is valid "
    "while it is younger than `freshness` in matrix.yaml and its probe is the same.",
    "search": "Find where releases begin and stop to hang. A release that is named is searched "
    "along the other package; a specifier gives the releases of an axis. Run the same command "
    "again to go on.",
    "aa": "Run some of the known cells again, spread over probes, configurations and outcomes. "
    "Show where the trials of one cell disagree.",
}


class _Version(argparse.Action):
    """Reads the version only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib import metadata

        try:
            print(f"interlock {metadata.version('interlock')}")
        except metadata.PackageNotFoundError:
            print("interlock, from its sources")
        parser.exit()


def _whole(
    first: argparse.ArgumentParser,
) -> tuple[argparse.ArgumentParser, argparse._SubParsersAction[argparse.ArgumentParser]]:
    whole: argparse.ArgumentParser = _Parser(prog="interlock", parents=[first], allow_abbrev=False)
    return whole, whole.add_subparsers(dest="command", required=True, metavar="COMMAND")


def _ask(command: argparse.ArgumentParser, found: Matrix) -> None:
    for axis in found.axes:
        command.add_argument(
            f"--{axis.name}", metavar="VERSION", help=f"the release of {axis.package}"
        )
    command.add_argument("--python", metavar="3.X", help="the Python")
    command.add_argument(
        "--with",
        dest="chosen",
        action="append",
        metavar="CHOICE[=VALUE]",
        help="a setting of your application; repeat it for each. The others have their defaults. "
        f"Without it, the answer covers every tested choice of settings. {_choices(found)}",
    )
    command.add_argument(
        "--config",
        metavar="NAME",
        help="all choices of a configuration, instead of several --with",
    )
    command.add_argument("--application", help=argparse.SUPPRESS)
    command.add_argument("--format", choices=["text", "json"], default="text")
    command.add_argument("--results", type=Path, metavar="DIR", help="read other published results")


def _check(command: argparse.ArgumentParser, found: Matrix) -> None:
    check_options.add(command, _choices(found))


def _matrix(command: argparse.ArgumentParser, found: Matrix) -> None:
    for axis in found.axes:
        command.add_argument(
            f"--{axis.name}",
            action="append",
            metavar="VERSION",
            help=f"a release of {axis.package}, `latest`, `lines` for the newest of each line, or "
            "a specifier that filters the set",
        )
    command.add_argument(
        "--python", action="append", metavar="3.X", help="a Python, or a specifier"
    )
    command.add_argument(
        "--probe", action="append", metavar="NAME", help=f"of {', '.join(found.probes)}"
    )
    command.add_argument(
        "--config",
        action="append",
        metavar="NAME",
        help=f"of {', '.join(_plain(found))}; with a workaround: NAME+WORKAROUND, of "
        f"{', '.join(found.workarounds) or 'none'}; with the dependencies of the day: NAME@release",
    )
    command.add_argument("--set", default=None, metavar="NAME", help=_sets(found))
    command.add_argument(
        "--trials", type=_up_to(MOST_TRIALS), default=None, metavar="N", help="trials of each cell"
    )
    command.add_argument(
        "--rerun",
        choices=RERUN,
        default="stale",
        help="which cells to run again although they have a verdict (default: stale)",
    )
    _budget(command, _SEARCHES.format(package=found.axes[0].package))
    for name, does in _SWITCHES.items():
        command.add_argument(name, action="store_true", help=does)
    _campaign(command)


_SEARCHES = (
    "search the cells with few runs, instead of running each; begin no new round after so long: "
    "90m, 2h. Follow-ups are left out. Without a named release, the newest of the {package} "
    "releases and the oldest of the default set are searched whole"
)

_SWITCHES = {
    "--pre": "let `latest` and the specifiers of the set include pre-releases",
    "--no-follow-ups": "run only the requested cells",
    "--no-page": "build no page at the end",
    "--dry-run": "only print the plan and its time",
    "--keep": "keep the environment of a failed cell",
}


def _search(command: argparse.ArgumentParser, found: Matrix) -> None:
    for axis in found.axes:
        command.add_argument(
            f"--{axis.name}",
            action="append",
            metavar="VERSION",
            help=f"a release of {axis.package}, `latest`, or a specifier such as '>=2'",
        )
    command.add_argument(
        "--python", action="append", metavar="3.X", help="a Python, or a specifier"
    )
    command.add_argument("--probe", action="append", metavar="NAME", help="as for `matrix`")
    command.add_argument("--config", action="append", metavar="NAME", help="as for `matrix`")
    command.add_argument(
        "--audit",
        type=_up_to(10_000),
        default=0,
        metavar="N",
        help="then run N inferred cells of each probe and configuration, drawn at random",
    )
    command.add_argument(
        "--seed", type=_up_to(10**9), default=None, metavar="N", help="draws the same cells again"
    )
    _budget(command, "begin no new round after so long: 90m, 2h")
    _campaign(command)


def _budget(command: argparse.ArgumentParser, does: str) -> None:
    command.add_argument("--budget", type=_time, default=None, metavar="TIME", help=does)


def _time(text: str) -> float:
    """Seconds."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    number = text[:-1]
    if not unit or not (
        number.isascii() and number.isdecimal() and 0 < len(number) <= 6 and int(number)
    ):
        raise argparse.ArgumentTypeError(f"{text[:40]} is not a time such as 90m or 2h")
    return float(number) * unit


def _again(command: argparse.ArgumentParser, found: Matrix) -> None:
    command.add_argument("--cells", type=_up_to(100_000), default=20, metavar="N")
    command.add_argument("--repeat", type=_up_to(MOST_TRIALS), default=5, metavar="M")
    _campaign(command)


def _campaign(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--jobs", type=_up_to(MOST_JOBS), default=min(os.cpu_count() or 1, MOST_JOBS), metavar="N"
    )
    command.add_argument("--backend", choices=["auto", "docker", "process"], default="auto")
    command.add_argument(
        "--known", type=Path, metavar="CSV", help="count published verdicts as known"
    )
    command.add_argument("--results", type=Path, metavar="DIR", help="where to write the verdicts")


def _images(command: argparse.ArgumentParser, found: Matrix) -> None:
    command.add_argument("--python", action="append", metavar="3.X")


def _site(command: argparse.ArgumentParser, found: Matrix) -> None:
    command.add_argument("--results", type=Path, metavar="DIR")


def _judge(command: argparse.ArgumentParser, found: Matrix) -> None:
    command.add_argument("--results", type=Path, metavar="DIR", help="where to write the verdicts")


def _clean(command: argparse.ArgumentParser, found: Matrix) -> None:
    command.add_argument(
        "--days", type=_days, default=None, help="remove what was unused for longer"
    )


_OPTIONS: Mapping[str, Callable[[argparse.ArgumentParser, Matrix], None]] = {
    "ask": _ask,
    "check": _check,
    "matrix": _matrix,
    "search": _search,
    "aa": _again,
    "images": _images,
    "site": _site,
    "serve": _site,
    "judge": _judge,
    "clean": _clean,
}


def _sets(found: Matrix) -> str:
    """Every set with its title, the default one marked."""
    listed = [
        f"{name}{' (the default)' if name == found.default_set else ''}: {cells.title}"
        for name, cells in found.sets.items()
    ]
    return "; ".join(listed).replace("%", "%%")  # argparse formats a help text


def _choices(found: Matrix) -> str:
    """The choices in the form ``level=ERROR|WARNING``, the default first."""
    listed = []
    for choice in found.choices.values():
        others = [value for value in choice.levels if value != choice.default]
        listed.append(f"{choice.name}={'|'.join([choice.default, *others])}")
    return f"Choices, each with its default first: {', '.join(listed)}" if listed else ""


def _plain(found: Matrix) -> list[str]:
    return [c.name for c in found.configurations.values() if not c.is_composed]


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"{text[:40]} is not a number of days up to {MOST_DAYS}")
    return days


def _up_to(most: int) -> Callable[[str], int]:
    def positive(text: str) -> int:
        is_short = text.isascii() and text.isdecimal() and len(text) <= len(str(most))
        number = int(text) if is_short else 0
        if not 1 <= number <= most:
            raise argparse.ArgumentTypeError(f"{text[:40]} is not a number from 1 to {most}")
        return number

    return positive

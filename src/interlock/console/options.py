"""The commands and options of the command line, from the names that a matrix has."""

from __future__ import annotations

import argparse
import os
from datetime import timedelta
from pathlib import Path

from interlock.campaign import Rerun
from interlock.matrix import Matrix


def parser(found: Matrix, first: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """What ``interlock`` understands: ``first``, and a command with the names of the matrix."""
    whole = argparse.ArgumentParser(prog="interlock", parents=[first], allow_abbrev=False)
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")

    run = commands.add_parser(
        "matrix",
        help="run the cells that have no fresh verdict",
        description="Run the cells that have no fresh verdict, then what their verdicts call for: "
        "ways out, baselines, the dependencies of the releases' day, more trials to compare.",
    )
    for axis in found.axes:
        run.add_argument(
            f"--{axis.name}",
            action="append",
            metavar="VERSION",
            help=f"a release of {axis.package}, `latest`, or a specifier that filters the set",
        )
    run.add_argument("--python", action="append", metavar="3.X", help="or a specifier")
    run.add_argument(
        "--probe", action="append", metavar="NAME", help=f"of {', '.join(found.probes)}"
    )
    plain = [c.name for c in found.configurations.values() if not c.is_composed]
    run.add_argument(
        "--config",
        action="append",
        metavar="NAME",
        help=f"of {', '.join(plain)}; with a way out: NAME+WAY-OUT, of "
        f"{', '.join(found.ways_out) or 'none'}; with the dependencies of the day: NAME@release",
    )
    run.add_argument("--set", default=None, metavar="NAME", help=f"of {', '.join(found.sets)}")
    run.add_argument("--trials", type=_positive, default=None, metavar="N", help="of each cell")
    run.add_argument(
        "--rerun",
        choices=[r.value for r in Rerun],
        default="stale",
        help="which cells are run although something is known of them (default: stale)",
    )
    run.add_argument(
        "--no-follow-ups", action="store_true", help="run only the cells that are asked for"
    )
    run.add_argument("--no-page", action="store_true", help="build no page at the end")
    run.add_argument("--dry-run", action="store_true", help="only the plan and its time")
    run.add_argument("--keep", action="store_true", help="leave a failed cell's environment")

    again = commands.add_parser(
        "aa",
        help="run known cells again, and say where they disagree",
        description="Run some of the cells that are known again, spread over probes, "
        "configurations and outcomes, and say where the trials of one cell disagree.",
    )
    again.add_argument("--cells", type=_positive, default=20, metavar="N")
    again.add_argument("--repeat", type=_positive, default=5, metavar="M")

    for campaign in (run, again):
        campaign.add_argument("--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N")
        campaign.add_argument("--backend", choices=["auto", "docker", "process"], default="auto")
        campaign.add_argument(
            "--known", type=Path, metavar="CSV", help="count published verdicts as known"
        )
        campaign.add_argument(
            "--results", type=Path, metavar="DIR", help="where to write the verdicts"
        )

    images = commands.add_parser("images", help="build base images from this machine's Pythons")
    images.add_argument("--python", action="append", metavar="3.X")

    for name, does in (("site", "build"), ("serve", "build and serve")):
        site = commands.add_parser(name, help=f"{does} the report site")
        site.add_argument("--results", type=Path, metavar="DIR")

    judged = commands.add_parser("judge", help="compute every verdict again from its trials")
    judged.add_argument("--results", type=Path, metavar="DIR", help="where to write the verdicts")

    cleaned = commands.add_parser("clean", help="say what the cache holds, remove what is old")
    cleaned.add_argument("--days", type=_days, default=None, help="unused for longer: removed")
    return whole


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not 0 <= days <= timedelta.max.days:
        raise argparse.ArgumentTypeError(f"{text} is not a number of days")
    return days


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number

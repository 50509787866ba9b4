"""A matrix with three choices and a kind of application, and rows of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grids import LEVEL, cell, choice, forking, matrix, verdict
from packaging.version import Version

from interlock.matrix.definition import Matrix, Only, ProbeUse, Workaround
from interlock.model import Configuration, Outcome, Reason, Verdict
from interlock.publish.context import PageContext
from interlock.record.results import Results

Track = tuple[str, str]

LEFT, RIGHT = ("1.0", "2.0"), ("1.0", "2.0", "3.0")
BASELINES = (("1.0", "-"), ("-", "1.0"))
TRACKS = (
    ("restart", "stock"),
    ("restart", "warnings"),
    ("restart", "logs"),
    ("restart", "both"),
    ("restart", "warnings+quiet"),
    ("serve", "stock"),
    ("preload", "stock"),
    ("preload", "both"),
)
OUTCOMES = {
    "pass": {},
    "hang": {"reason": Reason.SELF_DEADLOCK},
    "fail": {"reason": Reason.ERROR},
    "unproven": {"reason": Reason.NOT_LIVE},
    "lacks": {"reason": Reason.NO_FEATURE},
    "no-wheel": {"reason": Reason.NO_WHEEL},
}


def known() -> Matrix:
    """Three choices and a kind of application. What has logs is meant for one release alone."""
    made = matrix()
    stock, restart = made.configurations["stock"], made.probes["restart"]
    warnings = replace(stock, name="warnings", choices={"level": "WARNING"})
    logs = replace(stock, name="logs", choices={"logs": "on"})
    both = replace(stock, name="both", choices={"level": "WARNING", "logs": "on"})
    quiet = Configuration(
        name="warnings+quiet",
        title="quiet",
        description="",
        base="warnings",
        workaround="quiet",
        choices={"level": "WARNING", "noise": "off"},
    )
    return replace(
        made,
        choices={
            **LEVEL,
            "logs": choice("logs", "off: logs are off", "on: logs are on"),
            "noise": choice("noise", "off: all is quiet", "on: there is noise", default="on"),
            **forking(instead="Start it in the child."),
        },
        configurations={one.name: one for one in (stock, warnings, logs, both, quiet)},
        workarounds={
            "quiet": Workaround(name="quiet", title="quiet", costs="No noise.", choices={})
        },
        probes={
            "restart": replace(restart, configs=("stock", "warnings", "logs", "both")),
            "serve": replace(restart, name="serve", configs=("stock",)),
            "preload": replace(restart, name="preload", configs=("stock", "both")),
        },
        uses={
            "restart": ProbeUse(workarounds={"warnings": ("quiet",)}),
            "preload": ProbeUse(choices={"forking": "yes"}),
        },
        only={name: Only(versions={"right": (Version("3.0"),)}) for name in ("logs", "both")},
    )


def of(left: str, right: str, track: Track, said: str, exposures: int) -> Verdict:
    probe, config = track
    outcome = said if said in set(map(str, Outcome)) else "unsupported"
    there = cell(left, right, config=config, probe=probe)
    return verdict(there, outcome, exposures=exposures, **OUTCOMES[said])


def context(verdicts: Sequence[Verdict]) -> PageContext:
    listed = Results(verdicts=[*verdicts], signatures=[], yanked={}, controls=[])
    return PageContext(matrix=known(), results=listed)

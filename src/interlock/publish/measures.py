"""The measurements of the trials: by release for a probe, and for one verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from packaging.version import Version

from interlock.model import Measure, Measured, Probe, Verdict, listing
from interlock.publish.context import PageContext
from interlock.publish.wording import sentence


@dataclass(frozen=True, kw_only=True)
class Row:
    """The combinations with one release, or without a library."""

    what: str
    combinations: int
    spreads: list[str]
    """One a measure."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """What was measured in one configuration."""

    title: str
    rows: list[Row]


def tables(context: PageContext, probe: Probe) -> list[Table]:
    """The measurements of a probe, one table a configuration; empty if there are none."""
    by_config: dict[str, list[Verdict]] = {}
    for verdict in context.findings.by_probe.get(probe.name, ()):
        if verdict.measured:
            by_config.setdefault(verdict.cell.config, []).append(verdict)
    return [
        Table(
            title=sentence(context.title(config)),
            rows=_rows(context, probe, by_config[config]),
        )
        for config in context.in_order(by_config)
    ]


def _rows(context: PageContext, probe: Probe, verdicts: Sequence[Verdict]) -> list[Row]:
    """The rows without a library, then one for each release of the first axis."""
    groups: dict[tuple[bool, Version | str], list[Verdict]] = {}
    for verdict in verdicts:
        what = _what(context, verdict)
        groups.setdefault((isinstance(what, Version), what), []).append(verdict)
    return [
        Row(what=str(what), combinations=len(found), spreads=list(_spreads(probe, found)))
        for (_, what), found in sorted(groups.items())
    ]


def _what(context: PageContext, verdict: Verdict) -> Version | str:
    absent = [pin.package for pin in verdict.cell.pins if pin.version is None]
    version = verdict.cell.version(context.first.axis)
    return f"no {listing(absent, last='or')}" if absent or version is None else version


def _spreads(probe: Probe, verdicts: Sequence[Verdict]) -> Iterator[str]:
    for measure in probe.measures:
        values = [m.median for v in verdicts for m in v.measured if m.name == measure.name]
        yield _spread(median(values), min(values), max(values)) if values else "–"


def line(probe: Probe, verdict: Verdict) -> str:
    """The measures of a verdict in a sentence; empty if there are none.

    ``Measured: answered: 1,204; longest exit, s: 2.1 (1.9 to 2.4 in 3 trials).``
    """
    named = {measure.name: measure for measure in probe.measures}
    told = [_one(named[m.name], m) for m in verdict.measured if m.name in named]
    return f"Measured: {'; '.join(told)}." if told else ""


def _one(measure: Measure, found: Measured) -> str:
    said = f"{measure.title}: {number(found.median)}"
    if found.least == found.most:
        return said
    return f"{said} ({number(found.least)} to {number(found.most)} in {found.trials} trials)"


def _spread(middle: float, least: float, most: float) -> str:
    if least == most:
        return number(middle)
    return f"{number(middle)} ({number(least)}–{number(most)})"


def number(value: float) -> str:
    """Two digits, or all of the integer part: ``0.83``, ``4.2``, ``1,204``."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.2g}"

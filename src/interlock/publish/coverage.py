"""How well each release is tested: the coverage tables of the start page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from interlock.findings import Coverage, Recommendation, Standing, State, shortfall
from interlock.matrix import Required
from interlock.model import Outcome, PythonVersion, plural
from interlock.publish.context import PageContext
from interlock.publish.release_lines import ReleaseLine, by_line
from interlock.publish.wording import WORDS, Mark, span

SAFE = "safe"
BREAKS = "hangs or fails"
NOT_ENOUGH = "not tested enough"
NEVER = "never recommended: yanked, or a pre-release"

NAMED = 4
"""At most this many Pythons are listed one by one; the others are counted."""


@dataclass(frozen=True, kw_only=True)
class ReleaseCoverage:
    """One row: a release, and what it was tested with."""

    version: str
    mark: Mark
    called: str
    pythons: str
    """The Pythons on which it is safe; empty if there are none."""
    on: str
    """``5 of 5``: Pythons of those that the policy requires."""
    lines: str
    """``45 of 45``: release lines that it passes with, counted Python by Python."""
    trials: int
    """Passing trials, on all Pythons."""
    lacks: list[str]
    """What is missing or goes wrong, one phrase each."""


@dataclass(frozen=True, kw_only=True)
class LineCoverage:
    """The releases of one release line, with what they come to."""

    name: str
    """Empty where a release stands alone."""
    rows: Sequence[ReleaseCoverage]
    counted: list[tuple[Mark, str]]
    """``3 not tested enough``: the kinds of releases, the worst first."""
    trials: int
    """Passing trials of all of them."""


@dataclass(frozen=True, kw_only=True)
class AxisCoverage:
    """The table of one package."""

    package: str
    others: list[str]
    rows: list[ReleaseCoverage]
    lines: list[LineCoverage]
    """The same rows by release line."""


def coverages(context: PageContext) -> list[AxisCoverage]:
    """A table for each axis, with the newest release on top.

    The axis to move first comes first.
    """
    return [_of_axis(context, said) for said in context.about.recommendations]


def _of_axis(context: PageContext, said: Recommendation) -> AxisCoverage:
    rows = [_row(context, standing) for standing in reversed(said.standings)]
    return AxisCoverage(
        package=context.package(said.axis),
        others=context.others(said.axis),
        rows=rows,
        lines=[_of_line(line) for line in by_line(rows, lambda row: row.version)],
    )


def _of_line(line: ReleaseLine[ReleaseCoverage]) -> LineCoverage:
    kinds = Counter((row.mark, row.called) for row in sorted(line.rows, key=_worst_first))
    return LineCoverage(
        name=line.name,
        rows=line.rows,
        counted=[
            (mark, f"{number} {_of_many(called)}") for (mark, called), number in kinds.items()
        ],
        trials=sum(row.trials for row in line.rows),
    )


def _worst_first(row: ReleaseCoverage) -> int:
    return [BREAKS, NOT_ENOUGH, NEVER, SAFE].index(row.called)


def _of_many(called: str) -> str:
    """After a number: 2 ``hang or fail``."""
    return "hang or fail" if called == BREAKS else called


def policy(context: PageContext) -> Required:
    """What a release needs on each Python to be safe."""
    return context.matrix.policy.safe


def sparse(said: Recommendation) -> list[Standing]:
    """Releases without any hang or failure that are not tested enough."""
    return [one for one in said.standings if not one.is_safe and not one.breaks]


def _row(context: PageContext, standing: Standing) -> ReleaseCoverage:
    outcome, called = _called(standing)
    asked = {
        python: found
        for python, found in standing.by_python.items()
        if python in (standing.required or ()) and not _is_refused(found)
    }
    found = standing.by_python.values()
    lines = sum(len(one.lines) for one in asked.values())
    passed = sum(len(one.lines) - len(one.missing) for one in asked.values())
    on = sum(one.state is State.PASSES for one in asked.values())
    return ReleaseCoverage(
        version=str(standing.version),
        mark=Mark(f"il-{outcome}", WORDS[outcome].symbol),
        called=called,
        pythons=_span(context, standing.passes),
        on=f"{on} of {len(asked)}" if asked else "–",
        lines=f"{passed} of {lines}" if lines else "–",
        trials=sum(one.trials for one in found),
        lacks=_lacks(context, standing),
    )


def _called(standing: Standing) -> tuple[Outcome, str]:
    if not standing.recommendable:
        return Outcome.UNSUPPORTED, NEVER
    if standing.breaks:
        return Outcome.HANG, BREAKS
    if standing.is_safe:
        return Outcome.PASS, SAFE
    return Outcome.UNPROVEN, NOT_ENOUGH


def _is_refused(found: Coverage) -> bool:
    return found.state is State.CANNOT and found.is_refused


def _lacks(context: PageContext, standing: Standing) -> list[str]:
    """What goes wrong, then what is missing.

    Pythons with the same text share one phrase.
    """
    said = []
    if standing.breaks:
        said.append(f"hangs or fails on Python {_span(context, standing.breaks)}")
    if standing.required is None:
        said.append("its release line is not in the policy")
    packages = {axis.name: axis.package for axis in context.axes}
    by_text: dict[str, list[PythonVersion]] = {}
    for python, found in standing.by_python.items():
        if text := _lacking(found, python in standing.lacking, packages):
            by_text.setdefault(text, []).append(python)
    said += [f"Python {_span(context, on)}: {text}" for text, on in by_text.items()]
    more = len(said) - NAMED
    return [*said[:NAMED], f"and {plural(more, 'Python')} more"] if more > 1 else said


def _lacking(found: Coverage, is_asked: bool, packages: Mapping[str, str]) -> str:
    """Empty if nothing is missing, or if nothing is required and nothing ran."""
    if found.state is State.CANNOT:
        return "not tested" if is_asked else ""
    if found.state not in (State.SPARSE, State.UNPROVEN):
        return ""
    return ", ".join(shortfall(found, packages))


def _span(context: PageContext, pythons: tuple[PythonVersion, ...] | list[PythonVersion]) -> str:
    required = context.matrix.policy.safe.lines.values()
    of = {*context.pythons, *pythons}.union(*(g.pythons for groups in required for g in groups))
    return span(pythons, sorted(of)) if pythons else ""

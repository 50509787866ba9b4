"""How well each release is tested: the coverage tables of the start page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.findings import Coverage, Recommendation, Standing, State, shortfall
from interlock.matrix import Required
from interlock.model import Outcome, PythonVersion, plural
from interlock.publish.context import PageContext
from interlock.publish.wording import WORDS, Mark, span

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
class AxisCoverage:
    """The table of one package."""

    package: str
    others: list[str]
    rows: list[ReleaseCoverage]


def coverages(context: PageContext) -> list[AxisCoverage]:
    """A table for each axis, with the newest release on top.

    The axis to move first comes first.
    """
    return [
        AxisCoverage(
            package=context.package(said.axis),
            others=context.others(said.axis),
            rows=[_row(context, standing) for standing in reversed(said.standings)],
        )
        for said in context.about.recommendations
    ]


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
        return Outcome.UNSUPPORTED, "never recommended: yanked, or a pre-release"
    if standing.breaks:
        return Outcome.HANG, "hangs or fails"
    if standing.is_safe:
        return Outcome.PASS, "safe"
    return Outcome.UNPROVEN, "not tested enough"


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

"""What was tested nearest to a combination that was not, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from packaging.version import Version

from interlock.findings.around import Elsewhere, Neighbours
from interlock.findings.findings import Findings
from interlock.findings.kinds import instead_of_pass
from interlock.findings.question import Question, SituationAnswer
from interlock.matrix import Situation
from interlock.model import Outcome, Pin, PythonVersion, listing


def nearest(findings: Findings, question: Question, part: SituationAnswer) -> Iterator[str]:
    """What was tested around, a clause each."""
    for one in part.neighbours:
        yield _neighbours(findings, question, one, part.situation)
    if part.elsewhere:
        yield _elsewhere(part.elsewhere)


def unlisted(part: SituationAnswer) -> list[str]:
    """The releases that nobody can know anything about, a sentence each."""
    return [
        f"The package index did not list {pin.package} {pin.version} when these results were "
        "published."
        for pin in part.unlisted
    ]


def _neighbours(
    findings: Findings, question: Question, one: Neighbours, situation: Situation
) -> str:
    matrix = findings.matrix
    asked, package = question.versions[one.axis], matrix.axis(one.axis).package
    around = [version for version in (one.below, one.above) if version]
    others = listing([axis.package for axis in matrix.axes if axis.name != one.axis])
    if not around:
        return f"no release of {package} was tested with these settings on Python {question.python}"
    if around[0] == asked:
        return f"{package} {asked} was tested with these settings and other releases of {others}"
    which = "this" if one.with_the_others else "other releases of"
    told = listing([_does(findings, question, one, version, situation) for version in around])
    return f"the nearest tested {package} with {which} {others}: {told}"


def _does(
    findings: Findings, question: Question, one: Neighbours, version: Version, situation: Situation
) -> str:
    """A release, and what it does with the others of the question: ``2.5.1 (hang)``."""
    if not one.with_the_others:
        return str(version)
    versions = {**question.versions, one.axis: version}
    pins = tuple(
        Pin(axis=a.name, package=a.package, version=versions[a.name]) for a in findings.matrix.axes
    )
    found = findings.tested.conclude(situation, (pins, question.python))
    is_pass = found.outcome is Outcome.PASS
    rare = instead_of_pass(findings, situation, found.rests_on) if is_pass else None
    return f"{version} ({rare.state if rare else found.outcome})"


def _elsewhere(one: Elsewhere) -> str:
    who = "these releases" if one.with_these else "other releases"
    return f"{who} were tested with these settings on Python {listing(_in_order(one.pythons))}"


def _in_order(pythons: Iterable[PythonVersion]) -> list[str]:
    return [str(python) for python in sorted(pythons)]

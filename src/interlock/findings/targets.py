"""Which releases to move to in some situations, along each axis. Pure.

A target was run, and passes the same question. What another library does alone is no reason against
it (``weighing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.attribution import PYTHON
from interlock.findings.findings import Findings
from interlock.findings.likeness import TROUBLE
from interlock.findings.situation import Conclusion, lacks_feature
from interlock.findings.tested import Place, moved
from interlock.findings.weighing import Trouble, version_of
from interlock.matrix import Situation
from interlock.model import Axis, NoTarget, Outcome, Target, Verdict


def moves_of(
    findings: Findings,
    asked: Sequence[Situation],
    place: Place,
    troubles: Sequence[Trouble],
) -> tuple[Move, ...]:
    """Along each axis, the releases that pass in each of the situations; none without trouble."""
    prefer = findings.matrix.policy.prefer
    axes = sorted(
        findings.matrix.axes,
        key=lambda axis: prefer.index(axis.name) if axis.name in prefer else len(prefer),
    )
    return tuple(_move(findings, axis, asked, place, troubles) for axis in axes if troubles)


def _move(
    findings: Findings,
    axis: Axis,
    asked: Sequence[Situation],
    place: Place,
    troubles: Sequence[Trouble],
) -> Move:
    pins, python = place
    if not any(one.counts_against(axis.name) for one in troubles):
        return _none(axis, _not_its_own(axis, place, troubles))
    present = version_of(pins, axis.name)
    above = [v for v in findings.tested.beside(axis.name, place) if v > present]
    hurt = [one for one in asked if findings.tested.outcome(one, place) in TROUBLE]
    excluded = findings.withdrawn.get(axis.name, ())

    def passes(version: Version) -> bool:
        return _all_pass(findings, axis, asked, hurt, (moved(pins, axis.name, version), python))

    # From both ends: what lies between the nearest and the newest is not looked at.
    final = [v for v in above if not v.is_prerelease and v not in excluded]
    if nearest := next(filter(passes, final), None):
        newest = next(filter(passes, reversed(final)))
        return Move(
            nearest=Target(axis=axis.name, version=nearest),
            newest=Target(axis=axis.name, version=newest),
        )
    if passing := [version for version in above if version not in final and passes(version)]:
        named = ", ".join(map(str, passing))
        return _none(axis, f"only yanked releases or pre-releases of {axis.package} help: {named}")
    places = [(moved(pins, axis.name, version), python) for version in above]
    if len(asked) > 1 and any(
        _all_pass(findings, axis, [one], [one], there) for one in hurt for there in places
    ):
        return _none(axis, f"no {axis.package} release that was tested passes in every setting")
    if any(findings.tested.covers(one, there) for one in hurt for there in places):
        return _none(axis, f"no {axis.package} release that was tested helps")
    if above:
        return _none(axis, f"no {axis.package} release was tested with all of this switched on")
    return _none(axis, f"no newer {axis.package} release was tested")


def _all_pass(
    findings: Findings,
    axis: Axis,
    asked: Sequence[Situation],
    hurt: Sequence[Situation],
    place: Place,
) -> bool:
    """Whether the same question about that place would be answered with a pass, and what goes
    wrong here passes there. What another library does alone is no reason against it."""

    def beside(verdict: Verdict) -> bool:
        attribution = findings.attributions[verdict.cell.key]
        return not Trouble(verdict=verdict, attribution=attribution).counts_against(axis.name)

    passing = []
    for one in asked:
        found = findings.tested.conclude(one, place, beside)
        if found.outcome is Outcome.PASS:
            passing.append(found)
            continue
        lacks = lacks_feature(found.outcome, found.rests_on)
        if one in hurt or (findings.tested.covers(one, place) and not lacks):
            return False
    return bool(passing) and all(_often_enough(findings, one) for one in passing)


def _often_enough(findings: Findings, passing: Conclusion) -> bool:
    """Whether every pass rests on the least trials of the policy."""
    passes = (s.verdict for s in passing.rests_on if s.verdict.outcome is Outcome.PASS)
    return all(verdict.trials >= findings.matrix.policy.least_trials for verdict in passes)


def _none(axis: Axis, reason: str) -> Move:
    none = NoTarget(axis=axis.name, reason=reason)
    return Move(nearest=none, newest=none)


def _not_its_own(axis: Axis, place: Place, troubles: Iterable[Trouble]) -> str:
    """Nothing of what goes wrong is a reason to move along this axis."""
    pins, python = place
    owners = {one.attribution.whose for one in troubles}
    names = [pin.package for pin in pins if pin.axis in owners]
    names += [f"Python {python}"] if PYTHON in owners else []
    return f"moving {axis.package} changes nothing: it is {' and '.join(names)} alone"

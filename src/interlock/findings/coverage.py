"""What a release was run with on one Python, and what it lacks to be safe there. Pure.

Only these rows count:

- for it: combinations in which every probe that is asked for passes, in enough trials;
- against it: a hang or failure that is a reason to avoid it;
- against it as well: a verdict that proved nothing.

Everything else says nothing: what was not run, and what another library does alone. A combination
that can't be installed is not a pass. Where the release can't be installed with any required line,
nothing is required of it.

So a pass can only help. The policy states what is required, and no row about another release
changes that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from packaging.version import Version

from interlock.findings.weighing import (
    Combination,
    Combinations,
    PartnerLine,
    Pins,
    Weight,
    is_good,
    version_of,
    without,
)
from interlock.matrix import Required
from interlock.model import Outcome, PythonVersion, listing


class State(str, Enum):
    """What is known of a release on one Python."""

    PASSES = "passes"
    """With all that the policy requires."""
    BREAKS = "breaks"
    """It hangs or fails with some partner."""
    UNPROVEN = "unproven"
    """Nothing breaks, but some verdict proved nothing."""
    SPARSE = "not tested enough"
    """Nothing breaks, but the release does not show all that the policy requires."""
    CANNOT = "cannot be installed"
    """Not with any partner that was tried, or nothing was tried."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """What one release was run with on one Python."""

    python: PythonVersion
    required: Required
    lines: tuple[PartnerLine, ...]
    """The lines that it has to pass with."""
    missing: tuple[PartnerLine, ...]
    """Those of ``lines`` that it does not pass with."""
    partners: tuple[Pins, ...]
    """Those that it passes with; none is yanked or a pre-release."""
    trials: int
    """Passing trials with these partners."""
    breaks: tuple[Pins, ...]
    """Partners with which it hangs or fails."""
    unproven: tuple[Pins, ...]
    """Partners with which some verdict proved nothing."""
    sparse: tuple[Pins, ...]
    """Partners with which not every probe was run, or not often enough."""
    installs: bool
    """Whether it can be installed with some partner that was tried."""
    is_refused: bool
    """Whether it can't be installed there with any line that it has to pass with."""

    @property
    def is_enough(self) -> bool:
        """Whether it shows all that the policy requires."""
        return (
            not self.missing
            and len(self.partners) >= self.required.partners
            and self.trials >= self.required.trials
        )

    @property
    def state(self) -> State:
        if self.breaks:
            return State.BREAKS
        if self.unproven:
            return State.UNPROVEN
        if self.is_enough:
            return State.PASSES
        return State.SPARSE if self.installs else State.CANNOT


def coverage(
    tested: Combinations, axis: str, version: Version, python: PythonVersion, config: str | None
) -> Coverage:
    """What a release was run with on that Python; ``config`` None is every configuration."""
    required = tested.policy.safe
    run = tested.of_release(axis, version, python)
    weighed = [(here, _weights(tested, here, axis, config)) for here in run]
    good = [
        here for here, weights in weighed if is_good(weights) and _may_be_run(tested, here, axis)
    ]
    partners = [without(here.pins, axis) for here in good]
    lines = tested.lines_beside(axis, python)
    return Coverage(
        python=python,
        required=required,
        lines=lines,
        missing=tuple(line for line in lines if not _is_covered(tested, line, partners)),
        partners=tuple(partners),
        trials=sum(_passing_trials(here, config) for here in good),
        breaks=_with(weighed, Weight.BAD, axis),
        unproven=_with(weighed, Weight.UNPROVEN, axis),
        sparse=_with([one for one in weighed if one[0].installs(config)], Weight.OPEN, axis),
        installs=any(here.installs(config) for here in run),
        is_refused=_is_refused(tested, lines, run, axis, config),
    )


def _weights(
    tested: Combinations, here: Combination, axis: str, config: str | None
) -> Collection[Weight]:
    """A probe that was never run is asked for as well.

    Otherwise the loss of a probe's last row would make releases safe.
    """
    found = tested.weights(here, config, axis)
    return {*found, Weight.OPEN} if tested.is_asked_more(here, config) else found


def _is_refused(
    tested: Combinations,
    lines: Sequence[PartnerLine],
    run: Sequence[Combination],
    axis: str,
    config: str | None,
) -> bool:
    """Reads only what can't be installed, so that the loss of a pass changes nothing."""
    refused = [without(here.pins, axis) for here in run if here.is_refused(config)]
    return bool(refused) and all(_is_covered(tested, line, refused) for line in lines)


def _with(
    weighed: Sequence[tuple[Combination, Collection[Weight]]], weight: Weight, axis: str
) -> tuple[Pins, ...]:
    return tuple(without(here.pins, axis) for here, weights in weighed if weight in weights)


def _may_be_run(tested: Combinations, here: Combination, axis: str) -> bool:
    """Whether no partner is yanked or a pre-release: a pass with one is no proof."""
    return all(
        tested.recommendable(pin.axis, version_of(here.pins, pin.axis))
        for pin in without(here.pins, axis)
    )


def _is_covered(tested: Combinations, line: PartnerLine, partners: Iterable[Pins]) -> bool:
    return any(line in tested.lines_of(pin) for pins in partners for pin in pins)


def _passing_trials(here: Combination, config: str | None) -> int:
    return sum(v.trials for v in here.said(config) if v.outcome is Outcome.PASS)


def shortfall(found: Coverage, packages: Mapping[str, str]) -> list[str]:
    """What is missing on that Python, a phrase each; ``packages`` are by axis.

    >>> shortfall(found, {"left": "left-lib"})
    ['1 of 3 left-lib releases', '4 of 10 trials', 'no pass with left-lib 2.5.x']
    """
    said = []
    if found.unproven:
        named = listing([_named(pins) for pins in found.unproven])
        said.append(f"unproven with {named}")
    if len(found.partners) < found.required.partners:
        said.append(
            f"{len(found.partners)} of {found.required.partners} {_partners(found, packages)}"
        )
    if found.trials < found.required.trials:
        said.append(f"{found.trials} of {found.required.trials} trials")
    missing: dict[str, list[str]] = {}
    for line in found.missing:
        missing.setdefault(packages[line.axis], []).append(str(line))
    said += [f"no pass with {package} {listing(lines)}" for package, lines in missing.items()]
    return said


def _partners(found: Coverage, packages: Mapping[str, str]) -> str:
    axes = [line.axis for line in found.lines]
    axes += [pin.axis for pins in found.partners for pin in pins]
    return f"{listing([packages[axis] for axis in dict.fromkeys(axes)]) or 'partner'} releases"


def _named(pins: Pins) -> str:
    return listing([f"{pin.package} {pin.version}" for pin in pins])

"""Which rows a release has to pass: those that the matrix means to run everywhere. Pure.

A campaign runs more than that. Workarounds and ``@release`` are run where a cell did not pass, a
baseline says what one library does alone, and a configuration that does not amplify the race shows
how rare it is. None of them is asked of a release. A probe or configuration that is narrowed by
``only`` is asked of the releases that it names, and of no other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.findings.baselines import Needs, plain
from interlock.matrix import EVERYWHERE, Choice, Latest, Matrix, Only, Ranged, Required
from interlock.model import Cell, Pin, PythonVersion, Verdict
from interlock.record import Columns

Meant = Callable[[Cell], bool]
"""Whether a verdict about the cell is asked of its releases."""

AMPLIFIED = "amplified"
"""The setting with which a configuration leaves out what makes the race likelier."""


def everything(cell: Cell) -> bool:
    """All that is no baseline and not composed: what a matrix without ``only`` means."""
    return cell.is_whole and plain(cell.config) == cell.config


def meant_by(matrix: Matrix, verdicts: Iterable[Verdict]) -> Meant:
    """What ``matrix.yaml`` means to run.

    ``latest`` there is every tested release of the policy's last line. It is not the newest that
    has a verdict: a test of one release would then change what is asked of another. Without a
    policy for the axis there is nothing else to go by.
    """
    within = _within(matrix, verdicts)

    @cache
    def limits(probe: str, config: str) -> frozenset[int] | None:
        there = _limits(matrix, probe, config)
        return None if there is None else frozenset(map(id, there))

    def meant(cell: Cell) -> bool:
        of = limits(cell.probe, cell.config)
        if of is None or not cell.is_whole:
            return False
        return not of or (of <= within(cell.python) and all(of <= within(p) for p in cell.pins))

    return meant


def _limits(matrix: Matrix, probe: str, config: str) -> list[Only] | None:
    """The limits of a track; None if nothing is asked in it."""
    known = matrix.probes.get(probe)
    is_asked = known and config in known.configs and is_amplified(matrix, config)
    if not is_asked or plain(config) != config:
        return None
    return [only for only in matrix.only_there(probe, config) if only is not EVERYWHERE]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where a probe in a configuration is meant to be run: the same that ``meant_by`` says."""

    pythons: frozenset[PythonVersion] | None
    """None is every one."""
    versions: Mapping[str, frozenset[Version]]
    """By axis; every release of an axis that is not there."""


def bounds_by(matrix: Matrix, verdicts: Iterable[Verdict]) -> Callable[[str, str], Bounds | None]:
    """The bounds of each probe and configuration; None for one that is asked of no release."""
    tested = _tested_versions(matrix, verdicts)

    def bounds(probe: str, config: str) -> Bounds | None:
        limits = _limits(matrix, probe, config)
        if limits is None:
            return None
        pythons = [frozenset(one.pythons) for one in limits if one.pythons]
        versions: dict[str, frozenset[Version]] = {}
        for only in limits:
            for axis, named in _resolved(only, tested, matrix.policy.safe).items():
                versions[axis] = versions.get(axis, frozenset(named)) & named
        within = pythons[0].intersection(*pythons) if pythons else None
        return Bounds(pythons=within, versions=versions)

    return bounds


def _within(
    matrix: Matrix, verdicts: Iterable[Verdict]
) -> Callable[[Pin | PythonVersion], frozenset[int]]:
    """The limits, by their identity, that a release or a Python is within."""
    versions = _tested_versions(matrix, verdicts)
    limiting = {
        id(only): only
        for probe in matrix.probes
        for config in matrix.configurations
        for only in matrix.only_there(probe, config)
    }
    narrowed = {of: _resolved(only, versions, matrix.policy.safe) for of, only in limiting.items()}

    @cache
    def within(part: Pin | PythonVersion) -> frozenset[int]:
        if isinstance(part, PythonVersion):
            there = (of for of, o in limiting.items() if not o.pythons or part in o.pythons)
        else:
            named = ((of, versions.get(part.axis)) for of, versions in narrowed.items())
            there = (of for of, listed in named if listed is None or part.version in listed)
        return frozenset(there)

    return within


def _tested_versions(matrix: Matrix, verdicts: Iterable[Verdict]) -> dict[str, set[Version]]:
    """By axis: the releases of the pairs that were tested."""
    rows = Columns.of(verdicts)
    found: dict[str, set[Version]] = {axis.name: set() for axis in matrix.axes}
    cells = zip(*(rows.cells[row] for row in rows.answers), strict=True)
    for part, numbers in zip(rows.parts[:-3], cells, strict=False):
        for pin in (part[number] for number in {*numbers}):
            found.setdefault(pin.axis, set()).add(pin.version)
    return found


@dataclass(frozen=True, kw_only=True)
class Criteria:
    """What is asked of a release before it is called safe, for one kind of application."""

    meant: Meant = everything
    concerns: Callable[[str], bool] = lambda _: True
    """Whether a probe is about the application that is advised."""
    speaks_for: Callable[[str], bool] = lambda _: True
    """Whether a probe is about that kind and no other: without a verdict of one, a combination was
    not tested for it."""
    tracks: tuple[tuple[str, str], ...] = ()
    """Probes and configurations that are asked for, whether or not anything was run in them."""


EVERYTHING = Criteria()


def criteria_for(matrix: Matrix, meant: Meant, application: str | None) -> Criteria:
    """By the probes that are about every application, and those about that kind of one."""
    return Criteria(
        meant=meant,
        concerns=partial(matrix.concerns, application),
        speaks_for=partial(matrix.is_about, application),
        tracks=tuple(
            (probe.name, config)
            for probe in matrix.probes.values()
            if not matrix.use(probe.name).only_as_control
            and matrix.concerns(application, probe.name)
            for config in probe.configs
            if is_amplified(matrix, config)
        ),
    )


def needs_of(matrix: Matrix) -> Needs:
    """What each probe can't do without, for ``attribute``."""
    return {name: probe.needs for name, probe in matrix.probes.items()}


def is_amplified(matrix: Matrix, config: str) -> bool:
    """Whether a configuration leaves the race as likely as its probe makes it."""
    known = matrix.configurations.get(config)
    return known is None or bool(known.settings.get(AMPLIFIED, True))


def _resolved(
    only: Only, versions: Mapping[str, set[Version]], required: Required
) -> dict[str, set[Version]]:
    return {
        axis: set().union(
            *(_named(choice, versions[axis], required.newest_line(axis)) for choice in choices)
        )
        for axis, choices in only.versions.items()
    }


def _named(choice: Choice, versions: set[Version], newest: SpecifierSet | None) -> set[Version]:
    if isinstance(choice, Latest):
        finals = {v for v in versions if not v.is_prerelease and choice.within.contains(v)}
        if newest is not None:
            return finals if len(choice.within) else {v for v in finals if newest.contains(v)}
        return {max(finals)} if finals else set()
    if isinstance(choice, Ranged):
        return {v for v in versions if choice.within.contains(v, prereleases=True)}
    return set() if choice is None else {choice}

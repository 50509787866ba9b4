"""Find the cells that a command line asks for, within a set.

This module is pure: the published releases are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import ParamSpec, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from interlock.matrix.choices import (
    FINAL,
    Choice,
    Eligible,
    Latest,
    Ranged,
    beyond_the_harness,
    matching,
    read_choice,
    unpublished,
)
from interlock.matrix.definition import EVERYWHERE, PYTHON, CellSet, Matrix, Only
from interlock.matrix.mistakes import nearest
from interlock.matrix.selector import Selector, Within
from interlock.model import (
    ABSENT,
    Axis,
    Pin,
    PythonVersion,
    Release,
    UsageError,
    listing,
    version_key,
)

_MOST_SHOWN = 12
"""The most versions that a message lists."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the user asked for on the command line, as it was typed."""

    set_name: str | None = None
    """None means the default set."""
    versions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By axis. A version or ``latest`` replaces the axis, a specifier filters the set."""
    pythons: Sequence[str] = ()
    probes: Sequence[str] = ()
    configs: Sequence[str] = ()
    pre: bool = False
    """Whether ``latest`` and specifiers include pre-releases, as with ``pip install --pre``."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """The cells asked for, and which version ``latest`` meant."""

    selector: Selector
    """The cells themselves. It counts and yields them without holding them all."""
    resolved: Mapping[str, str]
    """``{"ddtrace latest:==4.*": "4.16.0"}``."""
    too_young: Mapping[str, tuple[Version, ...]] = field(default_factory=dict)
    """By axis: releases that would be selected if they were older than the cool-down."""


def select(
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    request: Request,
    now: datetime | None = None,
) -> Selection:
    """The cells of a set, narrowed by the request.

    ``releases`` holds the releases of each axis's package, by the axis's name. ``now`` is for the
    policy's cool-down; without it, no release is too young. Raises ``UsageError`` with the mistakes
    of all options, one a line, each with a correction.
    """
    mistakes = _unknown_axes(matrix, request)
    picked = _Picked(eligible=_eligible(matrix, request, now))
    cells = _noted(mistakes, _set, matrix, request.set_name) or matrix.sets[matrix.default_set]
    pins = {
        axis.name: _noted(mistakes, _pins, axis, asked, releases[axis.name], cells, picked) or ()
        for axis in matrix.axes
        for asked in [request.versions.get(axis.name, ())]
    }
    pythons = _noted(mistakes, _pythons, request.pythons, cells) or ()
    pairs = _pairs(matrix, request, cells, mistakes)
    if mistakes:
        raise UsageError("\n".join(mistakes))
    selector = _selector(matrix, releases, request, pins, pythons, pairs, picked.eligible)
    if not selector:
        raise UsageError(
            f"{', '.join(f'{probe} in {config}' for probe, config in pairs)}: {matrix.name} runs "
            "none of these releases and Pythons there (`only`); to run them anyway, name the "
            "probe or the configuration together with a version"
        )
    return Selection(
        selector=selector,
        resolved=picked.resolved,
        too_young={axis: tuple(sorted(young)) for axis, young in picked.too_young.items()},
    )


def _eligible(matrix: Matrix, request: Request, now: datetime | None) -> Eligible:
    if now is None:
        return replace(FINAL, pre=request.pre)
    return Eligible.at(now, matrix.policy.cool_down, pre=request.pre)


@dataclass(frozen=True, kw_only=True)
class _Picked:
    """What the choices of all axes meant."""

    eligible: Eligible
    resolved: dict[str, str] = field(default_factory=dict)
    too_young: dict[str, set[Version]] = field(default_factory=dict)

    def versions(
        self, axis: Axis, choice: Choice, published: Sequence[Release]
    ) -> Sequence[Version | None]:
        """The versions of a choice that was checked. Empty if all of them are too young."""
        if not isinstance(choice, Ranged):
            # Use the index's spelling: 2.10 is the release 2.10.0.
            return [next((r.version for r in published if r.version == choice), None)]
        found = matching(choice, published, self.eligible)
        if isinstance(choice, Latest):
            self.resolved.update({f"{axis.name} {choice}": str(v) for v in found})
        at_any_age = matching(choice, published, replace(self.eligible, before=None))
        if young := set(at_any_age).difference(found):
            self.too_young.setdefault(axis.name, set()).update(young)
        return found


def _noted(
    mistakes: list[str], read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """What ``read`` returns. None if it raises ``UsageError``; the mistake is noted."""
    try:
        return read(*args, **kwargs)
    except UsageError as mistake:
        mistakes.append(str(mistake))
        return None


def _unknown_axes(matrix: Matrix, request: Request) -> list[str]:
    axes = [axis.name for axis in matrix.axes]
    return [
        f'"{name}" is not an axis{nearest(name, axes)}'
        for name in request.versions
        if name not in axes
    ]


def _pairs(
    matrix: Matrix, request: Request, cells: CellSet, mistakes: list[str]
) -> tuple[tuple[str, str], ...]:
    """Each requested probe, in its configurations that were requested."""
    probes = _noted(mistakes, _named, "probe", request.probes, cells.probes, matrix.probes) or ()
    configs = (
        _noted(mistakes, _named, "config", request.configs, cells.configs, matrix.configurations)
        or ()
    )
    pairs = tuple(
        (probe, config)
        for probe in probes
        for config in configs
        if config in matrix.judged_in(probe)
    )
    if not mistakes and not pairs:
        mistakes.append(_unjudged(probes, configs, matrix))
    return pairs


def _unjudged(probes: Sequence[str], configs: Sequence[str], matrix: Matrix) -> str:
    """That no probe runs with these configurations, and what does."""
    judged = dict.fromkeys(config for probe in probes for config in matrix.judged_in(probe))
    fitting = [p for p in matrix.probes if {*configs} & {*matrix.judged_in(p)}]
    instead = f"; use --probe {listing(fitting, last='or')}" if fitting else ""
    return (
        f"{listing(probes)} does not run with {listing(configs)}, but with "
        f"{listing([*judged])}{instead}"
    )


def _selector(
    matrix: Matrix,
    releases: Mapping[str, Sequence[Release]],
    request: Request,
    pins: Mapping[str, tuple[Pin, ...]],
    pythons: tuple[PythonVersion, ...],
    pairs: tuple[tuple[str, str], ...],
    eligible: Eligible,
) -> Selector:
    """Select cells. A named version lifts the limits of a named probe or config."""
    named = {axis for axis, asked in request.versions.items() if any(map(is_choice, asked))}
    if any(map(_is_python, request.pythons)):
        named.add(PYTHON)

    def within(only: Only, asked_for: bool) -> Within:
        return Within.of(only, releases, named if asked_for else (), eligible)

    def base_of(config: str) -> str:
        configuration = matrix.configurations[config]
        return (configuration.is_composed and configuration.base) or config

    of_config, of_pair = {}, {}
    for probe, name in pairs:
        base = base_of(name)
        asked_for = bool({base, name} & set(request.configs))
        of_config[name] = within(matrix.only.get(base, EVERYWHERE), asked_for)
        if base in matrix.use(probe).only_in:
            asked_for |= probe in request.probes
            of_pair[probe, name] = within(matrix.use(probe).only_in[base], asked_for)
    return Selector(
        pins=pins,
        pythons=pythons,
        pairs=pairs,
        of_probe={
            name: within(matrix.use(name).only, name in request.probes)
            for name in {probe for probe, _ in pairs}
        },
        of_config=of_config,
        of_pair=of_pair,
    )


def _set(matrix: Matrix, name: str | None) -> CellSet:
    name = name or matrix.default_set
    if name not in matrix.sets:
        raise UsageError(
            f'--set: "{name}" is not a set of {matrix.name}{nearest(name, matrix.sets)}'
        )
    return matrix.sets[name]


def _pins(
    axis: Axis,
    asked: Sequence[str],
    published: Sequence[Release],
    cells: CellSet,
    picked: _Picked,
) -> tuple[Pin, ...]:
    """The versions of one axis. Notes what ``latest`` and specifiers mean."""
    options = [_read(axis.name, text) for text in asked]
    filters = [option for option in options if isinstance(option, SpecifierSet)]
    chosen = [option for option in options if not isinstance(option, SpecifierSet)]

    def versions_of(choice: Choice) -> Sequence[Version | None]:
        problem = unpublished(axis.package, choice, published, picked.eligible)
        if problem:
            raise UsageError(f"--{axis.name}: {problem}" if choice in chosen else problem)
        return picked.versions(axis, choice, published)

    versions = [version for choice in chosen for version in versions_of(choice)]
    if filters or not asked:
        of_set = cells.versions[axis.name]
        listed = sorted({v for choice in of_set for v in versions_of(choice)}, key=version_key)
        kept = [version for version in listed if not asked or _within(version, filters)]
        if listed and not kept:
            typed = " ".join(f'--{axis.name} "{text}"' for text in asked)
            raise UsageError(
                f"{typed} leaves nothing of the set {cells.name}; it has {_some(listed)}"
            )
        versions += kept
    if not versions:
        newest = max(picked.too_young[axis.name])
        raise UsageError(
            f"every chosen release of {axis.package} is younger than the policy's `cool_down`; "
            f"to run one now, name it: --{axis.name} {newest}"
        )
    return tuple(
        Pin(axis=axis.name, package=axis.package, version=version)
        for version in sorted(set(versions), key=version_key)
    )


def _some(versions: Sequence[Version | None]) -> str:
    """The versions in words, in one line however many they are."""
    shown = [str(version or ABSENT) for version in versions]
    if len(shown) > _MOST_SHOWN:
        return f"{len(shown)} from {shown[0]} to {shown[-1]}"
    return ", ".join(shown)


def _read(axis: str, text: str) -> Choice | SpecifierSet:
    try:
        return read_choice(text)
    except ValueError as problem:
        try:
            return SpecifierSet(text)
        except InvalidSpecifier:
            raise UsageError(f"--{axis}: {problem}") from None


def is_choice(text: str) -> bool:
    """Whether it replaces the axis. A specifier only filters it."""
    try:
        read_choice(text)
    except ValueError:
        return False
    return True


def _is_python(text: str) -> bool:
    try:
        PythonVersion.parse(text)
    except ValueError:
        return False
    return True


def _within(version: Version | None, filters: Sequence[SpecifierSet]) -> bool:
    return version is not None and any(f.contains(version, prereleases=True) for f in filters)


def _pythons(asked: Sequence[str], cells: CellSet) -> tuple[PythonVersion, ...]:
    chosen: set[PythonVersion] = set()
    for text in asked:
        if _is_python(text):
            python = PythonVersion.parse(text)
            if problem := beyond_the_harness(python):
                raise UsageError(f"--{PYTHON}: {problem}")
            chosen.add(python)
            continue
        try:
            specifier = SpecifierSet(text)
        except InvalidSpecifier:
            raise UsageError(f'--{PYTHON}: "{text}" is not a Python such as "3.10"') from None
        kept = {python for python in cells.pythons if specifier.contains(str(python))}
        if not kept:
            has = ", ".join(map(str, cells.pythons))
            raise UsageError(
                f'--{PYTHON} "{text}" leaves nothing of the set {cells.name}; it has {has}'
            )
        chosen |= kept
    return tuple(sorted(chosen)) if asked else cells.pythons


def _named(
    option: str, asked: Sequence[str], of_set: Sequence[str], known: Mapping[str, object]
) -> tuple[str, ...]:
    for name in asked:
        if name not in known:
            raise UsageError(f'--{option}: "{name}" does not exist{nearest(name, known)}')
    return tuple(dict.fromkeys(asked)) or tuple(of_set)

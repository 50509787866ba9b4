"""The mentions of a library → which releases the files ask for, on a Python. Pure.

Files contradict each other. A lock file decides over the ranges beside it. Of two exact releases
nobody knows which one is installed, so both are checked: that of a lock, and that of a command in
a Dockerfile or a script, which may run before the lock, or in another stage or environment.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from interlock.check.found import Mention, Project
from interlock.check.result import Chosen
from interlock.check.specifiers import allows
from interlock.model import Axis, PythonVersion, listing
from interlock.record import ListedReleases

MACHINE = {
    "os_name": "posix",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
}
"""What the published verdicts are about, as markers name it."""

_COMMANDS = ("dockerfile", "shell")
"""How the formats begin whose lines run a command. What they install comes last."""

_INDEX_HOSTS = ("https://files.pythonhosted.org/", "https://pypi.org/")


def choices_of(
    project: Project, axis: Axis, python: PythonVersion, releases: ListedReleases
) -> tuple[Chosen, ...]:
    """What is asked for of a library on a Python. Several, if the files contradict each other."""
    there = [one for one in project.of(axis.package) if applies(one, python)]
    mentions = [one for one in there if not one.is_constraint] or there
    limits = [one for one in there if one.is_constraint and one not in mentions]
    exact = [one for one in mentions if one.version or is_elsewhere(one)]
    ranged = [one for one in mentions if one not in exact]
    if any(one.is_locked for one in exact):
        left = [one for one in ranged if is_command(project, one)]
    else:
        left = [one for one in ranged if not _is_met(one, exact)]
    found: dict[Chosen, list[Mention]] = {}
    # pip refuses a pin and a constraint that contradict each other, and nobody knows which is wrong
    others = [one for one in limits if exact and one.version and not _has(exact, one.version)]
    for one in (*exact, *others):
        found.setdefault(_chosen(axis, one), []).append(one)
    for chosen in _of_ranges(axis, left, limits, releases):
        found.setdefault(chosen, []).extend(chosen.mentions)
    return tuple(_with(chosen, mentions) for chosen, mentions in found.items())


def _with(chosen: Chosen, mentions: Iterable[Mention]) -> Chosen:
    return Chosen(
        axis=chosen.axis,
        version=chosen.version,
        specifier=chosen.specifier,
        source=chosen.source,
        mentions=tuple(mentions),
    )


def applies(mention: Mention, python: PythonVersion) -> bool:
    """Whether its marker holds on Linux with that Python. Every extra counts as asked for."""
    if not mention.marker:
        return True
    environment = {
        **MACHINE,
        "python_version": str(python),
        "python_full_version": f"{python}.99",
        "implementation_version": f"{python}.99",
        "platform_release": "",
        "platform_version": "",
    }
    extras = {"", *mention.group.split(", "), *_EXTRA.findall(mention.marker)}
    try:
        marker = Marker(mention.marker)
        return any(marker.evaluate({**environment, "extra": extra}) for extra in extras)
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError):
        return True  # nobody knows, so it counts


_EXTRA = re.compile(r"""\bextra\s*==\s*["']([^"']+)""")


def is_elsewhere(mention: Mention) -> bool:
    """Whether it comes from another place than the index."""
    return bool(mention.source) and not mention.source.startswith(_INDEX_HOSTS)


def is_command(project: Project, mention: Mention) -> bool:
    """Whether it is a line of a Dockerfile or of a script."""
    formats = {file.path: file.format.lower() for file in project.files}
    return formats.get(mention.file, "").startswith(_COMMANDS)


def _has(exact: Iterable[Mention], version: Version) -> bool:
    return any(one.version == version for one in exact)


def _is_met(ranged: Mention, exact: Iterable[Mention]) -> bool:
    """Whether one of the exact releases is within a range."""
    within = ranged.specifier or SpecifierSet()
    return any(
        is_elsewhere(one) or (one.version and within.contains(one.version, prereleases=True))
        for one in exact
    )


def _chosen(axis: Axis, one: Mention) -> Chosen:
    source = one.source if is_elsewhere(one) else ""
    return Chosen(axis=axis, version=one.version, source=source)


def _of_ranges(
    axis: Axis, ranged: Sequence[Mention], limits: Sequence[Mention], releases: ListedReleases
) -> Iterable[Chosen]:
    """The ranges as one, if a release is in all of them."""
    if not ranged:
        return []
    pinned = [one for one in limits if one.version]
    if pinned:
        return [Chosen(axis=axis, version=one.version, mentions=(*ranged, one)) for one in pinned]
    together = SpecifierSet()
    for one in (*ranged, *limits):
        together &= one.specifier or SpecifierSet()
    listed = releases.by_axis.get(axis.name, ())
    if not listed or any(allows(together, one.version) for one in listed):
        return [Chosen(axis=axis, specifier=together, mentions=(*ranged, *limits))]
    return [
        Chosen(axis=axis, specifier=one.specifier or SpecifierSet(), mentions=(one,))
        for one in ranged
    ]


# What a reader has to know ------------------------------------------------------------------------


def remarks_of(project: Project, axis: Axis, pythons: Sequence[PythonVersion]) -> list[str]:
    """What is peculiar in how the files name a library, a sentence each."""
    package, every = axis.package, project.of(axis.package)
    there = [one for one in every if any(applies(one, python) for python in pythons)]
    if every and not there:
        markers = listing(sorted({f'"{one.marker}"' for one in every}), last="or")
        return [f"{package} is installed only where {markers}, and not on Linux."]
    found = _how_it_gets_in(package, [*there])
    found += _who_decides(project, package, there)
    exact = {one.version for one in there if one.version}
    if len(exact) > 1:
        places = [f"{one.version} ({_where(one)})" for one in there if one.version in exact]
        found.append(
            f"{package} is named with different releases: {listing(list(dict.fromkeys(places)))}. "
            "Each is checked."
        )
    return found


def _how_it_gets_in(package: str, there: Sequence[Mention]) -> list[str]:
    found = []
    installed = [one for one in there if not one.is_constraint]
    if there and not installed:
        found.append(
            f"Only a constraint names {package}: it is installed if something else requires it."
        )
    if installed and all(one.is_direct is False for one in installed):
        by = sorted({name for one in installed for name in one.needed_by})
        whose = f" of {listing(by)}" if by else ""
        found.append(f"{package} is there only as a dependency{whose}, so it may never be started.")
    if installed and all(one.group for one in installed):
        groups = listing(sorted({one.group for one in installed}))
        found.append(
            f"{package} is optional ({groups}): some installations have it, and some do not."
        )
    return found


def _who_decides(project: Project, package: str, there: Sequence[Mention]) -> list[str]:
    commands = [one for one in there if is_command(project, one)]
    locks = [one for one in there if one.is_locked]
    ranges = [one for one in there if one.specifier is not None and not one.is_constraint]
    if commands and locks:
        return [
            f"{_where(commands[0])} installs {package} beside the lock {locks[0].file}. Both are "
            "checked, because the files do not say which release stays."
        ]
    others = [one for one in ranges if one not in commands]
    if locks and others:
        lock, other = locks[0], others[0]
        says = f"{lock.file} locks {package}, so it decides over the range in {_where(other)}."
        within = other.specifier or SpecifierSet()
        if lock.version and not within.contains(lock.version, prereleases=True):
            says += f" But {lock.version} is not in that range: the lock is out of date."
        return [says]
    return []


def _where(mention: Mention) -> str:
    return f"{mention.file}:{mention.line}" if mention.line else str(mention.file)

"""How a user chooses a version, and which release that means today.

The choice stands in ``matrix.yaml`` or on the command line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from interlock.model import ABSENT, NEWEST_PYTHON, OLDEST_PYTHON, PythonVersion, Release


@dataclass(frozen=True, kw_only=True)
class Ranged:
    """A choice of releases within a specifier. What it means may change with each release.

    Without being asked for, it has no yanked releases and no pre-releases.
    """

    within: SpecifierSet = field(default_factory=SpecifierSet)

    def of(self, versions: Sequence[Version]) -> Sequence[Version]:
        """The chosen ones of these, which are within the specifier and in version order."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Latest(Ranged):
    """The newest release."""

    def of(self, versions: Sequence[Version]) -> Sequence[Version]:
        return versions[-1:]

    def __str__(self) -> str:
        return _written("latest", self.within)


@dataclass(frozen=True, kw_only=True)
class Lines(Ranged):
    """The newest release of each release line."""

    def of(self, versions: Sequence[Version]) -> Sequence[Version]:
        return list({release_line(version): version for version in versions}.values())

    def __str__(self) -> str:
        return _written("lines", self.within)


@dataclass(frozen=True, kw_only=True)
class Every(Ranged):
    """Every release."""

    def of(self, versions: Sequence[Version]) -> Sequence[Version]:
        return versions

    def __str__(self) -> str:
        return str(self.within)


def _written(word: str, within: SpecifierSet) -> str:
    return f"{word}:{within}" if len(within) else word


def release_line(version: Version) -> str:
    """The release line of a version, ``2.14.x``. Fixes are backported within one."""
    epoch = f"{version.epoch}!" if version.epoch else ""
    return f"{epoch}{version.major}.{version.minor}.x"


_WORDS: Mapping[str, type[Ranged]] = {"latest": Latest, "lines": Lines}

Choice = Version | Ranged | None
"""How a version of an axis is chosen. None leaves the library out (written ``-``)."""


@dataclass(frozen=True, kw_only=True)
class Eligible:
    """Which releases may be chosen without being named: call it with one.

    A named version is always chosen. A yanked release never is without its name, as for pip.
    """

    before: datetime | None = None
    """Uploaded at this moment or earlier. None means at any time."""
    pre: bool = False
    """Whether pre-releases are included, as with ``pip install --pre``."""

    @classmethod
    def at(cls, now: datetime, cool_down: timedelta, *, pre: bool = False) -> Eligible:
        """The releases that are at least as old as the cool-down."""
        return cls(before=now - cool_down, pre=pre)

    def __call__(self, release: Release) -> bool:
        return self.at_any_age(release) and not self.is_too_young(release)

    def at_any_age(self, release: Release) -> bool:
        return not release.yanked and (self.pre or not release.version.is_prerelease)

    def is_too_young(self, release: Release) -> bool:
        """Whether it is younger than the cool-down.

        False if the index has no upload time: else nothing of such an index could be chosen.
        """
        if self.before is None or release.uploaded_at is None:
            return False
        return release.uploaded_at > self.before


FINAL = Eligible()
"""Every final release that is not yanked, however young."""


def unpublished(
    package: str, choice: Choice, releases: Sequence[Release], eligible: Eligible = FINAL
) -> str | None:
    """The mistake in a choice that no release matches, with the nearest releases.

    None if a release matches, or would after the cool-down.
    """
    if choice is None:
        return None
    versions = sorted(release.version for release in releases)
    finals = sorted(release.version for release in releases if eligible.at_any_age(release))
    if isinstance(choice, Ranged):
        if any(choice.within.contains(version, prereleases=True) for version in finals):
            return None
        has = f"the newest is {finals[-1]}" if finals else "it has none at all"
        kind = "release" if eligible.pre else "final release"
        return f"{package} has no {kind} within {choice.within or '*'}; {has}"
    if choice in versions:
        return None
    known = finals or versions
    around = [
        *[v for v in known if v < choice][-1:],
        *[v for v in known if v > choice][:1],
    ]
    named = " and ".join(map(str, around))
    verb = "is" if len(around) == 1 else "are"
    near = f"; the nearest {verb} {named}" if around else "; the index has no release of it"
    return f'nobody published {package} "{choice}"{near}'


def matching(
    choice: Ranged, releases: Sequence[Release], eligible: Eligible = FINAL
) -> Sequence[Version]:
    """The versions that a choice means among the eligible releases, in version order."""
    return choice.of(
        sorted(
            release.version
            for release in releases
            if eligible(release) and choice.within.contains(release.version, prereleases=True)
        )
    )


def beyond_the_harness(python: PythonVersion) -> str | None:
    """Why the harness does not run on a Python. None if it does."""
    if OLDEST_PYTHON <= python <= NEWEST_PYTHON:
        return None
    return f"the harness runs on Python {OLDEST_PYTHON} and newer, not on {python}"


def read_choice(text: str) -> Choice:
    """Read ``2.5.1``, ``latest``, ``latest:==4.*``, ``lines:>=3`` or ``-``.

    Raises ``ValueError`` with a correct example.
    """
    if text == ABSENT:
        return None
    word, colon, within = text.partition(":")
    if kind := _WORDS.get(word):
        if colon and not within.strip():
            raise ValueError(f'"{text}" lacks its specifier; write "{word}" or "{word}:==4.*"')
        try:
            return kind(within=SpecifierSet(within))
        except InvalidSpecifier:
            raise ValueError(
                f'"{text}": "{within}" is not a specifier; write "{word}:==4.*"'
            ) from None
    try:
        return Version(text)
    except InvalidVersion:
        raise ValueError(_not_a_version(text)) from None
    except ValueError:  # more digits than Python converts to a number
        raise ValueError(f'"{text[:40]}…" is too long for a version') from None


def read_listed(text: str) -> Choice:
    """The same for a file, where a specifier such as ``>=1.0`` is a choice too."""
    try:
        return read_choice(text)
    except ValueError as problem:
        try:
            return Every(within=SpecifierSet(text))
        except InvalidSpecifier:
            raise problem from None


def _not_a_version(text: str) -> str:
    wild = re.fullmatch(r"v?(\d+(?:\.\d+)*)\.[xX*]", text)
    if wild:
        return f'"{text}" is not a version; did you mean the specifier "=={wild[1]}.*"?'
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        return (
            f'"{text}" is not a version such as "2.14.2", "latest" or a specifier such as ">=1.0"'
        )
    return f'"{text}" is a specifier, not a version; did you mean "latest:{specifier}"?'

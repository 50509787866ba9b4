"""How a user chooses a version, and which release that means today.

The choice stands in ``matrix.yaml`` or on the command line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from interlock.model import ABSENT, NEWEST_PYTHON, OLDEST_PYTHON, PythonVersion, Release


@dataclass(frozen=True, kw_only=True)
class Latest:
    """The newest release within a specifier, without yanked releases and pre-releases."""

    within: SpecifierSet = field(default_factory=SpecifierSet)

    def __str__(self) -> str:
        return f"latest:{self.within}" if len(self.within) else "latest"


Choice = Version | Latest | None
"""How a version of an axis is chosen. None leaves the library out (written ``-``)."""


def unpublished(package: str, choice: Choice, releases: Sequence[Release]) -> str | None:
    """The mistake in a choice that no release matches, with the nearest releases.

    None if a release matches.
    """
    if choice is None:
        return None
    versions = sorted(release.version for release in releases)
    finals = sorted(r.version for r in releases if not r.yanked and not r.version.is_prerelease)
    if isinstance(choice, Latest):
        if newest(choice, releases):
            return None
        has = f"the newest is {finals[-1]}" if finals else "it has none at all"
        return f"{package} has no final release within {choice.within or '*'}; {has}"
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


def newest(choice: Latest, releases: Sequence[Release]) -> Version | None:
    """The version that ``latest`` means: never a yanked release, never a pre-release."""
    return max(
        (
            release.version
            for release in releases
            if not release.yanked
            and not release.version.is_prerelease
            and choice.within.contains(release.version)
        ),
        default=None,
    )


def beyond_the_harness(python: PythonVersion) -> str | None:
    """Why the harness does not run on a Python. None if it does."""
    if OLDEST_PYTHON <= python <= NEWEST_PYTHON:
        return None
    return f"the harness runs on Python {OLDEST_PYTHON} and newer, not on {python}"


def read_choice(text: str) -> Choice:
    """Read ``2.5.1``, ``latest``, ``latest:==4.*`` or ``-``.

    Raises ``ValueError`` with a correct example.
    """
    if text == ABSENT:
        return None
    word, colon, within = text.partition(":")
    if word == "latest":
        if colon and not within.strip():
            raise ValueError(f'"{text}" lacks its specifier; write "latest" or "latest:==4.*"')
        try:
            return Latest(within=SpecifierSet(within))
        except InvalidSpecifier:
            raise ValueError(
                f'"{text}": "{within}" is not a specifier; write "latest:==4.*"'
            ) from None
    try:
        return Version(text)
    except InvalidVersion:
        raise ValueError(_not_a_version(text)) from None
    except ValueError:  # more digits than Python converts to a number
        raise ValueError(f'"{text[:40]}…" is too long for a version') from None


def _not_a_version(text: str) -> str:
    wild = re.fullmatch(r"v?(\d+(?:\.\d+)*)\.[xX*]", text)
    if wild:
        return f'"{text}" is not a version; did you mean the specifier "=={wild[1]}.*"?'
    try:
        specifier = SpecifierSet(text)
    except InvalidSpecifier:
        return f'"{text}" is not a version such as "2.14.2", nor "latest"'
    return f'"{text}" is a specifier, not a version; did you mean "latest:{specifier}"?'

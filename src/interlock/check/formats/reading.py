"""Collects what one file says of the tested libraries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from interlock.check.formats.markers import both, extras_in, without_extras
from interlock.check.found import DependencyFile, Mention, Unread

MOST_DIGITS = 100
"""The most characters of a version."""
MOST_CHARACTERS = 20_000
"""The most characters of one requirement."""
MOST_SHOWN = 300
"""The most characters that are shown of what can't be read."""

NAME = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?=\s*(?:$|[\[(=<>!~;,@]))")
"""A package's name at the start of a requirement."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a requirement stands, and what the file says of it."""

    line: int | None = None
    group: str = ""
    marker: str = ""
    needed_by: tuple[str, ...] = ()
    is_direct: bool | None = None
    is_constraint: bool = False
    is_locked: bool = False


@dataclass(kw_only=True)
class Reading:
    """What was read of one file so far."""

    file: Path
    sought: frozenset[str]
    """The canonical names of the tested libraries."""
    mentions: list[Mention] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    packages: int = 0
    python: SpecifierSet | None = None
    asked_for: dict[str, set[str]] = field(default_factory=dict)
    """From each group to the packages that it names, whether tested or not."""
    _elsewhere: set[str] = field(default_factory=set)

    def requirement(self, text: str, place: Place) -> None:
        """Note one requirement as pip writes it: ``name[extra]>=1; marker``."""
        name = NAME.match(text)
        if name and canonicalize_name(name[1]) not in self.sought and not self.named_in(text):
            self._count(canonicalize_name(name[1]), place)  # its versions are not our business
            return
        if len(text) > MOST_CHARACTERS:
            why = f"it has more than {MOST_CHARACTERS} characters"
            self._not_a_requirement(text, place.line, why)
            return
        try:
            asked = Requirement(text)
        except ValueError as wrong:  # also of an older `packaging`, for far too many digits
            self._not_a_requirement(text, place.line, str(wrong).partition("\n")[0])
        else:
            marker = both(place.marker, str(asked.marker or ""))
            self.asked(asked.name, asked.specifier, replace(place, marker=marker), asked.url or "")

    def asked(self, name: str, specifier: SpecifierSet, place: Place, source: str = "") -> None:
        """Note a package that a range of versions, one version or a URL is asked for."""
        package = canonicalize_name(name)
        self._count(package, place)
        if package not in self.sought:
            return
        version = exact(specifier)
        if source:
            file = release_in(source)
            version = file[1] if file and file[0] == package else version
        strange = next((one.version for one in specifier if not _is_version(one.version)), None)
        if strange is not None and version is None:
            why = f'"{strange[:MOST_DIGITS]}" is not a version; pin a release with =='
            self.unsure(f"{name}{specifier}", place.line, why, package=package)
            return
        self._note(package, version, None if version or source else specifier, source, place)

    def locked(self, name: str, version: object, place: Place, source: str = "") -> None:
        """Note an entry of a lock file. A ``version`` that is no text is missing."""
        self.packages += 1
        package = canonicalize_name(name)
        if package not in self.sought:
            return
        place = replace(place, is_locked=True)
        file = release_in(source) if source else None
        found = file[1] if file and file[0] == package else None
        if isinstance(version, str) and version:
            found = version_of(version)
            if found is None:
                why = f'"{version[:MOST_DIGITS]}" is not a version; write the lock file anew'
                self.unsure(f"{name} {version}", place.line, why, package=package)
                return
        if found is None and not source:
            why = "the entry has no version; write the lock file anew"
            self.unsure(name, place.line, why, package=package)
            return
        self._note(package, found, None, source, place)

    def other(self, name: str, line: int | None) -> None:
        """Count an entry of a lock file that is no tested library."""
        if name:
            self.packages += 1
        else:
            self.unsure("", line, "an entry has no name; write the lock file anew")

    def url(self, url: str, place: Place) -> None:
        """Note a URL or a path without a name; its file name may hold the release."""
        fragment = re.search(r"[#&]egg=([^&\s]+)", url)
        if fragment:
            name = re.match(r"[A-Za-z0-9._-]*", unquote(fragment[1]))
            package = name[0] if name else ""
        else:
            file = release_in(url)
            package = file[0] if file else ""
        if package:
            self.asked(package, SpecifierSet(), place, url)
            return
        self.packages += 1
        self.unsure(url, place.line, "it names no package; it is not looked into", elsewhere=True)

    def unsure(
        self, text: str, line: int | None, why: str, *, package: str = "", elsewhere: bool = False
    ) -> None:
        """Note what could not be read. What is elsewhere is told once."""
        if elsewhere and text in self._elsewhere:
            return
        if elsewhere:
            self._elsewhere.add(text)
        self.unread.append(
            Unread(
                file=self.file,
                line=line,
                text=without_secrets(text)[:MOST_SHOWN],
                why=without_secrets(why),
                package=package,
                is_elsewhere=elsewhere,
            )
        )

    def other_file(self, name: str, line: int | None) -> None:
        """Note a file that this one refers to, and that is not read."""
        why = "it is not followed; give the file as another argument"
        self.unsure(name, line, why, elsewhere=True)

    def from_source(self, mention: Mention, source: str) -> Mention:
        """The mention, if it is not installed from the index but from there."""
        file = release_in(source)
        version = file[1] if file and file[0] == mention.package else None
        return replace(mention, source=source, version=version, specifier=None)

    def take(self, other: Reading) -> None:
        """Add what was read of a file that this one refers to."""
        self.mentions += other.mentions
        self.unread += other.unread
        self.packages += other.packages
        self.python = other.python if self.python is None else self.python

    def done(self, format: str) -> DependencyFile:
        return DependencyFile(
            path=self.file,
            format=format,
            mentions=tuple(self.mentions),
            unread=tuple(self.unread),
            python=self.python,
            packages=self.packages,
        )

    def _count(self, package: str, place: Place) -> None:
        self.packages += 1
        if not place.is_constraint:
            self.asked_for.setdefault(place.group, set()).add(package)

    def _note(
        self,
        package: str,
        version: Version | None,
        specifier: SpecifierSet | None,
        source: str,
        place: Place,
    ) -> None:
        self.mentions.append(
            Mention(
                package=package,
                file=self.file,
                line=place.line,
                version=version,
                specifier=specifier,
                source=without_secrets(source),
                marker=without_extras(place.marker),
                group=place.group or ", ".join(extras_in(place.marker)),
                needed_by=place.needed_by,
                is_direct=place.is_direct,
                is_constraint=place.is_constraint,
                is_locked=place.is_locked,
            )
        )

    def _not_a_requirement(self, text: str, line: int | None, wrong: str) -> None:
        self.packages += 1
        named = self.named_in(text)
        if "$" in text:
            why = "its value stands in a variable; write the version out"
        else:
            why = f"it is not a requirement: {wrong}"
        if text.startswith(("$(", "`")) or ("$" in text and not named):
            self.unsure(text, line, why, elsewhere=True)
            return
        for package in named or [""]:
            self.unsure(text, line, why, package=package)

    def named_in(self, text: str) -> list[str]:
        """The tested libraries that a text names in any spelling."""
        return [package for package in sorted(self.sought) if spelling(package).search(text)]


@lru_cache
def spelling(package: str) -> re.Pattern[str]:
    """Finds a package's name in any spelling: ``sentry_sdk``, ``Sentry.SDK``."""
    letters = r"[-_.]+".join(map(re.escape, package.split("-")))
    return re.compile(rf"(?<![A-Za-z0-9_.@/-]){letters}(?![-_.]*[A-Za-z0-9])", re.IGNORECASE)


def exact(specifier: SpecifierSet) -> Version | None:
    """The one release that a specifier allows. None if it allows a range."""
    for one in specifier:
        if one.operator in ("==", "===") and not one.version.endswith(".*"):
            version = version_of(one.version)
            met = version is not None and specifier.contains(version, prereleases=True)
            return version if met else None
    return None


def version_of(text: str) -> Version | None:
    """The version that a text is. None if it is none, or far too long for one."""
    try:
        return Version(text) if len(text) <= MOST_DIGITS else None
    except InvalidVersion:
        return None


def without_secrets(text: str) -> str:
    """A text in which no URL shows a name or a password."""
    text = re.sub(r"(https?://)[^/@\s]+@", r"\1***@", text)
    return re.sub(r"(\w://)[^/@\s:]+:[^/@\s]+@", r"\1***@", text)


def release_in(url: str) -> tuple[str, Version] | None:
    """The package and the version in the file name of a URL. None if it has none."""
    try:
        path = re.sub(r"\[[^]]*\]$", "", unquote(urlsplit(url).path))  # its extras
        name = re.split(r"[/\\]", path)[-1]
        if name.endswith(".whl"):
            package, version, *_ = parse_wheel_filename(name)
            return package, version
        return parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
        return None


def specifiers(text: str) -> SpecifierSet | None:
    """The specifiers that a text holds. None if it is none."""
    try:
        return SpecifierSet(text)
    except ValueError:
        return None


def requires_python(text: object) -> SpecifierSet | None:
    """The Pythons that a file is for. None if it does not limit them."""
    return (specifiers(text) or None) if isinstance(text, str) else None


def _is_version(text: str) -> bool:
    """Whether a specifier's version is one. ``===`` takes any text."""
    return version_of(text.removesuffix(".*")) is not None

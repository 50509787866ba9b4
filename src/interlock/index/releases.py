"""The releases of a package, and whether their wheels install on a Python."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from functools import cache
from typing import Protocol

from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags, parse_tag
from packaging.utils import canonicalize_name
from packaging.version import Version

from interlock.index.pages import File
from interlock.model import (
    Phase,
    PythonVersion,
    Reason,
    Release,
    Unsupported,
    UsageError,
    Wheel,
    printable,
)

_PATCHES = 40
"""No Python feature release has had as many patches (3.8 ended with 3.8.20)."""
_LONGEST_NAME = 255
"""The longest file name. No file system allows longer ones.

A long name may stand for a million tags.
"""
_LONGEST_SPECIFIER = 1000
_LONGEST_REASON = 200
_YEARS = range(1990, 3000)


class Source(Protocol):
    """Returns the files of a package: ``pages.Pages``."""

    def files(self, package: str) -> tuple[File, ...]: ...


class Releases:
    """The published releases. The index is asked once for each package."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._known: dict[str, tuple[Release, ...]] = {}

    def of(self, package: str) -> tuple[Release, ...]:
        """Every release in version order, with pre-releases and yanked ones.

        Raises ``IndexUnreachable``, or ``UsageError`` for a package that no index has.
        """
        if package not in self._known:
            files = self._source.files(package)
            if not files:
                raise UsageError(
                    f'no package index has "{package}"; check its name in matrix.yaml, '
                    "and the indexes in the settings of pip and uv"
                )
            self._known[package] = releases(package, files)
        return self._known[package]


def releases(package: str, files: Iterable[File]) -> tuple[Release, ...]:
    """Files by version, in version order, without names that no installer reads."""
    grouped: dict[Version, list[File]] = {}
    for file in files:
        version = version_of(file.name, package)
        if version is not None:
            grouped.setdefault(version, []).append(file)
    return tuple(_release(package, version, grouped[version]) for version in sorted(grouped))


def unsupported(release: Release, python: PythonVersion, machine: str) -> Unsupported | None:
    """Why a release can't be installed on CPython for Linux. None if it can, or may.

    ``machine`` is ``x86_64`` or ``aarch64``. The rules are those of an installer that builds
    nothing of this package: requires-python, and the tags of its wheels for the ordinary (GIL)
    build and glibc. The installer decides about a wheel that needs a newer glibc than the image
    has.
    """
    # By identity: the files of a release share a specifier, and its hash is slow.
    stated_by_files = [wheel.requires_python for wheel in release.wheels]
    required = {id(each): each for each in stated_by_files or [release.requires_python]}
    allowed = {key for key, requirement in required.items() if _allows(requirement, python)}
    if not allowed:
        stated = next(str(r) for r in required.values() if r is not None)
        return Unsupported(
            phase=Phase.INSTALL,
            reason=Reason.REQUIRES_PYTHON,
            detail=f"{release.package} {release.version} requires Python {stated}",
        )
    tags = _tags(python)
    for wheel in release.wheels:
        if id(wheel.requires_python) in allowed and any(
            tag in tags for tag in _linux(wheel.filename, machine)
        ):
            return None
    return Unsupported(
        phase=Phase.INSTALL,
        reason=Reason.NO_WHEEL,
        detail=(
            f"{release.package} {release.version} has no wheel for CPython {python} on {machine}"
        ),
    )


def _release(package: str, version: Version, files: list[File]) -> Release:
    uploads = [file.uploaded_at for file in files if file.uploaded_at]
    stated = next((file.requires_python for file in files if file.requires_python), None)
    return Release(
        package=package,
        version=version,
        uploaded_at=_moment(max(uploads)) if uploads else None,
        requires_python=_specifier(stated),
        wheels=tuple(
            Wheel(filename=file.name, requires_python=_specifier(file.requires_python))
            for file in files
            if file.name.endswith(".whl")
        ),
        # pip skips a release if every file of it is yanked (PEP 592)
        yanked=(is_yanked := all(file.yanked for file in files)),
        yanked_because=_reason(files) if is_yanked else "",
    )


def _reason(files: Iterable[File]) -> str:
    """The first reason that a file gives, made safe to show."""
    given = (printable(" ".join(file.yanked_because.split())) for file in files)
    return next(filter(None, given), "")[:_LONGEST_REASON]


def version_of(file: str, package: str) -> Version | None:
    """The version in the name of a package's file. None for any other file."""
    if len(file) > _LONGEST_NAME:
        return None
    if file.endswith(".whl"):
        parts = file.removesuffix(".whl").split("-")
        is_its_own = _canonical(parts[0]) == _canonical(package)
        return _parsed(parts[1]) if len(parts) in (5, 6) and is_its_own else None
    for ending in (".tar.gz", ".zip"):
        if file.endswith(ending):
            name, _, version = file.removesuffix(ending).rpartition("-")
            return _parsed(version) if _canonical(name) == _canonical(package) else None
    return None


@cache
def _canonical(name: str) -> str:
    return canonicalize_name(name)


@cache
def _parsed(version: str) -> Version | None:
    try:
        return Version(version)
    except ValueError:  # InvalidVersion, or more digits than Python converts to a number
        return None


@cache
def _specifier(text: str | None) -> SpecifierSet | None:
    if not text or len(text) > _LONGEST_SPECIFIER:
        return None
    try:
        found = SpecifierSet(text)
        found.contains("3.0")  # parsed only now
    except ValueError:
        # Installers also ignore it: ">=2.7, !=3.0*" in old uploads is invalid.
        return None
    return found


def _moment(text: str) -> datetime | None:
    # Python 3.10's fromisoformat reads no "Z", and only fractions of 3 or 6 digits.
    text = re.sub(r"\.\d+", "", text.removesuffix("Z"))
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.year not in _YEARS:  # a day more or less must not leave the calendar
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


@cache
def _allows(requirement: SpecifierSet | None, python: PythonVersion) -> bool:
    """Whether any patch release of that Python is allowed. The image's is unknown."""
    return requirement is None or any(
        requirement.contains(f"{python}.{patch}", prereleases=True) for patch in range(_PATCHES)
    )


@cache
def _tags(python: PythonVersion) -> frozenset[Tag]:
    """The tags that this CPython installs. Every matching platform is ``linux``."""
    with_pymalloc = "m" if python < (3, 8) else ""
    abi = f"cp{python.major}{python.minor}{with_pymalloc}"
    pair = (python.major, python.minor)
    return frozenset(
        [*cpython_tags(pair, [abi], ["linux"]), *compatible_tags(pair, abi, ["linux"])]
    )


def _linux(wheel: str, machine: str) -> Iterator[Tag]:
    """The wheel's tags that fit the machine, with their platform called ``linux``."""
    fits = _platform(machine)
    interpreters, abis, platforms = wheel.removesuffix(".whl").split("-")[-3:]
    if not any(map(fits.fullmatch, platforms.lower().split("."))):
        return  # for another system or machine, as most wheels are
    for tag in parse_tag(f"{interpreters}-{abis}-{platforms}"):
        if tag.platform == "any":
            yield tag
        elif fits.fullmatch(tag.platform):
            yield Tag(tag.interpreter, tag.abi, "linux")


@cache
def _platform(machine: str) -> re.Pattern[str]:
    return re.compile(rf"any|(?:manylinux\w*|linux)_{re.escape(machine)}")

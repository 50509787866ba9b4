"""What dependency files say of the tested libraries. Pure data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One place in a file that names a tested library."""

    package: str
    """The canonical name: ``sentry-sdk`` for ``sentry_sdk`` and ``Sentry.SDK``."""
    file: Path
    """As the user named it, or as the file that refers to it does."""
    line: int | None = None
    """Counted from 1. None where the format has no lines."""
    version: Version | None = None
    """Where exactly one release is meant: ``==2.5.1``, or the entry of a lock file."""
    specifier: SpecifierSet | None = None
    """Where a range is meant. It is empty for a name without a version."""
    source: str = ""
    """The URL, path or repository that it is installed from, if not the index."""
    marker: str = ""
    """The environment marker, as it is written."""
    group: str = ""
    """The extra or the dependency group that it belongs to; empty for what is always installed."""
    needed_by: tuple[str, ...] = ()
    """The packages that require it, as far as the file says. Canonical names."""
    is_direct: bool | None = None
    """Whether the project itself names it. None where the file does not say."""
    is_constraint: bool = False
    """Whether it only limits the version and installs nothing, as ``-c`` does."""
    is_locked: bool = False
    """Whether the file lists what is installed, and not what is asked for."""


@dataclass(frozen=True, kw_only=True)
class Unread:
    """What a file has, and what could not be read. It is never a pass."""

    file: Path
    line: int | None
    text: str
    """The line, or what it names."""
    why: str
    """What is wrong with it, and what to do."""
    package: str = ""
    """The tested library that it names; empty where it may be anything."""
    is_elsewhere: bool = False
    """Whether it only points to what was not given: another file, a folder, a nameless URL."""


@dataclass(frozen=True, kw_only=True)
class DependencyFile:
    """What was read of one file and of those that it refers to."""

    path: Path
    format: str
    """In words for the reader: ``uv.lock``, ``requirements file``."""
    mentions: tuple[Mention, ...] = ()
    unread: tuple[Unread, ...] = ()
    python: SpecifierSet | None = None
    """The Pythons that it is for, if it says: requires-python, a header, a base image."""
    packages: int = 0
    """How many packages it names in all. 0 is a file that says nothing."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """All files together: the two libraries may stand in different ones."""

    files: tuple[DependencyFile, ...]
    mentions: tuple[Mention, ...] = field(default=())

    def of(self, package: str) -> tuple[Mention, ...]:
        """The mentions of a package, by its canonical name."""
        return tuple(one for one in self.mentions if one.package == package)

    @property
    def unread(self) -> tuple[Unread, ...]:
        return tuple(one for file in self.files for one in file.unread)


def joined(files: Iterable[DependencyFile]) -> Project:
    """The files as one project."""
    read = tuple(files)
    return Project(files=read, mentions=tuple(one for file in read for one in file.mentions))

"""Exceptions: findings that a team lets through until a day, each with its reason.

    [[exceptions]]
    sentry-sdk = "2.5.1"
    ddtrace = ">=2.14,<2.15"
    python = "3.10"
    situation = {event-level = "WARNING"}
    reason = "The service starts no thread."
    until = 2027-01-31

``python`` and ``situation`` may be left out. In ``pyproject.toml`` the same is
``[[tool.interlock.exceptions]]``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from interlock.check.specifiers import includes
from interlock.matrix import Matrix, Situation
from interlock.model import Axis, PythonVersion, UsageError, listing

TABLE = "exceptions"
MOST_BYTES = 2**20

_HEADER = re.compile(rf"\s*\[\[\s*(?:tool\s*\.\s*interlock\s*\.\s*)?{TABLE}\s*\]\]")


@dataclass(frozen=True, kw_only=True)
class Exempt:
    """One exception."""

    versions: Mapping[str, SpecifierSet]
    """By axis, and every axis is there."""
    python: SpecifierSet | None = None
    situation: Mapping[str, str] = field(default_factory=dict)
    """The choices that the finding must have. None means any."""
    reason: str
    until: date
    """The last day on which it counts."""
    file: Path
    line: int | None = None

    def covers(
        self,
        releases: Mapping[str, Sequence[Version]],
        python: PythonVersion,
        situation: Situation,
    ) -> bool:
        """Whether it lets through all of these releases, there."""
        return (
            all(
                self.versions[axis].contains(version, prereleases=True)
                for axis, versions in releases.items()
                for version in versions
            )
            and (self.python is None or includes(self.python, python))
            and all(situation[name] == value for name, value in self.situation.items())
        )

    def is_over(self, today: date) -> bool:
        return today > self.until

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else str(self.file)


def read_exceptions(path: Path, matrix: Matrix, *, is_required: bool = True) -> list[Exempt]:
    """The exceptions of a TOML file. Raises ``UsageError`` with the line of a mistake.

    Without ``is_required``, a file without exceptions is no mistake.
    """
    text = _text(path)
    content = _content(path, text)
    ours = content.get("tool", {}) if path.name == "pyproject.toml" else {}
    ours = ours.get("interlock", {}) if isinstance(ours, dict) else {}
    found = ours.get(TABLE) if isinstance(ours, dict) else None
    found = content.get(TABLE) if found is None else found
    if found is None:
        if is_required:
            raise UsageError(f"{path}: has no [[{TABLE}]]; write each exception as one")
        return []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise UsageError(f"{path}: {TABLE} has to be a list of tables: write [[{TABLE}]]")
    lines = text.splitlines()
    return [_Entry(path, lines, number, one, matrix).read() for number, one in enumerate(found)]


def _content(path: Path, text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):  # most checks have no exceptions, and need neither
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: is not valid TOML: {error}") from None
    except RecursionError:
        raise UsageError(f"{path}: is nested too deeply") from None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: can't be read: {error.strerror or error}") from None
    if len(content) > MOST_BYTES:
        raise UsageError(f"{path}: has more than {MOST_BYTES:,} bytes")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8") from None


class _Entry:
    """One table of the file."""

    def __init__(
        self, path: Path, lines: Sequence[str], number: int, said: Mapping[str, Any], matrix: Matrix
    ) -> None:
        self._path = path
        self._lines = lines
        self._said = said
        self._matrix = matrix
        headers = [at for at, line in enumerate(lines) if _HEADER.match(line)]
        self._start = headers[number] if number < len(headers) else None

    def read(self) -> Exempt:
        axes = {self._key_of(axis): axis for axis in self._matrix.axes}
        known = [*axes, "python", "situation", "reason", "until"]
        for key in self._said:
            if key not in known:
                raise self._wrong(key, f'"{key}" is unknown: there is {listing(known)}')
        python = self._said.get("python")
        return Exempt(
            versions={axis.name: self._specifier(key) for key, axis in axes.items()},
            python=None if python is None else self._python(),
            situation=self._situation(),
            reason=self._text("reason"),
            until=self._until(),
            file=self._path,
            line=None if self._start is None else self._start + 1,
        )

    def _key_of(self, axis: Axis) -> str:
        """The key that names a library: in any spelling, or by its axis."""
        names = (canonicalize_name(axis.package), canonicalize_name(axis.name))
        return next((key for key in self._said if canonicalize_name(key) in names), axis.package)

    def _text(self, key: str) -> str:
        value = self._said.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self._wrong(key, f'"{key}" is missing: give it a text')
        return value.strip()

    def _specifier(self, key: str) -> SpecifierSet:
        text = self._text(key)
        try:
            return SpecifierSet(f"=={Version(text)}")
        except InvalidVersion:
            pass
        try:
            return SpecifierSet(text)
        except InvalidSpecifier:
            raise self._wrong(
                key, f'"{text}" is neither a release such as "2.5.1" nor a range such as ">=2,<3"'
            ) from None

    def _python(self) -> SpecifierSet:
        text = self._text("python")
        try:
            return SpecifierSet(f"=={PythonVersion.parse(text)}.*")
        except ValueError:
            return self._specifier("python")

    def _situation(self) -> Mapping[str, str]:
        said, choices = self._said.get("situation", {}), self._matrix.choices
        if not isinstance(said, dict):
            raise self._wrong("situation", 'has to be a table: {choice = "value"}')
        for name, value in said.items():
            if name not in choices:
                raise self._wrong(
                    "situation", f'"{name}" is no choice: there is {listing([*choices])}'
                )
            if value not in choices[name].levels:
                raise self._wrong(
                    "situation",
                    f'"{value}" is no value of {name}: there is {listing([*choices[name].levels])}',
                )
        return said

    def _until(self) -> date:
        value = self._said.get("until")
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            raise self._wrong("until", '"until" has to be a day such as 2027-01-31') from None

    def _wrong(self, key: str, says: str) -> UsageError:
        line = self._line_of(key)
        where = f"{self._path}:{line}" if line else str(self._path)
        return UsageError(f"{where}: exception: {says}")

    def _line_of(self, key: str) -> int | None:
        """The line of a key, else that of the table."""
        if self._start is None:
            return None
        for at in range(self._start + 1, len(self._lines)):
            if self._lines[at].lstrip().startswith("[["):
                break
            if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*[.=]", self._lines[at]):
                return at + 1
        return self._start + 1


def unused(exempts: Iterable[Exempt], used: Iterable[Exempt], today: date) -> list[str]:
    """What to say of exceptions that have no effect."""
    there = [id(one) for one in used]
    told = []
    for one in exempts:
        if one.is_over(today):
            told.append(
                f"The exception in {one.where} ended on {one.until:%Y-%m-%d}, so it does not count."
            )
        elif id(one) not in there:
            told.append(f"The exception in {one.where} matches no finding; remove it.")
    return told

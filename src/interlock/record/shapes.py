"""The required content of the published JSON files, for their readers.

A file may hold more, because a newer Interlock adds keys. ``Document`` locates each mistake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from packaging.version import InvalidVersion, Version
from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo

from interlock.matrix import wrong
from interlock.model import ABSENT, PythonVersion, moment_in
from interlock.record import invariants
from interlock.record.listed import MACHINE


def _version(text: str) -> str:
    try:
        Version(text)
    except (InvalidVersion, ValueError):
        raise wrong(f'"{text[:60]}" is not a version') from None
    return text


def _moment(text: str) -> str:
    """Of something that has happened."""
    try:
        moment = moment_in(text)
        if moment.year not in invariants.THINKABLE_YEARS:
            raise ValueError
    except ValueError:
        raise wrong(f'"{text[:60]}" is not a time such as 2026-01-31T23:59:59+00:00') from None
    if invariants.is_late(moment, datetime.now(timezone.utc)):
        raise wrong(
            f'"{text[:60]}" is later than this machine\'s clock; correct it, or set the clock'
        )
    return text


def _coordinates(cell: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
    """Every axis with a version, the Python, the probe and the configuration."""
    axes = (info.context or {}).get("axes", ())
    for name in (*axes, "python", "probe", "config"):
        if not isinstance(cell.get(name), str):
            raise wrong(f'has no "{name}" that is text')
        if name in axes and cell[name] != ABSENT:
            _version(cell[name])
    try:
        PythonVersion.parse(cell["python"])
    except ValueError as mistake:
        raise wrong(str(mistake)) from None
    return cell


def _of_a_cell(example: Any, info: ValidationInfo) -> Any:
    return _coordinates(example, info) if isinstance(example, dict) else example


def _seen(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    hangs = cell.get("hangs")
    if type(hangs) is not int or not 1 <= hangs <= 10**9:
        raise wrong('has no "hangs" that is a number of trials')
    return cell


Count = Annotated[int, Strict(), Field(ge=0, le=10**9)]
Number = Annotated[float, Strict(), Field(ge=0, allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Texts = tuple[str, ...]
VersionText = Annotated[str, AfterValidator(_version)]
Moment = Annotated[str, AfterValidator(_moment)]
Coordinates = Annotated[Mapping[str, Any], AfterValidator(_coordinates)]
Seen = Annotated[Coordinates, AfterValidator(_seen)]


Yanked = Mapping[str, tuple[VersionText, ...]]
"""``yanked.json``, of a folder without ``releases.json``."""


def _python(text: str) -> str:
    try:
        PythonVersion.parse(text)
    except ValueError as mistake:
        raise wrong(str(mistake)) from None
    return text


PythonText = Annotated[str, AfterValidator(_python)]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One release that the package index lists."""

    uploaded_at: Moment | None
    vulnerabilities: Texts | None
    yanked: str = ""
    no_wheel: tuple[PythonText, ...] = ()
    requires_python: tuple[PythonText, ...] = ()


def _machine(name: str) -> str:
    if name != MACHINE:
        raise wrong(f'"{name[:60]}": what an index decides is known for {MACHINE} alone')
    return name


def _once(listed: Mapping[str, Listed]) -> Mapping[str, Listed]:
    """Each release under one spelling: 2.14 and 2.14.0 are the same."""
    found: dict[Version, str] = {}
    for text in listed:
        if (other := found.setdefault(Version(text), text)) != text:
            raise wrong(f"{other[:60]} and {text[:60]} are the same release")
    return listed


Machine = Annotated[str, AfterValidator(_machine)]
ByVersion = Annotated[Mapping[VersionText, Listed], AfterValidator(_once)]


@dataclass(frozen=True, kw_only=True)
class ReleasesFile:
    """``releases.json``."""

    schema_version: Literal[1]
    machine: Machine
    pythons: tuple[PythonText, ...]
    vulnerabilities: Mapping[str, Texts]
    releases: Mapping[str, ByVersion]


@dataclass(frozen=True, kw_only=True)
class Control:
    campaign: str
    cell: Coordinates
    expected: str
    got: Mapping[str, Count]
    as_expected: Count
    trials: Count
    load: tuple[Number, Number]
    first_at: Moment
    last_at: Moment
    differs: Flag
    vouches_for: str | None
    says: str


def _possible(row: Control) -> Control:
    if problems := list(invariants.of_control(vars(row))):
        raise wrong("; ".join(problems))
    return row


@dataclass(frozen=True, kw_only=True)
class Controls:
    """``controls.json``."""

    schema_version: Literal[1]
    controls: tuple[Annotated[Control, AfterValidator(_possible)], ...]


@dataclass(frozen=True, kw_only=True)
class Frame:
    qualname: str
    file: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Held:
    """A lock that a thread waits for or holds, and the frame that does it."""

    frame: int | None
    expression: str | None
    lock: Any = None


@dataclass(frozen=True, kw_only=True)
class Thread:
    name: str
    frames: tuple[Frame, ...]
    waits: Held | None
    holds: tuple[Held, ...]


@dataclass(frozen=True, kw_only=True)
class Lock:
    names: Texts


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    threads: tuple[Thread, ...]
    locks: Mapping[str, Lock]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """One recorded hang."""

    phase: str
    reason: str
    exposures: Count
    noticed_after_s: Number
    evidence: Texts
    unresolved: Texts
    snapshots: tuple[Snapshot, ...]


@dataclass(frozen=True, kw_only=True)
class SignatureFile:
    """``signatures/*.json``."""

    schema_version: Literal[1]
    signature: str
    slug: str
    locks: Texts
    stuck: Texts
    cells: Annotated[tuple[Seen, ...], Field(min_length=1)]
    example: Annotated[Recorded | None, BeforeValidator(_of_a_cell)]


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What the trials of a verdict ran in."""

    python_full: str
    environment_digest: str
    image_digest: str
    backend: str
    machine: str


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What was run, with which settings."""

    probe_digest: str
    config_digest: str


@dataclass(frozen=True, kw_only=True)
class SharedFile:
    """``shared.json``."""

    schema_version: Literal[4]
    environments: Mapping[str, Environment]
    definitions: Mapping[str, Definition]
    signatures: Mapping[str, tuple[Texts, Texts]]
    texts: Mapping[str, str]

"""What can be run: releases, cells, probes, configurations, environments."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.version import Version

ABSENT = "-"
"""The version of a library that a cell leaves out (a baseline)."""


ON_TOP = "+"
"""Between a configuration and its workaround: ``warning-events+no-profiling``."""


AT_RELEASE = "@release"
"""Ends a configuration's name if dependencies are of the releases' day.

For example ``stock@release``.
"""


class PythonVersion(NamedTuple):
    """A CPython feature release, ``3.10``. As integers, 3.9 sorts before 3.10."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> PythonVersion:
        """Read ``"3.10"``. Raises ``ValueError`` for anything else."""
        major, dot, minor = text.partition(".")
        if not (dot and major.isdigit() and minor.isdigit()):
            raise ValueError(f"{text!r} is not a Python feature release such as '3.10'")
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST_PYTHON = PythonVersion(3, 8)
NEWEST_PYTHON = PythonVersion(3, 99)
"""The Pythons that an axis may name, both included.

The harness supports 3.8 to 3.14. A newer one may be named before it exists.
"""


class Backend(str, Enum):
    """What isolated a trial."""

    DOCKER = "docker"
    PROCESS = "process"

    def __str__(self) -> str:
        return self.value


def version_key(version: Version | None) -> tuple[bool, Version]:
    """The key for version order. A library that is left out comes first."""
    return (version is not None, version or Version("0"))


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One wheel of a release: its file name and its tags (``packaging.tags.Tag``s)."""

    filename: str
    requires_python: SpecifierSet | None


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of one package, as the index describes it."""

    package: str
    version: Version
    uploaded_at: datetime | None
    """When its last file was uploaded, in UTC. None if the index does not say."""
    requires_python: SpecifierSet | None
    wheels: tuple[Wheel, ...]
    yanked: bool
    yanked_because: str = ""
    """The reason that its publisher gave, in one line. Empty if there is none."""


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of the matrix: a package of the index, under a short name."""

    name: str
    package: str


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One version of one axis. None if the library is left out."""

    axis: str
    package: str
    version: Version | None

    def __str__(self) -> str:
        return f"{self.axis} {self.version or ABSENT}"

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        """Computed once: a version's is slow, and everything is looked up by pins."""
        return hash((self.axis, self.version))

    def __getstate__(self) -> dict[str, Any]:
        """Without the hash, which is another in another process."""
        return {name: value for name, value in vars(self).items() if name != "_hash"}


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Settings that an application chooses, in words and as data.

    ``settings`` go to the probe as they are. ``environment`` holds environment variables of the
    app.
    """

    name: str
    title: str
    description: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """None removes a variable that the probe sets."""
    choices: Mapping[str, str] | None = None
    """The choices of an application with these settings.

    None if something is set that is not a choice, because no reader can have it.
    """
    base: str | None = None
    """The configuration that it builds on, if it is a workaround or as of a release."""
    workaround: str | None = None
    """The workaround that it tries on ``base``: its name in ``matrix.yaml``."""
    costs: str = ""
    """What a workaround gives up, in words: what is no longer collected."""
    at_release: bool = False
    """Its dependencies are resolved as of a day after the newer release's last upload."""

    @property
    def is_composed(self) -> bool:
        """Whether it only runs if a cell of its base needs it."""
        return self.at_release or self.workaround is not None

    @cached_property
    def digest(self) -> str:
        """Identifies the settings, whatever their name or description."""
        return digest_of({"settings": self.settings, "environment": self.environment})


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A configuration of a probe in older results: its name today, and its digests."""

    config: str
    """Today's name of the configuration."""
    before: str
    """The digest of what it set itself, when the probe set the rest."""
    today: str
    """The digest of the same settings, now that the configuration has all of them."""


Renames: TypeAlias = Mapping[tuple[str, str], Renamed]
"""By probe and configuration, with the names in older results."""


@dataclass(frozen=True, kw_only=True)
class ProofRule:
    """One proof of life that a probe asks for: a fact of the app, or a request.

    Exactly one of ``fact`` and ``path`` is set. ``path`` is a glob for the request's path. The
    decoded body must contain ``contains`` or one of ``or_contains``. Or it must be a profile with a
    value above zero for a sample type in ``pprof``. If ``or_fact`` is set, that fact is a proof as
    well.
    """

    name: str
    says: str
    """In words: "ddtrace exported a profile with lock samples"."""
    fact: str | None = None
    path: str | None = None
    contains: str | None = None
    or_contains: tuple[str, ...] = ()
    """The same text as other releases write it."""
    or_fact: str | None = None
    """A fact that proves the same if no request does."""
    pprof: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """The axes that it needs. If one is left out, the proof is not asked for."""
    when: Mapping[str, Any] = field(default_factory=dict)
    """The settings that it needs. If the app ran with others, it is not asked for."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that each trial of a probe measures.

    It is a fact of the app (``fact``), or how many requests of a kind the intake got (``path``).
    Exactly one of the two is set.
    """

    name: str
    """With its unit, if it has one: ``exit-s``."""
    title: str
    """In a few words, with the unit: "longest exit, s"."""
    says: str
    """How it is measured, in words."""
    fact: str | None = None
    item: str | None = None
    """Its key, if the fact is an object."""
    path: str | None = None
    """A glob for the requests' path, without the query."""


@dataclass(frozen=True, kw_only=True)
class ProbeLimits:
    """Seconds that the supervisor allows. The outer guard allows some more."""

    startup_s: float
    stall_s: float
    deadline_s: float
    grace_s: float


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What runs inside: a folder under ``probes/``, described by its ``probe.yaml``."""

    name: str
    title: str
    stresses: str
    cannot_see: str
    live: tuple[ProofRule, ...]
    measures: tuple[Measure, ...] = ()
    knobs: Mapping[str, Any]
    environment: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why each knob and environment variable has its value, in words."""
    requirements: tuple[str, ...]
    """Requirements beside the axis packages, such as ``flask``."""
    modules: tuple[str, ...] = ()
    """Modules that they install under another name, such as ``google``."""
    least_exposures: int
    most_exposures: int = 0
    """The limit to which a trial's exposures may be raised, if it is above the least."""
    exposure_knob: str | None = None
    """The knob, a number, that sets how often a trial enters the situation."""
    exposure_unit: str
    """In words, plural: "worker starts"."""
    expected_s: float = 3.0
    """Seconds that a trial usually takes on an idle machine."""
    alone: bool = False
    """Nothing else may run on the machine meanwhile."""
    needs: tuple[str, ...] = ()
    """Axes that the probe can't do without. No baseline leaves one of them out."""
    limits: ProbeLimits
    configs: tuple[str, ...]
    """The configurations in which it is judged, by name."""
    digest: str
    """The digest of its behaviour, with the harness."""
    equivalent: frozenset[str] = frozenset()
    """The digests of earlier versions with the same behaviour."""

    def accepts(self, digest: str) -> bool:
        """Whether results of the version with that digest count for this one."""
        return digest == self.digest or digest in self.equivalent

    def are_alike(self, one: str, other: str) -> bool:
        """Whether two versions of the probe, by their digests, behave the same."""
        return one == other or (self.accepts(one) and self.accepts(other))

    def asked_of(self, cell: Cell) -> Probe:
        """The probe without the proofs about libraries that the cell leaves out."""
        absent = {pin.axis for pin in cell.pins if pin.version is None}
        return replace(self, live=tuple(r for r in self.live if not absent & set(r.needs)))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """sentry × ddtrace × Python × probe × configuration: the subject of a verdict."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    probe: str
    config: str

    def version(self, axis: str) -> Version | None:
        """The version on one axis. Raises ``KeyError`` for an axis that the cell lacks."""
        for pin in self.pins:
            if pin.axis == axis:
                return pin.version
        raise KeyError(axis)

    @property
    def has_library(self) -> bool:
        """Whether it has any library. Without one, it only tests the harness."""
        return any(pin.version is not None for pin in self.pins)

    @property
    def is_whole(self) -> bool:
        """Whether it has every library, so it is not a baseline."""
        return all(pin.version is not None for pin in self.pins)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The cell as strings: versions in axis order, Python, probe, configuration."""
        return (
            *(str(pin.version or ABSENT) for pin in self.pins),
            str(self.python),
            self.probe,
            self.config,
        )

    @property
    def combination(self) -> str:
        """The part that is installed: ``sentry 2.5.1 × ddtrace 2.14.2 × Python 3.10``."""
        return " × ".join([*(str(pin) for pin in self.pins), f"Python {self.python}"])

    def __str__(self) -> str:
        return f"{self.combination} · {self.probe} · {self.config}"

    @property
    def reproduce(self) -> str:
        """The command that runs just this cell again."""
        versions = {pin.axis: str(pin.version or ABSENT) for pin in self.pins}
        return self.command(versions, str(self.python), self.probe, self.config)

    @staticmethod
    def command(versions: Mapping[str, str], python: str, probe: str, config: str) -> str:
        """The same of any cell, with the versions by axis."""
        pins = " ".join(f"--{axis} {version}" for axis, version in versions.items())
        return (
            f"nox -s matrix -- {pins} --python {python} "
            f"--probe {probe} --config {config} --rerun all --no-follow-ups"
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What was installed for a cell. Cells with the same requirements share it."""

    digest: str
    """Of the Python image, the architecture and the requirements with their hashes."""
    path: str
    """The path of the virtual environment inside the sandbox."""
    lock: str
    """Resolved requirements with hashes, from ``uv pip compile --generate-hashes``."""
    image: str
    """The image reference, or the interpreter if there is no engine."""
    image_digest: str
    python_full: str
    """``3.10.14``."""
    resolved_at: datetime


def digest_of(value: Any) -> str:
    """The SHA-256 of a JSON value, in hexadecimal. The order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()

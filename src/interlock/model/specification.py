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
"""How a cell names the version of a library that it leaves out (a baseline)."""


ON_TOP = "+"
"""Stands between a configuration and its workaround: ``warning-events+no-profiling``."""


AT_RELEASE = "@release"
"""Ends the name of a configuration with the dependencies of the day: ``stock@release``."""


class PythonVersion(NamedTuple):
    """A CPython feature release, ``3.10``: a pair of integers, so that 3.9 sorts before 3.10."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> PythonVersion:
        """Read ``"3.10"``; raise ``ValueError`` for anything else."""
        major, dot, minor = text.partition(".")
        if not (dot and major.isdigit() and minor.isdigit()):
            raise ValueError(f"{text!r} is not a Python feature release such as '3.10'")
        return cls(int(major), int(minor))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST_PYTHON = PythonVersion(3, 8)
NEWEST_PYTHON = PythonVersion(3, 99)
"""The Pythons that an axis may name, both included: the harness knows 3.8 to 3.14, and a newer one
may be named before anybody has it."""


class Backend(str, Enum):
    """What isolated a trial."""

    DOCKER = "docker"
    PROCESS = "process"

    def __str__(self) -> str:
        return self.value


def version_key(version: Version | None) -> tuple[bool, Version]:
    """Versions in version order; a library that was left out comes first."""
    return (version is not None, version or Version("0"))


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """One wheel of a release: its file name and the tags it carries (``packaging.tags.Tag``s)."""

    filename: str
    requires_python: SpecifierSet | None


@dataclass(frozen=True, kw_only=True)
class Release:
    """One release of one package, as the index describes it."""

    package: str
    version: Version
    uploaded_at: datetime | None
    """When its last file was uploaded, in UTC; None where the index does not say."""
    requires_python: SpecifierSet | None
    wheels: tuple[Wheel, ...]
    yanked: bool


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of the matrix: a package of the index, under a short name."""

    name: str
    package: str


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One axis held at one version; None where the library is left out."""

    axis: str
    package: str
    version: Version | None

    def __str__(self) -> str:
        return f"{self.axis} {self.version or ABSENT}"


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Settings that an application chooses, in words and as data.

    ``settings`` go to the probe as they are; ``environment`` are environment variables of the app.
    """

    name: str
    title: str
    description: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str | None] = field(default_factory=dict)
    """None takes a variable away that the probe sets."""
    choices: Mapping[str, str] | None = None
    """What an application chooses that is set up like this. None where something is set that is no
    choice: no reader can have it."""
    base: str | None = None
    """The configuration that it is on top of, where it is a workaround or as of a release."""
    workaround: str | None = None
    """The workaround that it tries on ``base``: its name in ``matrix.yaml``."""
    costs: str = ""
    """What a workaround gives up, in words: what is no longer collected."""
    at_release: bool = False
    """Its dependencies are resolved as of the newer release's last upload and a day."""

    @property
    def is_composed(self) -> bool:
        """Whether it is run where a cell of its base needs it, and not everywhere."""
        return self.at_release or self.workaround is not None

    @cached_property
    def digest(self) -> str:
        """Identifies what is set, whatever it is called or described as."""
        return digest_of({"settings": self.settings, "environment": self.environment})


@dataclass(frozen=True, kw_only=True)
class Renamed:
    """A configuration that older results have of a probe: its name today, and its digests."""

    config: str
    """What the configuration is called today."""
    before: str
    """The digest of what it set by name, when the probe set the rest by itself."""
    today: str
    """The digest of the same settings, now that the configuration has all of them."""


Renames: TypeAlias = Mapping[tuple[str, str], Renamed]
"""By probe and configuration, as older results name them."""


@dataclass(frozen=True, kw_only=True)
class ProofRule:
    """One proof of life that a probe asks for: a fact of the app, or a request.

    Exactly one of ``fact`` and ``path`` is set. ``path`` is a glob on the request's path. The
    decoded body must contain ``contains`` or one of ``or_contains``, or be a profile in which one
    of the sample types ``pprof`` has a value above zero. Where ``or_fact`` is set, that fact
    proves it as well.
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
    """A fact that shows the same where no request does."""
    pprof: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    """Axes that it is about. Where one of them is left out, the proof is not asked for."""
    when: Mapping[str, Any] = field(default_factory=dict)
    """Settings that it is about. Where the app ran with others, the proof is not asked for."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """A number that each trial of a probe measures.

    It is a fact of the app (``fact``), or how many requests of a kind the intake got (``path``).
    Exactly one of the two is set.
    """

    name: str
    """With its unit, where it has one: ``exit-s``."""
    title: str
    """In a few words, with the unit: "longest exit, s"."""
    says: str
    """In words, how it is measured."""
    fact: str | None = None
    item: str | None = None
    """Its key, where the fact is an object."""
    path: str | None = None
    """A glob on the requests' path, without its query."""


@dataclass(frozen=True, kw_only=True)
class ProbeLimits:
    """Seconds that the supervisor allows. The outer guard allows some more."""

    startup_s: float
    stall_s: float
    deadline_s: float
    grace_s: float


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What runs inside: one folder under ``probes/``, as its ``probe.yaml`` describes it."""

    name: str
    title: str
    stresses: str
    cannot_see: str
    live: tuple[ProofRule, ...]
    measures: tuple[Measure, ...] = ()
    knobs: Mapping[str, Any]
    environment: Mapping[str, str]
    reasons: Mapping[str, str] = field(default_factory=dict)
    """Why each knob and each variable of the environment is what it is, in words."""
    requirements: tuple[str, ...]
    """Requirements beside the axis packages, such as ``flask``."""
    least_exposures: int
    most_exposures: int = 0
    """Up to where a trial's exposures may be raised; never where that is not above the least."""
    exposure_knob: str | None = None
    """The knob, a number, that sets how often a trial enters the situation."""
    exposure_unit: str
    """In words, plural: "worker starts"."""
    expected_s: float = 3.0
    """Seconds that a trial usually takes on an idle machine."""
    alone: bool = False
    """Nothing else may run on the machine meanwhile."""
    needs: tuple[str, ...] = ()
    """Axes without whose library there is nothing to probe: no baseline leaves one of them out."""
    limits: ProbeLimits
    configs: tuple[str, ...]
    """The configurations it is judged in, by name."""
    digest: str
    """The digest of what it does, the harness included."""
    equivalent: frozenset[str] = frozenset()
    """The digests of earlier versions that did the same."""

    def accepts(self, digest: str) -> bool:
        """Whether what ran with the version of that digest holds for this one."""
        return digest == self.digest or digest in self.equivalent

    def are_alike(self, one: str, other: str) -> bool:
        """Whether two versions of the probe, by their digests, do the same."""
        return one == other or (self.accepts(one) and self.accepts(other))

    def asked_of(self, cell: Cell) -> Probe:
        """The probe without the proofs about libraries that the cell leaves out."""
        absent = {pin.axis for pin in cell.pins if pin.version is None}
        return replace(self, live=tuple(r for r in self.live if not absent & set(r.needs)))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """sentry × ddtrace × Python × probe × configuration: what a verdict is about."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    probe: str
    config: str

    def version(self, axis: str) -> Version | None:
        """The version on one axis; ``KeyError`` for an axis the cell does not have."""
        for pin in self.pins:
            if pin.axis == axis:
                return pin.version
        raise KeyError(axis)

    @property
    def has_library(self) -> bool:
        """Whether any library is in it; without one it says something of the harness alone."""
        return any(pin.version is not None for pin in self.pins)

    @property
    def is_whole(self) -> bool:
        """Whether every library is in it: it is no baseline."""
        return all(pin.version is not None for pin in self.pins)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """Identifies the cell as strings: versions in axis order, Python, probe, configuration."""
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
        pins = " ".join(f"--{pin.axis} {pin.version or ABSENT}" for pin in self.pins)
        return (
            f"nox -s matrix -- {pins} --python {self.python} "
            f"--probe {self.probe} --config {self.config} --rerun all --no-follow-ups"
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """What was installed for a cell, shared by every cell that needs the same."""

    digest: str
    """Of the Python image, the architecture and the resolved requirements with their hashes."""
    path: str
    """The virtual environment as the sandbox sees it."""
    lock: str
    """Resolved requirements with hashes, as ``uv pip compile --generate-hashes`` writes them."""
    image: str
    """The image reference, or the interpreter where there is no engine."""
    image_digest: str
    python_full: str
    """``3.10.14``."""
    resolved_at: datetime


def digest_of(value: Any) -> str:
    """The SHA-256 of a JSON value, whatever the order of its keys; 64 hexadecimal digits."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=dict)
    return hashlib.sha256(text.encode()).hexdigest()

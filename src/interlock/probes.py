"""``probes/<name>/probe.yaml`` → ``Probe``, with a digest of all that decides what it does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from interlock.document import Document, Section, nearest, read, wrong
from interlock.model import Probe, ProbeLimits, ProofRule

HARNESS = "harness"
"""The folder beside the probes that they share; not a probe."""


def available(folder: Path) -> tuple[str, ...]:
    """The names of the probes in a folder."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/probe.yaml")))


def digest(folder: Path, name: str) -> str:
    """Of the harness and the probe: their Python and YAML files, by relative name and bytes.

    The same on every machine; what only a reader sees (``PROTOCOL.md``) does not count.
    """
    seen = hashlib.sha256()
    for path in _files(folder, (HARNESS, name)):
        content = path.read_bytes()
        seen.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        seen.update(content)
    return seen.hexdigest()


def load(folder: Path, name: str, configs: Sequence[str], axes: Sequence[str]) -> Probe | Document:
    """The probe, or the document with its mistakes.

    ``axes`` are the names that ``needs`` may ask for; ``configs`` come from ``matrix.yaml``.
    """
    document = read(folder / name / "probe.yaml", f"{folder.name}/{name}/probe.yaml")
    described = document.validate(_Description, {"axes": tuple(axes)})
    if described and described.name != name:
        document.report(("name",), f'"{described.name}" is in the folder "{name}"; call it that')
    if described is None or document.mistakes:
        return document
    return Probe(
        name=name,
        title=described.title,
        stresses=described.stresses,
        cannot_see=described.cannot_see,
        live=tuple(proof.rule for proof in described.live),
        knobs={knob: setting.value for knob, setting in described.knobs.items()},
        environment={knob: setting.value for knob, setting in described.environment.items()},
        requirements=tuple(described.requirements),
        least_exposures=described.exposures.least,
        exposure_unit=described.exposures.unit,
        limits=ProbeLimits(**described.limits.model_dump()),
        configs=tuple(configs),
        digest=digest(folder, name),
    )


def _files(folder: Path, names: Sequence[str]) -> Iterator[Path]:
    found = (path for name in names for path in (folder / name).rglob("*") if path.is_file())
    for path in sorted(found, key=lambda path: path.relative_to(folder).as_posix()):
        if path.suffix in (".py", ".yaml") and "__pycache__" not in path.parts:
            yield path


def _requirement(text: str) -> str:
    try:
        Requirement(text)
    except InvalidRequirement:
        raise wrong(f'"{text}" is not a requirement such as "flask>=2"') from None
    return text


def _axis(name: str, info: ValidationInfo) -> str:
    known: tuple[str, ...] = (info.context or {}).get("axes", ())
    if name not in known:
        raise wrong(f'"{name}" is no axis of the matrix{nearest(name, known)}')
    return name


class _Knob(Section):
    value: Any
    why: str


class _Variable(Section):
    value: str
    why: str


class _Request(Section):
    path: str
    contains: str | None = None
    pprof: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _one_test(self) -> _Request:
        if (self.contains is None) == (not self.pprof):
            raise wrong('says what the body holds: either "contains" or "pprof"')
        return self


class _Proof(Section):
    name: str
    says: str
    fact: str | None = None
    request: _Request | None = None

    @model_validator(mode="after")
    def _one_source(self) -> _Proof:
        if (self.fact is None) == (self.request is None):
            raise wrong('names its source: either "fact" or "request"')
        return self

    @property
    def rule(self) -> ProofRule:
        if self.request is None:
            return ProofRule(name=self.name, says=self.says, fact=self.fact)
        return ProofRule(
            name=self.name,
            says=self.says,
            path=self.request.path,
            contains=self.request.contains,
            pprof=tuple(self.request.pprof),
        )


class _Exposures(Section):
    least: Annotated[int, Field(gt=0)]
    unit: str


_Seconds = Annotated[float, Field(gt=0)]


class _Limits(Section):
    startup_s: _Seconds
    stall_s: _Seconds
    deadline_s: _Seconds
    grace_s: _Seconds


class _Description(Section):
    name: str
    title: str
    stresses: str
    cannot_see: str
    live: Annotated[list[_Proof], Field(min_length=1)]
    knobs: dict[str, _Knob] = Field(default_factory=dict)
    environment: dict[str, _Variable] = Field(default_factory=dict)
    needs: list[Annotated[str, AfterValidator(_axis)]] = Field(default_factory=list)
    requirements: list[Annotated[str, AfterValidator(_requirement)]] = Field(default_factory=list)
    exposures: _Exposures
    limits: _Limits

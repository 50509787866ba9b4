"""``probes/<name>/probe.yaml`` → ``Probe``, with a digest of all that decides what it does."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from interlock.matrix.document import Document, Section, nearest, read, wrong
from interlock.model import Measure, Probe, ProbeLimits, ProofRule

HARNESS = "harness"
"""The folder beside the probes that runs them; not a probe."""

LIBRARIES = "libraries"
"""The folder beside the probes with what they share of the libraries under test; not a probe."""


def available(folder: Path) -> tuple[str, ...]:
    """The names of the probes in a folder."""
    found = {path.parent.name for path in folder.glob("*/probe.yaml")}
    return tuple(sorted(found - {HARNESS, LIBRARIES}))


def digest(folder: Path, name: str) -> str:
    """Of the probe and what it shares with others: Python and YAML files, by name and bytes.

    The same on every machine; what only a reader sees (``PROTOCOL.md``) does not count.
    """
    seen = hashlib.sha256()
    for path in _files(folder, (HARNESS, LIBRARIES, name)):
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
    if described and (knob := described.exposures.knob):
        _report_knob(document, knob, described.knobs)
    if described is None or document.mistakes:
        return document
    return Probe(
        name=name,
        title=described.title,
        stresses=described.stresses,
        cannot_see=described.cannot_see,
        live=tuple(proof.rule for proof in described.live),
        measures=tuple(
            Measure(name=name, **measure.model_dump())
            for name, measure in described.measures.items()
        ),
        knobs={knob: setting.value for knob, setting in described.knobs.items()},
        environment={knob: setting.value for knob, setting in described.environment.items()},
        reasons={
            **{knob: setting.why for knob, setting in described.knobs.items()},
            **{name: variable.why for name, variable in described.environment.items()},
        },
        requirements=tuple(described.requirements),
        least_exposures=described.exposures.least,
        most_exposures=described.exposures.most or described.exposures.least,
        exposure_knob=described.exposures.knob,
        exposure_unit=described.exposures.unit,
        expected_s=described.expected_s,
        alone=described.alone,
        needs=tuple(described.needs),
        limits=ProbeLimits(**described.limits.model_dump()),
        configs=tuple(configs),
        digest=digest(folder, name),
    )


def _report_knob(document: Document, knob: str, knobs: Mapping[str, _Knob]) -> None:
    """What sets how often the situation is entered is a number among the knobs."""
    place = ("exposures", "knob")
    if knob not in knobs:
        document.report(place, f'"{knob}" is no knob of this probe{nearest(knob, knobs)}')
    elif isinstance(value := knobs[knob].value, bool) or not isinstance(value, (int, float)):
        document.report(place, f'"{knob}" is {value}, which is no number that could be raised')


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


class _Measure(Section):
    title: str
    says: str
    fact: str | None = None
    item: str | None = None
    path: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> _Measure:
        if (self.fact is None) == (self.path is None):
            raise wrong('names its source: either "fact" or "path"')
        if self.item is not None and self.fact is None:
            raise wrong('an "item" is of a "fact"')
        return self


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
    needs: list[Annotated[str, AfterValidator(_axis)]] = Field(default_factory=list)
    when: dict[str, Any] = Field(default_factory=dict)
    fact: str | None = None
    request: _Request | None = None

    @model_validator(mode="after")
    def _one_source(self) -> _Proof:
        if (self.fact is None) == (self.request is None):
            raise wrong('names its source: either "fact" or "request"')
        return self

    @property
    def rule(self) -> ProofRule:
        rule = ProofRule(
            name=self.name,
            says=self.says,
            fact=self.fact,
            needs=tuple(self.needs),
            when=self.when,
        )
        if self.request is None:
            return rule
        return replace(
            rule,
            path=self.request.path,
            contains=self.request.contains,
            pprof=tuple(self.request.pprof),
        )


class _Exposures(Section):
    least: Annotated[int, Field(gt=0)]
    most: int | None = None
    knob: str | None = None
    unit: str

    @model_validator(mode="after")
    def _raised_by_a_knob(self) -> _Exposures:
        if (self.most is None) != (self.knob is None):
            raise wrong('names "most" and the "knob" that raises exposures together, or neither')
        if self.most is not None and self.most < self.least:
            raise wrong(f"most is {self.most}, which is below the least, {self.least}")
        return self


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
    measures: dict[str, _Measure] = Field(default_factory=dict)
    knobs: dict[str, _Knob] = Field(default_factory=dict)
    environment: dict[str, _Variable] = Field(default_factory=dict)
    needs: list[Annotated[str, AfterValidator(_axis)]] = Field(default_factory=list)
    requirements: list[Annotated[str, AfterValidator(_requirement)]] = Field(default_factory=list)
    exposures: _Exposures
    expected_s: _Seconds = 3.0
    alone: bool = False
    limits: _Limits

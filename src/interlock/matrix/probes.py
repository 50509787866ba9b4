"""Read ``probes/<name>/probe.yaml`` into a ``Probe``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from interlock.matrix import values
from interlock.matrix.behaviour import DESCRIPTION, HARNESS, LIBRARIES, digest
from interlock.matrix.document import SECTIONS, Document, read
from interlock.matrix.mistakes import nearest, quoted, wrong
from interlock.model import MatrixError, Measure, Probe, ProbeLimits, ProofRule


def available(folder: Path) -> tuple[str, ...]:
    """The names of the probes in a folder."""
    found = {path.parent.name for path in folder.glob(f"*/{DESCRIPTION}")}
    return tuple(sorted(found - {HARNESS, LIBRARIES}))


def empty(folder: Path) -> tuple[str, ...]:
    """The folders beside the probes that lack a description."""
    inside = folder.iterdir() if folder.is_dir() else ()
    found = {path.name for path in inside if path.is_dir() and not (path / DESCRIPTION).exists()}
    return tuple(sorted(found - {HARNESS, LIBRARIES}))


def load(
    folder: Path,
    name: str,
    configs: Sequence[str],
    axes: Sequence[str],
    *,
    proven: Sequence[str] = (),
    digests: bool = True,
) -> Probe | Document:
    """The probe, or the document with its mistakes.

    Without ``digests``, its digest is empty: it takes longer than all else of a question.

    ``needs`` may name these ``axes``. Each of the ``proven`` ones needs a proof of life: all axes,
    but for a probe that is only a control. The ``configs`` come from ``matrix.yaml``.
    """
    document = read(folder / name / DESCRIPTION, f"{folder.name}/{name}/{DESCRIPTION}")
    described = document.validate(Description, {"axes": tuple(axes)})
    if described and described.name != name:
        document.report(
            ("name",), f'"{described.name}" is in the folder "{name}"; give it that name'
        )
    if described:
        _report_fractions(document, described.knobs)
    if described:
        _report_unproven(document, described, proven)
    if described and (knob := described.exposures.exposure_knob):
        _report_knob(document, knob, described.knobs)
    of_its_files = ""
    try:
        of_its_files = digest(folder, name) if digests else ""
    except MatrixError as error:
        document.mistakes += error.mistakes
    if described is None or document.mistakes:
        return document
    return _probe(described, configs=tuple(configs), digest=of_its_files)


def _report_unproven(document: Document, described: Description, axes: Sequence[str]) -> None:
    """Without a proof for a library, a probe that never imports it would pass.

    The proof counts if it is asked for in every cell that has the library.
    """
    for axis in axes:
        always = {axis, *described.needs}
        if not any(
            axis in proof.needs and always.issuperset(proof.needs) for proof in described.live
        ):
            document.report(
                ("live",),
                f"has no proof that {axis} worked, so a pass would say nothing about it; "
                f'add a proof with "needs: [{axis}]"',
            )


def _report_knob(document: Document, knob: str, knobs: Mapping[str, _Knob]) -> None:
    """The knob that sets how often the situation is entered must be a number."""
    place = ("exposures", "knob")
    if knob not in knobs:
        document.report(place, f'"{knob}" is not a knob of this probe{nearest(knob, knobs)}')
    elif isinstance(value := knobs[knob].value, bool) or not isinstance(value, (int, float)):
        document.report(place, f'"{knob}" is {value}, which is not a number that can be raised')


def _probe(described: Description, *, configs: tuple[str, ...], digest: str) -> Probe:
    """The probe, with the sections of the file flattened."""
    told: Mapping[str, _Knob | _Variable] = {**described.knobs, **described.environment}
    flat = {
        "live": tuple(proof.rule for proof in described.live),
        "measures": tuple(
            Measure(name=name, **vars(measure)) for name, measure in described.measures.items()
        ),
        "knobs": {name: knob.value for name, knob in described.knobs.items()},
        "environment": {name: set_.value for name, set_ in described.environment.items()},
        "reasons": {name: one.why for name, one in told.items()},
        "limits": ProbeLimits(**vars(described.limits)),
        **vars(described.exposures),
    }
    as_written = {name: value for name, value in vars(described).items() if name != "exposures"}
    return Probe(**{**as_written, **flat, "configs": configs, "digest": digest})


@dataclass(frozen=True, kw_only=True)
class _Knob:
    value: Any
    why: str
    one_of: tuple[str, ...] = ()
    """The allowed values, if the knob is not a number."""
    fraction: values.Flag = False
    """The number is neither a time nor whole."""


def _fits(knob: _Knob) -> _Knob:
    """An app that fails on a wrong knob would look like a package that fails."""
    if knob.one_of:
        if knob.value not in knob.one_of:
            raise wrong(f"{quoted(knob.value)} is not one of {', '.join(knob.one_of)}")
    elif isinstance(knob.value, bool) or not isinstance(knob.value, (int, float)):
        raise wrong(f'{quoted(knob.value)} is not a number; list its allowed texts in "one_of"')
    elif not 0 < knob.value <= _LARGEST_KNOB:
        raise wrong(f"{quoted(knob.value)} is not above 0 and up to {_LARGEST_KNOB}")
    return knob


_LARGEST_KNOB = 10**9


def _report_fractions(document: Document, knobs: Mapping[str, _Knob]) -> None:
    """A number that an app counts with must be whole: ``range(0.5)`` would look like a fault."""
    for name, knob in knobs.items():
        is_time = name.endswith("_s") or name == "seconds"
        if isinstance(knob.value, float) and not (is_time or knob.fraction):
            document.report(
                ("knobs", name, "value"),
                f"{quoted(knob.value)} is not a whole number; end the name in _s if it is a time "
                'in seconds, or say "fraction: true"',
            )


@dataclass(frozen=True, kw_only=True)
class _Variable:
    value: values.VariableText
    why: str


@dataclass(frozen=True, kw_only=True)
class _Measure:
    title: str
    says: str
    fact: str | None = None
    item: str | None = None
    path: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Request:
    path: str
    contains: str | None = None
    or_contains: tuple[str, ...] = ()
    pprof: tuple[str, ...] = ()


def _one_source_of_a_measure(measure: _Measure) -> _Measure:
    if (measure.fact is None) == (measure.path is None):
        raise wrong('needs one source: either "fact" or "path"')
    if measure.item is not None and measure.fact is None:
        raise wrong('an "item" needs a "fact"')
    return measure


def _one_test(request: _Request) -> _Request:
    if (request.contains is None) == (not request.pprof):
        raise wrong('needs one test of the body: either "contains" or "pprof"')
    if request.or_contains and request.contains is None:
        raise wrong('"or_contains" needs "contains"')
    return request


@dataclass(frozen=True, kw_only=True)
class _Proof:
    name: str
    says: str
    needs: tuple[values.AxisOfTheMatrix, ...] = ()
    when: Mapping[str, Any] = field(default_factory=dict)
    fact: str | None = None
    request: Annotated[_Request, AfterValidator(_one_test)] | None = None
    or_fact: str | None = None

    @property
    def rule(self) -> ProofRule:
        own = {name: value for name, value in vars(self).items() if name != "request"}
        return ProofRule(**own, **(vars(self.request) if self.request else {}))


def _one_source(proof: _Proof) -> _Proof:
    if (proof.fact is None) == (proof.request is None):
        raise wrong('needs one source: either "fact" or "request"')
    if proof.or_fact and proof.request is None:
        raise wrong('"or_fact" needs "request"')
    return proof


@dataclass(frozen=True, kw_only=True)
class _Exposures:
    """By the names of the fields of ``Probe``."""

    least_exposures: Annotated[values.Count, Field(alias="least")]
    most_exposures: Annotated[values.Count | None, Field(alias="most")] = None
    exposure_knob: Annotated[str | None, Field(alias="knob")] = None
    exposure_unit: Annotated[str, Field(alias="unit")]


def _raised_by_a_knob(exposures: _Exposures) -> _Exposures:
    least, most = exposures.least_exposures, exposures.most_exposures
    if (most is None) != (exposures.exposure_knob is None):
        raise wrong('names "most" and the "knob" that raises exposures together, or neither')
    if most is not None and most < least:
        raise wrong(f"most is {most}, which is below the least, {least}")
    return replace(exposures, most_exposures=most or least)


@dataclass(frozen=True, kw_only=True)
class _Limits:
    startup_s: values.Seconds
    stall_s: values.Seconds
    deadline_s: values.Seconds
    grace_s: values.Seconds


def _in_order(limits: _Limits) -> _Limits:
    """Both count from the start, so a trial would end before it may have started."""
    if limits.deadline_s < limits.startup_s:
        raise wrong(
            f"deadline_s is {limits.deadline_s:g}, which is below startup_s, {limits.startup_s:g}"
        )
    return limits


@dataclass(frozen=True, kw_only=True)
class Description:
    """``probe.yaml``."""

    __pydantic_config__ = SECTIONS

    name: str
    title: str
    stresses: str
    cannot_see: str
    live: Annotated[tuple[Annotated[_Proof, AfterValidator(_one_source)], ...], values.at_least_one]
    measures: Mapping[str, Annotated[_Measure, AfterValidator(_one_source_of_a_measure)]] = field(
        default_factory=dict
    )
    knobs: Mapping[values.Words, Annotated[_Knob, AfterValidator(_fits)]] = field(
        default_factory=dict
    )
    environment: Mapping[values.VariableName, _Variable] = field(default_factory=dict)
    needs: tuple[values.AxisOfTheMatrix, ...] = ()
    requirements: tuple[values.RequirementText, ...] = ()
    modules: tuple[values.Words, ...] = ()
    exposures: Annotated[_Exposures, AfterValidator(_raised_by_a_knob)]
    expected_s: values.Seconds = 3.0
    alone: values.Flag = False
    limits: Annotated[_Limits, AfterValidator(_in_order)]

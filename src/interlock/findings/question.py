"""One question, one answer: will these releases hang together, and what then? Pure.

    question = Question(
        versions={"sentry": Version("2.5.1"), "ddtrace": Version("2.14.2")},
        python=PythonVersion(3, 10),
        config="stock",
    )
    for said in answer(question, findings).by_config:
        said.outcome, said.basis    # (Outcome.HANG, AnswerBasis.TESTED)
        said.troubles[0].attribution.says, said.signatures
        said.moves, said.workarounds
        said.neighbours             # where it was not tested: what was, around it

``findings`` is loaded once and asked often: an answer looks up the rows that it needs and no other.
Releases that were not tested get no outcome, and never that of other releases.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property

from packaging.version import Version

from interlock.findings.advice import Advice, Move, advice_for
from interlock.findings.findings import Findings, ForApplication
from interlock.findings.likeness import TROUBLE
from interlock.findings.weighing import Combination, Pins, Trouble, version_of, without
from interlock.findings.workarounds import TriedWorkaround, tried_on
from interlock.model import (
    PRECEDENCE,
    Cell,
    Outcome,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    UsageError,
    Verdict,
    listing,
)


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a reader runs in one process."""

    versions: Mapping[str, Version]
    """By axis; every axis has to be there."""
    python: PythonVersion
    config: str | None = None
    """None asks for every configuration that the application may have."""
    application: str | None = None
    """The kind of application; None is one of no kind that ``matrix.yaml`` names."""


class AnswerBasis(str, Enum):
    """What an answer rests on."""

    TESTED = "tested"
    """It was run on these very releases."""
    INDEX = "index"
    """The package index decides: there is no wheel, or the release excludes this Python."""
    UNKNOWN = "unknown"
    """It was not run, or not by every probe that it was meant for."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest releases of one axis that were tested in the same configuration and Python."""

    axis: str
    below: Version | None
    above: Version | None
    with_the_others: bool
    """They were tested with the other releases of the question. Where nothing was, these are tested
    with some others, and both may be the very release that was asked for."""


@dataclass(frozen=True, kw_only=True)
class ConfigurationAnswer:
    """What is known of the releases in one configuration."""

    config: str
    outcome: Outcome | None
    """The worst that any probe says; None where the basis is ``unknown``."""
    basis: AnswerBasis
    verdicts: tuple[Verdict, ...] = ()
    """What it rests on, a verdict a probe, the worst first."""
    missing: tuple[Cell, ...] = ()
    """What was meant to be run, and was not."""
    troubles: tuple[Trouble, ...] = ()
    """What hangs or fails, and whose trouble each is."""
    moves: tuple[Move, ...] = ()
    """The nearest and the newest release to move to along each axis, the one to prefer first."""
    workarounds: tuple[TriedWorkaround, ...] = ()
    """Those that were run on these very cells and pass; ``way.costs`` says what each gives up."""
    neighbours: tuple[Neighbours, ...] = ()
    """One an axis, where the basis is ``unknown``."""

    @property
    def signatures(self) -> tuple[Signature, ...]:
        """Of every hang, each once."""
        seen = (signature for verdict in self.verdicts for signature, _ in verdict.signatures)
        return tuple(dict.fromkeys(seen))

    @property
    def trials(self) -> int:
        """Of all probes together."""
        return sum(verdict.trials for verdict in self.verdicts)

    @property
    def exposures(self) -> int:
        """Of all probes together; what one exposure is, each probe says."""
        return sum(verdict.exposures for verdict in self.verdicts)

    @property
    def tested_at(self) -> datetime | None:
        """When the oldest verdict that it rests on was tested, in UTC."""
        return min((verdict.tested_at for verdict in self.verdicts), default=None)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is known of the releases of a question, a part for each configuration."""

    question: Question
    by_config: tuple[ConfigurationAnswer, ...]
    """In the order of ``matrix.yaml``."""
    moves: tuple[Move, ...]
    """As in a part, but to releases that pass in every configuration; none where all is well."""

    @cached_property
    def worst(self) -> ConfigurationAnswer | None:
        """A hang or a failure before what is unknown, and that before a pass."""
        ranks = [*TROUBLE, None, *(outcome for outcome in PRECEDENCE if outcome not in TROUBLE)]
        return min(self.by_config, key=lambda said: ranks.index(said.outcome), default=None)


def answer(question: Question, findings: Findings) -> Answer:
    """What the findings say to the question.

    Raises ``UsageError`` for an axis, configuration or kind of application that is not there.
    """
    about = _about(question, findings)
    configs = [question.config] if question.config is not None else _configs(about)
    pins = _pins(question, findings)
    # A kind of application that was not tried with them runs into what every application does.
    here = (
        about.tested.at(pins, question.python)
        or findings.by_application[None].tested.at(pins, question.python)
        or Combination(pins=pins, python=question.python)
    )
    everywhere = _advice(about, here, None)
    return Answer(
        question=question,
        by_config=tuple(_in_config(about, here, config) for config in configs),
        moves=everywhere.moves if everywhere else (),
    )


def _configs(about: ForApplication) -> list[str]:
    """Every configuration that the application may have, in the order of ``matrix.yaml``.

    What hangs in any application hangs in one of a kind, too.
    """
    every = about.findings.by_application[None]
    asked = {*about.configs, *every.configs}
    return [name for name in about.findings.matrix.configurations if name in asked]


def _about(question: Question, findings: Findings) -> ForApplication:
    matrix = findings.matrix
    kinds = [name for name in findings.by_application if name]
    plain = [name for name, config in matrix.configurations.items() if not config.is_composed]
    for name, known, what in (
        (question.application, kinds, "kind of application"),
        (question.config, plain, "configuration"),
    ):
        if name is not None and name not in known:
            raise UsageError(f'"{name}" is no {what}: there is {listing(known) or "none"}')
    return findings.by_application[question.application]


def _pins(question: Question, findings: Findings) -> Pins:
    axes = [axis.name for axis in findings.matrix.axes]
    if wrong := sorted({*axes} ^ {*question.versions}):
        raise UsageError(f"name one version of {listing(axes)}: {listing(wrong)} is wrong")
    return tuple(
        Pin(axis=axis.name, package=axis.package, version=question.versions[axis.name])
        for axis in findings.matrix.axes
    )


def _in_config(about: ForApplication, here: Combination, config: str) -> ConfigurationAnswer:
    verdicts = tuple(sorted(here.said(config), key=_rank))
    missing = tuple(
        cell
        for probe, name in about.tested.tracks
        if name == config and (probe, name) not in here.verdicts
        if about.criteria.meant(
            cell := Cell(pins=here.pins, python=here.python, probe=probe, config=config)
        )
    )
    outcome, basis = _outcome(about, verdicts, missing)
    advice = _advice(about, here, config)
    return ConfigurationAnswer(
        config=config,
        outcome=outcome,
        basis=basis,
        verdicts=verdicts,
        missing=missing,
        troubles=(*advice.troubles, *advice.beside) if advice else (),
        moves=advice.moves if advice else (),
        workarounds=tuple(
            one
            for verdict in verdicts
            for one in tried_on(verdict, about.findings.by_cell, about.findings.matrix)
            if one.works
        ),
        neighbours=_neighbours(about, here, config) if basis is AnswerBasis.UNKNOWN else (),
    )


def _advice(about: ForApplication, here: Combination, config: str | None) -> Advice | None:
    if not here.verdicts:
        return None
    return advice_for(about.tested, about.findings.matrix.axes, here, config)


def _outcome(
    about: ForApplication, verdicts: Sequence[Verdict], missing: Sequence[Cell]
) -> tuple[Outcome | None, AnswerBasis]:
    """The worst of the verdicts. It passes only where nothing that was meant for it is missing, and
    a probe that is about the kind of application was run."""
    if not verdicts:
        return None, AnswerBasis.UNKNOWN
    worst = verdicts[0].outcome
    if not any(verdict.was_run for verdict in verdicts):
        return worst, AnswerBasis.INDEX
    speak = any(about.criteria.speaks_for(verdict.cell.probe) for verdict in verdicts)
    if worst not in TROUBLE and (missing or not speak):
        return None, AnswerBasis.UNKNOWN
    return worst, AnswerBasis.TESTED


def _rank(verdict: Verdict) -> tuple[bool, int]:
    """The worst first; a feature that the release lacks speaks for nothing else."""
    return verdict.reason is Reason.NO_FEATURE, PRECEDENCE.index(verdict.outcome)


def _neighbours(about: ForApplication, here: Combination, config: str) -> tuple[Neighbours, ...]:
    found = []
    for pin in here.pins:
        beside = without(here.pins, pin.axis)
        same = about.tested.tested_with(pin.axis, beside, here.python, config)
        present = version_of(here.pins, pin.axis)
        around = same or about.tested.tested_with(pin.axis, None, here.python, config)
        left, right = bisect_left(around, present), bisect_right(around, present)
        below, above = (around[:left], around[right:]) if same else (around[:right], around[left:])
        found.append(
            Neighbours(
                axis=pin.axis,
                below=below[-1] if below else None,
                above=above[0] if above else None,
                with_the_others=bool(same),
            )
        )
    return tuple(found)

"""Trials → ``Verdict``: what all trials of a cell say together.

Pure: no clock, no disk, no engine. Trials are facts and are kept, so a verdict can be computed
again when a rule here changes. Only ``ProtocolError`` leaves this module, of
``classification.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from statistics import median
from typing import TypeAlias

from interlock.evidence import classification, confidence, measuring, seen
from interlock.model import (
    PRECEDENCE as PRECEDENCE,
    Basis,
    Fail,
    Finding,
    Hang,
    Outcome,
    Pass,
    Phase,
    Probe,
    Reason,
    Signature,
    Trial,
    Unproven,
    Unsupported,
    Verdict,
    outcome_of,
    percent,
    plural,
    words,
)

Needs: TypeAlias = Callable[[Trial], int]
"""How many exposures a trial needs on a machine as busy as it was; see ``power.py``."""


Classify: TypeAlias = Callable[[Trial, Probe], Finding]
"""What a trial shows by itself, asked for the proofs of that probe."""


def decide(
    trials: Sequence[Trial],
    probe: Probe,
    needs: Needs | None = None,
    classify: Classify = classification.of_trial,
) -> Verdict:
    """What all trials of one cell say together.

    ``classify`` returns what each trial shows by itself. A trial that passed with fewer exposures
    than ``needs`` returns proves nothing by itself; ``together`` says what it proves with others.

    ``PRECEDENCE`` decides, with one exception: a trial that proved nothing is cleared by a later
    one that passed. Else no run on a quiet machine could make up for one on a busy machine. A trial
    in which a process stood in one place to the end is never cleared.

    The exposures of a pass are those of the trials that passed: the rate that it rules out rests on
    them alone. Trials are taken in the order in which they began. Raises ``ValueError`` without
    trials, and for trials of several cells.
    """
    ordered = _ordered(trials)
    probe = probe.asked_of(ordered[0].cell)
    needed = [needs(trial) if needs else 0 for trial in ordered]
    found = [classify(trial, probe) for trial in ordered]
    each = [weighed(f, probe, n) for f, n in zip(found, needed, strict=True)]
    findings = together(each, probe, needed)
    counting = _uncleared(findings)
    outcome = min((outcome_of(f) for f in counting), key=PRECEDENCE.index)
    alike = [f for f in counting if outcome_of(f) is outcome]
    verdict = _counted(ordered, findings, alike, probe)
    spoken = _spokesman(alike, verdict.signatures)
    if isinstance(spoken, Pass):
        return replace(verdict, detail=_passes_in_words(verdict, findings, alike, probe))
    return replace(
        verdict,
        phase=spoken.phase,
        reason=spoken.reason,
        detail=_in_words(spoken, verdict, len(alike)),
        evidence=spoken.evidence if isinstance(spoken, Hang) else (),
        cause=spoken.cause if isinstance(spoken, Fail) else None,
    )


def _ordered(trials: Sequence[Trial]) -> list[Trial]:
    if not trials or any(trial.cell != trials[0].cell for trial in trials):
        raise ValueError("a verdict needs trials, all of one cell")
    return sorted(trials, key=lambda trial: trial.started_at)


def _counted(
    ordered: Sequence[Trial], findings: Sequence[Finding], alike: Sequence[Finding], probe: Probe
) -> Verdict:
    """What can be counted, and what the newest trial ran in.

    The findings in ``alike`` have the cell's outcome.
    """
    newest = ordered[-1]
    outcome = outcome_of(alike[0])
    counted = alike if outcome is Outcome.PASS else findings
    return Verdict(
        cell=newest.cell,
        outcome=outcome,
        phase=None,
        reason=None,
        signatures=_signatures(findings),
        detail="",
        evidence=(),
        basis=Basis.TESTED,
        trials=len(counted),
        hangs=sum(isinstance(f, Hang) for f in findings),
        failed=sum(isinstance(f, Fail) for f in findings),
        exposures=sum(_exposures(f) for f in counted),
        seconds=round(median(trial.seconds for trial in ordered), 3),
        backend=newest.backend,
        probe_digest=newest.probe_digest,
        config_digest=newest.config_digest,
        environment_digest=newest.environment_digest,
        image_digest=newest.image_digest,
        python_full=newest.python_full,
        machine=newest.machine,
        tested_at=newest.started_at,
        measured=measuring.measured(ordered, probe),
    )


def weighed(finding: Finding, probe: Probe, needed: int) -> Finding:
    """The finding of a trial that needed so many exposures. A pass with fewer proves nothing."""
    if not isinstance(finding, Pass) or finding.exposures >= needed:
        return finding
    return Unproven(
        phase=Phase.SERVING,
        reason=Reason.TOO_FEW_EXPOSURES,
        detail=(
            f"{finding.exposures:,} {probe.exposure_unit} without a hang, but on a machine as busy "
            f"the known hang needed {needed:,}"
        ),
        exposures=finding.exposures,
        proofs=finding.proofs,
    )


def together(findings: Sequence[Finding], probe: Probe, needed: Sequence[int]) -> Sequence[Finding]:
    """The findings of one cell's trials, when their exposures are counted together.

    ``needed`` has the exposures that each trial needs, if that is more than the probe asks for.
    Exposures are independent of each other, in one trial or in several. So each trial that had too
    few is a part of what it needed. Where the parts add up to a whole, these trials pass.
    """
    few = Reason.TOO_FEW_EXPOSURES
    short = [
        f if isinstance(f, Unproven) and f.reason is few and f.exposures else None for f in findings
    ]
    asked = [max(1, probe.least_exposures, each) for each in needed]
    parts = sum(part.exposures / of for part, of in zip(short, asked, strict=True) if part)
    if parts < 1:
        return findings
    return [
        Pass(exposures=part.exposures, proofs=part.proofs) if part else finding
        for finding, part in zip(findings, short, strict=True)
    ]


def doubt(verdict: Verdict, control: str) -> Verdict:
    """The verdict when a control did not do what is known: a pass then proves nothing.

    ``control`` says so in words. Any other outcome stands, since it was seen.
    """
    if verdict.outcome is not Outcome.PASS:
        return verdict
    return replace(
        verdict,
        outcome=Outcome.UNPROVEN,
        phase=Phase.SERVING,
        reason=Reason.CONTROL_DIFFERS,
        detail=f"Nothing went wrong, but it might not have been seen: {control}",
    )


def _uncleared(findings: Sequence[Finding]) -> Sequence[Finding]:
    last_pass = max((i for i, f in enumerate(findings) if isinstance(f, Pass)), default=-1)
    return [
        f
        for i, f in enumerate(findings)
        if i >= last_pass or not isinstance(f, Unproven) or f.lasting
    ]


def _signatures(findings: Iterable[Finding]) -> tuple[tuple[Signature, int], ...]:
    """Most frequent first; those seen equally often in the order of their names."""
    counts = Counter(f.signature for f in findings if isinstance(f, Hang))
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], str(item[0]))))


def _spokesman(alike: Sequence[Finding], signatures: tuple[tuple[Signature, int], ...]) -> Finding:
    """The finding that speaks for its outcome: of the most frequent signature, or reason."""
    if signatures and isinstance(alike[0], Hang):
        return next(f for f in alike if isinstance(f, Hang) and f.signature == signatures[0][0])
    kinds = [None if isinstance(f, Pass) else (f.phase, f.reason) for f in alike]
    return alike[kinds.index(Counter(kinds).most_common(1)[0][0])]


def _looked_around(finding: Finding) -> bool:
    """Whether all threads were looked at before the end, as a harness does since protocol 4."""
    proofs = finding.proofs if isinstance(finding, Pass) else ()
    return any(proof.name == seen.LOOKED_AROUND for proof in proofs)


def _passes_in_words(
    verdict: Verdict, findings: Sequence[Finding], alike: Sequence[Finding], probe: Probe
) -> str:
    others = len(findings) - len(alike)
    rate = confidence.ruled_out_rate(verdict.exposures)
    aside = f"; {plural(others, 'trial')} before that proved nothing" if others else ""
    at_end = "; no thread was in a deadlock at the end" if all(map(_looked_around, alike)) else ""
    unit = probe.exposure_unit
    passed = f"{plural(verdict.trials, 'trial')} without a hang in {verdict.exposures:,} {unit}"
    return (
        f"{passed}: more than one hang in {1 / rate:,.0f} {unit} is ruled out at "
        f"{percent(confidence.LEVEL)} confidence{at_end}{aside}."
    )


def _in_words(spoken: Finding, verdict: Verdict, alike: int) -> str:
    of = f"{alike} of {plural(verdict.trials, 'trial')}"
    match spoken:
        case Hang():
            bounds = words.between(*confidence.interval(verdict.hangs, verdict.trials))
            return (
                f"{of} hung ({bounds} at {percent(confidence.LEVEL)} confidence), in "
                f"{spoken.phase}: {spoken.signature}."
            )
        case Fail():
            return f"{of} failed in {spoken.phase}: {spoken.detail}."
        case Unsupported():
            return f"{spoken.detail}."
        case Unproven():
            return f"{of} proved nothing: {spoken.detail}."
        case Pass():
            raise AssertionError("a pass is worded on its own")


def _exposures(finding: Finding) -> int:
    return 0 if isinstance(finding, Unsupported) else finding.exposures

"""What one trial shows: the first sign that its events bear. Pure.

Only ``ProtocolError`` leaves this module, for a stream that does not say how the app ended. That is
trouble of our own, and the cell stays open.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from interlock.evidence import dumps, events, intake, seen, sightings, stillness, waits
from interlock.evidence.history import History
from interlock.model import (
    Fail,
    Finding,
    Hang,
    Pass,
    Phase,
    Probe,
    Proof,
    ProtocolError,
    Reason,
    Trial,
    Unproven,
    Unsupported,
)

_INSTALLED = re.compile(r"/\S*/(?:site-packages|lib/python3\.\d+)/")
"""Where an environment happens to lie: no reader has that folder."""

_COUNTED_FROM = 3
"""The first protocol in which the intake is asked for its count at the end."""

_CAUSE = re.compile(r"^ *cause: ", re.MULTILINE)

Sign: TypeAlias = Callable[[History, Probe], Finding | None]


def classify(raw: Iterable[Mapping[str, Any]], probe: Probe) -> Finding:
    """What one trial shows: the first of ``SIGNS`` that its events bear.

    Raises ``ProtocolError`` for a stream that breaks the protocol, or ends without saying why.
    """
    history = History(events.parse(raw))
    for sign in SIGNS:
        finding = sign(history, probe)
        if finding is not None:
            return finding
    return _passed(history, probe)


def of_trial(trial: Trial, probe: Probe) -> Finding:
    """What a recorded trial shows; raises ``ProtocolError`` as ``classify`` does."""
    return classify(trial.events, probe)


def _unsupported(history: History, probe: Probe) -> Finding | None:
    event = history.first(events.NotSupported)
    if event is None:
        return None
    return Unsupported(phase=Phase.INSTALL, reason=Reason(event.reason), detail=event.detail)


def _not_installed(history: History, probe: Probe) -> Finding | None:
    failed = next((event for event in history.all(events.Install) if not event.ok), None)
    if failed is None:
        return None
    reason = Reason.RESOLUTION if failed.stage == "resolve" else Reason.BUILD
    said = _installer_said(failed.output) or "it said nothing"
    return Fail(phase=Phase.INSTALL, reason=reason, detail=f"{failed.stage}: {said}")


def _deadlocked(history: History, probe: Probe) -> Finding | None:
    """A closed wait that was seen often enough, and for long enough."""
    found = next(sightings.sighted(history), None)
    if found is None:
        return None
    explained = (sentence for wait in found.closed for sentence in wait.explain())
    return Hang(
        phase=found.stall.phase,
        reason=found.closed[0].reason,
        signature=found.closed[0].signature,
        evidence=(*found.how, *history.where(found.process), *dict.fromkeys(explained)),
        unresolved=waits.unresolved(found.dump),
        exposures=found.stall.exposures,
        noticed_after_s=found.noticed_after_s,
    )


def _without_feature(history: History, probe: Probe) -> Finding | None:
    event = history.first(events.Missing)
    if event is None:
        return None
    detail = f"no {event.feature}: {event.detail}"
    phase = history.phase_at(history.told.index(event))
    return Unsupported(phase=phase, reason=Reason.NO_FEATURE, detail=detail)


def _inactive(history: History, probe: Probe) -> Finding | None:
    """The app runs, but the feature under test did not start: never counted as safe."""
    error = next((e for e in history.all(events.Error) if e.feature is not None), None)
    if error is None:
        return None
    detail = f"{error.feature} does not start: {_exception(error)}"
    return _fail(history, error.phase, Reason.INACTIVE, detail, error.type)


def _over_limit(history: History, probe: Probe) -> Finding | None:
    """What went beyond the sandbox's limit on memory, tasks or output.

    A container does not end an app that has too many tasks. The kernel refuses the next task, and
    whatever follows (an exception, a crash, a wait) counts as the limit's doing. Evidence is of our
    making: many threads with deep stacks, in a long silence, have more of it than is kept.
    """
    guard = next((g for g in history.all(events.Guard) if g.limit != "wall"), None)
    usage = history.first(events.Usage)
    if guard is not None and guard.limit == "output" and history.is_mostly_evidence:
        return Unproven(
            phase=history.phase,
            reason=Reason.SLOW,
            detail=f"the evidence of its silence went over the limit on {guard.limit}",
            exposures=history.exposures,
        )
    if guard is not None:
        limit: str = guard.limit
        detail = f"it went over the limit on {limit} after {guard.seconds:.0f} s"
    elif usage is not None and usage.refused_tasks:
        limit = "pids"
        detail = f"it went over the limit on {limit} (tasks refused: {usage.refused_tasks})"
    else:
        return None
    return _fail(history, history.phase, Reason.DEGRADED, detail, limit)


def _broke_protocol(history: History, probe: Probe) -> Finding | None:
    """The app sent what the protocol does not allow, and the supervisor stopped it for that."""
    breach = history.first(events.Breach)
    if breach is None:
        return None
    detail = f"it broke the event protocol: {breach.detail}"
    return _fail(history, breach.phase, Reason.ERROR, detail)


def _crashed(history: History, probe: Probe) -> Finding | None:
    """The app or a child of it ended by a signal that was not ours."""
    ended = history.exit
    children = (
        c for c in history.all(events.ChildEnded) if c.signal not in (None, *history.signals)
    )
    child = next(children, None)
    if child is not None:
        phase = history.phase_at(history.told.index(child))
        detail = f"a child was killed by {child.signal}{_last_words(history, child.process)}"
        return _fail(history, phase, Reason.CRASH, detail, child.signal)
    if ended is None or ended.signal is None or ended.signal in history.signals:
        return None
    detail = f"killed by {ended.signal}{_last_words(history, history.app)}"
    return _fail(history, ended.phase, Reason.CRASH, detail, ended.signal)


def _last_words(history: History, process: int | None) -> str:
    """`` in find, spam/eggs.py:7``: where Python stood when it crashed, as far as it could say."""
    texts = [c.text for c in history.all(events.Crash) if c.process == process]
    for thread in dumps.read_witness(texts[-1]) if texts else ():
        if thread.current and thread.frames:
            return f" at {thread.place}"
    return ""


def _raised(history: History, probe: Probe) -> Finding | None:
    error = history.first(events.Error)
    if error is None:
        return None
    return _fail(history, error.phase, Reason.ERROR, _exception(error), error.type)


def _exited(history: History, probe: Probe) -> Finding | None:
    """An app that ended by itself, but with an error or before it was done.

    What it printed last is for a reader: it states no cause.
    """
    ended = history.exit
    if ended is None or ended.code is None or history.signals:
        return None
    if ended.code == 0 and history.first(events.Done):
        return None
    early = "" if history.first(events.Done) else " before it was done"
    said = _last_line("".join(o.text for o in history.all(events.Output) if o.stream == "stderr"))
    detail = f"ended with exit code {ended.code}{early}" + (f": {said}" if said else "")
    return _fail(history, ended.phase, Reason.ERROR, detail)


def _stood_still(history: History, probe: Probe) -> Finding | None:
    return stillness.proven(history)


def _degraded(history: History, probe: Probe) -> Finding | None:
    """What the app measured of itself goes beyond what its probe allows."""
    told = [event for event in history.all(events.Degraded) if event.doubt is None]
    if not told:
        return None
    details = [*(event.detail for event in told), *stillness.frozen(history)]
    return _fail(history, told[0].phase, Reason.DEGRADED, "; ".join(dict.fromkeys(details)))


def _slow(history: History, probe: Probe) -> Finding | None:
    """What stalled or ran out of time without proof; the outer guard's word alone included."""
    wall = next((g for g in history.all(events.Guard) if g.limit == "wall"), None)
    stalls = history.open_stalls
    late = [d for d in history.all(events.Deadline) if not history.recovered(d)]
    if stalls:
        stall = stalls[-1]
        phase = stall.phase
        detail = (
            f"no sign of life for {stall.silent_s:.1f} s in {phase}, but no proof of a hang: "
            f"{stillness.past_deadline(history, stall)}"
        )
    elif late:
        phase = late[-1].phase
        detail = f"still at work when its time was over, in {phase}"
    elif history.asked_looks and history.signals:
        phase = history.asked_looks[-1].phase
        detail = f"{history.asked_looks[-1].asked}, but no proof of a hang: no wait was closed"
    elif wall:
        phase = history.phase
        detail = f"only the outer time limit ended it, after {wall.seconds:.0f} s in {phase}"
    else:
        return None
    lasting = stillness.lasting(history)
    return Unproven(
        phase=phase,
        reason=Reason.SLOW,
        detail="; ".join(filter(None, (detail, lasting))),
        exposures=history.exposures,
        lasting=bool(lasting),
    )


def _cut_short(history: History, probe: Probe) -> Finding | None:
    """Never a finding: raises for a stream that does not say how the app ended."""
    last = history.told[-1].event if history.told else "nothing"
    if not history.all(events.End):
        raise ProtocolError(f"the stream stops after {last}, and no guard stopped it")
    if not history.first(events.Done):
        raise ProtocolError("the stream ends without saying what became of the app")
    return None


def _doubtful(history: History, probe: Probe) -> Finding | None:
    """It was worse than its probe allows, but that may not be the app's doing."""
    event = history.first(events.Degraded)
    if event is None:
        return None
    return Unproven(
        phase=event.phase,
        reason=Reason.SLOW,
        detail=f"{event.detail}, but {event.doubt}",
        exposures=history.exposures,
    )


def _unseen(history: History, probe: Probe) -> Finding | None:
    """Its threads were not all seen before the end, or one still waits and nobody knows why."""
    detail = seen.wanting(history)
    if not detail:
        return None
    return Unproven(
        phase=history.phase, reason=Reason.SLOW, detail=detail, exposures=history.exposures
    )


def _not_live(history: History, probe: Probe) -> Finding | None:
    proofs = intake.prove(probe.live, history.told)
    wanting = [f"{proof.name}: {proof.detail}" for proof in proofs if not proof.ok]
    if not proofs:
        wanting.append("the probe asks for no proof of life")
    for axis in intake.unproven(probe.live, history.told):
        wanting.append(f"the probe asks for no proof that {axis} worked with these settings")
    if lost := _lost_requests(history):
        wanting.append(lost)
    if not wanting:
        return None
    return Unproven(
        phase=Phase.SERVING,
        reason=Reason.NOT_LIVE,
        detail="; ".join(wanting),
        exposures=history.exposures,
    )


def _lost_requests(history: History) -> str:
    """Why not all that was sent is known; empty where the intake was alive to the end."""
    hello = history.first(events.Hello)
    if hello is None or hello.protocol < _COUNTED_FROM:
        return ""  # The intake was not asked then.
    end, told = history.first(events.IntakeEnd), len(history.all(events.IntakeRequest))
    if end is None or end.requests is None:
        return "the intake did not answer any more when the app had ended"
    if end.requests != told:
        return f"the intake reported {end.requests} requests, and {told} of them came through"
    return ""


def _barely_exposed(history: History, probe: Probe) -> Finding | None:
    least = max(1, probe.least_exposures)
    if history.exposures >= least:
        return None
    return Unproven(
        phase=Phase.SERVING,
        reason=Reason.TOO_FEW_EXPOSURES,
        detail=f"{history.exposures} {probe.exposure_unit}, at least {least} are needed",
        exposures=history.exposures,
        proofs=_with_look(history, probe),
    )


SIGNS: tuple[Sign, ...] = (
    _unsupported,
    _not_installed,
    _deadlocked,
    _over_limit,
    _broke_protocol,
    _without_feature,
    _inactive,
    _crashed,
    _raised,
    _exited,
    _stood_still,
    _degraded,
    _slow,
    _cut_short,
    _doubtful,
    _unseen,
    _not_live,
    _barely_exposed,
)
"""What is looked for in a trial, first to last; a trial with none of them passed."""


def _passed(history: History, probe: Probe) -> Pass:
    return Pass(exposures=history.exposures, proofs=_with_look(history, probe))


def _with_look(history: History, probe: Probe) -> tuple[Proof, ...]:
    """The proofs of life, and which processes were looked at before the end."""
    looked = seen.proof(history)
    return (*intake.prove(probe.live, history.told), *([looked] if looked else []))


def _fail(
    history: History, phase: Phase, reason: Reason, detail: str, cause: str | None = None
) -> Fail:
    return Fail(phase=phase, reason=reason, detail=detail, cause=cause, exposures=history.exposures)


def _exception(error: events.Error) -> str:
    """``TypeError: the first line of its message``."""
    first = _shown(error.message.strip().partition("\n")[0], 300)
    return f"{error.type}: {first}" if first else error.type


def _installer_said(text: str) -> str:
    """uv's own words in one line: its error and the causes.

    Progress and hints are left out. uv writes ``error: …``, then `` cause: …`` for each cause, each
    over several lines, then ``hint: …``.
    """
    own, _, _ = text.partition("\nhint:")
    told = re.sub(r"\A.*?^error: ", "", own, count=1, flags=re.DOTALL | re.MULTILINE)
    causes = [" ".join(part.split()).rstrip(".") for part in _CAUSE.split(told)]
    return _shown(": ".join(filter(None, causes)), 500)


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _shown(lines[-1], 300) if lines else ""


def _shown(line: str, longest: int) -> str:
    """The start of a line, without the folders of the environment.

    The line is cut before it is searched: the search takes time that grows with the square.
    """
    return _INSTALLED.sub("", line[: 8 * longest])[:longest]

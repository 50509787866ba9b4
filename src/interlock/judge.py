"""Trials → ``Verdict``: what one trial shows, and what all trials of a cell say together.

Pure: no clock, no disk, no engine. Trials are facts and are kept, so a verdict can be computed
again when a rule here changes. Only ``ProtocolError`` leaves this module: a stream that does not
say how the app ended is trouble of our own, and the cell stays open.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile
from pathlib import PurePosixPath
from statistics import median
from typing import Any, NamedTuple, TypeAlias, TypeVar

from interlock import confidence, dumps, events, intake, measuring, sentences, waits
from interlock.errors import ProtocolError
from interlock.model import (
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
)

PRECEDENCE = (
    Outcome.HANG,
    Outcome.FAIL,
    Outcome.UNSUPPORTED,
    Outcome.UNPROVEN,
    Outcome.PASS,
)
"""Which outcome speaks for a cell whose trials differ: the first of these that any of them had."""

STILL_S = 2.0
"""How long the stuck threads must have stood still for a hang without a closed wait."""
LASTING_S = 10.0
"""How long a forked process must have stood in one place, to the end, for no pass to clear that."""
FROZEN_S = 4.0
"""The same between faulthandler's dumps of a process while the app lives: seconds from one dump to
the next, which takes up to 1.1 s itself."""

_INSTALLED = re.compile(r"/\S*/(?:site-packages|lib/python3\.\d+)/")
"""Where an environment happens to lie: no reader has that folder."""

_CAUSE = re.compile(r"^ *cause: ", re.MULTILINE)

_UNSEEN = ("the watcher could not run: what is waited for is not known",)

E = TypeVar("E", bound=events.Event)


@dataclass(frozen=True)
class History:
    """A trial's events, asked by kind and order."""

    told: tuple[events.Event, ...]

    def all(self, kind: type[E]) -> tuple[E, ...]:
        return tuple(event for event in self.told if isinstance(event, kind))

    def first(self, kind: type[E]) -> E | None:
        return next(iter(self.all(kind)), None)

    @property
    def phase(self) -> Phase:
        """The phase it was in last; a stream that names none was cut while importing."""
        return self.phase_at(len(self.told))

    def phase_at(self, position: int) -> Phase:
        """The phase that the event there fell into."""
        began = [e for e in self.told[:position] if isinstance(e, events.PhaseBegan)]
        return began[-1].phase if began else Phase.IMPORT

    @property
    def exposures(self) -> int:
        kinds = (events.Progress, events.Stall, events.Deadline, events.Done)
        return max((e.exposures for e in self.told if isinstance(e, kinds)), default=0)

    @property
    def exit(self) -> events.Exit | None:
        return self.first(events.Exit)

    @property
    def signals(self) -> frozenset[str]:
        """What the supervisor sent while the app ran; what it left behind is killed later."""
        running = takewhile(lambda event: not isinstance(event, events.Exit), self.told)
        return frozenset(e.signal for e in running if isinstance(e, events.SignalSent))

    @property
    def open_stalls(self) -> tuple[events.Stall, ...]:
        """Silences that the app did not come back from by itself.

        A look that the app asked for is none: it lives, and the look is over when it is done.
        """
        silences = (s for s in self.all(events.Stall) if s.asked is None)
        return tuple(s for s in silences if not self.recovered(s))

    @property
    def asked_looks(self) -> tuple[events.Stall, ...]:
        """Looks that the app asked for because something of it did not answer."""
        return tuple(s for s in self.all(events.Stall) if s.asked is not None)

    def recovered(self, event: events.Stall | events.Deadline) -> bool:
        """Whether the app went on, or came to its end, before the supervisor had to stop it."""
        for later in self.told[self.told.index(event) + 1 :]:
            match later:
                case events.SignalSent():
                    return False
                case events.Resumed():
                    if isinstance(event, events.Stall):
                        return True
                case events.Done() | events.Exit(code=0):
                    return True
        return False

    @property
    def app(self) -> int | None:
        """The process that the probe drives; None under protocol 1, which has no other."""
        return next((p.process for p in self.all(events.Process) if p.app), None)

    def dumps(self, stall: events.Stall) -> Mapping[int | None, tuple[dumps.Dump, dumps.Dump]]:
        """The two snapshots of each process, in order, where both are there; the app's first."""
        found: dict[int | None, dict[int, events.Snapshot]] = {}
        for snapshot in self.all(events.Snapshot):
            if snapshot.number == stall.number:
                found.setdefault(snapshot.process, {})[snapshot.index] = snapshot
        ordered = sorted(found.items(), key=lambda item: item[0] != self.app)
        return {
            process: (dumps.read(of[0]), dumps.read(of[1]))
            for process, of in ordered
            if of.keys() == {0, 1}
        }

    def only_main(self, stall: events.Stall, process: int | None) -> bool:
        """Whether only the main thread of a process accounts for a stall.

        The app's silence may be due to any thread of its own; of another process that it waits for
        in silence, or says is overdue, to the main thread: the rest would not keep it from ending.
        """
        return process == stall.process if stall.asked else process != self.app

    def where(self, process: int | None) -> tuple[str, ...]:
        """A sentence that says in which process it is; none where it is the app's own."""
        told = self.process(process)
        if process == self.app or told is None:
            return ()
        if told.forked:
            return ("It is in a process that the app forked.",)
        program = " ".join(PurePosixPath(word).name for word in told.command[:3])
        return (f"It is in a process that the app started: `{program}`.",)

    def process(self, process: int | None) -> events.Process | None:
        """What was told of it last; None under protocol 1, which has no other than the app."""
        return next((p for p in reversed(self.all(events.Process)) if p.process == process), None)

    def stranger(self, process: int | None) -> events.Process | None:
        """A process that a look found and that never joined, if it is one."""
        told = self.process(process)
        return told if told is not None and not told.joined else None

    def noticed_after_s(self, stall: events.Stall) -> float:
        taken = [s.at for s in self.all(events.Snapshot) if s.number == stall.number]
        return round(stall.silent_s + max(taken, default=stall.at) - stall.at, 3)


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


Needs: TypeAlias = Callable[[Trial], int]
"""How many exposures a trial needs on a machine as busy as it was; see ``power.py``."""


def decide(trials: Sequence[Trial], probe: Probe, needs: Needs | None = None) -> Verdict:
    """What all trials of one cell say together.

    A trial that passed with fewer exposures than ``needs`` says proves nothing by itself, and with
    others what ``together`` says.

    ``PRECEDENCE`` decides, but for a trial that proved nothing: it is cleared by a later one that
    passed, or no run on a quieter machine could ever make up for a run on a busy one; unless it had
    a process in it that stood where it was to the end. Exposures of a pass are those of the trials
    that passed, because the rate it rules out rests on them alone. Trials are taken in the order in
    which they began. Raises ``ValueError`` without trials and for trials of several cells.
    """
    if not trials or any(trial.cell != trials[0].cell for trial in trials):
        raise ValueError("a verdict needs trials, all of one cell")
    ordered = sorted(trials, key=lambda trial: trial.started_at)
    probe = probe.asked_of(ordered[0].cell)
    needed = [needs(trial) if needs else 0 for trial in ordered]
    found = [classify(trial.events, probe) for trial in ordered]
    each = [weighed(f, probe, n) for f, n in zip(found, needed, strict=True)]
    findings = together(each, probe, needed)
    counting = _uncleared(findings)
    outcome = min((outcome_of(f) for f in counting), key=PRECEDENCE.index)
    alike = [f for f in counting if outcome_of(f) is outcome]
    newest = ordered[-1]
    verdict = Verdict(
        cell=newest.cell,
        outcome=outcome,
        phase=None,
        reason=None,
        signatures=_signatures(findings),
        detail="",
        evidence=(),
        basis=Basis.TESTED,
        trials=len(alike if outcome is Outcome.PASS else findings),
        hangs=sum(isinstance(f, Hang) for f in findings),
        exposures=sum(_exposures(f) for f in (alike if outcome is Outcome.PASS else findings)),
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
    spoken = _spokesman(alike, verdict.signatures)
    if isinstance(spoken, Pass):
        return replace(verdict, detail=_passes_in_words(verdict, len(findings) - len(alike), probe))
    return replace(
        verdict,
        phase=spoken.phase,
        reason=spoken.reason,
        detail=_in_words(spoken, verdict, len(alike)),
        evidence=spoken.evidence if isinstance(spoken, Hang) else (),
    )


def weighed(finding: Finding, probe: Probe, needed: int) -> Finding:
    """The finding of a trial that needed so many exposures: a pass with fewer proves nothing."""
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
    """The findings of trials of one cell, of which each needed so many exposures, or what the probe
    asks for at the least.

    Exposures are independent of each other, in one trial or in several. So trials without a hang
    that had too few each are parts of what they needed, and passes where the parts come to a whole.
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
    """The verdict when a control did not do what it is known to do: a pass then proves nothing.

    ``control`` says so in words. Whatever is not a pass stands: it was seen.
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


# The signs, in the order in which they are looked for.


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
    """A closed wait, the same in both snapshots of a process.

    A silence that ended by itself is passed over; a look that was asked for is not: a closed wait
    stays one, whatever the app, which lives, goes on to do.
    """
    looks = {stall.number: stall for stall in (*history.open_stalls, *history.asked_looks)}
    for _, stall in sorted(looks.items()):
        for process, (first, second) in history.dumps(stall).items():
            closed = waits.closed(first, second)
            if history.only_main(stall, process):
                closed = tuple(wait for wait in closed if waits.keeps_main(wait))
            if not closed or stall.process not in (None, process):
                continue
            explained = (sentence for wait in closed for sentence in wait.explain())
            return Hang(
                phase=stall.phase,
                reason=closed[0].reason,
                signature=closed[0].signature,
                evidence=(*history.where(process), *dict.fromkeys(explained)),
                unresolved=waits.unresolved(second),
                exposures=stall.exposures,
                noticed_after_s=history.noticed_after_s(stall),
            )
    return None


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
    return _fail(history, error.phase, Reason.INACTIVE, detail)


def _over_limit(history: History, probe: Probe) -> Finding | None:
    """What went beyond the sandbox's memory, tasks or output, which the matrix states.

    In a container nothing is ended for the tasks: the kernel refuses the next one, and whatever
    comes of that (an exception, a crash, a wait) is the limit's doing.
    """
    guard = next((g for g in history.all(events.Guard) if g.limit != "wall"), None)
    usage = history.first(events.Usage)
    if guard is not None:
        detail = f"it went over the limit on {guard.limit} after {guard.seconds:.0f} s"
    elif usage is not None and usage.refused_tasks:
        detail = f"it went over the limit on pids (tasks refused: {usage.refused_tasks})"
    else:
        return None
    return _fail(history, history.phase, Reason.DEGRADED, detail)


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
        return _fail(history, phase, Reason.CRASH, detail)
    if ended is None or ended.signal is None or ended.signal in history.signals:
        return None
    detail = f"killed by {ended.signal}{_last_words(history, history.app)}"
    return _fail(history, ended.phase, Reason.CRASH, detail)


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
    return _fail(history, error.phase, Reason.ERROR, _exception(error))


def _exited(history: History, probe: Probe) -> Finding | None:
    """An app that ended by itself, but with an error or before it was done."""
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
    """No closed wait, but past the deadline nothing that matters moves any more, or a process of an
    app that lives is frozen."""
    for stall in history.open_stalls:
        finding = _stillness(history, stall)
        if isinstance(finding, Hang):
            return finding
    return _frozen_beside(history) or _locked_out(history)


def _degraded(history: History, probe: Probe) -> Finding | None:
    """What the app measured of itself goes beyond what its probe allows."""
    told = [event for event in history.all(events.Degraded) if event.doubt is None]
    if not told:
        return None
    details = [*(event.detail for event in told), *_frozen(history)]
    return _fail(history, told[0].phase, Reason.DEGRADED, "; ".join(dict.fromkeys(details)))


def _frozen(history: History) -> Iterator[str]:
    """The same in words, where the tasks were not watched: the looks alone are no proof."""
    for taken in _dumped(history):
        if taken[-1].text and len({dump.number for dump in taken}) > 1:
            stood = _standing(dumps.read_witness(taken[-1].text))[0]
            yield (
                f"no Python code of a process could run in looks over "
                f"{taken[-1].at - taken[0].at:.0f} s, and its main thread stood at {stood.place}"
            )


def _dumped(history: History) -> Iterator[list[events.Witness]]:
    """By process, the looks at one in which nothing could run to the last look at it, not even the
    watcher: where faulthandler could dump it, those whose main thread stood in the same place in
    all of them."""
    dumped: dict[int | None, list[events.Witness]] = {}
    for dump in history.all(events.Witness):
        if dump.text or history.stranger(dump.process):
            dumped.setdefault(dump.process, []).append(dump)
    for process, taken in dumped.items():
        answered = [s.at for s in history.all(events.Snapshot) if s.process == process]
        stacks = {dumps.read_witness(dump.text) for dump in taken if dump.text}
        alike = all(stacks) and len(stacks) <= 1
        if alike and max(answered, default=0.0) < taken[0].at:
            yield taken


def _standing(threads: Sequence[dumps.WitnessThread]) -> Sequence[dumps.WitnessThread]:
    return [thread for thread in threads if thread.current] or list(threads)


def _frozen_beside(history: History) -> Hang | None:
    """A process of an app that lives, seen in looks that the app asked for, whose main task was
    not run from the end of one dump to the beginning of another, some seconds later.

    Of the processes that never joined it is one that the app says is overdue: others may rest.
    """
    looks = {stall.number: stall for stall in history.asked_looks}
    for taken in _dumped(history):
        process = taken[-1].process
        in_doubt = history.stranger(process) is not None
        about = [n for n, look in looks.items() if look.process == process or not in_doubt]
        for one, other in pairwise(dump for dump in taken if dump.number in about):
            main = {min((task.tid for task in one.tasks_after), default=0)}
            stall = looks[other.number]
            stood_s = other.at - one.at
            between = one.tasks_after, other.tasks_before
            if stood_s < FROZEN_S or not _unmoved(*between, main) or _works(*between, stood_s):
                continue
            stands = _strange(history, process) or _dumped_at(dumps.read_witness(other.text))
            signature, sentences = stands
            return Hang(
                phase=looks[one.number].phase,
                reason=Reason.NO_PROGRESS,
                signature=signature,
                evidence=(
                    *history.where(process),
                    *sentences,
                    f"No Python code of it could run, and its main thread was not run for "
                    f"{stood_s:.0f} s.",
                ),
                unresolved=_UNSEEN,
                exposures=stall.exposures,
                noticed_after_s=history.noticed_after_s(stall),
            )
    return None


class _Stood(NamedTuple):
    """A forked process, from the first look at which its main thread stood where it did in all that
    followed, to the last look of the trial."""

    process: int
    first: events.Snapshot
    last: events.Snapshot
    dump: dumps.Dump
    """Of the last."""
    main: dumps.Thread
    """Its main thread there."""

    @property
    def seconds(self) -> float:
        return self.last.at - self.first.at


def _stood_to_the_end(history: History) -> Iterator[_Stood]:
    """Whose main thread was in the same place in all looks of ``LASTING_S`` seconds, the trial's
    last one included, without having been run at all."""
    taken: dict[int, list[events.Snapshot]] = {}
    for snapshot in history.all(events.Snapshot):
        told = history.process(snapshot.process)
        if told and told.forked and not told.app:
            taken.setdefault(told.process, []).append(snapshot)
    stalls = history.all(events.Stall)
    for process, looks in taken.items():
        last = looks[-1]
        if last.number != stalls[-1].number or last.at - looks[0].at < LASTING_S:
            continue
        dump, first = dumps.read(last), last
        if dump.main is None:
            continue
        for snapshot in reversed(looks[:-1]):
            main = dumps.read(snapshot).main
            there = main is not None and main.stack == dump.main.stack
            if not there or not _unmoved(snapshot.tasks, last.tasks, {process}):
                break
            first = snapshot
        if last.at - first.at >= LASTING_S:
            yield _Stood(process, first, last, dump, dump.main)


def _locked_out(history: History) -> Hang | None:
    """A forked process that was to get a lock for all that time, and nobody in it at work who might
    release it: it hangs, whatever others of the app do."""
    for stood in _stood_to_the_end(history):
        at_work = _works(stood.first.tasks, stood.last.tasks, stood.seconds)
        if at_work or not stood.main.enters_lock:
            continue
        stall = next(s for s in history.all(events.Stall) if s.number == stood.first.number)
        return Hang(
            phase=stall.phase,
            reason=Reason.NO_PROGRESS,
            signature=waits.stuck_at(stood.dump, [stood.main.ident]),
            evidence=(
                *history.where(stood.process),
                *waits.describe(stood.dump, [stood.main.ident]),
                f"It is about to take a lock, and was not run for {stood.seconds:.0f} s.",
            ),
            unresolved=waits.unresolved(stood.dump),
            exposures=stall.exposures,
            noticed_after_s=history.noticed_after_s(stall),
        )
    return None


def _lasting(history: History) -> str:
    """What stood where it was to the end, without proof, in words; empty where nothing did."""
    for stood in _stood_to_the_end(history):
        frames = stood.main.frames
        at = dumps.place(frames[0]) if frames else "no Python frame"
        return f"a forked process stood at {at} for {stood.seconds:.0f} s, to the end"
    last = max((stall.number for stall in history.all(events.Stall)), default=0)
    for taken in _dumped(history):
        seconds = taken[-1].at - taken[0].at
        if taken[-1].text and taken[-1].number == last and seconds >= LASTING_S:
            stood_at = _standing(dumps.read_witness(taken[-1].text))[0]
            return (
                f"no Python code of a process could run for {seconds:.0f} s, to the end, and its "
                f"main thread stood at {stood_at.place}"
            )
    return ""


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
            f"{_stillness(history, stall)}"
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
    lasting = _lasting(history)
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


def _not_live(history: History, probe: Probe) -> Finding | None:
    proofs = intake.prove(probe.live, history.told)
    missing = [proof for proof in proofs if not proof.ok]
    if proofs and not missing:
        return None
    detail = "; ".join(f"{proof.name}: {proof.detail}" for proof in missing)
    return Unproven(
        phase=Phase.SERVING,
        reason=Reason.NOT_LIVE,
        detail=detail or "the probe asks for no proof of life",
        exposures=history.exposures,
    )


def _barely_exposed(history: History, probe: Probe) -> Finding | None:
    least = max(1, probe.least_exposures)
    if history.exposures >= least:
        return None
    return Unproven(
        phase=Phase.SERVING,
        reason=Reason.TOO_FEW_EXPOSURES,
        detail=f"{history.exposures} {probe.exposure_unit}, at least {least} are needed",
        exposures=history.exposures,
        proofs=intake.prove(probe.live, history.told),
    )


SIGNS: tuple[Sign, ...] = (
    _unsupported,
    _not_installed,
    _deadlocked,
    _over_limit,
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
    _not_live,
    _barely_exposed,
)
"""What is looked for in a trial, first to last; a trial with none of them passed."""


def _passed(history: History, probe: Probe) -> Pass:
    return Pass(exposures=history.exposures, proofs=intake.prove(probe.live, history.told))


def _stillness(history: History, stall: events.Stall) -> Hang | str:
    """The hang, or in words what keeps it from being one.

    Every process has to stand still: one that works may be what the others wait for. Where it is
    not the app alone, what it waits for is one that it has said to be overdue, or the last one that
    it started; not one that never joined, since another program may rest.
    """
    if not history.all(events.Deadline):
        return "its deadline had not passed"
    stood = {s.process: s for s in history.all(events.Stood) if s.number == stall.number}
    if not stood or any(s.seconds < STILL_S for s in stood.values()):
        return f"it was not watched for {STILL_S:.0f} s past the deadline"
    overdue = {look.process for look in history.asked_looks} - {None}
    if any(history.process(process) is None for process in overdue):
        return "what it waited for was not watched"
    pairs = history.dumps(stall)
    found: Hang | str = ""
    for process, watched in sorted(stood.items(), key=lambda item: item[0] in overdue):
        still = (
            _process_stillness(history, stall, watched, pairs[process])
            if process in pairs
            else _stillness_by_witness(history, stall, watched)
        )
        if isinstance(still, str):
            return still
        if not history.stranger(process) or process in overdue:
            found = still
    return found


def _process_stillness(
    history: History,
    stall: events.Stall,
    stood: events.Stood,
    pair: tuple[dumps.Dump, dumps.Dump],
) -> Hang | str:
    first, second = pair
    stuck = waits.stuck(second)
    if waits.moved(first, second, stuck):
        return "its threads moved between the two snapshots"
    tasks = [second.threads[ident].native_id for ident in stuck]
    if None in tasks or not _still(stood, {task for task in tasks if task is not None}):
        return "its threads were given processor time or waited for it"
    if any((wait := second.threads[ident].waits) and wait.bounded for ident in stuck):
        return "it waits with a timeout"
    if _works(stood.tasks_before, stood.tasks_after, stood.seconds):
        return "another of its threads was at work"
    return Hang(
        phase=stall.phase,
        reason=Reason.NO_PROGRESS,
        signature=waits.stuck_at(second, stuck),
        evidence=(
            *history.where(stood.process),
            *waits.describe(second, waits.concerned(second, stuck)),
        ),
        unresolved=waits.unresolved(second),
        exposures=stall.exposures,
        noticed_after_s=history.noticed_after_s(stall),
    )


def _stillness_by_witness(history: History, stall: events.Stall, stood: events.Stood) -> Hang | str:
    """The same from faulthandler's dumps, when the watcher could not run.

    The signal it dumps on goes to the main thread, which it calls the current one. Others that
    wait for the GIL wake at every switch interval, so only the main task has to stand; it has the
    smallest tid, having been the first. A process that never joined has nobody to dump it: all of
    its tasks have to stand.
    """
    tids = {task.tid for task in stood.tasks_after}
    stands = _strange(history, stood.process)
    if stands is None:
        texts = [
            w.text
            for w in history.all(events.Witness)
            if (w.number, w.process) == (stall.number, stood.process)
        ]
        seen = [dumps.read_witness(text) for text in texts]
        if len(seen) < 2 or not seen[-1]:
            return "no two dumps of its threads could be taken"
        if seen[-2] != seen[-1]:
            return "its threads moved between the two dumps"
        stands = _dumped_at(seen[-1])
        tids = {min(tids, default=0)}
    if not _still(stood, tids):
        return "its threads were given processor time or waited for it"
    if _works(stood.tasks_before, stood.tasks_after, stood.seconds):
        return "another of its threads was at work, and let no Python code run"
    signature, sentences = stands
    return Hang(
        phase=stall.phase,
        reason=Reason.NO_PROGRESS,
        signature=signature,
        evidence=(*history.where(stood.process), *sentences),
        unresolved=_UNSEEN,
        exposures=stall.exposures,
        noticed_after_s=history.noticed_after_s(stall),
    )


Stands: TypeAlias = tuple[Signature, tuple[str, ...]]
"""Where a process stands in which no watcher could run, and the same in sentences."""


def _dumped_at(threads: Sequence[dumps.WitnessThread]) -> Stands:
    standing = _standing(threads)
    signature = Signature(stuck=tuple(sorted({thread.standing for thread in standing})))
    return signature, tuple(f"A thread stands at {thread.place}." for thread in standing)


def _strange(history: History, process: int | None) -> Stands | None:
    """The same of a process that never joined; None where it did, or was the app's own."""
    stranger = history.stranger(process)
    if stranger is None:
        return None
    if stranger.forked:
        return Signature(stuck=("fork() in the child",)), ("No Python code is known to have run.",)
    program = PurePosixPath((*stranger.command, "?")[0]).name
    return Signature(stuck=(f"the program {program}",)), ()


def _still(stood: events.Stood, tids: set[int]) -> bool:
    """Whether the tasks slept all the time: not one nanosecond run, not one spent queueing.

    A starved thread is runnable and its run-queue wait grows, a busy loop runs, a poll switches.
    """
    return _unmoved(stood.tasks_before, stood.tasks_after, tids)


def _unmoved(earlier: Sequence[events.Task], later: Sequence[events.Task], tids: set[int]) -> bool:
    before = {task.tid: task for task in earlier}
    after = {task.tid: task for task in later}
    return bool(tids) and all(
        tid in before
        and tid in after
        and after[tid].state.startswith("S")
        and before[tid].model_copy(update={"state": ""})
        == after[tid].model_copy(update={"state": ""})
        for tid in tids
    )


def _works(earlier: Sequence[events.Task], later: Sequence[events.Task], seconds: float) -> bool:
    """Whether one of the tasks ran, or wanted to, for at least half of the time: it may yet do what
    the others wait for. Samplers and the like, which wake to rest again, are far below that."""
    before = {task.tid: task.run_ns + task.wait_ns for task in earlier}
    return any(
        task.run_ns + task.wait_ns - before.get(task.tid, 0) >= seconds * 1e9 / 2 for task in later
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
    """The finding that stands for its outcome: of the most frequent signature, or reason."""
    if signatures and isinstance(alike[0], Hang):
        return next(f for f in alike if isinstance(f, Hang) and f.signature == signatures[0][0])
    kinds = [None if isinstance(f, Pass) else (f.phase, f.reason) for f in alike]
    return alike[kinds.index(Counter(kinds).most_common(1)[0][0])]


def _passes_in_words(verdict: Verdict, others: int, probe: Probe) -> str:
    rate = confidence.ruled_out_rate(verdict.exposures)
    aside = f"; {sentences.trials(others)} before that proved nothing" if others else ""
    unit = probe.exposure_unit
    seen = f"{sentences.trials(verdict.trials)} without a hang in {verdict.exposures:,} {unit}"
    return (
        f"{seen}: more than one hang in {1 / rate:,.0f} {unit} is ruled out at "
        f"{confidence.LEVEL:.0%} confidence{aside}."
    )


def _in_words(spoken: Finding, verdict: Verdict, alike: int) -> str:
    of = f"{alike} of {sentences.trials(verdict.trials)}"
    match spoken:
        case Hang():
            low, high = confidence.interval(verdict.hangs, verdict.trials)
            return (
                f"{of} hung ({low:.0%} to {high:.0%} at {confidence.LEVEL:.0%} confidence), in "
                f"{spoken.phase}: {spoken.signature}."
            )
        case Fail():
            return sentences.of_failure(alike, verdict.trials, spoken)
        case Unsupported():
            return f"{spoken.detail}."
        case Unproven():
            return f"{of} proved nothing: {spoken.detail}."
        case Pass():
            raise AssertionError("a pass is worded on its own")


def _exposures(finding: Finding) -> int:
    return 0 if isinstance(finding, Unsupported) else finding.exposures


def _fail(history: History, phase: Phase, reason: Reason, detail: str) -> Fail:
    return Fail(phase=phase, reason=reason, detail=detail, exposures=history.exposures)


def _exception(error: events.Error) -> str:
    """``TypeError: the first line of its message``."""
    first = _INSTALLED.sub("", error.message.strip().partition("\n")[0])[:300]
    return f"{error.type}: {first}" if first else error.type


def _installer_said(text: str) -> str:
    """uv's own words in one line: its error and the causes, without progress and hints.

    It writes ``error: …``, then ``  cause: …`` for each, each over several lines, then ``hint: …``.
    """
    own, _, _ = text.partition("\nhint:")
    told = re.sub(r"\A.*?^error: ", "", own, count=1, flags=re.DOTALL | re.MULTILINE)
    causes = [" ".join(part.split()).rstrip(".") for part in _CAUSE.split(told)]
    return _INSTALLED.sub("", ": ".join(filter(None, causes)))[:500]


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return _INSTALLED.sub("", lines[-1])[:300] if lines else ""

"""A hang without a closed wait: what stood still, and what that proves. Pure.

What the watcher and faulthandler saw is compared with what the kernel counted for each task. Two
looks that are alike prove nothing by themselves: a starved thread looks the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple, TypeAlias

from interlock.evidence import dumps, events, waits
from interlock.evidence.history import History
from interlock.evidence.wire import Task
from interlock.model import Hang, Reason, Signature

STILL_S = 2.0
"""How long the stuck threads must have stood still, past the deadline."""
LASTING_S = 10.0
"""How long a forked process must have stood in one place, to the end of the trial.

No later pass clears that.
"""
FROZEN_S = 4.0
"""How long a process must have stood between two of faulthandler's dumps.

The app around it lives. Each dump takes up to 1.1 s itself.
"""

_CALLS_FROM = 4
"""The first protocol in which a wait in C code is read. Before, it is no wait at all."""

_UNSEEN = ("the watcher could not run: what is waited for is not known",)


def proven(history: History) -> Hang | None:
    """A hang without a closed wait, if one is proven.

    Either nothing that matters moves past the deadline, or a process of an app that lives is
    frozen.
    """
    for stall in history.open_stalls:
        finding = past_deadline(history, stall)
        if isinstance(finding, Hang):
            return finding
    return _frozen_beside(history) or _locked_out(history)


def past_deadline(history: History, stall: events.Stall) -> Hang | str:
    """The hang, or in words what keeps it from being one.

    Every process has to stand still: the others may wait for one that works. Of several processes
    the hang is shown in one that the app called overdue, or else in the one that it started last. A
    process that never joined counts only if it is overdue, since another program may rest.
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
        strange = history.stranger(process)
        if strange is not None and not strange.forked and process not in overdue:
            return "a program that cannot be looked into may still end the wait"
        still = (
            _by_watcher(history, stall, watched, pairs[process])
            if process in pairs
            else _by_witness(history, stall, watched)
        )
        if isinstance(still, str):
            return still
        if strange is None or process in overdue:
            found = still
    return found


def _by_watcher(
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
    threads = [second.threads[ident] for ident in stuck]
    if any(thread.waits and thread.waits.bounded for thread in threads):
        return "it waits with a timeout"
    known = history.protocol < _CALLS_FROM or all(map(_waits_for_known, threads))
    if not known or any(t.waits and t.waits.kind == "unresolved" for t in threads):
        return "what it waits for is not known, and may end by itself"
    if _works(stood.tasks_before, stood.tasks_after, stood.seconds):
        return "another of its threads was at work"
    ending = _may_end(second, stuck) or history.awaits_intake(second)
    if ending:
        return ending
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


def _waits_for_known(thread: dumps.Thread) -> bool:
    """Whether it stands at a wait that is read: any other call of C code may end by itself."""
    return thread.waits is not None or thread.enters_lock


def _may_end(dump: dumps.Dump, stuck: Collection[int]) -> str:
    """What may still end the wait of the stuck threads, in words; empty if nothing does.

    A thread that waits with a timeout goes on by itself, and may then do what they wait for. So may
    one in a call that is not known. The handler of a timer runs in the main thread.
    """
    waiting = [(ident, thread.waits) for ident, thread in dump.threads.items() if thread.waits]
    others = [wait for ident, wait in waiting if ident not in stuck]
    if any(wait.bounded for wait in others):
        return "another of its threads waits with a timeout, and may then end the wait"
    if any(wait.kind == "unresolved" for wait in others):
        return "what another of its threads waits for is not known, and may end by itself"
    locks = [w.lock for ident, w in waiting if ident in stuck and w.lock is not None]
    signals = (r for lock in locks for r in dump.locks[lock].could_release if r.signal is not None)
    return "the handler of a signal may end its wait" if any(signals) else ""


def _by_witness(history: History, stall: events.Stall, stood: events.Stood) -> Hang | str:
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
        if any(thread.in_harness for thread in _standing(seen[-1])):
            return "it waits for the supervisor's answer"
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


def frozen(history: History) -> Iterator[str]:
    """The processes that looks found frozen, in words. Looks alone are no proof."""
    for taken in _dumped(history):
        if taken[-1].text and len({dump.number for dump in taken}) > 1:
            yield _in_words(taken, f"in looks over {taken[-1].at - taken[0].at:.0f} s")


def _in_words(taken: Sequence[events.Witness], when: str) -> str:
    stood = _standing(dumps.read_witness(taken[-1].text))[0]
    return (
        f"no Python code of a process could run {when}, and its main thread stood at {stood.place}"
    )


def _dumped(history: History) -> Iterator[list[events.Witness]]:
    """The looks at each process in which nothing could run, not even the watcher.

    A process counts if no look after its first dump got an answer from it. Where faulthandler could
    dump it, its main thread stood in the same place each time.
    """
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
    """A frozen process of an app that lives, in looks that the app asked for.

    Its main task was not run from the end of one dump to the beginning of another, some seconds
    later. A process that never joined counts only if the app says that it is overdue: others may
    rest.
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
    """A forked process whose main thread stood in one place, to the last look.

    ``first`` is the first look of those in which it stood there.
    """

    process: int
    first: events.Snapshot
    last: events.Snapshot
    dump: dumps.Dump
    """The dump of the last look."""
    main: dumps.Thread
    """The main thread in that dump."""

    @property
    def seconds(self) -> float:
        return self.last.at - self.first.at


def _stood_to_the_end(history: History) -> Iterator[_Stood]:
    """The forked processes that stood in one place for ``LASTING_S``, to the end.

    The trial's last look is one of these looks. The main thread was not run in between.
    """
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
    """A forked process that was about to take a lock for all that time.

    No thread of it was at work that might release the lock, or goes on by itself. So it hangs,
    whatever the rest of the app does.
    """
    for stood in _stood_to_the_end(history):
        at_work = _works(stood.first.tasks, stood.last.tasks, stood.seconds)
        if at_work or not stood.main.enters_lock or _may_end(stood.dump, [stood.main.ident]):
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


def lasting(history: History) -> str:
    """What stood in one place to the end, without proof, in words; empty if nothing did."""
    for stood in _stood_to_the_end(history):
        frames = stood.main.frames
        at = dumps.place(frames[0]) if frames else "no Python frame"
        return f"a forked process stood at {at} for {stood.seconds:.0f} s, to the end"
    last = max((stall.number for stall in history.all(events.Stall)), default=0)
    for taken in _dumped(history):
        seconds = taken[-1].at - taken[0].at
        if taken[-1].text and taken[-1].number == last and seconds >= LASTING_S:
            return _in_words(taken, f"for {seconds:.0f} s, to the end")
    return ""


Stands: TypeAlias = tuple[Signature, tuple[str, ...]]
"""Where a process stands whose watcher could not run: a signature, and sentences."""


def _dumped_at(threads: Sequence[dumps.WitnessThread]) -> Stands:
    standing = _standing(threads)
    signature = Signature(stuck=tuple(sorted({thread.standing for thread in standing})))
    return signature, tuple(f"A thread stands at {thread.place}." for thread in standing)


def _strange(history: History, process: int | None) -> Stands | None:
    """The same for a process that never joined; None for any other."""
    stranger = history.stranger(process)
    if stranger is None:
        return None
    if stranger.forked:
        return Signature(stuck=("fork() in the child",)), ("No Python code is known to have run.",)
    program = PurePosixPath((*stranger.command, "?")[0]).name
    return Signature(stuck=(f"the program {program}",)), ()


def _still(stood: events.Stood, tids: set[int]) -> bool:
    """Whether the tasks slept all the time: not run, and not waiting to be run.

    A starved thread is runnable, so its run-queue wait grows. A busy loop runs. A poll switches.
    """
    return _unmoved(stood.tasks_before, stood.tasks_after, tids)


def _unmoved(earlier: Sequence[Task], later: Sequence[Task], tids: set[int]) -> bool:
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


def _works(earlier: Sequence[Task], later: Sequence[Task], seconds: float) -> bool:
    """Whether one of the tasks ran, or wanted to run, for at least half of the time.

    It may still do what the others wait for. Samplers, which wake only to rest again, are far below
    that.
    """
    before = {task.tid: task.run_ns + task.wait_ns for task in earlier}
    return any(
        task.run_ns + task.wait_ns - before.get(task.tid, 0) >= seconds * 1e9 / 2 for task in later
    )

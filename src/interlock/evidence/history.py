"""A trial's events, asked by kind and order. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TypeVar

from interlock.evidence import dumps, events
from interlock.evidence.dumps import Dump
from interlock.model import Phase

THIRD_FROM = 4
"""The first protocol in which a closed wait is looked at a third time."""

_CUT_EVIDENCE = tuple(f'{{"event": "{kind}"' for kind in ("snapshot", "witness", "stood"))

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
    def protocol(self) -> int:
        """The version that the harness spoke; 0 where it said nothing."""
        hello = self.first(events.Hello)
        return hello.protocol if hello else 0

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
    def is_mostly_evidence(self) -> bool:
        """Whether more than half of the stream is what we keep of our own accord.

        That is what the harness saw of silences, and the bodies at the intake, up to their limit.
        """
        kept = total = 0
        for event in self.told:
            size = len(event.model_dump_json())
            total += size
            kept += size if _is_evidence(event) else 0
        return 2 * kept > total

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
            if of.keys() >= {0, 1}
        }

    def closing_dumps(self, stall: events.Stall) -> Mapping[int | None, tuple[Dump, ...]]:
        """The snapshots of each process in which a closed wait has to be the same.

        There are three of them, and two in streams from before there was a third.
        """
        if self.protocol < THIRD_FROM:
            return self.dumps(stall)
        third = {
            snapshot.process: dumps.read(snapshot)
            for snapshot in self.all(events.Snapshot)
            if (snapshot.number, snapshot.index) == (stall.number, 2)
        }
        return {
            process: (*pair, third[process])
            for process, pair in self.dumps(stall).items()
            if process in third
        }

    def awaits_intake(self, dump: Dump) -> str:
        """Why a call may wait for our own intake, in words; empty if the intake was alive.

        A call that nothing limits may read the answer to a request.
        """
        end = self.first(events.IntakeEnd)
        waits = [thread.waits for thread in dump.threads.values() if thread.waits]
        calls = any(wait.kind == "call" for wait in waits)
        if not calls or end is None or end.requests is not None:
            return ""
        return "it may wait for the intake, which did not answer when the app had ended"

    def only_main(self, stall: events.Stall, process: int | None) -> bool:
        """Whether only the main thread of a process can explain a stall.

        Any thread can explain the silence of the app itself. Another process that the app waits for
        ends with its main thread, whatever its other threads do.
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


def _is_evidence(event: events.Event) -> bool:
    match event:
        case events.Snapshot() | events.Witness() | events.Stood():
            return True
        case events.IntakeRequest():
            return event.body is not None
        case events.Truncated():
            return event.text.startswith(_CUT_EVIDENCE)
    return False

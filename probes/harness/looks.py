"""The evidence of a silence: threads and tasks of all processes, read twice."""

from __future__ import annotations

import time

from harness.event_loop import EventLoop
from harness.event_stream import EventStream
from harness.heartbeat import Heartbeat
from harness.launch import WITNESS_SIGNAL
from harness.processes import relatives, tasks
from harness.roster import Roster, command
from harness.sightings import LEAST, Sightings

APART_S = 0.2
"""Between the two snapshots of one look."""
CLOSED_S = 4.0
"""How long a silence lasts at least before a closed wait in it is believed.

It bounds what no snapshot can show: a release from code that is not Python's.
"""
AGAIN_S = 0.05
"""Between the two glances of a look around: who was just taking a lock has got it by then."""
LAST = 2
"""The index of the third snapshot. It alone says what else could release a lock."""
BRIEF, CLOSELY = b"?", b"!"
"""What a watcher is asked for, beside a snapshot: see ``watcher.py``."""
STILL_S = 2.0
"""How long the tasks are watched once the deadline has passed."""
ANSWER_S = 3.0
"""How long the watcher may take. If it takes longer, it cannot run: faulthandler is asked."""
CLOSELY_S = 15.0
"""How long the third snapshot may take. Its search runs for half a second on an idle processor."""


class Looks:
    """Takes the evidence of one trial; decides only whether a wait is closed."""

    def __init__(
        self,
        stream: EventStream,
        heartbeat: Heartbeat,
        loop: EventLoop,
        roster: Roster,
        limits: dict,
    ) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._loop = loop
        self._roster = roster
        self._limits = limits
        self._asked = False
        """Whether a look that was asked for is being taken: no heartbeat ends it."""
        self._strangers: dict = {}
        """What was told of processes of the app that have not joined, by pid."""
        self._sightings = Sightings(limits.get("closed_s", CLOSED_S))
        self._looked_in: dict = {}
        """The look that a third snapshot belongs to, by pid, while its answer is awaited."""
        self._has_proof = False
        """Whether another process than the driver was seen in a closed wait for long enough."""

    # -- at whom ----------------------------------------------------------------------------------

    def everyone(self) -> list:
        """The driver, then every other process that has joined."""
        app = self._loop.app
        return [app, *(pid for pid in self._roster.processes if pid != app)]

    def _present(self) -> list:
        """The same, and those that have not joined.

        They are other programs than Python, and forks in which no Python code could run yet. What
        the app waits for may be one of them.
        """
        everyone = self.everyone()
        for pid, parent, forked in relatives(self._loop.app, self._loop.spared):
            if pid in everyone:
                continue
            everyone.append(pid)
            told = {"parent": parent, "forked": forked, "command": command(pid)}
            if self._strangers.get(pid) != told:
                self._strangers[pid] = told
                self._stream.emit("process", process=pid, app=False, joined=False, **told)
        return everyone

    # -- looking ----------------------------------------------------------------------------------

    def look_as_asked(self, wanted: dict) -> bool:
        """Take a look that the driver asks for; it says nothing until that is over."""
        self._asked = True
        closed = self.look(wanted["silent_s"], wanted)
        self._asked = False
        return closed

    def look_around(self, before: str, last: bool) -> bool:
        """Look at every thread of every process of an app that lives; True if a wait is closed.

        ``before`` says what comes next; ``last`` is whether that is the end. A glance finds the
        threads that may wait for ever. Nearly always there are none, and no snapshot is taken.
        """
        self._asked, began = True, time.monotonic()
        everyone = self._present()
        if self._speechless(everyone):  # One that was forked just now joins in a moment.
            within_s = self._limits.get("answer_s", ANSWER_S)
            self._loop.pump_until(lambda: not self._speechless(self._present()), within_s)
            everyone = self._present()
        unjoined = [pid for pid in everyone if pid not in self._roster.processes]
        seen = self._glances(everyone)
        unanswered = self._there(pid for pid in everyone if pid not in seen)
        closed, number = False, None
        if not self._over() and (unanswered or any(seen.values())):
            why = f"before {before}, a thread waits or a process does not answer"
            closed = self.look(0.0, {"look": why, "process": None})
            number = self._heartbeat.looks
        self._asked = False
        self._stream.emit(
            "looked",
            before=before,
            last=last,
            seconds=round(time.monotonic() - began, 4),
            number=number,
            processes=sorted(seen),
            unanswered=self._there(unanswered),  # One that was about to end has ended by now.
            unjoined=unjoined,
        )
        return closed

    def _there(self, pids) -> list:
        """Those that should answer and have not ended yet."""
        pids = list(pids)
        speechless = self._speechless(self._present() if pids else [])
        return [pid for pid in pids if pid in self._roster.processes or pid in speechless]

    def _speechless(self, pids) -> list:
        """Those that run Python code of the app, and that nobody can ask.

        They were forked, and could not connect; or they have closed all their descriptors since. Of
        another program nobody expects an answer.
        """
        others = [pid for pid in pids if pid not in self._roster.processes]
        return [
            pid
            for pid in others
            if self._strangers[pid]["forked"]
            or self._roster.commands.get(pid) == self._strangers[pid]["command"]
        ]

    def _glances(self, pids: list) -> dict:
        """The suspects of each process that answers: those that wait in two glances."""
        seen = self._answers(pids, how=BRIEF)
        first = {pid: seen.pop(pid)["suspects"] for pid in list(seen) if seen[pid]["suspects"]}
        seen = {pid: [] for pid in seen}
        if first and not self._pause(AGAIN_S):
            for pid, answer in self._answers(list(first), how=BRIEF).items():
                seen[pid] = [suspect for suspect in answer["suspects"] if suspect in first[pid]]
        return seen

    def look(self, silent_s: float, asked: dict | None = None) -> bool:
        """Take two snapshots of each process; True if a wait is closed in both, and stays so."""
        began = time.monotonic() - silent_s
        self._heartbeat.stall(silent_s, asked)
        everyone = self._present()
        first = self._snapshots(everyone, 0)
        # Where the watcher cannot run the witness is asked twice instead.
        self._witnesses([pid for pid in everyone if pid not in first])
        if self._pause(APART_S):
            return False
        second = self._snapshots(first, 1)
        if self._over():
            return False
        self._witnesses([pid for pid in everyone if pid not in second])
        kept = {pid: since for pid in second if (since := self._kept(pid, asked)) is not None}
        third = self._once_more(kept, began - self._stream.started, asked)
        return self._has_proof or any(self._kept(pid, asked, LEAST) is not None for pid in third)

    def _once_more(self, kept: dict, silent_since: float, asked: dict | None = None) -> list:
        """Take a third snapshot of some processes, when each wait has lasted for long enough.

        ``kept`` has when each was first seen. The driver that only waits for a child goes on after
        ``answer_s``: ``follow`` takes what comes later. Returns the processes that answered.
        """
        begun_at = max((min(since, silent_since) for since in kept.values()), default=0.0)
        left_s = begun_at + self._limits.get("closed_s", CLOSED_S) - self._stream.now()
        if kept and left_s > 0:
            self._stream.emit("waiting", number=self._heartbeat.looks, seconds=round(left_s, 3))
        if not kept or self._pause(max(0.0, left_s)):
            return []
        for pid in kept:
            self._ask_closely(pid)
        is_followed = asked is not None and asked["process"] is not None
        within_s = self._limits.get("answer_s", ANSWER_S) if is_followed else CLOSELY_S
        self._loop.pump_until(
            lambda: self._over() or not any(map(self._roster.awaits, kept)), within_s
        )
        come = self._take_close()
        return [] if self._over() else [pid for pid in come if pid in kept]

    # -- beside the looks -------------------------------------------------------------------------

    def follow(self) -> bool:
        """Look closely at a process that has been in a closed wait for long enough.

        It is another than the driver, which goes on meanwhile. True if the wait is closed.
        """
        self._take_close()
        for pid in self.everyone():
            if pid != self._loop.app and self._sightings.has_lasted(pid, self._stream.now()):
                self._ask_closely(pid)
        return self._has_proof

    def _ask_closely(self, pid: int) -> None:
        if not self._roster.awaits(pid):
            self._roster.ask_closely(pid, CLOSELY)
            self._looked_in[pid] = self._heartbeat.looks

    def _take_close(self) -> list:
        """Tell the third snapshots that have come; return of which processes."""
        come = []
        for pid in list(self._looked_in):
            answer = self._roster.close_answer(pid)
            if answer is None and self._roster.awaits(pid):
                continue
            number = self._looked_in.pop(pid)
            if answer is None or "threads" not in answer:
                self._sightings.forget(pid)
                continue
            at = self._saw(pid, answer, number, LAST)
            come.append(pid)
            if pid != self._loop.app and self._sightings.has_lasted(pid, at, LEAST):
                self._has_proof = True
        return come

    def look_at_deadline(self) -> None:
        """Look at a silence, with some seconds between the first two snapshots."""
        silent_since = time.monotonic() - self._heartbeat.silent_s
        self._heartbeat.stall(self._heartbeat.silent_s)
        everyone = self._present()
        first = self._snapshots(everyone, 0)
        self._witnesses([pid for pid in everyone if pid not in first])
        before = {pid: self._tasks(pid) for pid in everyone}
        began = time.monotonic()
        if self._pause(self._limits.get("still_s", STILL_S)):
            return
        for pid in everyone:
            self._stream.emit(
                "stood",
                number=self._heartbeat.looks,
                process=pid,
                seconds=round(time.monotonic() - began, 3),
                tasks_before=before[pid],
                tasks_after=self._tasks(pid),
            )
        second = self._snapshots(first, 1)
        self._witnesses([pid for pid in everyone if pid not in second])
        kept = {pid: self._sightings.since(pid, False) for pid in second}
        kept = {pid: since for pid, since in kept.items() if since is not None}
        self._once_more(kept, silent_since - self._stream.started)

    def _kept(self, pid: int, asked: dict | None, least: int = LEAST - 1) -> float | None:
        """Since when a process stands in a closed wait that explains the look; None if in none.

        The app's silence may be due to any thread of its own; of another process that it waits for
        in silence, or says is overdue, to the main thread. How long the silence lasted says nothing
        of a process beside the one that is overdue: ``follow`` waits for that one's own time.
        """
        overdue = asked and asked["process"]
        if overdue is not None and pid != overdue:
            return None
        of_main = pid == overdue or (asked is None and pid != self._loop.app)
        return self._sightings.since(pid, of_main, least)

    def _over(self) -> bool:
        """Whether the look is over: the app was heard, or has ended."""
        return self._loop.ended or not (self._heartbeat.stalled or self._asked)

    def _pause(self, seconds: float) -> bool:
        """Wait for so long, or until the look is over; True if it is over."""
        self._loop.pump_until(self._over, seconds)
        return self._over()

    # -- what is seen -----------------------------------------------------------------------------

    def _tasks(self, pid: int) -> list:
        return tasks(pid, without=self._roster.watcher(pid))

    def _answers(self, pids: list, how: bytes = b"") -> dict:
        """Ask the watchers; return the answers of those that can give one."""
        if self._over():
            return {}
        asked, number = self._roster.ask(pids, how)
        within_s = self._limits.get("answer_s", ANSWER_S)
        self._loop.pump_until(
            lambda: self._roster.answered(asked, number) or self._over(), within_s
        )
        key = "suspects" if how == BRIEF else "threads"
        return {} if self._over() else self._roster.answers(asked, number, key)

    def _snapshots(self, pids: list, index: int) -> list:
        """Tell the snapshots of those that can answer; return who did."""
        answers = self._answers(pids)
        self._take_close()  # What was asked for before was answered before.
        for pid, answer in answers.items():
            self._saw(pid, answer, self._heartbeat.looks, index)
        return list(answers)

    def _saw(self, pid: int, answer: dict, number: int, index: int) -> float:
        """Tell a snapshot; return when."""
        found = {key: answer[key] for key in ("threads", "locks", "at_fork")}
        found["tasks"] = self._tasks(pid)
        at = self._stream.emit("snapshot", number=number, index=index, process=pid, **found)
        self._sightings.add(pid, found, at)
        return at

    def _witnesses(self, pids: list) -> None:
        """Have faulthandler dump the main threads, where the watcher cannot run."""
        if self._over() or not pids:
            return
        before = {pid: self._tasks(pid) for pid in pids}
        self._roster.call(pids, WITNESS_SIGNAL)
        called = [pid for pid in pids if pid in self._roster.processes]
        self._loop.pump_until(lambda: all(map(self._roster.said, called)), 1.0)
        # A dump has no last line: all are over when nothing more comes.
        length = -1
        while length != (length := self._said_bytes(pids)):
            so_far = length
            self._loop.pump_until(lambda: self._said_bytes(pids) != so_far, 0.03)  # noqa: B023
        for pid in pids:
            text = self._roster.said(pid).decode("utf-8", "replace")
            self._stream.emit(
                "witness",
                number=self._heartbeat.looks,
                process=pid,
                text=text,
                tasks_before=before[pid],
                tasks_after=self._tasks(pid),
            )

    def _said_bytes(self, pids: list) -> int:
        return sum(len(self._roster.said(pid)) for pid in pids)

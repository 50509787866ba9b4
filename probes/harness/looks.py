"""The evidence of a silence: threads and tasks of all processes, read twice."""

from __future__ import annotations

import time

from harness.closure import closed_waits
from harness.event_loop import EventLoop
from harness.event_stream import EventStream
from harness.heartbeat import Heartbeat
from harness.launch import WITNESS_SIGNAL
from harness.processes import relatives, tasks
from harness.roster import Roster, command

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
        second = self._snapshots(list(first), 1)
        if self._over():
            return False
        self._witnesses([pid for pid in everyone if pid not in second])
        closed = [pid for pid in second if self._closed(pid, asked, first[pid], second[pid])]
        third = self._once_more(closed, began)
        return any(self._closed(pid, asked, first[pid], second[pid], third[pid]) for pid in third)

    def _once_more(self, pids: list, began: float) -> dict:
        """A third snapshot of some processes, when the silence has lasted for long enough."""
        left_s = began + self._limits.get("closed_s", CLOSED_S) - time.monotonic()
        if pids and left_s > 0:
            self._stream.emit("waiting", number=self._heartbeat.looks, seconds=round(left_s, 3))
        if not pids or self._pause(max(0.0, left_s)):
            return {}
        return self._snapshots(pids, LAST)

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
        second = self._snapshots(list(first), 1)
        self._witnesses([pid for pid in everyone if pid not in second])
        closed = [pid for pid in second if closed_waits(first[pid], second[pid], False)]
        self._once_more(closed, silent_since)

    def _closed(self, pid: int, asked: dict | None, *taken: dict) -> bool:
        """Whether a process stands in a closed wait that explains the look.

        The app's silence may be due to any thread of its own; of another process that it waits for
        in silence, or says is overdue, to the main thread.
        """
        overdue = asked and asked["process"]
        if overdue is not None and pid != overdue:
            return False
        of_main = pid == overdue or (asked is None and pid != self._loop.app)
        return closed_waits(taken[0], taken[1], of_main, *taken[2:])

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

    def _snapshots(self, pids: list, index: int) -> dict:
        """The snapshots of those that can answer."""
        found = {}
        for pid, answer in self._answers(pids, CLOSELY if index == LAST else b"").items():
            found[pid] = {key: answer[key] for key in ("threads", "locks", "at_fork")}
            found[pid]["tasks"] = self._tasks(pid)
            looks = self._heartbeat.looks
            self._stream.emit("snapshot", number=looks, index=index, process=pid, **found[pid])
        return found

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

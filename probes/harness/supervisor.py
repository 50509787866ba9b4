"""The supervisor: starts the app, hears it, and looks into its silences.

The base interpreter runs it as ``python -I supervisor.py``. The trial's specification is in
``INTERLOCK_SPEC``, or else it is the one line of standard input. Standard output is the event
stream of ``PROTOCOL.md`` and nothing else. It never imports what is tested. It judges nothing: it
records what happened, and stops what will not move again.
"""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contextlib
import json
import signal
import time

from harness import privileges, rehearsal
from harness.arrivals import Arrivals
from harness.ending import Ending, abandon
from harness.event_loop import EventLoop
from harness.event_stream import EventStream
from harness.forks import ENDING
from harness.heartbeat import Heartbeat
from harness.launch import App, Intake, start_app, start_intake
from harness.looks import Looks
from harness.messages import LONGEST_LINE
from harness.privileges import Users
from harness.processes import RunQueue, adopt_orphans, kill_left_behind
from harness.roster import Process, Roster, command
from harness.streams import Lines, Tail, each, more

PROTOCOL = 4
QUIET_PHASES = ("import", "startup")
"""Phases in which nothing can be counted. Silence means less there: four times ``stall_s``."""
CLOSED = "the same closed wait in three snapshots"
BROKEN = "it broke the protocol"
EXIT_MISUSE = 64


class Supervisor:
    """One trial, from its first event to its last."""

    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.limits = spec["limits"]
        self.stream = EventStream()
        self.heartbeat = Heartbeat(self.stream)
        self.loop = EventLoop()
        self.intake: Intake | None = None
        self.app: App | None = None
        tail_bytes = int(self.limits.get("output_bytes", 1 << 16)) // 2
        self.users = Users.of(spec.get("users"))
        self.tails = {"stdout": Tail(tail_bytes), "stderr": Tail(tail_bytes)}

    # -- starting -------------------------------------------------------------------------------

    def start(self) -> None:
        self.stream.emit(
            "hello",
            protocol=PROTOCOL,
            python=".".join(map(str, sys.version_info[:3])),
            implementation=sys.implementation.name,
            machine=os.uname().machine,
            supervisor_pid=os.getpid(),
        )
        adopt_orphans()
        self.loop.wake_for_children()
        broken = self.heartbeat.broken
        self.roster = Roster(self.loop.readers, self._joined, self._crashed, broken)
        self._start_intake()
        self._start_app()
        if self.users.supervisor is not None:
            privileges.become(self.users.supervisor, kept=privileges.KILL)
            privileges.seclude()
        self.looks = Looks(self.stream, self.heartbeat, self.loop, self.roster, self.limits)

    def _start_intake(self) -> None:
        intake = self.intake = start_intake(
            self.limits.get("intake_bytes", 8 << 20), self.users.supervisor
        )
        self.arrivals = Arrivals(self.stream, intake, self.heartbeat.broken)
        self.loop.readers[intake.requests] = self.arrivals.read

    def _start_app(self) -> None:
        app = self.app = start_app(
            self.spec, self.intake.url, self.roster.addresses, self.users.app
        )
        self.loop.app = app.process.pid
        self.loop.spared = {os.getpid(), self.intake.process.pid}
        self.run_queue = RunQueue()
        self.ending = Ending(self.stream, self.heartbeat, self.loop, self.limits)
        lines = Lines(app.events, LONGEST_LINE)
        readers = self.loop.readers
        readers[app.events] = lambda: each(lines, self.heartbeat.hear)
        readers[app.stdout] = lambda: more(app.stdout, self.tails["stdout"].add)
        readers[app.stderr] = lambda: more(app.stderr, self.tails["stderr"].add)

    def _joined(self, process: Process, forked: bool) -> None:
        self.stream.emit(
            "process",
            process=process.pid,
            parent=process.parent,
            app=process.pid == self.loop.app,
            forked=forked,
            joined=True,
            command=command(process.pid),
        )

    def _crashed(self, pid: int, text: str) -> None:
        self.stream.emit("crash", process=pid, text=text)

    # -- watching -------------------------------------------------------------------------------

    def watch(self) -> None:
        """Watch until the app has ended by itself or was stopped."""
        next_look, pause_s, next_sample = None, 1.0, 0.0
        while not self.loop.ended:
            self.loop.pump(0.05)
            if not self.heartbeat.wanted:
                # Many beats are one waking: this process shares the cores with what it watches.
                time.sleep(0.005)
            now = self.stream.now()
            if now >= next_sample:
                self.run_queue.sample(self.looks.everyone())
                next_sample = now + 0.25
            if self.loop.ended or self.heartbeat.misuse is not None or self.heartbeat.wrong:
                break
            if self.heartbeat.breach is not None:
                self.ending.terminate(BROKEN)
                return
            allowed = self.limits["stall_s"] * (4 if self.heartbeat.phase in QUIET_PHASES else 1)
            if self.looks.follow():
                self.ending.terminate(CLOSED)
                return
            silent_s = self.heartbeat.silent_s
            if silent_s < allowed:
                next_look, pause_s = None, 1.0
            if self._too_late():
                self._at_deadline(silent_s >= allowed)
                return
            if self.heartbeat.wanted:
                if self._look_as_asked(self.heartbeat.wanted.pop(0)):
                    self.ending.terminate(CLOSED)
                    return
                continue
            if silent_s >= allowed and (next_look is None or now >= next_look):
                if self.looks.look(silent_s):
                    self.ending.terminate(CLOSED)
                    return
                next_look, pause_s = self.stream.now() + pause_s, min(pause_s * 2, 8.0)

    def _too_late(self) -> bool:
        now = self.stream.now()
        if self.heartbeat.phase in QUIET_PHASES and now >= self.limits["startup_s"]:
            return True
        return now >= self.limits["deadline_s"]

    def _look_as_asked(self, wanted: dict) -> bool:
        """Take a look that the driver asks for, and send the answer that it waits for.

        That it is done is told when all its threads have been looked at.
        """
        if "look" in wanted:
            closed = self.looks.look_as_asked(wanted)
        else:
            last = "done" in wanted
            closed = self.looks.look_around("its end" if last else wanted["around"], last)
            if last and not closed:
                self.heartbeat.done()
        self.heartbeat.heard_at = time.monotonic()
        answer = b"%d %s\n" % (wanted["number"], b"closed" if closed else b"open")
        with contextlib.suppress(OSError):
            os.write(self.app.replies, answer)
        return closed

    def _at_deadline(self, silent: bool) -> None:
        self.heartbeat.progress()
        phase, exposures = self.heartbeat.phase, self.heartbeat.exposures
        self.stream.emit("deadline", phase=phase, exposures=exposures)
        if silent:
            self.looks.look_at_deadline()
        if not self.loop.ended:
            self.ending.terminate("deadline")

    # -- ending ---------------------------------------------------------------------------------

    def mistake(self) -> str | None:
        """What is wrong about the settings, if the app says so and our own code does too."""
        self.loop.pump(0)  # It may have ended with its last words unread.
        said, wrong = self.heartbeat.misuse, self.heartbeat.wrong
        if said is None and wrong is None:
            return None
        # First nothing of the app is left: it may have used up what a fork of ours needs.
        self.ending.terminate(BROKEN)
        kill_left_behind(self.loop.app, self.loop.spared)
        found = rehearsal.mistake(self.spec) if said is not None else None
        found = found or (wrong and rehearsal.wrong_call(self.spec, wrong))
        if not found:
            what = said if wrong is None else wrong["wrong"]
            self.heartbeat.broken(f"a misuse that the probe alone does not find: {what}")
            return None
        return found

    def finish(self) -> None:
        self.ending.finish(self.arrivals, self.run_queue, self.tails)

    def abandon(self) -> None:
        abandon(self.app and self.app.process, self.intake and self.intake.process)


def main() -> int:
    privileges.seclude()
    try:
        spec = json.loads(os.environ.get("INTERLOCK_SPEC") or sys.stdin.readline())
        if spec["protocol"] != PROTOCOL:
            raise ValueError("protocol {} is not {}".format(spec["protocol"], PROTOCOL))
        supervisor = Supervisor(spec)
    except (KeyError, ValueError) as error:
        sys.stderr.write(f"INTERLOCK_SPEC: {error!r}\n")
        return EXIT_MISUSE
    # As the first process of its container it can't be ended by a signal that it does not handle.
    at_mercy = os.getpid() == 1 and supervisor.users.app is None
    for number in ENDING:
        ending = signal.SIG_IGN if at_mercy else lambda number, _: sys.exit(128 + number)
        signal.signal(number, ending)
    try:
        supervisor.start()
        supervisor.watch()
        mistake = supervisor.mistake()
        if mistake is not None:
            sys.stderr.write(f"{mistake}\n")
            return EXIT_MISUSE
        supervisor.finish()
        return 0
    finally:
        supervisor.abandon()


if __name__ == "__main__":
    sys.exit(main())

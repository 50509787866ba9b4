"""The end of a trial: stop the app, tell the rest, leave no process behind."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from harness.arrivals import Arrivals
from harness.event_loop import EventLoop
from harness.event_stream import EventStream
from harness.heartbeat import Heartbeat, signal_name
from harness.processes import RunQueue, kill_left_behind, refused_tasks

KILLED_WITHIN_S = 5.0
"""How long to wait for the app's end after SIGKILL."""
READ_WITHIN_S = 1.0
"""How long reading may take what the app wrote at its end."""
COUNTED_WITHIN_S = 5.0
"""How long the intake may take to say how many requests it got."""


class Ending:
    """Stops the app of one trial, and tells how it ended."""

    def __init__(
        self,
        stream: EventStream,
        heartbeat: Heartbeat,
        loop: EventLoop,
        limits: dict,
    ) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._loop = loop
        self._limits = limits
        self._terminated = False
        self._refused_before = refused_tasks()

    def terminate(self, reason: str) -> None:
        """Send SIGTERM, wait, and send SIGKILL if the app is still there."""
        self._terminated = True
        within = (("SIGTERM", self._limits["grace_s"]), ("SIGKILL", KILLED_WITHIN_S))
        for name, within_s in within:
            if self._loop.ended:
                return
            self._stream.emit("signal", signal=name, reason=reason)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._loop.app, getattr(signal, name))
            self._loop.pump_until(lambda: self._loop.ended, within_s)
            reason = f"still there {within_s:g} s after SIGTERM"

    def finish(self, arrivals: Arrivals, run_queue: RunQueue, tails: dict) -> None:
        """Once the app has ended: tell the rest, and leave no process behind."""
        run_queue.sample([self._loop.app])
        killed = kill_left_behind(self._loop.app, self._loop.spared)
        self._read_the_rest(arrivals)
        self._heartbeat.progress()
        if not self._terminated:
            self._heartbeat.done()  # It ended before it could be looked at.
        if self._heartbeat.stalled and not self._terminated:
            # It was silent and then ended by itself: whatever it was, it was no hang.
            self._heartbeat.resumed()
        self._tell_exit()
        if killed:
            # Not a signal to the app, which had ended by then.
            self._stream.emit("fact", name="left-behind", value=killed)
        self._tell_output(tails)
        self._tell_usage(run_queue)
        self._stream.emit("end")

    def _read_the_rest(self, arrivals: Arrivals) -> None:
        """Read what is still under way, and have the intake count: it has to be alive still.

        Every process of the app is gone. So all that it wrote has come, or waits in the intake.
        """
        self._pump(lambda: not self._loop.pump(0), READ_WITHIN_S)
        arrivals.ask()
        self._pump(lambda: arrivals.counted is not None or arrivals.ended, COUNTED_WITHIN_S)
        arrivals.close()
        self._loop.pump(0)
        arrivals.tell()

    def _pump(self, done, within_s: float) -> None:
        until = time.monotonic() + within_s
        while not done() and time.monotonic() < until:
            self._loop.pump(0.01)

    def _tell_exit(self) -> None:
        status = self._loop.status
        signaled = os.WIFSIGNALED(status)
        self._stream.emit(
            "exit",
            code=None if signaled else os.WEXITSTATUS(status),
            signal=signal_name(os.WTERMSIG(status)) if signaled else None,
            phase=self._heartbeat.phase,
        )

    def _tell_output(self, tails: dict) -> None:
        for name, tail in tails.items():
            if tail.data or tail.dropped:
                text = tail.data.decode("utf-8", "replace")
                self._stream.emit("output", stream=name, text=text, dropped_bytes=tail.dropped)

    def _tell_usage(self, run_queue: RunQueue) -> None:
        usage = self._loop.usage
        self._stream.emit(
            "usage",
            cpu_s=round(usage.ru_utime + usage.ru_stime, 3),
            run_queue_s=round(run_queue.seconds, 3),
            wall_s=round(self._stream.now(), 3),
            refused_tasks=refused_tasks() - self._refused_before,
        )


def abandon(app, intake) -> None:
    """Leave no process behind when the supervisor stops before the trial's end.

    Either process is None where it was not started.
    """
    for process in (app, intake):
        if process is not None:
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
    if app is not None:
        kill_left_behind(app.pid, {os.getpid()})

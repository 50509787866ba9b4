"""Interpreters that end normally, with unsent Sentry events and ddtrace profiles.

The app itself imports neither library. It starts one interpreter after the other. Each starts both
libraries, has events and a profile to send, and returns from its main program. Then the exit
handlers run: Sentry's flushes its queue, ddtrace's stops the profiler and uploads. The intake takes
their data slowly (``slow.py``), because otherwise nothing would be left to wait for.
"""

from __future__ import annotations

import dataclasses
import os
import time
from typing import NamedTuple

from libraries.child import Process
from libraries.settings import Settings
from slow import Slow
from starved import Starved

LOOK_S = 0.02
"""Seconds between two looks at an interpreter that ends. They limit the precision."""


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None:
        return
    trial.phase("startup")
    intake = Slow(trial.intake, trial.knobs["answer_s"])
    until = time.monotonic() + trial.knobs["seconds"]
    allowed_s = trial.knobs["exit_s"]
    exits = []
    for _ in range(trial.knobs["exits"]):
        left = leave(trial, dataclasses.asdict(settings), intake)
        if left is None:
            return
        trial.expose()
        exits.append(left)
        if time.monotonic() >= until:
            break
    slowest = max(exits, key=lambda exit: exit.own_s)
    trial.fact("slowest-exit-s", round(slowest.took_s, 3))
    trial.fact("starved-in-it-s", round(slowest.starved_s, 3))
    trial.fact("events-sent-at-exit", intake.least("/api/"))
    trial.fact("profiles-sent-at-exit", intake.least("/profiling/"))
    if slowest.own_s > allowed_s:
        trial.degraded(
            f"an exit took {slowest.took_s:.1f} s, {slowest.starved_s:.1f} s of them without a "
            f"processor; {allowed_s} s are allowed"
        )


class Broken(Exception):
    """An interpreter ended unexpectedly, and did not report why."""


class Exit(NamedTuple):
    took_s: float
    starved_s: float
    """How long these threads waited for a processor meanwhile, added up."""

    @property
    def own_s(self) -> float:
        """Its own time, without its wait for a processor on a busy machine."""
        return self.took_s - self.starved_s


def leave(trial, settings: dict, intake: Slow) -> Exit | None:
    """Run one interpreter. Returns how long its exit took, or None if it failed."""
    child = Process(trial, "leaver.py", settings, intake.url)
    left = starved = None
    for word in child.heard():
        if word == "started" and trial.current_phase == "shutdown":
            trial.phase("serving")
        elif word == "leaving":
            intake.count_from_here()
            trial.phase("shutdown")
            left = time.monotonic()
            starved = Starved(child.process.pid, os.getpid())
            break
    # From here on only its end is heard. If it does not come, there is silence. This process stands
    # still too, so that silence shows that nothing of the app moves.
    while left and child.process.poll() is None:
        if time.monotonic() - left > 2 * trial.knobs["exit_s"]:
            break
        starved.look()
        time.sleep(LOOK_S)
    code = child.process.wait()
    if code < 0:
        trial.child_ended(child.process.pid, -code)
        return None
    if child.failed:
        return None
    if code or left is None:
        when = "before it was to" if left is None else "at its exit"
        trial.error(Broken(f"an interpreter ended with {code} {when}"))
        return None
    return Exit(time.monotonic() - left, starved.seconds)

"""Interpreters that end as they always do, with Sentry's events and ddtrace's profile unsent.

The app itself imports neither library. It starts one interpreter after the other; each starts both
libraries, has events and a profile to send, and returns from its main program. What happens then
is the exit handlers': Sentry's flushes its queue, ddtrace's stops the profiler and uploads. What
they send takes a while to be taken (``slow.py``), or there would be nothing left to wait for.
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
"""Between two looks at an interpreter that ends; how exactly its end is seen."""


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
    """An interpreter ended in another way than it should, and did not say why."""


class Exit(NamedTuple):
    took_s: float
    starved_s: float
    """How long the threads concerned waited for a processor meanwhile, all added up."""

    @property
    def own_s(self) -> float:
        """What it took of itself: on a busy machine that is no slow exit."""
        return self.took_s - self.starved_s


def leave(trial, settings: dict, intake: Slow) -> Exit | None:
    """Have one interpreter come and go; how long its exit took, or None: it failed."""
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
    # From here on nothing is heard of it but its end: if that does not come, it is silence. Then
    # this process stands still too, so that it shows whether anything of the app still moves.
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

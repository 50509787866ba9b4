"""Interpreters that end as they always do, with Sentry's events and ddtrace's profile unsent.

The app itself imports neither library. It starts one interpreter after the other; each starts both
libraries, has events and a profile to send, and returns from its main program. What happens then
is the exit handlers': Sentry's flushes its queue, ddtrace's stops the profiler and uploads. What
they send takes a while to be taken (``slow.py``), or there would be nothing left to wait for.
"""

from __future__ import annotations

import dataclasses
import time

from libraries.child import Broken, Process
from libraries.settings import Settings
from slow import Slow


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None:
        return
    trial.phase("startup")
    intake = Slow(trial.intake, trial.knobs["answer_s"])
    until = time.monotonic() + trial.knobs["seconds"]
    slowest_s = 0.0
    for _ in range(trial.knobs["exits"]):
        took_s = leave(trial, dataclasses.asdict(settings), intake)
        if took_s is None:
            return
        trial.expose()
        slowest_s = max(slowest_s, took_s)
        if time.monotonic() >= until:
            break
    trial.fact("slowest-exit-s", round(slowest_s, 3))
    trial.fact("events-sent-at-exit", intake.least("/api/"))
    trial.fact("profiles-sent-at-exit", intake.least("/profiling/"))
    allowed_s = trial.knobs["exit_s"]
    if slowest_s > allowed_s:
        trial.degraded(f"an exit took {slowest_s:.1f} s, {allowed_s} s are allowed")


def leave(trial, settings: dict, intake: Slow) -> float | None:
    """Have one interpreter come and go; the seconds that its exit took, or None: it failed."""
    child = Process(trial, "leaver.py", settings, intake.url)
    left = None
    for word in child.heard():
        if word == "started" and trial.current_phase == "shutdown":
            trial.phase("serving")
        elif word == "leaving":
            intake.count_from_here()
            trial.phase("shutdown")
            left = time.monotonic()
            break
    # From here on nothing is heard of it but its end: if that does not come, it is silence.
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
    return time.monotonic() - left

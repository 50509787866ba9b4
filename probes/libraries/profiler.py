"""Start ddtrace's profiler by the import that is documented for every release.

It only reads one private name: the ``Recorder`` of the running profiler, in releases that have one.
"""

from __future__ import annotations

import os
import sys
import threading

from libraries import ABSENT
from libraries.settings import Settings


def start(trial, settings: Settings) -> bool:
    """Start the profiler. Returns False if it does not run as the settings want.

    False comes with a report. Returns True if the trial has no ddtrace. If profiling is off, it
    only imports ddtrace, like an application that only traces.
    """
    if trial.versions.get("ddtrace", ABSENT) == ABSENT:
        return True
    os.environ["DD_TRACE_AGENT_URL"] = trial.intake
    os.environ["DD_PROFILING_ENABLED"] = str(settings.profiling).lower()
    if not settings.lock_profiling:
        os.environ["DD_PROFILING_LOCK_ENABLED"] = "false"
    try:
        import ddtrace

        trial.fact("ddtrace", ddtrace.__version__)
        if settings.profiling:
            import ddtrace.profiling.auto
    except Exception as error:
        trial.error(error, feature="profiling" if settings.profiling else None)
        return False
    return _in_place(trial, ddtrace, wanted=settings.profiling and settings.lock_profiling)


def _in_place(trial, ddtrace, wanted: bool) -> bool:
    """Whether locks are profiled exactly if they should be."""
    kind = type_name(threading.Lock())
    profiled = kind.split(".")[0] == "ddtrace"
    trial.fact("lock-type", kind)
    trial.fact("profiled-lock", profiled)
    trial.fact("plain-lock", not profiled)
    if wanted and not profiled:
        why = getattr(ddtrace.profiling, "failure_msg", None) or "see the app's standard error"
        told = f"threading.Lock() is a {kind} with profiling on: {why}"
        trial.error(RuntimeError(told), feature="lock profiling")
    elif profiled and not wanted:
        told = f"threading.Lock() is a {kind} although lock profiling is off"
        trial.error(RuntimeError(told), feature="an application without lock profiling")
    return profiled == wanted


def state_recorded(trial) -> None:
    """State the fact ``lock-events``: the lock operations that the profiler holds now.

    Some releases up to 1.17.3 record them, but lose them when they export the profile
    (DataDog/dd-trace-py#6605). Later ones keep them elsewhere, and export them.
    """
    bootstrap = sys.modules.get("ddtrace.profiling.bootstrap")
    running = getattr(getattr(bootstrap, "profiler", None), "_profiler", None)
    events = getattr(getattr(running, "_recorder", None), "events", None)
    if events is not None:
        kept = dict(events).items()  # at once: other threads go on recording
        locks = [many for kind, many in kept if kind.__name__.endswith("LockAcquireEvent")]
        trial.fact("lock-events", sum(map(len, locks)))


def type_name(obj: object) -> str:
    kind = type(obj)
    return f"{kind.__module__}.{kind.__qualname__}"

"""Sentry's background worker, started again and again under ddtrace's lock profiler.

Every event that Sentry sends makes its transport's worker start, if it does not run: the worker
takes its own lock, starts a thread and waits for it. The profiler wraps the locks that the two
threads share in that moment. A wrapper that logs from inside ``acquire`` or ``release`` hands
Sentry a record while the same thread is inside ``BackgroundWorker.start``.

The one private name that is touched is ``HttpTransport._worker``, to call its ``submit``, which is
how every event reaches the worker. ``Transport.kill`` and ``Client.close`` are public. The profiler
is started by importing ``ddtrace.profiling.auto``, which is how it is documented for every release.
"""

from __future__ import annotations

import os
import sys
import threading
import time

SETTINGS = {
    "profiling",
    "lock_profiling",
    "sentry_event_level",
    "sentry_logging_integration",
    "ignore_loggers",
}
"""What an application chooses, and this probe understands. Anything else is a mistake of ours."""

PROOF = "interlock proof of life"


def run(trial) -> None:
    unknown = sorted(set(trial.settings) - SETTINGS)
    if unknown:
        trial.misuse("worker_restart knows no setting {}".format(", ".join(unknown)))
        return
    profiling = trial.settings.get("profiling", True)
    if profiling and trial.versions.get("ddtrace", "-") != "-" and not start_profiler(trial):
        return
    if trial.versions.get("sentry", "-") == "-":
        trial.missing("worker", "there is no Sentry here whose worker could be started")
        return
    import sentry_sdk

    trial.phase("startup")
    trial.fact("sentry", getattr(sentry_sdk, "VERSION", None))
    start_sentry(sentry_sdk, trial.settings, trial.intake)

    trial.phase("serving")
    restart(sentry_sdk, trial)
    trial.phase("shutdown")


def start_profiler(trial) -> bool:
    """Start ddtrace's profiler; False, and said so, where it does not come up."""
    os.environ["DD_TRACE_AGENT_URL"] = trial.intake
    os.environ["DD_PROFILING_ENABLED"] = "true"
    if trial.settings.get("lock_profiling") is not None:
        os.environ["DD_PROFILING_LOCK_ENABLED"] = str(trial.settings["lock_profiling"]).lower()
    try:
        import ddtrace

        trial.fact("ddtrace", ddtrace.__version__)
        import ddtrace.profiling.auto
    except Exception as error:
        trial.error(error, feature="profiling")
        return False
    kind = type_name(threading.Lock())
    trial.fact("lock-type", kind)
    profiled = kind.split(".")[0] == "ddtrace"
    trial.fact("profiled-lock", profiled)
    if trial.settings.get("lock_profiling", True) and not profiled:
        why = getattr(ddtrace.profiling, "failure_msg", None) or "see the app's standard error"
        trial.error(
            RuntimeError(f"threading.Lock() is a {kind} with profiling on: {why}"),
            feature="lock profiling",
        )
        return False
    return True


def type_name(obj) -> str:
    kind = type(obj)
    return f"{kind.__module__}.{kind.__qualname__}"


def start_sentry(sentry_sdk, settings: dict, intake: str) -> None:
    """``sentry_sdk.init`` as an application with these settings writes it."""
    from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger

    integrations = []
    if not settings.get("sentry_logging_integration", True):
        integrations.append(LoggingIntegration(level=None, event_level=None))
    elif settings.get("sentry_event_level") is not None:
        integrations.append(LoggingIntegration(event_level=settings["sentry_event_level"]))
    for name in settings.get("ignore_loggers", ()):
        ignore_logger(name)
    options = {"integrations": integrations} if integrations else {}
    sentry_sdk.init(dsn=intake.replace("http://", "http://public@") + "/1", **options)


def sentry_transport(sentry_sdk):
    """The client's transport, by the public way of either generation."""
    if hasattr(sentry_sdk, "get_client"):
        return sentry_sdk.get_client().transport
    return sentry_sdk.Hub.current.client.transport


def restart(sentry_sdk, trial) -> None:
    """Send the proof, then start the worker as often as the knobs say, or for as long."""
    knobs = trial.knobs
    sentry_sdk.capture_message(f"{PROOF}: worker_restart")
    sentry_sdk.flush(5.0)
    trial.beat()
    transport = sentry_transport(sentry_sdk)
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(knobs["switch_interval_s"])
    until = time.monotonic() + knobs["seconds"]
    for _ in range(knobs["starts"]):
        transport.kill()
        transport._worker.submit(nothing)
        trial.expose()
        if time.monotonic() >= until:
            break
    sys.setswitchinterval(switch_interval)


def nothing() -> None:
    """What the worker is given to do."""

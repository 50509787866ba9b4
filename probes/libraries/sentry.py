"""Start Sentry in the way of an application with the trial's settings.

It uses two private names: ``HttpTransport._worker`` and its ``_lock``, for the setting that
replaces that lock. Everything else is public in every tested release.
"""

from __future__ import annotations

import importlib.util
import inspect
import threading

from libraries import ABSENT
from libraries.settings import Settings

PROOF = "interlock proof of life"
FLUSH_S = 5.0
SPARED = frozenset({"auto_enabling_integrations", "release"})
"""Options that a probe may set without its configuration: they switch on nothing."""


def start(trial, settings: Settings):
    """``sentry_sdk``, started. None if it is left out, or lacks the feature.

    A missing feature is reported.
    """
    if trial.versions.get("sentry", ABSENT) == ABSENT:
        return None
    import sentry_sdk

    trial.fact("sentry", getattr(sentry_sdk, "VERSION", None))
    logs = logs_option(sentry_sdk) if settings.sentry_logs else {}
    if logs is None:
        trial.missing("structured logs", "this release batches no structured logs of log records")
        return None
    if settings.sentry_profiling:
        trial.fact("sentry-profiler", sorted(profiler_options()))
    initialise(sentry_sdk, settings, trial.intake)
    trial.fact("rlock-worker", settings.sentry_rlock_worker)
    return sentry_sdk


def initialise(sentry_sdk, settings: Settings, intake: str, **spared: object) -> None:
    """Call ``sentry_sdk.init`` with the DSN, the settings' choices, and ``spared``.

    ``spared`` are options that save work, so that a probe can call this often (``SPARED``).
    """
    from sentry_sdk.integrations import logging as integration

    if extra := set(spared) - SPARED:
        raise ValueError(f"no configuration sets {', '.join(sorted(extra))}")
    options, chosen = dict(spared), {}
    if not settings.sentry_logging_integration:
        # Each of its handlers is off. With this instance, Sentry does not add the default one.
        accepted = inspect.signature(integration.LoggingIntegration.__init__).parameters
        levels = ("level", "event_level", "sentry_logs_level")
        chosen = {name: None for name in levels if name in accepted}
    elif settings.sentry_event_level is not None:
        chosen = {"event_level": settings.sentry_event_level}
    if chosen:
        options["integrations"] = [integration.LoggingIntegration(**chosen)]
    for name in settings.ignore_loggers:
        integration.ignore_logger(name)
        # Newer releases have a separate list for structured logs.
        if settings.sentry_logs and hasattr(integration, "ignore_logger_for_sentry_logs"):
            integration.ignore_logger_for_sentry_logs(name)
    if settings.sentry_logs:
        options.update(logs_option(sentry_sdk) or {})
    if settings.sentry_profiling:
        options.update(traces_sample_rate=1.0, **profiler_options())
    sentry_sdk.init(dsn=intake.replace("http://", "http://public@") + "/1", **options)
    if settings.sentry_rlock_worker:
        replace_worker_lock(sentry_sdk)


def profiler_options() -> dict:
    """Options of the profiler that the release recommends, which sample everything."""
    from sentry_sdk.consts import DEFAULT_OPTIONS

    if "profile_session_sample_rate" in DEFAULT_OPTIONS:
        return {"profile_session_sample_rate": 1.0, "profile_lifecycle": "trace"}
    return {"profiles_sample_rate": 1.0}


def logs_option(sentry_sdk) -> dict | None:
    """The option of ``init`` that turns log records into structured logs, or None.

    2.25.0 has a forerunner by another name (``enable_sentry_logs``), which sends each record by
    itself. It does not count. 2.25.1 is the first release that batches them.
    """
    from sentry_sdk.consts import DEFAULT_OPTIONS

    if "enable_logs" in DEFAULT_OPTIONS:
        return {"enable_logs": True}
    if importlib.util.find_spec("sentry_sdk._log_batcher"):
        return {"_experiments": {"enable_logs": True}}
    return None


def replace_worker_lock(sentry_sdk) -> None:
    """Apply the proposal in getsentry/sentry-python#4159: a re-entrant lock.

    This works only before the worker's first start.
    """
    worker = transport(sentry_sdk)._worker
    if worker.is_alive:
        raise RuntimeError("the worker runs already: it may be inside the lock that is replaced")
    worker._lock = threading.RLock()


def transport(sentry_sdk):
    """The client's transport, by the public way of either generation."""
    if hasattr(sentry_sdk, "get_client"):
        return sentry_sdk.get_client().transport
    return sentry_sdk.Hub.current.client.transport


def prove(sentry_sdk, probe: str) -> None:
    """Send the probe's own event, and wait until it has left."""
    sentry_sdk.capture_message(f"{PROOF}: {probe}")
    sentry_sdk.flush(FLUSH_S)

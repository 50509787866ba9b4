"""Sentry's batcher of structured logs under ddtrace's lock profiler.

A client's first log record starts the batcher's flusher: under the batcher's own lock it starts a
thread and waits until that thread has begun. Every hundredth record wakes the flusher, under the
same lock. If a profiled lock logs in either moment, Sentry gets one more record. Then the thread
needs the lock that it already holds.

It uses no private name. Each round closes the client and initialises a new one, like the process's
first ``init``, and logs like an application.
"""

from __future__ import annotations

import logging
import time

from libraries import profiler, sentry
from libraries.settings import Settings

LOG = logging.getLogger("interlock")

AGAIN = {"auto_enabling_integrations": False, "release": "interlock"}
"""For every ``init`` but the first.

The search for frameworks and for a git commit finds nothing here, and is most of its work.
"""


def run(trial) -> None:
    settings = Settings.of(trial, sentry_logs=True)
    if settings is None or not profiler.start(trial, settings):
        return
    trial.phase("startup")
    sentry_sdk = sentry.start(trial, settings)
    if sentry_sdk is None:
        trial.missing("structured logs", "there is no Sentry here that could have them")
        return
    trial.phase("serving")
    warn = LOG.warning if settings.sentry_logging_integration else own_warning()
    warn(f"{sentry.PROOF}: sentry_logs")
    sentry_sdk.flush(sentry.FLUSH_S)
    trial.beat()
    with settings.switching_every(trial.knobs["switch_interval_s"]):
        restart(sentry_sdk, trial, settings, warn)
    profiler.state_recorded(trial)
    trial.phase("shutdown")


def own_warning():
    """Sentry's own logger, for an application whose log records Sentry does not see."""
    from sentry_sdk import logger

    return logger.warning


def restart(sentry_sdk, trial, settings: Settings, warn) -> None:
    """Start the flusher and wake it, until the knobs' number or time is reached."""
    until = time.monotonic() + trial.knobs["seconds"]
    for _ in range(trial.knobs["rounds"]):
        sentry_sdk.get_client().close(timeout=0)
        sentry.initialise(sentry_sdk, settings, trial.intake, **AGAIN)
        warn("the first record starts the flusher")
        trial.expose()
        for _ in range(trial.knobs["batch"] - 1):
            warn("the last of these wakes it")
        trial.expose()
        if time.monotonic() >= until:
            break

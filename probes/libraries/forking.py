"""Start both libraries in a process that then forks, and work like its children."""

from __future__ import annotations

import logging

from libraries import ABSENT, profiler, sentry
from libraries.settings import Settings

LOG = logging.getLogger("interlock.forking")


def begin(trial, probe: str) -> tuple | None:
    """The settings, and ``sentry_sdk`` or None if it is left out.

    None if the trial ends here.
    """
    settings = Settings.of(trial)
    if settings is None or not profiler.start(trial, settings):
        return None
    trial.phase("startup")
    # Nothing is printed: a stream's buffer has a lock too, and a fork can orphan it.
    logging.getLogger().addHandler(logging.NullHandler())
    sentry_sdk = sentry.start(trial, settings)
    if sentry_sdk is None and trial.versions.get("ddtrace", ABSENT) == ABSENT:
        trial.missing("libraries", "there is neither library here that a fork could copy")
        return None
    trial.phase("serving")
    if sentry_sdk is not None:
        sentry.prove(sentry_sdk, probe)
    trial.beat()
    return settings, sentry_sdk


def act(sentry_sdk, lock, who: str) -> None:
    """Write a log record, send an event, and take a lock."""
    LOG.warning("%s works", who)
    if sentry_sdk is not None:
        sentry_sdk.capture_message(f"{who} works")
    with lock:
        sum(range(100))

"""Both libraries started in a process that then forks, and what it and its children do."""

from __future__ import annotations

import logging

from libraries import ABSENT, profiler, sentry
from libraries.settings import Settings

LOG = logging.getLogger("interlock.forking")


def begin(trial, probe: str) -> tuple | None:
    """The settings, and ``sentry_sdk`` or None where it is left out; None where the trial ends."""
    settings = Settings.of(trial)
    if settings is None or not profiler.start(trial, settings):
        return None
    trial.phase("startup")
    # Nothing is printed: the buffer of a stream has a lock too, which a fork orphans without help.
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
    """A log record, an event, a lock."""
    LOG.warning("%s works", who)
    if sentry_sdk is not None:
        sentry_sdk.capture_message(f"{who} works")
    with lock:
        sum(range(100))

"""Restart Sentry's background worker many times under ddtrace's lock profiler.

For every event that Sentry sends, its transport starts the worker if it does not run. The worker
takes its own lock, starts a thread and waits for it. The profiler wraps the locks that the two
threads share in that moment. A wrapper that logs from inside ``acquire`` or ``release`` hands
Sentry a record while the same thread is inside ``BackgroundWorker.start``.

It uses one private name, ``HttpTransport._worker``, to call its ``submit``, which is how every
event reaches the worker. ``Transport.kill`` is public.
"""

from __future__ import annotations

import time

from libraries import profiler, sentry
from libraries.settings import Settings


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None or not profiler.start(trial, settings):
        return
    trial.phase("startup")
    sentry_sdk = sentry.start(trial, settings)
    if sentry_sdk is None:
        trial.missing("worker", "there is no Sentry here whose worker could be started")
        return
    trial.phase("serving")
    sentry.prove(sentry_sdk, "worker_restart")
    trial.beat()
    with settings.switching_every(trial.knobs["switch_interval_s"]):
        restart(trial, sentry.transport(sentry_sdk))
    profiler.state_recorded(trial)
    trial.phase("shutdown")


def restart(trial, transport) -> None:
    """Start the worker until the knobs' number or time is reached."""
    until = time.monotonic() + trial.knobs["seconds"]
    for _ in range(trial.knobs["starts"]):
        transport.kill()
        transport._worker.submit(nothing)
        trial.expose()
        if time.monotonic() >= until:
            break


def nothing() -> None:
    """The task of the worker."""

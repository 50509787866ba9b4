"""Sentry's background worker, started again and again under ddtrace's lock profiler.

Every event that Sentry sends makes its transport's worker start, if it does not run: the worker
takes its own lock, starts a thread and waits for it. The profiler wraps the locks that the two
threads share in that moment. A wrapper that logs from inside ``acquire`` or ``release`` hands
Sentry a record while the same thread is inside ``BackgroundWorker.start``.

The one private name that is touched is ``HttpTransport._worker``, to call its ``submit``, which is
how every event reaches the worker. ``Transport.kill`` is public.
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
    """Start the worker as often as the knobs say, or for as long."""
    until = time.monotonic() + trial.knobs["seconds"]
    for _ in range(trial.knobs["starts"]):
        transport.kill()
        transport._worker.submit(nothing)
        trial.expose()
        if time.monotonic() >= until:
            break


def nothing() -> None:
    """What the worker is given to do."""

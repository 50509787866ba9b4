"""Sentry's and ddtrace's profilers, both in a process with short-lived threads.

Both walk the frames of every thread from a thread of their own, many times a second. In reports of
crashes of each profiler, another thread was just leaving the frames. Two profilers look twice as
often, and each also looks at the other's thread. It uses no private name.
"""

from __future__ import annotations

import threading
import time

from libraries import profiler, sentry
from libraries.settings import Settings


def run(trial) -> None:
    settings = Settings.of(trial, sentry_profiling=True)
    if settings is None or not profiler.start(trial, settings):
        return
    trial.phase("startup")
    sentry_sdk = sentry.start(trial, settings)
    trial.phase("serving")
    if sentry_sdk is not None:
        sentry.prove(sentry_sdk, "two_profilers")
    trial.beat()
    work(trial, sentry_sdk, settings)
    if sentry_sdk is not None:
        sentry_sdk.flush(sentry.FLUSH_S)
    trial.phase("shutdown")


def work(trial, sentry_sdk, settings: Settings) -> None:
    """Rounds of short-lived threads, each in a transaction. A thread is an exposure."""
    knobs = trial.knobs
    until = time.monotonic() + knobs["seconds"]
    with settings.switching_every(knobs["switch_interval_s"]):
        while trial.exposures < knobs["threads"] and time.monotonic() < until:
            together = [
                threading.Thread(target=one, args=(sentry_sdk, knobs["busy_s"]))
                for _ in range(knobs["at_once"])
            ]
            for thread in together:
                thread.start()
            for thread in together:
                thread.join()
                trial.expose()


def one(sentry_sdk, busy_s: float) -> None:
    if sentry_sdk is None:
        deepen(busy_s)
        return
    with sentry_sdk.start_transaction(op="probe", name="two_profilers"):
        deepen(busy_s)


def deepen(busy_s: float) -> None:
    """Enter and leave frames of changing depth until the time is over."""
    until = time.monotonic() + busy_s
    depth = 0
    while time.monotonic() < until:
        depth = (depth + 7) % 60
        descend(depth)


def descend(depth: int) -> int:
    return descend(depth - 1) + 1 if depth else 0

"""One interpreter that starts both libraries, has something to send, and ends."""

from __future__ import annotations

import logging
import sys
import threading

from libraries import profiler, sentry
from libraries.child import Child
from libraries.settings import Settings

LOG = logging.getLogger("interlock")


def main() -> None:
    child = Child.here()
    settings = Settings(**child.settings)
    child.say("started")
    if not profiler.start(child, settings):
        return
    child.say("profiling")
    sentry_sdk = sentry.start(child, settings)
    lock = threading.Lock()  # An application's own, so that there is a lock to profile.
    for number in range(child.knobs["events"]):
        with lock:
            LOG.warning("event %d follows", number)
        if sentry_sdk is not None:
            sentry_sdk.capture_message(f"{sentry.PROOF}: shutdown")
    profiler.state_recorded(child)
    if settings.amplified:
        # Not before: starting the worker is a race of its own, tested by worker_restart.
        sys.setswitchinterval(child.knobs["switch_interval_s"])
    child.say("leaving")


if __name__ == "__main__":
    main()

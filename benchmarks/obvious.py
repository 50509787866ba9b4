"""The obvious reproduction: start Sentry's worker under ddtrace's lock profiler.

It starts the worker again and again. ``against_script.py`` runs it like somebody without Interlock
would: it ends, or it does not.
"""

import logging
import os
import sys

os.environ["DD_PROFILING_CAPTURE_PCT"] = "100"
os.environ["DD_TRACE_LOGGING_RATE"] = "0"
os.environ["DD_TRACE_AGENT_URL"] = "http://127.0.0.1:9"
sys.setswitchinterval(1e-6)

import ddtrace.profiling.auto  # noqa: E402, F401
import sentry_sdk  # noqa: E402
from sentry_sdk.integrations.logging import LoggingIntegration  # noqa: E402
from sentry_sdk.worker import BackgroundWorker  # noqa: E402

sentry_sdk.init(
    dsn="http://key@127.0.0.1:9/1",
    integrations=[LoggingIntegration(event_level=logging.WARNING)],
)
worker = sentry_sdk.Hub.current.client.transport._worker
assert isinstance(worker, BackgroundWorker)
for _ in range(int(sys.argv[1])):
    worker.kill()
    worker.start()
print("did not hang")
os._exit(0)

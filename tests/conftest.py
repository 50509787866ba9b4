"""Fixtures and hooks that all test folders share."""

from __future__ import annotations

import signal

import pytest
from hypothesis import HealthCheck, settings

# Every run draws the same examples, and a busy machine makes no test fail.
settings.register_profile(
    "interlock",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("interlock")

# A shell starts background jobs with SIGINT and SIGQUIT ignored, and `nohup` with SIGHUP. Without
# these lines the tests would start their commands so, and then interrupt them in vain.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

IN_REAL_TIME = {
    "box",  # installs from a package index, in processes
    "run_app",  # runs made-up apps under the real supervisor, until it has seen enough
}
"""Fixtures that wait for real things: a test that uses them is no unit test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if IN_REAL_TIME & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.e2e)

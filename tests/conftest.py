"""Fixtures and hooks that all test folders share."""

from __future__ import annotations

import fcntl
import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
import workers
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

T = TypeVar("T")
Once = Callable[[str, Callable[[Path], T]], T]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this test run have in common."""
    ours = tmp_path_factory.getbasetemp()
    return ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours


@pytest.fixture(scope="session")
def once(shared: Path) -> Once[T]:
    """Do a task in a folder of its name, once for all workers of this test run."""

    def do(name: str, make: Callable[[Path], T]) -> T:
        folder, result = shared / name, shared / f"{name}.pickle"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                folder.mkdir()
                result.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(result.read_bytes())  # type: ignore[no-any-return]

    return do


IN_REAL_TIME = {
    "box",  # installs from a package index, in processes
    "run_app",  # runs made-up apps under the real supervisor, until it has seen enough
}
"""Fixtures that wait for real things: a test that uses them is no unit test."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if IN_REAL_TIME & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.e2e)
    if config.getoption("loadgroup", default=False):  # A worker beside others.
        items.sort(key=lambda item: workers.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Group by files and backends: xdist's own mark has no effect since pytest 9.2."""
    if config.getoption("dist") == "loadgroup":
        return workers.Together(config, log)
    return None

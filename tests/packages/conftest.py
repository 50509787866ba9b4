"""One run of everything per backend, shared by all tests and test processes."""

from __future__ import annotations

import fcntl
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import containers
import pytest
from packages import build, campaigns

T = TypeVar("T")
Once = Callable[[str, Callable[[Path], T]], T]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once[T]:
    """Do a task in a folder of its name, once for all processes of this test run."""
    ours = tmp_path_factory.getbasetemp()
    shared = ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours

    def do(name: str, make: Callable[[Path], T]) -> T:
        folder, result = shared / name, shared / f"{name}.pickle"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                folder.mkdir()
                result.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(result.read_bytes())  # type: ignore[no-any-return]

    return do


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("process", marks=[pytest.mark.e2e, pytest.mark.timeout(180)]),
        pytest.param("docker", marks=[pytest.mark.e2e, pytest.mark.timeout(300)]),
    ],
)
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "docker":
        containers.skip_without()
    return str(request.param)


@pytest.fixture(scope="session")
def python(backend: str) -> str:
    """This very Python, or one that has an image."""
    return (
        containers.PYTHON if backend == "docker" else f"{sys.version_info[0]}.{sys.version_info[1]}"
    )


@pytest.fixture(scope="session")
def index(backend: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of an index with all distributions: a web server's, or a folder's."""
    folder = tmp_path_factory.mktemp("index")
    folder.chmod(0o755)  # pytest makes it private, and a container has another user
    simple = build.index(folder)
    if backend == "docker":
        yield simple.as_uri()
    else:
        with campaigns.served(simple.parent) as url:
            yield url

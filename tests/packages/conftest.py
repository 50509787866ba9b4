"""What the tests of made-up distributions run on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import containers
import pytest
from packages import build, campaigns


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("process", marks=[pytest.mark.e2e, pytest.mark.timeout(600)]),
        pytest.param("docker", marks=[pytest.mark.e2e, pytest.mark.timeout(900)]),
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

"""Whether this machine can run tests with containers; and runs of real releases."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from docker.errors import ImageNotFound
from ours import INTERLOCK
from published import published_rows

from interlock.isolation.sandbox import engine
from interlock.model import Backend, EngineUnavailable

PYTHON = "3.10"
IMAGE = f"python:{PYTHON}-slim"
ROOT = Path(__file__).parents[1]


def skip_without() -> None:
    """Skip with a reason if no engine answers or the image is missing."""
    try:
        with closing(engine.connect()) as client:
            client.inspect_image(IMAGE)  # type: ignore[no-untyped-call]
    except EngineUnavailable as trouble:
        pytest.skip(str(trouble))
    except ImageNotFound:
        pytest.skip(f"there is no image {IMAGE}; `nox -s images` builds it")


@contextmanager
def tagged(name: str) -> Iterator[None]:
    """The image under another name, for the time of a test."""
    repository, _, tag = name.rpartition(":")
    with closing(engine.connect()) as client:
        client.tag(IMAGE, repository, tag)
        try:
            yield
        finally:
            client.remove_image(name, noprune=True)


def run_matrix(folder: Path, store: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the real `interlock matrix` on these cells; its files are in ``folder``.

    ``store`` holds the environments. Runs at the same time may share it.
    The ``stdout`` of the result holds everything that it printed, errors included.
    """
    home = folder / "home"
    store.mkdir(exist_ok=True)
    home.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (home / Backend.DOCKER.value).symlink_to(store)
    return subprocess.run(
        [
            *INTERLOCK,
            *("--matrix", str(ROOT / "matrix.yaml"), "matrix", "--backend", "docker"),
            *("--python", PYTHON, *arguments),
            *("--no-follow-ups", "--no-page", "--results", str(folder / "results")),
        ],
        env={**os.environ, "INTERLOCK_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def published(folder: Path) -> list[dict[str, str]]:
    """The rows that it published there."""
    return published_rows(folder / "results" / "verdicts.csv")

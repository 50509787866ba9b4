"""Whether this machine has what a test with containers needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from docker.errors import ImageNotFound

from interlock.errors import EngineUnavailable
from interlock.sandbox import engine

PYTHON = "3.10"
IMAGE = f"python:{PYTHON}-slim"


def skip_without() -> None:
    """Skip, and say why, where no engine answers or the image is not there."""
    try:
        with closing(engine.connect()) as client:
            client.inspect_image(IMAGE)  # type: ignore[no-untyped-call]
    except EngineUnavailable as trouble:
        pytest.skip(str(trouble))
    except ImageNotFound:
        pytest.skip(f"there is no image {IMAGE}; `nox -s images` builds it")


@contextmanager
def tagged(name: str) -> Iterator[None]:
    """The image under another name, for a while."""
    repository, _, tag = name.rpartition(":")
    with closing(engine.connect()) as client:
        client.tag(IMAGE, repository, tag)
        try:
            yield
        finally:
            client.remove_image(name, noprune=True)

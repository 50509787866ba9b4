"""The container engine that ``DOCKER_HOST`` names, and what its refusals mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import requests
from docker import APIClient
from docker.errors import APIError, DockerException
from docker.utils import kwargs_from_env

from interlock.model import EngineUnavailable, StorageTrouble

_TIMEOUT_S = 60
_NO_SPACE = "no space left on device"


def connect(timeout_s: int = _TIMEOUT_S) -> APIClient:
    """A client of the engine; raise ``EngineUnavailable`` where none answers."""
    with translated():
        return APIClient(version="auto", timeout=timeout_s, **kwargs_from_env())


def client(version: str) -> APIClient:
    """Another client of an engine that has told its API version; no request is made."""
    return APIClient(version=version, timeout=_TIMEOUT_S, **kwargs_from_env())


@contextmanager
def translated() -> Iterator[None]:
    """Turn what the SDK raises when the engine is gone, or its disk is full, into our own.

    An answer of a living engine (``APIError``: no such image, no such container) passes through.
    """
    try:
        yield
    except APIError as error:
        if _NO_SPACE in str(error).lower():
            raise StorageTrouble(f"the container engine's disk is full: {error}") from error
        raise
    # urllib3 and socket errors surface bare while a stream is being read.
    except (DockerException, requests.exceptions.RequestException, OSError) as error:
        raise EngineUnavailable(
            f"no container engine answers at {address()} ({_innermost(error)})"
        ) from error


def address() -> str:
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _innermost(error: BaseException) -> str:
    """The first cause: urllib3 and requests each wrap the one sentence that helps."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error) or type(error).__name__

"""The container engine at ``DOCKER_HOST``, and the meaning of its errors."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import requests
from docker import APIClient
from docker.errors import APIError, DockerException, ImageNotFound, TLSParameterError
from docker.utils import kwargs_from_env, parse_host, parse_repository_tag

from interlock.model import (
    EngineUnavailable,
    ImageMissing,
    PythonVersion,
    StorageTrouble,
    UsageError,
)

_TIMEOUT_S = 60
_SOCKET = "unix:///var/run/docker.sock"
_OF_THE_IMAGE = "it comes from image in matrix.yaml, or from INTERLOCK_IMAGE"
_REFUSALS = ("manifest unknown", "pull access denied", "no matching manifest", "does not exist")
_NO_SPACE = "no space left on device"


def connect(timeout_s: int = _TIMEOUT_S) -> APIClient:
    """A client of the engine. Raises ``EngineUnavailable`` if none answers.

    Raises ``UsageError`` if the variables that name the engine are invalid.
    """
    with translated():
        return APIClient(version="auto", timeout=timeout_s, **_named())


def client(version: str) -> APIClient:
    """Another client of an engine with a known API version. It makes no request."""
    return APIClient(version=version, timeout=_TIMEOUT_S, **_named())


def _named() -> Mapping[str, Any]:
    """The environment's settings for reaching the engine."""
    advice = f"name a socket, as {_SOCKET}, or unset it"
    host = os.environ.get("DOCKER_HOST")
    try:
        if host:
            parts = urlsplit(parse_host(host, tls=bool(os.environ.get("DOCKER_TLS_VERIFY"))))
            _ = parts.port
    except (DockerException, ValueError) as error:
        raise UsageError(f"DOCKER_HOST={host}: {error}; {advice}") from error
    try:
        return kwargs_from_env()
    except (TLSParameterError, OSError) as error:
        raise UsageError(
            f"DOCKER_TLS_VERIFY and DOCKER_CERT_PATH: {str(error).partition(' TLS config')[0]}"
        ) from error


def image_name(template: str, python: PythonVersion) -> str:
    """The image of a Python. Raises ``UsageError`` for an invalid template."""
    try:
        return template.format(python=python)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{template} is not a template of an image ({error}); {_OF_THE_IMAGE}"
        ) from (error)


@contextmanager
def translated() -> Iterator[None]:
    """Turn the SDK's errors for a lost engine, or a full disk, into our own.

    An answer of a living engine (``APIError``: no such image, no such container) passes through.
    """
    try:
        yield
    except APIError as error:
        if _NO_SPACE in str(error).lower():
            raise StorageTrouble(f"the container engine's disk is full: {error}") from error
        if error.status_code == 400 and "invalid reference format" in str(error):
            raise UsageError(f"{error.explanation}; {_OF_THE_IMAGE}") from error
        raise
    # urllib3 and socket errors come unwrapped while a stream is being read.
    except (DockerException, requests.exceptions.RequestException, OSError) as error:
        raise EngineUnavailable(
            f"no container engine answers at {address()} ({_innermost(error)})"
        ) from error


@contextmanager
def not_refused() -> Iterator[None]:
    """An engine that refuses our request is our own trouble. Quotes its words."""
    try:
        with translated():
            yield
    except ImageNotFound as error:
        raise ImageMissing(
            f"the image was removed while it was in use ({error.explanation}); "
            "`nox -s images` builds it again"
        ) from error
    except APIError as error:
        raise EngineUnavailable(
            f"the container engine at {address()} refused: {error.explanation or error}"
        ) from error


@contextmanager
def unless_gone() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        if error.status_code not in {404, 409}:
            raise


def pull(client: APIClient, reference: str) -> None:
    repository, tag = parse_repository_tag(reference)
    for said in client.pull(repository, tag=tag or "latest", stream=True, decode=True):
        if "error" in said:
            raise APIError(said["error"])


def has_answered(error: APIError) -> bool:
    """Whether a failed ``pull`` has an answer of the registry: that it does not give the image.

    The engine passes such answers on with 404, or within the stream of a pull that began.
    """
    said = str(error.explanation or error).lower()
    return isinstance(error, ImageNotFound) or any(word in said for word in _REFUSALS)


def address() -> str:
    return os.environ.get("DOCKER_HOST") or _SOCKET


def _innermost(error: BaseException) -> str:
    """The first cause. urllib3 and requests each wrap the one helpful sentence."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error) or type(error).__name__

"""What the environment determines about the container engine and its images."""

from __future__ import annotations

import pytest
import requests
from docker.errors import APIError, ImageNotFound

from interlock.isolation.sandbox import engine
from interlock.model import EngineUnavailable, PythonVersion, UsageError

PYTHON = PythonVersion(3, 10)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"DOCKER_HOST": "garbage"}, "DOCKER_HOST=garbage: "),
        ({"DOCKER_HOST": "tcp://engine.example:port"}, "DOCKER_HOST=tcp"),
        ({"DOCKER_HOST": "tcp://engine.example:99999"}, "DOCKER_HOST=tcp"),
        ({"DOCKER_HOST": "tcp://"}, "DOCKER_HOST=tcp"),
        ({"DOCKER_HOST": "http://[::1"}, "DOCKER_HOST=http"),
        ({"DOCKER_HOST": "gopher://engine.example"}, "DOCKER_HOST=gopher"),
        ({"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/no/such"}, "DOCKER_CERT_PATH"),
    ],
)
def test_variables_that_name_no_engine_are_a_mistake(
    environ: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=named):
        engine.connect()


@pytest.mark.parametrize(
    "host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1", "http://127.0.0.1:1"]
)
def test_an_engine_that_is_not_there_is_trouble(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", host)
    with pytest.raises(EngineUnavailable, match=host):
        engine.connect()


@pytest.mark.parametrize(
    "template",
    ["{python", "python}", "{other}", "{}", "{python.nothing}", "{python[x]}", "{python!x}"],
)
def test_a_template_that_gives_no_image_is_a_mistake(template: str) -> None:
    with pytest.raises(UsageError, match="INTERLOCK_IMAGE"):
        engine.image_name(template, PYTHON)


def test_a_template_gives_the_image_of_a_python() -> None:
    assert engine.image_name("mine/python:{python}-slim", PYTHON) == "mine/python:3.10-slim"


def refused(status: int, text: str) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError(text, response=response, explanation=text)


def test_a_name_that_no_image_can_have_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="INTERLOCK_IMAGE"), engine.translated():
        raise refused(400, "no such image: a b:3.10: invalid reference format")
    with pytest.raises(ImageNotFound), engine.translated():
        raise ImageNotFound("no such image")


@pytest.mark.parametrize(
    ("error", "answered"),
    [
        (ImageNotFound("404 Client Error: Not Found"), True),
        (APIError("manifest unknown: manifest unknown"), True),
        (refused(500, "pull access denied for nobody/python, repository does not exist"), True),
        (refused(500, "dial tcp: lookup registry-1.docker.io: no such host"), False),
        (refused(500, "dial tcp 127.0.0.1:9: connect: connection refused"), False),
        (APIError("context deadline exceeded"), False),
    ],
)
def test_a_registry_that_was_not_reached_has_not_answered(error: APIError, answered: bool) -> None:
    assert engine.has_answered(error) is answered

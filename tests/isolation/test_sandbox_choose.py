from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from interlock.isolation.sandbox import Image, Sandbox, choose
from interlock.isolation.store import Store
from interlock.model import Backend, EngineUnavailable, ImageMissing, PythonVersion, TroubleError

PY310, PY314 = PythonVersion(3, 10), PythonVersion(3, 14)


class Engine:
    """A backend that has images for some Pythons, or does not answer at all."""

    def __init__(self, backend: Backend, pythons: tuple[PythonVersion, ...]) -> None:
        self.backend = backend
        self._pythons = pythons

    def available(self, python: PythonVersion) -> Image:
        if python not in self._pythons:
            raise ImageMissing(f"no image python:{python}-slim here; `nox -s images` builds it")
        return Image(
            reference="", digest="", python="python3", python_full=f"{python}.1", machine="x86_64"
        )


def no_engine(**_: Any) -> Sandbox:
    raise EngineUnavailable("no container engine answers at unix:///nowhere")


def engine_with(*pythons: PythonVersion) -> Callable[..., Sandbox]:
    return lambda **_: cast(Sandbox, Engine(Backend.DOCKER, pythons))


def chosen(
    asked: str, docker: Callable[..., Sandbox], *, named: Sequence[str] = ()
) -> tuple[Backend, str]:
    backends = {
        Backend.DOCKER: docker,
        Backend.PROCESS: lambda **_: cast(Sandbox, Engine(Backend.PROCESS, ())),
    }
    sandbox, why = choose(
        asked,
        [PY310, PY314],
        "python:{python}-slim",
        store=Store(home=Path("unused")),
        probes=Path("unused"),
        named=named,
        backends=backends,
    )
    assert "\n" not in why
    return sandbox.backend, why


def test_auto_takes_containers_where_the_images_are_there() -> None:
    assert chosen("auto", engine_with(PY310, PY314)) == (Backend.DOCKER, "containers")


def test_auto_takes_containers_where_only_some_of_the_images_are_there() -> None:
    assert chosen("auto", engine_with(PY310)) == (Backend.DOCKER, "containers")
    assert chosen("auto", engine_with(PY314)) == (Backend.DOCKER, "containers")


@pytest.mark.parametrize("docker", [no_engine, engine_with()])
def test_auto_takes_processes_otherwise_and_says_why(docker: Callable[..., Sandbox]) -> None:
    backend, why = chosen("auto", docker)
    assert backend is Backend.PROCESS
    assert "no " in why and "nox -s images" in why


@pytest.mark.parametrize(
    ("docker", "trouble"), [(no_engine, EngineUnavailable), (engine_with(), ImageMissing)]
)
@pytest.mark.parametrize("variable", ["DOCKER_HOST", "INTERLOCK_IMAGE"])
def test_what_is_named_and_not_to_be_had_is_an_error_and_never_means_processes(
    docker: Callable[..., Sandbox], trouble: type[TroubleError], variable: str
) -> None:
    with pytest.raises(trouble, match=f"{variable} said where to run") as raised:
        chosen("auto", docker, named=[variable])
    assert raised.value.exit_code == 3
    assert "\n" not in str(raised.value)


def test_a_named_image_that_is_there_means_containers() -> None:
    assert chosen("auto", engine_with(PY310), named=["INTERLOCK_IMAGE"]) == (
        Backend.DOCKER,
        "containers",
    )


def test_who_names_an_image_and_asks_for_processes_gets_them() -> None:
    assert chosen("process", no_engine, named=["INTERLOCK_IMAGE"])[0] is Backend.PROCESS


def test_docker_without_an_engine_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(EngineUnavailable, match="nox -s images") as raised:
        chosen("docker", no_engine)
    assert raised.value.exit_code == 3


def test_docker_without_images_is_an_error_that_names_the_way_out() -> None:
    with pytest.raises(ImageMissing, match="nox -s images") as raised:
        chosen("docker", engine_with())
    assert raised.value.exit_code == 3


def test_process_never_asks_the_engine() -> None:
    assert chosen("process", no_engine)[0] is Backend.PROCESS

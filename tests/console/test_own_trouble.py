"""Trouble of a command's own: no engine, no index, no Python. It is no verdict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

import pytest
from command_line import THIS, Typed

from interlock.isolation import sandbox
from interlock.isolation.sandbox import interpreters
from interlock.matrix import selection
from interlock.model import Backend, EngineUnavailable, PythonVersion

NOWHERE = "http://127.0.0.1:9/simple"
"""The discard port; nobody listens there."""


def test_an_index_that_does_not_answer_is_trouble(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", NOWHERE)
    said = typed("matrix", "--backend", "process")
    assert said.code == 3
    assert said.errors.startswith(f"the package index {NOWHERE}/subject/ did not answer")
    assert len(said.errors.strip().splitlines()) == 1
    assert typed.nothing_ran


def test_containers_without_an_engine_are_trouble(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said = typed("matrix", "--backend", "docker")
    assert said.code == 3
    assert "no container engine answers at unix:///nowhere/docker.sock" in said.errors
    assert typed.nothing_ran


def test_an_engine_that_is_named_and_does_not_answer_is_trouble(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names an engine does not want the packages to run in processes."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    said = typed("matrix", "--python", THIS)
    assert said.code == 3
    assert "DOCKER_HOST said where to run, so nothing runs elsewhere" in said.errors
    assert typed.nothing_ran


def test_where_no_engine_answers_processes_do_and_it_says_why(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object, **__: object) -> NoReturn:
        raise EngineUnavailable("no container engine answers at unix:///nowhere/docker.sock")

    monkeypatch.delenv("DOCKER_HOST", raising=False)
    monkeypatch.setitem(sandbox.BACKENDS, Backend.DOCKER, none)
    said = typed("matrix", "--python", THIS, "--dry-run")
    assert said.code == 0
    (why,) = [line for line in said.output.splitlines() if line.startswith("isolated by")]
    assert "processes, not containers" in why
    assert "nox -s images" in why


NOBODYS = "3.9" if THIS != "3.9" else "3.10"


@pytest.fixture
def nobody_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without that Python, and without a source to download it from."""
    find = interpreters.find

    def without(
        python: PythonVersion, environ: Mapping[str, str]
    ) -> interpreters.Interpreter | None:
        return None if str(python) == NOBODYS else find(python, environ)

    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setattr(interpreters, "find", without)


def with_a_python_that_nobody_has(typed: Typed, pythons: str) -> None:
    typed.write(lambda text: text.replace('python: ["3.10"]', f"python: {pythons}"))


def test_a_python_of_a_set_that_can_not_be_had_is_skipped_in_one_line(
    typed: Typed, nobody_has_it: None
) -> None:
    with_a_python_that_nobody_has(typed, f'["{THIS}", "{NOBODYS}"]')
    said = typed("matrix", "--backend", "process", "--dry-run")
    assert said.code == 0
    (line,) = [line for line in said.output.splitlines() if NOBODYS in line]
    assert line.startswith(f"Python {NOBODYS} is skipped: no interpreter")
    assert f"uv python install {NOBODYS}" in line
    filtered = typed("matrix", "--backend", "process", "--python", ">=3.0", "--dry-run")
    assert (filtered.code, "is skipped" in filtered.output) == (0, True)


def test_a_set_of_which_no_python_can_be_had_is_trouble(typed: Typed, nobody_has_it: None) -> None:
    with_a_python_that_nobody_has(typed, f'["{NOBODYS}"]')
    said = typed("matrix", "--backend", "process")
    assert said.code == 3
    assert f"uv python install {NOBODYS}" in said.errors


def test_a_python_that_is_asked_for_by_its_name_is_trouble_where_it_can_not_be_had(
    typed: Typed, nobody_has_it: None
) -> None:
    pythons = ("--python", NOBODYS, "--python", THIS)
    one = ("--subject", "1+no.wheel", "--no-page")
    said = typed("matrix", "--backend", "process", *pythons, *one)
    assert said.code == 3
    assert "is skipped" not in said.output
    assert said.errors.startswith(f"1 cell left open: no interpreter of Python {NOBODYS}")


def test_an_interruption_is_told_apart_from_a_failure(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(selection, "select", interrupt)
    said = typed("matrix", "--backend", "process")
    assert said.code == 130
    assert "what was finished is kept" in said.errors


def test_a_home_that_is_no_folder_is_a_mistake_in_one_line(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("INTERLOCK_HOME", str(tmp_path / "file"))
    said = typed("matrix", "--backend", "process", "--python", THIS)
    assert said.code == 2
    assert "INTERLOCK_HOME" in said.errors
    assert "Traceback" not in said.errors

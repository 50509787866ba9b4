"""Interpreters as uv finds them: this very Python, in places made up for it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from interlock.isolation.sandbox import interpreters
from interlock.isolation.sandbox.interpreters import fetch, find, installed
from interlock.model import InterpreterMissing, PythonVersion

THIS = PythonVersion(*sys.version_info[:2])
REAL = Path(sys.base_prefix).resolve() / f"bin/python{THIS}"
NOBODYS = PythonVersion(3, 99)


@dataclass(frozen=True)
class Machine:
    """A home without an interpreter, and what is put into it."""

    home: Path

    @property
    def environ(self) -> Mapping[str, str]:
        shims, programs = self.home / ".pyenv/shims", self.home / "bin"
        return {"HOME": str(self.home), "PATH": f"{shims}:{programs}"}

    def has(self, place: str, script: str | None = None) -> None:
        """This Python at a place, or a script that is called like one."""
        path = self.home / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if script is None:
            path.symlink_to(REAL)
        else:
            path.write_text(f"#!/bin/sh\n{script}\n")
            path.chmod(0o755)

    def found(self) -> Path | None:
        """What is found of this Python."""
        found = find(THIS, self.environ)
        return found and found.executable


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_machine_without_an_interpreter_has_none(machine: Machine) -> None:
    assert machine.found() is None


def test_what_is_on_path_is_found_with_its_place_and_its_release(machine: Machine) -> None:
    machine.has(f"bin/python{THIS}")
    found = find(THIS, machine.environ)
    assert found is not None
    assert (found.executable, found.prefix) == (REAL, Path(sys.base_prefix).resolve())
    assert found.full == sys.version.split()[0]
    assert found.machine == os.uname().machine


def test_a_version_of_pyenvs_is_found_that_is_not_switched_on(machine: Machine) -> None:
    machine.has(f".pyenv/versions/{THIS}.1/bin/python{THIS}")
    machine.has(f".pyenv/shims/python{THIS}", "echo not switched on >&2; exit 127")
    assert machine.found() == REAL


def test_a_shim_of_pyenvs_keeps_no_other_interpreter_from_being_found(machine: Machine) -> None:
    machine.has(f".pyenv/shims/python{THIS}", "exit 127")
    machine.has(f"bin/python{THIS}")
    assert machine.found() == REAL


def test_an_interpreter_of_another_release_is_not_taken(machine: Machine) -> None:
    machine.has(f"bin/python{NOBODYS}")
    assert find(NOBODYS, machine.environ) is None


def test_the_newest_patch_release_of_pyenvs_comes_first(machine: Machine) -> None:
    for version in (f"{THIS}.9", f"{THIS}.10", f"{THIS}.11-dev", "2.7.18"):
        (machine.home / ".pyenv/versions" / version / "bin").mkdir(parents=True)
    kept = machine.home / ".pyenv/versions"
    assert interpreters._path(THIS, machine.environ).split(":") == [
        *(str(kept / f"{THIS}.{patch}/bin") for patch in ("10", "9", "11-dev")),
        str(machine.home / "bin"),
    ]


def test_every_interpreter_is_listed_once_however_it_is_called(machine: Machine) -> None:
    machine.has(f"bin/python{THIS}")
    machine.has(f".pyenv/versions/{THIS}.1/bin/python{THIS}")
    machine.has(f".pyenv/shims/python{THIS}", "exit 127")
    found = [one.executable for one in installed(THIS, machine.environ)]
    assert found == ([REAL] if Path(sys.base_prefix) != Path("/usr") else [])
    assert installed(NOBODYS, machine.environ) == []


def test_what_can_not_be_downloaded_is_missing_and_says_why(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {**machine.environ, "UV_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InterpreterMissing, match=r"no interpreter.* could not download one") as why:
        fetch(NOBODYS)
    assert "no answer" not in str(why.value)
    assert why.value.exit_code == 3

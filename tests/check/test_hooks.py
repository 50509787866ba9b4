"""The pre-commit hook, the GitHub action and the nox session name what exists."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from interlock.console import check_options
from interlock.console.options import COMMANDS

ROOT = Path(__file__).parents[2]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))


def options() -> set[str]:
    command = argparse.ArgumentParser()
    check_options.add(command, "")
    return {option for action in command._actions for option in action.option_strings}


def test_the_hook_calls_a_command_that_exists() -> None:
    program, command = HOOK["entry"].split()
    assert (program, HOOK["language"]) == ("interlock", "python")
    assert command in COMMANDS
    assert {one for one in HOOK["args"] if one.startswith("-")} <= options()


@pytest.mark.parametrize(
    ("name", "starts_it"),
    [
        ("requirements.txt", True),
        ("dev-requirements.in", True),
        ("deploy/requirements/base.txt", True),
        ("services/api/pyproject.toml", True),
        ("uv.lock", True),
        ("poetry.lock", True),
        ("pdm.lock", True),
        ("Pipfile", True),
        ("Pipfile.lock", True),
        ("pylock.toml", True),
        ("pylock.dev.toml", True),
        ("environment.yml", True),
        ("constraints.txt", True),
        ("Dockerfile", True),
        ("docker/api.Dockerfile", True),
        ("Dockerfile.dev", True),
        ("setup.py", True),
        ("README.md", False),
        ("package-lock.json", False),
        ("src/app.py", False),
        ("notes.txt", False),
    ],
)
def test_the_hook_starts_for_dependency_files(name: str, starts_it: bool) -> None:
    assert bool(re.search(HOOK["files"], name)) is starts_it


def test_the_action_names_options_that_exist() -> None:
    script = ACTION["runs"]["steps"][-1]["run"]
    assert set(re.findall(r"--[a-z-]+", script)) <= options()


def test_the_action_uses_every_input_and_no_other_as_a_variable() -> None:
    steps = ACTION["runs"]["steps"]
    assert not any("${{" in step["run"] for step in steps), "an input may be code"
    used = re.findall(r"inputs\.([a-z-]+)", str([step.get("env") for step in steps]))
    assert sorted(used) == sorted(ACTION["inputs"])


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({"FILES": "."}, ["."]),
        ({"FILES": "a b.txt\nuv.lock\n"}, ["a b.txt", "uv.lock"]),
        ({"FILES": "$(touch hacked); x"}, ["$(touch hacked); x"]),
        (
            {"FILES": ".", "PYTHONS": "3.11\n3.12", "SITUATION": "event-level=WARNING\nforks"},
            [
                *(".", "--python", "3.11", "--python", "3.12"),
                *("--situation", "event-level=WARNING", "--situation", "forks"),
            ],
        ),
        (
            {"FILES": ".", "EXCEPTIONS": "e.toml", "REPORT_ONLY": "true"},
            [".", "--exceptions", "e.toml", "--report-only"],
        ),
    ],
)
def test_the_action_passes_its_inputs_on(
    tmp_path: Path, inputs: dict[str, str], told: list[str]
) -> None:
    program = tmp_path / "interlock" / "bin" / "interlock"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 5\n', encoding="utf-8")
    program.chmod(0o755)
    step = ACTION["runs"]["steps"][-1]
    empty = dict.fromkeys(step["env"], "")
    said = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={**os.environ, "RUNNER_TEMP": str(tmp_path), **empty, **inputs},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.stdout.splitlines() == ["check", "--format", "github", *told]
    assert said.returncode == 5
    assert not (tmp_path / "hacked").exists()


def test_nox_has_a_session_for_it() -> None:
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert re.search(r'def check\(.*\n.*"""Check .*\n +interlock\(session, "check", ', text)

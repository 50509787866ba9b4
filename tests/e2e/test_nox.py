"""Commands typed through nox end with the command's own exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]


def nox(home: Path, *arguments: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nox", "-f", str(ROOT / "noxfile.py"), *arguments],
        env={**os.environ, "INTERLOCK_HOME": str(home), **changed},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_a_version_that_nobody_published_ends_with_two_and_names_the_nearest(
    tmp_path: Path,
) -> None:
    done = nox(tmp_path, "-s", "matrix", "--", "--sentry", "2.5.99")
    assert done.returncode == 2, done.stdout
    assert 'nobody published sentry-sdk "2.5.99"; the nearest are 2.5.1 and 2.6.0' in done.stdout


def test_trouble_ends_with_three(tmp_path: Path) -> None:
    done = nox(
        tmp_path,
        *("-s", "matrix", "--", "--sentry", "2.5.1", "--backend", "docker"),
        DOCKER_HOST="unix:///nowhere/docker.sock",
    )
    assert done.returncode == 3, done.stdout
    assert "no container engine answers at unix:///nowhere/docker.sock" in done.stdout


def test_a_dry_run_ends_with_zero(tmp_path: Path) -> None:
    done = nox(
        tmp_path,
        *("-s", "matrix", "--", "--set", "smoke", "--backend", "process", "--python", "3.10"),
        "--dry-run",
    )
    assert done.returncode == 0, done.stdout
    assert "run          sentry 2.5.1 × ddtrace 2.14.2 × Python 3.10" in done.stdout


def test_the_sessions_fit_a_screen_and_explain_themselves(tmp_path: Path) -> None:
    lines = nox(tmp_path, "-l").stdout.splitlines()
    sessions = [line for line in lines if line.startswith(("* ", "- "))]
    assert len(lines) <= 24
    assert all(" -> " in line for line in sessions)
    expected = "matrix images site serve clean tests lint bench aa reach"
    for name in expected.split():
        assert any(line[2:].split()[0] == name for line in sessions), name


@pytest.mark.parametrize(
    "chosen",
    [("-k", "ddtrace_2_14_2 and py310"), ("-t", "ddtrace-2.14.2")],
    ids=["by-name", "by-tag"],
)
def test_one_combination_can_be_chosen_by_name_and_by_tag(
    tmp_path: Path, chosen: tuple[str, str]
) -> None:
    listed = nox(tmp_path, "-l", "-s", "cell", *chosen).stdout
    selected = [line for line in listed.splitlines() if line.startswith("* ")]
    assert selected
    assert all("ddtrace_2_14_2" in line for line in selected)

"""The wheel in its own environment, without extras and outside any checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import pytest
import uv

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
COMBINATION = ("--sentry", "2.10.0", "--ddtrace", "2.14.2", "--python", "3.11")


@dataclass(frozen=True)
class Installed:
    """The wheel, and the environment that it is installed in."""

    wheel: Path
    bin: Path
    elsewhere: Path

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            [str(self.bin / "interlock"), *arguments],
            cwd=self.elsewhere,
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def interlock(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")

    def run_uv(*arguments: str) -> None:
        subprocess.run([uv.find_uv_bin(), *arguments], cwd=folder, check=True, capture_output=True)

    run_uv("build", "--wheel", "--out-dir", str(folder / "dist"), str(ROOT))
    (wheel,) = (folder / "dist").glob("*.whl")
    run_uv("venv", "--python", sys.executable, str(folder / "environment"))
    programs = folder / "environment" / "bin"
    run_uv("pip", "install", "--python", str(programs / "python"), str(wheel))
    (folder / "elsewhere").mkdir()
    return Installed(wheel=wheel, bin=programs, elsewhere=folder / "elsewhere")


def test_the_wheel_has_what_an_answer_is_read_from(interlock: Installed) -> None:
    data = "interlock/data/"
    shipped = {
        name.removeprefix(data) for name in ZipFile(interlock.wheel).namelist() if data in name
    }
    assert {
        "matrix.yaml",
        "results/verdicts.csv",
        "results/audits.csv",
        "results/shared.json",
        "results/releases.json",
    } <= shipped
    described = {str(path.relative_to(ROOT)) for path in ROOT.glob("probes/*/probe.yaml")}
    assert described <= shipped
    assert not [name for name in shipped if name.endswith(".py")]


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["ask", "--help"]])
def test_help_and_version_need_no_checkout(interlock: Installed, arguments: list[str]) -> None:
    done = interlock(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert "interlock" in done.stdout


def test_help_of_a_run_names_the_axes_of_the_shipped_matrix(interlock: Installed) -> None:
    done = interlock("matrix", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert "--sentry VERSION" in done.stdout


def test_a_question_is_answered_from_what_the_wheel_ships(interlock: Installed) -> None:
    done = interlock("ask", *COMBINATION, "--config", "warning-events", "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["outcome"], said["basis"]) == ("hang", "tested")
    assert said["signatures"][0]["locks"] == ["BackgroundWorker._lock"]


def test_a_question_is_answered_in_words(interlock: Installed) -> None:
    done = interlock("ask", *COMBINATION)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("It hangs: sentry-sdk 2.10.0 with ddtrace 2.14.2")


@pytest.mark.parametrize(
    ("command", "extras"), [("matrix", "run"), ("images", "run"), ("site", "run,site")]
)
def test_a_command_of_an_extra_says_which_one_to_install(
    interlock: Installed, command: str, extras: str
) -> None:
    done = interlock(command)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"pip install 'interlock[{extras}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1

"""An interrupted run loses nothing that is finished, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from packages.campaigns import Project

# The first is over at once; the second is then in the middle of its work.
KILLED = ("--subject", "1+passes", "--subject", "1+slow.but.alive", "--jobs", "2")
INTERRUPTED = ("--subject", "1+passes", "--subject", "1+drags.on", "--jobs", "2")


@pytest.fixture
def project(tmp_path: Path, index: str) -> Project:
    return Project.make(tmp_path, index)


def until_a_verdict(run: subprocess.Popen[str]) -> None:
    assert run.stdout is not None
    for line in run.stdout:
        if line.startswith("✓"):
            return
    raise AssertionError("it ended without a verdict")


def test_what_was_killed_goes_on_where_it_was(project: Project, backend: str, python: str) -> None:
    chosen = (*KILLED, "--backend", backend, "--python", python)
    run = project.start(*chosen)
    until_a_verdict(run)
    run.kill()
    run.communicate()

    again = project.run(*chosen)
    assert again.code == 0
    assert "1 cell to run, 1 with a verdict that is still valid" in again.output
    assert (again.of("passes"), again.of("slow-but-alive")) == ("pass", "pass")
    assert project.trials() == {"1+passes": 1, "1+slow.but.alive": 1}
    assert project.left_behind(backend) == []


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.e2e),
        # the terminal was closed
        pytest.param(signal.SIGHUP, marks=pytest.mark.e2e),
    ],
)
def test_an_interrupted_run_leaves_nothing_behind(
    project: Project, backend: str, python: str, number: signal.Signals
) -> None:
    run = project.start(*INTERRUPTED, "--backend", backend, "--python", python)
    until_a_verdict(run)
    run.send_signal(number)
    output, _ = run.communicate()
    assert run.returncode == 130
    *_, verdicts, asks, again, last = output.splitlines()
    results = project.folder / "results" / "verdicts.csv"
    assert verdicts == f"verdicts: {results}"
    pins, of = "--subject 1+passes --partner 1", f"--python {python} --config plain"
    assert asks == f"ask:      interlock ask {pins} {of} --results {results.parent}"
    assert again == "run the same command again to continue"
    assert last == "interrupted; what was finished is kept"
    assert "1+passes" in results.read_text() and "1+drags.on" not in results.read_text()
    assert "Passed here: everything that was run (1 pass)." in output
    assert project.trials() == {"1+passes": 1}
    assert project.left_behind(backend) == []

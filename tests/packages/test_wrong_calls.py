"""A probe that calls its trial wrongly: our own mistake, so no outcome, and exit code 3."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from packages import build
from packages.campaigns import Project, served

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

WRONG = {
    'trial.phase(str(trial.knobs["times"]))': "phase(): phase.phase: '100' is not one of",
    'trial.expose(str(trial.knobs["times"]))': "expose(): beat.beat: '100' is not an integer",
}


@pytest.mark.parametrize("call", WRONG)
def test_the_run_names_the_probe_and_the_call_and_has_no_outcome(tmp_path: Path, call: str) -> None:
    build.index(tmp_path / "index")
    with served(tmp_path / "index") as url:
        project = Project.make(tmp_path / "project", url)
        app = project.folder / "probes" / "fate" / "app.py"
        lines = app.read_text().splitlines()
        at = lines.index('    trial.phase("serving")') + 1
        app.write_text("\n".join([*lines[:at], f"    {call}", *lines[at:]]) + "\n")
        python = f"{sys.version_info[0]}.{sys.version_info[1]}"
        ran = project.run("--backend", "process", "--python", python, "--subject", "1+passes")
    assert ran.code == 3
    assert ran.of("passes") == "open"
    assert project.trials() == {}
    assert "1 cell left open: the probe fate made a mistake" in ran.output
    assert f"app.py:{at + 1}: {WRONG[call]}" in ran.output
    assert "Traceback" not in ran.output

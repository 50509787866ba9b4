"""The follow-ups of a hang, through the whole pipeline.

These are workarounds, baselines and controls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from packages.campaigns import Project, Ran

HUNG = "1+hangs.unless.quiet "
HANG = "hang serving self-deadlock Subject._lock → Subject._lock"


def followed(folder: Path, index: str, python: str, known_pass: str) -> Project:
    """A project with a second control, this subject, that should pass."""
    project = Project.make(folder, index, matrix="followed.yaml")
    path = project.folder / "matrix.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("PYTHON", f'"{python}"').replace("CONTROL", known_pass))
    return project


@dataclass(frozen=True)
class Runs:
    """Runs one after the other in one project."""

    first: Ran
    second: Ran
    again: Ran
    controls: list[dict[str, object]]
    trials: dict[str, int]


@pytest.fixture(scope="session")
def runs(backend: str, python: str, index: str, once: Callable[..., Runs]) -> Runs:
    def run(folder: Path) -> Runs:
        project = followed(folder, index, python, "slow.but.alive")
        chosen = ("--backend", backend, "--jobs", "2")
        first = project.run(*chosen, "--python", python)
        controls = json.loads((project.folder / "results" / "controls.json").read_text())
        trials = project.trials()
        second = project.run(*chosen, "--python", python)
        again = project.run(*chosen, "--cells", "3", "--repeat", "2", command="aa")
        return Runs(first, second, again, controls["controls"], trials)

    return once(f"followed-{backend}", run)


def test_a_hang_is_followed_by_its_workarounds_and_its_baseline(runs: Runs) -> None:
    assert runs.first.code == 0, runs.first.output
    assert runs.first.of("hangs-unless-quiet") == HANG
    beside = {name: str(row) for name, row in runs.first.beside.items() if name.startswith(HUNG)}
    assert beside == {
        "1+hangs.unless.quiet 1 plain+quiet": "pass",
        # a workaround that does not work is published as such
        "1+hangs.unless.quiet 1 plain+loud": HANG,
        "1+hangs.unless.quiet - plain": "pass",
    }


def test_a_workaround_is_run_beside_it_too(runs: Runs) -> None:
    others = {name: str(row) for name, row in runs.first.beside.items() if HUNG not in name}
    assert others == {"1+passes 1 plain+loud": "pass", "1+passes 1 plain+quiet": "pass"}


def test_what_a_workaround_does_is_said_with_what_it_costs(runs: Runs) -> None:
    said = runs.first.output
    assert "workarounds, tried where fate · plain did not pass:" in said
    assert "quiet: helps in 1 of 1 cell (told to be quiet)" in said
    assert "loud: helps in 0 of 1 cell (told to be loud)" in said
    assert "nothing is heard of it" in runs.first.output


def test_the_answer_is_given_before_anything_is_followed_up(runs: Runs) -> None:
    before, _, after = runs.first.output.partition("Answer so far (2 of 2 cells):")
    answer, _, follow_ups = after.partition("following up what was found: ")
    assert "✗ hang (self-deadlock)  subject 1+hangs.unless.quiet" in answer
    assert "plain+quiet" in follow_ups and "plain+quiet" not in before + answer
    assert after.count("Answer so far") == 0


def test_controls_are_run_beside_and_published(runs: Runs) -> None:
    """The known hang runs again if the machine became busier after its first run."""
    assert [(told["expected"], {*told["got"]}, told["differs"]) for told in runs.controls] == [
        ("hang", {"hang"}, False),
        ("pass", {"pass"}, False),
    ]
    hang, passed = (sum(told["got"].values()) for told in runs.controls)
    assert (hang in (1, 2), passed) == (True, 1)


def test_what_is_known_is_not_followed_up_again(runs: Runs) -> None:
    assert "nothing to run, 2 with a verdict that is still valid" in runs.second.output
    assert "control" not in runs.second.output.partition("nothing to run")[2]


def test_the_same_again_agrees(runs: Runs) -> None:
    assert runs.again.code == 0, runs.again.output
    assert "3 cells, 2 times each" in runs.again.output
    assert "0 of 3 cells had trials with different outcomes" in runs.again.output


def test_a_control_that_differs_takes_the_passes_back(
    tmp_path: Path, index: str, backend: str, python: str
) -> None:
    project = followed(tmp_path, index, python, "inactive")
    ran = project.run("--subject", "1+passes", "--python", python, "--backend", backend)
    assert ran.code == 0
    assert ran.of("passes") == "unproven serving control-differs"
    assert f"the passes of fate on Python {python}" in ran.output
    assert "should give pass and gave fail in 1 of 1; run again with --rerun failed" in ran.output


def test_nothing_follows_where_that_is_not_wanted(
    tmp_path: Path, index: str, backend: str, python: str
) -> None:
    project = followed(tmp_path, index, python, "slow.but.alive")
    chosen = ("--subject", "1+hangs.unless.quiet", "--python", python, "--backend", backend)
    ran = project.run(*chosen, "--no-follow-ups")
    assert (ran.of("hangs-unless-quiet"), ran.beside) == (HANG, {})

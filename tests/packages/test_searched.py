"""A search through the whole pipeline: its windows, its results, its budget."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from packages.campaigns import Project, Ran

ALL = """
  all:
    title: two subjects, with both partners
    subject: ["1+hangs.in.cycle", "1+passes"]
    partner: ["1", "2"]
    python: ["{python}"]
"""
CYCLE = "1+hangs.in.cycle"


@pytest.fixture
def project(tmp_path: Path, index: str, python: str) -> Project:
    """A project with a set of two subjects and both partners; one pair of them hangs."""
    made = Project.make(tmp_path, index)
    path = made.folder / "matrix.yaml"
    text = path.read_text(encoding="utf-8")
    new = text.replace("\nprobes:\n", ALL.format(python=python) + "\nprobes:\n", 1)
    path.write_text(new, encoding="utf-8")
    return made


def windows(ran: Ran) -> list[str]:
    """What it says of the releases, without the progress before."""
    lines = ran.output.splitlines()
    return [line.strip() for line in lines if line.startswith("    partner ")]


def test_a_search_prints_the_windows_that_it_ran_and_publishes_them(
    project: Project, backend: str, python: str
) -> None:
    asked = ("--subject", CYCLE, "--backend", backend, "--jobs", "2")
    ran = project.run(*asked, command="search")
    assert ran.code == 0, ran.output
    assert windows(ran) == ["partner 1 hangs (1 tested)", "partner 2 passes (1 tested)"]
    assert "2 pairs tested of 2: 0 inferred, 0 decided by the index, 0 unknown" in ran.output
    assert "not confirmed" not in ran.output

    results = project.folder / "results"
    with (results / "verdicts.csv").open(encoding="utf-8") as file:
        rows = {row["partner"]: row for row in csv.DictReader(file)}
    assert {name: row["outcome"] for name, row in rows.items()} == {"1": "hang", "2": "pass"}
    assert {row["trials"] for row in rows.values()} == {"10"}, "both sides of the edge"
    assert len(list((results / "signatures").iterdir())) == 1
    assert json.loads((results / "controls.json").read_text())["schema_version"] == 1
    assert (results / "audits.csv").read_text().startswith("seed,day,subject,partner,python,")

    with_budget = project.run(*asked, "--set", "all", "--budget", "90m")
    assert with_budget.code == 0, with_budget.output
    assert windows(with_budget) == windows(ran)
    assert project.trials() == {CYCLE: 20}, "nothing ran again"

"""The numbers of a selection that is too large to be planned cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from grids import LEFT, NOON, RIGHT, cell, published, release, verdict
from matrices import MATRIX, probe

from interlock.campaign import planning
from interlock.campaign.counting import Count, count
from interlock.campaign.planning import Costs, Rerun, plan
from interlock.matrix.choices import read_listed
from interlock.matrix.definition import CellSet, Control, Matrix, Only, ProbeUse
from interlock.matrix.selection import Request, select
from interlock.matrix.selector import Selector
from interlock.model import Cell, Outcome, PythonVersion, Release, Unsupported, Verdict

PYTHONS = (PythonVersion(3, 8), PythonVersion(3, 10))
RELEASES: dict[str, tuple[Release, ...]] = {
    "left": (
        *published(LEFT, "0.9 1.0"),
        release(LEFT, "1.1", requires=">=3.9"),
        release(LEFT, "1.2", wheels="cp310-cp310-manylinux2014_x86_64"),
    ),
    "right": (*published(RIGHT, "1.0 2.0"), release(RIGHT, "2.10", wheels="")),
}
"""Some releases install on 3.10 alone, and one nowhere."""
EVERY = CellSet(
    name="all",
    versions={"left": (read_listed(">=1.0"),), "right": (read_listed(">=1.0"),)},
    pythons=PYTHONS,
    probes=("restart", "serve"),
    configs=("stock", "warnings"),
)
WHOLE = replace(
    MATRIX,
    sets={"all": EVERY},
    default_set="all",
    probes={**MATRIX.probes, "serve": replace(probe("serve", "stock"), requirements=("flask",))},
)
ALONE = replace(WHOLE, probes={**WHOLE.probes, "serve": replace(WHOLE.probes["serve"], alone=True)})
NARROWED = replace(WHOLE, uses={"serve": ProbeUse(only=Only(pythons=PYTHONS[1:]))})
CONTROLLED = replace(
    WHOLE,
    controls=tuple(
        Control(cell=cell("1.0", "1.0", str(python)), expect=Outcome.HANG) for python in PYTHONS
    ),
    controls_every=3,
)


def known(of: Cell, days: float = 1, outcome: str = "pass") -> Verdict:
    return verdict(
        of,
        outcome,
        probe_digest=WHOLE.probes[of.probe].digest,
        config_digest=WHOLE.configurations[of.config].digest,
        tested_at=NOON - timedelta(days=days),
    )


VERDICTS = [
    known(cell("1.0", "1.0", "3.8")),
    known(cell("1.0", "2.0", "3.8"), days=30),
    known(cell("1.1", "2.0"), outcome="unproven"),
    # what can't be installed, although it has a verdict
    known(cell("1.1", "2.0", "3.8")),
    known(cell("1.0", "2.10")),
    # of no cell that is requested
    known(cell("0.9", "1.0")),
    known(cell("1.0", "-")),
]


def counted(
    asked: Selector, verdicts: Sequence[Verdict], matrix: Matrix, rerun: Rerun, jobs: int = 1
) -> Count:
    return count(
        asked,
        {v.cell.key: v for v in verdicts},
        matrix=matrix,
        releases=RELEASES,
        now=NOON,
        machine="x86_64",
        rerun=rerun,
        jobs=jobs,
        costs=Costs(install_s=10, overhead_s=1),
    )


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("rerun", list(Rerun))
@pytest.mark.parametrize("verdicts", [[], VERDICTS], ids=["new", "known"])
@pytest.mark.parametrize(
    "matrix",
    [WHOLE, ALONE, NARROWED, CONTROLLED],
    ids=["whole", "alone", "narrowed", "controlled"],
)
def test_the_numbers_are_those_of_the_plan(
    matrix: Matrix, verdicts: list[Verdict], rerun: Rerun, jobs: int
) -> None:
    asked = select(matrix, RELEASES, Request()).selector
    planned = plan(
        list(asked),
        {v.cell.key: v for v in verdicts},
        matrix=matrix,
        releases=RELEASES,
        now=NOON,
        machine="x86_64",
        rerun=rerun,
        jobs=jobs,
        costs=Costs(install_s=10, overhead_s=1),
    )
    found = counted(asked, verdicts, matrix, rerun, jobs)
    assert (found.cells, found.to_run, found.unsupported, found.known) == (
        len(asked),
        len(planned.cells),
        len(planned.unsupported),
        len(planned.known),
    )
    assert found.seconds >= planned.seconds - 1e-6


@pytest.mark.parametrize("matrix", [WHOLE, NARROWED], ids=["whole", "narrowed"])
def test_the_time_is_exact_where_nothing_is_known(matrix: Matrix) -> None:
    # restart in two configurations, and serve in one: 2 releases of right, and 1 or 3 of left
    asked = select(matrix, RELEASES, Request()).selector
    pairs = [2, 3] if matrix is NARROWED else [3, 3]
    trials = 2 * 1 * pairs[0] + 2 * 3 * pairs[1]
    installs = 2 * (pairs[0] - 1) + 6 * 2
    assert counted(asked, [], matrix, Rerun.STALE).seconds == trials * (3 + 1) + installs * 10


def test_nothing_is_decided_or_made_for_each_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """600 releases on 7 Pythons are 1,890,000 cells, and 4200 decisions."""
    numbers = range(300)
    releases = {
        axis.name: published(axis, " ".join(f"1.{number}" for number in numbers))
        for axis in (LEFT, RIGHT)
    }
    every = replace(EVERY, pythons=tuple(PythonVersion(3, minor) for minor in range(8, 15)))
    asked = select(replace(WHOLE, sets={"all": every}), releases, Request()).selector
    decisions: list[tuple[Release, PythonVersion]] = []
    made: list[Cell] = []

    def decide(one: Release, python: PythonVersion, machine: str) -> Unsupported | None:
        decisions.append((one, python))
        return None

    monkeypatch.setattr(planning, "unsupported", decide)
    monkeypatch.setattr(Cell, "__init__", lambda self, **fields: made.append(self))
    found = count(asked, {}, matrix=WHOLE, releases=releases, now=NOON, machine="x86_64")
    assert found.cells == found.to_run == 3 * 300 * 300 * 7
    assert (len(decisions), len(made)) == (2 * 300 * 7, 0)

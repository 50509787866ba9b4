"""The commands that a run prints to repair what it left unproven: each runs what it says."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from datetime import timedelta

import pytest
from grids import NOON, cell, verdict
from matrices import MATRIX, RELEASES

from interlock.campaign.planning import Plan, Rerun, plan
from interlock.console import options, report
from interlock.console.ground import _request, how_to_repair
from interlock.findings.findings import Findings
from interlock.matrix import selection
from interlock.model import Cell, Reason, Verdict


def known(of: Cell, outcome: str, reason: Reason | None = None) -> Verdict:
    return verdict(
        of,
        outcome,
        reason=reason,
        probe_digest=MATRIX.probes[of.probe].digest,
        config_digest=MATRIX.configurations[of.config].digest,
        tested_at=NOON - timedelta(hours=1),
    )


PASSED = known(cell("1.0", "1.0"), "pass")
HUNG = known(cell("1.0", "2.10"), "hang", Reason.SELF_DEADLOCK)
DOUBTED = known(cell("1.1", "1.0"), "unproven", Reason.CONTROL_DIFFERS)
VERDICTS = (PASSED, HUNG, DOUBTED)


def typed(*arguments: str) -> argparse.Namespace:
    parser = options.parser(arguments[0], MATRIX, options.everywhere())
    return parser.parse_args(arguments)


def planned(arguments: Sequence[str]) -> Plan:
    """What ``nox -s matrix`` runs for these arguments, with the verdicts above."""
    given = typed("matrix", *arguments)
    asked = selection.select(MATRIX, RELEASES, _request(MATRIX, given), NOON)
    return plan(
        [*asked.selector],
        {one.cell.key: one for one in VERDICTS},
        matrix=MATRIX,
        releases=RELEASES,
        now=NOON,
        machine="x86_64",
        rerun=Rerun(given.rerun),
    )


def test_the_command_of_a_doubted_verdict_runs_that_cell_and_no_other() -> None:
    lines = report.stories([DOUBTED], Findings(matrix=MATRIX, verdicts=VERDICTS))
    (command,) = (line.strip() for line in lines if "--rerun" in line)
    nox, _, session, _, *arguments = shlex.split(command)
    assert (nox, session) == ("nox", "matrix")
    assert planned(arguments).cells == (DOUBTED.cell,)
    assert typed("matrix", *arguments).no_follow_ups


def test_the_same_command_with_the_option_runs_what_was_doubted_again() -> None:
    """And nothing that a control put in no doubt."""
    asked = ["--python", "3.10", "--probe", "restart", "--config", "stock", *PINS]
    again = how_to_repair(typed("matrix", *asked))
    option = again.removeprefix("run again with ").split()
    before, after = planned(asked).cells, planned([*asked, *option]).cells
    assert DOUBTED.cell not in before
    assert set(after) - set(before) == {DOUBTED.cell}
    assert not {PASSED.cell, HUNG.cell} & {*after}


PINS = ("--left", "1.0", "--left", "1.1", "--right", "1.0", "--right", "2.10")


@pytest.mark.parametrize("command", ["matrix", "search", "aa"])
def test_no_command_names_an_option_that_it_does_not_have(command: str) -> None:
    repair = how_to_repair(typed(command))
    words = repair.split()
    named = words[words.index("--rerun") :] if "--rerun" in words else []
    typed(command, *named)
    assert ("commands below" in repair) is (command == "search")

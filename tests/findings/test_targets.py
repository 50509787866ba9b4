"""Every recommended release was tested, passes often enough, and can be installed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from grids import AXES, RIGHT, cell, grid, matrix, verdict
from hypothesis import given, settings, strategies as st
from packaging.version import Version

from interlock.findings.advice import Move
from interlock.findings.findings import Findings
from interlock.findings.question import Question, answer
from interlock.matrix.policy import Policy
from interlock.model import Cell, Outcome, Target, Verdict

VERSIONS = ("1.0", "1.1", "2.0b1", "2.0", "2.1")
CELLS = [
    cell(left, right, probe=probe)
    for left in VERSIONS[:2]
    for right in VERSIONS
    for probe in ("restart", "serve")
]
LEAST = 2
WITHDRAWN = {"right": frozenset({Version("2.1")})}
KNOWN = matrix(policy=Policy(prefer=("right", "left"), least_trials=LEAST))


def found(verdicts: Sequence[Verdict]) -> Findings:
    return Findings(matrix=KNOWN, verdicts=verdicts, withdrawn=WITHDRAWN)


def unfit(of: Cell, moves: Sequence[Move], verdicts: Sequence[Verdict]) -> list[Target]:
    """The targets of moves that the advice must never suggest.

    What the reader keeps is the reader's choice.
    """
    targets = [t for move in moves for t in (move.nearest, move.newest) if isinstance(t, Target)]
    return [target for target in targets if not _is_fit(of, target, verdicts)]


def _is_fit(of: Cell, target: Target, verdicts: Sequence[Verdict]) -> bool:
    pins = tuple(
        replace(pin, version=target.version) if pin.axis == target.axis else pin for pin in of.pins
    )
    rows = [v for v in verdicts if (v.cell.pins, v.cell.config) == (pins, of.config)]
    return (
        bool(rows)
        and all(v.outcome is Outcome.PASS and v.trials >= LEAST for v in rows)
        and not target.version.is_prerelease
        and target.version not in WITHDRAWN.get(target.axis, ())
    )


TABLES = st.lists(
    st.sampled_from(["hang 1", "pass 1", "pass 2", "pass 2", "pass 3", "unproven 3", "none 0"]),
    min_size=len(CELLS),
    max_size=len(CELLS),
).map(
    lambda did: [
        verdict(of, outcome, trials=int(trials))
        for of, (outcome, trials) in zip(CELLS, (one.split() for one in did), strict=True)
        if outcome != "none"
    ]
)


@settings(max_examples=30)
@given(TABLES)
def test_a_target_of_the_advice_is_fit_to_be_one(verdicts: list[Verdict]) -> None:
    for advice in found(verdicts).by_application[None].advice.values():
        here = Cell(pins=advice.pins, python=advice.python, probe="restart", config="stock")
        assert unfit(here, advice.moves, verdicts) == []


@settings(max_examples=30)
@given(TABLES)
def test_a_target_of_an_answer_is_fit_to_be_one(verdicts: list[Verdict]) -> None:
    findings = found(verdicts)
    for of in CELLS[::2]:
        versions = {pin.axis: pin.version for pin in of.pins if pin.version}
        said = answer(
            Question(versions=versions, python=of.python, chosen={"level": "ERROR"}), findings
        )
        for part in said.parts:
            assert unfit(of, part.moves, verdicts) == []


@settings(max_examples=30)
@given(TABLES)
def test_a_target_for_a_python_is_fit_to_be_one(verdicts: list[Verdict]) -> None:
    for said in found(verdicts).by_application[None].recommendations:
        for target, _ in said.targets:
            rows = [v for v in verdicts if v.cell.version(target.axis) == target.version]
            assert any(v.outcome is Outcome.PASS and v.trials >= LEAST for v in rows)
            assert not any(v.outcome is Outcome.HANG for v in rows)
            assert not target.version.is_prerelease
            assert target.version not in WITHDRAWN.get(target.axis, ())


@pytest.mark.parametrize(("trials", "expected"), [(1, None), (2, Version("2.0"))])
def test_an_answer_recommends_what_passed_in_the_least_trials(
    trials: int, expected: Version | None
) -> None:
    verdicts = [
        verdict(cell(), "hang"),
        *(replace(one, trials=trials) for one in grid("2.0\n1.0 pass")),
    ]
    question = Question(
        versions={axis.name: Version("1.0") for axis in AXES},
        python=cell().python,
        chosen={"level": "ERROR"},
    )
    (move, _) = answer(question, found(verdicts)).moves

    assert move.axis == RIGHT.name
    assert getattr(move.nearest, "version", None) == expected

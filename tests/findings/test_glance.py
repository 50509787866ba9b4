"""A glance at a place says what the whole answer says, for every place."""

from __future__ import annotations

import itertools

import pytest
from gate import listed
from grids import AXES, cell, grid, matrix, verdict
from packaging.version import Version
from questions import FORKING

from interlock.findings.findings import Findings
from interlock.findings.glance import Glances
from interlock.findings.inference import AnswerBasis
from interlock.findings.question import Question, answer, every_situation
from interlock.model import Pin, PythonVersion, Reason, Verdict

LEFT = "1.0.0 1.0.1 1.0.2 2.0.0"
RIGHT = "3.0.0 3.0.1 3.0.2 3.0.3 4.0.0"
RELEASES = listed("3.10 3.11", {"4.0.0": "3.10"}, left=LEFT, right=RIGHT)

TESTED = """
        3.0.0  3.0.1  3.0.2  3.0.3  4.0.0
 1.0.0  hang   .      hang   pass   .
 1.0.2  hang   .      .      pass   .
 2.0.0  pass   fail   .      pass   .
"""


def verdicts() -> list[Verdict]:
    found = []
    for probe, config, python in (
        ("restart", "stock", "3.10"),
        ("restart", "warnings", "3.10"),
        ("serve", "stock", "3.10"),
        ("restart", "stock", "3.11"),
    ):
        found += grid(TESTED, probe=probe, config=config, python=python)
    lacking = cell("2.0.0", "3.0.3", probe="serve", config="warnings")
    return [*found, verdict(lacking, "unsupported", reason=Reason.NO_FEATURE)]


@pytest.mark.parametrize("chosen", [{}, {"level": "ERROR"}, {"level": "WARNING"}])
def test_a_glance_is_the_short_form_of_the_answer(chosen: dict[str, str]) -> None:
    findings = Findings(matrix=matrix(), verdicts=verdicts(), releases=RELEASES)
    situation = findings.matrix.situation(chosen)
    glances = Glances(findings, [situation] if chosen else every_situation(findings))
    seen = set()
    for left, right, python in itertools.product(LEFT.split(), RIGHT.split(), ("3.10", "3.11")):
        versions = {"left": Version(left), "right": Version(right)}
        on = PythonVersion.parse(python)
        pins = tuple(Pin(axis=a.name, package=a.package, version=versions[a.name]) for a in AXES)
        whole = answer(Question(versions=versions, python=on, chosen=chosen), findings)
        told = [(one.situation, one.outcome, one.basis, one.rare) for one in glances.at((pins, on))]
        assert told == [(p.situation, p.outcome, p.basis, p.rare) for p in whole.parts]
        counting = [one.situation for one in glances.at((pins, on)) if one.counts]
        assert not counting or counting == [part.situation for part in whole.telling]
        seen |= {basis for _, _, basis, _ in told}
    assert seen == set(AnswerBasis), "the table has a place of every basis"


def test_a_rare_hang_is_seen_in_each_release_line() -> None:
    """Places where the same was seen differ there, by the rate of their line."""
    hung = [
        verdict(cell("1.0.0", "3.0.0", probe="serve"), "hang"),
        verdict(cell("1.0.0", "3.0.1", probe="serve"), "pass"),
        verdict(cell("1.0.0", "4.0.0", probe="serve"), "pass"),
    ]
    findings = Findings(matrix=matrix(**FORKING), verdicts=hung)
    situation = findings.matrix.situation({"forking": "yes"})
    glances = Glances(findings, [situation])
    for right in ("3.0.1", "4.0.0"):
        pins = cell("1.0.0", right).pins
        (one,) = glances.at((pins, PythonVersion(3, 10)))
        versions = {"left": Version("1.0.0"), "right": Version(right)}
        question = Question(
            versions=versions, python=PythonVersion(3, 10), chosen={"forking": "yes"}
        )
        (part,) = answer(question, findings).parts
        assert (one.outcome, one.rare) == (part.outcome, part.rare)

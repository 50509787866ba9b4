"""What a question reads and needs: no more than its own releases, and no engine."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from grids import grid, matrix
from packaging.version import Version
from questions import one, targets

from interlock.findings import attribution, situation
from interlock.findings.findings import Findings
from interlock.findings.question import (
    Question,
    answer,
)
from interlock.model import (
    PythonVersion,
    UsageError,
    Verdict,
)


def test_every_axis_needs_a_version() -> None:
    question = Question(versions={"left": Version("1.0")}, python=PythonVersion(3, 10))
    with pytest.raises(UsageError, match="right"):
        answer(question, Findings(matrix=matrix(), verdicts=[]))


def test_a_question_works_out_no_trouble_far_from_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    worked_out: list[str] = []
    attributed = attribution._attribution

    def noted(of: Verdict, *rest: Any) -> attribution.Attribution:
        worked_out.append(str(of.cell.pins[0].version) + " × " + str(of.cell.pins[1].version))
        return attributed(of, *rest)

    monkeypatch.setattr(attribution, "_attribution", noted)
    found = one(grid("1.0 2.0\n1.0 hang hang\n2.0 hang hang"))

    assert targets(found.moves)
    # its own, and what moving one library would lead to
    assert sorted(worked_out) == ["1.0 × 1.0", "1.0 × 2.0", "2.0 × 1.0"]


@pytest.mark.parametrize("outcome", ["pass", "hang", "."])
def test_a_question_looks_at_no_more_where_more_was_tested(
    monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    """Counts, without timing, the verdicts that are compared with a situation."""
    counted = 0
    held = situation.concerns

    def noted(*of: Any) -> bool:
        nonlocal counted
        counted += 1
        return held(*of)

    monkeypatch.setattr(situation, "concerns", noted)
    looks = []
    for size in (4, 40):
        head = " ".join(f"{n}.0" for n in range(1, size))
        lines = [f"1.0 {outcome} " + "pass " * (size - 2)]
        lines += [f"{n}.0 " + "pass " * (size - 1) for n in range(2, size)]
        found = Findings(matrix=matrix(), verdicts=grid("\n".join([head, *lines])))
        found.tested.beside("left", next(iter(found.tested.places)))  # loaded
        counted = 0
        question = Question(
            versions={"left": Version("1.0"), "right": Version("1.0")},
            python=PythonVersion(3, 10),
            chosen={"level": "ERROR"},
        )
        answer(question, found)
        looks.append(counted)
    # along two lines of 39 releases where it hangs, and never at all the 1,521 pairs
    assert looks[1] <= (looks[0] if outcome != "hang" else 40 * looks[0])


def test_a_question_needs_neither_tables_nor_an_engine() -> None:
    program = (
        "import sys; from interlock.findings import Findings, Question, answer; "
        "print({'pandas', 'docker', 'rich', 'mkdocs'} & {*sys.modules})"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (said.returncode, said.stdout.strip()) == (0, "set()"), said.stderr

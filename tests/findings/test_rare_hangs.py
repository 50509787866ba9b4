"""What is said of a cell of a rare hang, by its release lines, in hand-counted examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from grids import LEVEL, cell, forking, matrix, rows, verdict
from packaging.version import Version

from interlock.findings.findings import Findings
from interlock.findings.pools import Pool
from interlock.findings.question import Answer, Question, answer
from interlock.findings.rare import LineRate, Rare, RareHang
from interlock.matrix.definition import ProbeUse
from interlock.model import Basis, Outcome, PythonVersion, Reason, Verdict

USES = {"serve": ProbeUse(choices={"forking": "yes"})}
RIGHT = {axis.name: axis for axis in matrix().axes}["right"]


def findings(*verdicts: Verdict) -> Findings:
    known = matrix(uses=USES, choices={**LEVEL, **forking(instead="Start it later.")})
    return Findings(matrix=known, verdicts=verdicts)


def served(left: str, right: str, hangs: int, exposures: int, **changes: object) -> Verdict:
    """A cell of ``serve``, whose hangs are rare: it is about one kind of application."""
    of = cell(left, right, probe="serve")
    of = replace(
        of, **{name: changes.pop(name) for name in ("python", "config") if name in changes}
    )
    outcome = "hang" if hangs else "pass"
    return verdict(of, outcome, hangs=hangs, exposures=exposures, trials=5, **changes)


def said(of: Verdict, *others: Verdict) -> str:
    found = findings(of, *others).instead_of_pass(of)
    return str(found) if found else "a pass"


def test_a_pass_is_told_by_its_line_with_all_partners_and_pythons_together() -> None:
    others = [
        served("1.0", "2.0.5", 3, 1000),
        served("7.0", "2.0.1", 0, 1000, python=PythonVersion(3, 12)),
        served("7.0", "2.1.0", 9, 1000),
    ]
    # quantiles of the beta distribution: at 2.5 % for (3, 2998), at 97.5 % for (4, 2997)
    expected = "can hang, rarely: 3 of 3,000 starts with right-lib 2.0.x, 0.021 % to 0.29 %"
    assert said(served("1.0", "2.0.1", 0, 1000), *others) == expected


def test_a_verdict_keeps_its_outcome() -> None:
    of = served("1.0", "2.0", 0, 100)
    known = findings(of, served("1.1", "2.0", 1, 100))
    assert known.by_cell[of.cell.key].outcome is Outcome.PASS
    assert known.instead_of_pass(known.by_cell[of.cell.key])


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ({"outcome": Outcome.PASS}, True),
        ({"outcome": Outcome.UNPROVEN, "reason": Reason.TOO_FEW_EXPOSURES}, False),
        ({"outcome": Outcome.HANG, "hangs": 1}, False),
        ({"outcome": Outcome.PASS, "cell": cell()}, False),
        ({"outcome": Outcome.PASS, "cell": cell(config="calm")}, True),
        ({"outcome": Outcome.PASS, "cell": cell(probe="gone")}, False),
    ],
)
def test_only_a_pass_whose_hang_would_be_rare_is_told_otherwise(
    of: Mapping[str, object], expected: bool
) -> None:
    made = replace(served("1.0", "1.0", 0, 100), **of)  # type: ignore[arg-type]
    assert (findings(made).instead_of_pass(made) is not None) is expected


def test_the_line_of_the_other_library_speaks_where_it_alone_hung() -> None:
    of = served("1.0", "2.0", 0, 20)
    assert said(of, served("1.0", "3.0", 1, 99)).startswith(
        "can hang, rarely: 1 of 119 starts with left-lib 1.0.x, "
    )


def test_a_line_whose_exposures_rule_out_the_rate_of_the_others_is_still_no_pass() -> None:
    # none of 10,000 has at most 0.037 %: 1 - 0.025 ** (1 / 10000)
    of, other = served("1.0", "2.0", 0, 10_000), served("1.0", "3.0", 100, 10_000)
    expected = "no hang seen: 0 of 10,000 starts with right-lib 2.0.x, 0.037 % at most"
    assert said(of, other) == expected


def test_without_any_hang_of_the_probe_no_hang_was_seen() -> None:
    assert said(served("1.0", "2.0", 0, 100)).startswith("no hang seen: 0 of 100 starts with ")


def test_a_library_alone_is_counted_apart_from_the_pairs() -> None:
    of = served("1.0", "-", 0, 100)
    known = findings(of, served("1.0", "2.0", 5, 100), served("1.0.9", "-", 1, 100))
    told = known.instead_of_pass(of)
    assert told
    assert (told.rate.pool.hangs, told.rate.tried) == (1, 200)
    assert told.counted.startswith("1 of 200 starts with left-lib 1.0.x alone, ")


def test_another_configuration_is_counted_apart() -> None:
    of = served("1.0", "2.0", 0, 100, config="warnings")
    assert said(of, served("1.0", "2.0", 5, 100)).startswith("no hang seen: 0 of 100 ")


def test_what_was_inferred_is_not_counted() -> None:
    of = served("1.0", "2.0", 0, 100, basis=Basis.INFERRED)
    assert said(of) == "no hang seen: 0 of 0 trials with right-lib 2.0.x"


def line(hangs: int, exposures: int, state: Rare, trials: int = 7) -> RareHang:
    pool = Pool(hangs=hangs, exposures=exposures, trials=trials)
    rate = LineRate(line="2.0.x", releases=(), pool=pool, state=state)
    return RareHang(
        probe="serve", config="stock", axis=RIGHT, is_alone=False, unit="starts", rate=rate
    )


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        # hung before it was exposed: only trials can be counted
        (line(2, 1, Rare.CAN_HANG), "2 of 7 trials with right-lib 2.0.x, 3.7 % to 71 %"),
        (
            line(0, 50, Rare.CAN_HANG),
            "0 of 50 starts with right-lib 2.0.x, 7.1 % at most; too few to rule out the rate "
            "of the lines that hung",
        ),
        (line(0, 50, Rare.RARER), "0 of 50 starts with right-lib 2.0.x, 7.1 % at most"),
    ],
)
def test_the_counts_are_told_with_the_bounds_of_the_rate(of: RareHang, expected: str) -> None:
    assert of.counted == expected


# In an answer -------------------------------------------------------------------------------------


def asked(right: str, chosen: Mapping[str, str], *verdicts: Verdict) -> Answer:
    return answer(
        Question(
            versions={"left": Version("1.0"), "right": Version(right)},
            python=PythonVersion(3, 10),
            chosen=chosen,
        ),
        findings(*verdicts),
    )


FORKS = {"forking": "yes"}
HUNG = served("1.1", "2.0", 1, 100)
PASSED = [*rows("pair: pass 500; pair in warnings: pass 500"), served("1.0", "1.0", 0, 100)]


def test_an_answer_that_rests_on_a_pass_of_a_rare_hang_is_told_by_its_line() -> None:
    (part,) = asked("1.0", FORKS, *PASSED, served("1.1", "1.0", 1, 100)).parts
    assert part.outcome is Outcome.PASS
    assert part.rare and part.rare.can_hang
    assert (part.rare.rate.pool.hangs, part.rare.rate.tried) == (1, 200)


def test_who_does_not_fork_is_not_told_of_the_forks_in_the_answer_itself() -> None:
    (part,) = asked("1.0", {"forking": "no"}, *PASSED, served("1.1", "1.0", 1, 100)).parts
    assert (part.outcome, part.rare) == (Outcome.PASS, None)


def test_a_release_that_was_not_run_is_told_by_its_line() -> None:
    found = asked("2.0.9", FORKS, HUNG)
    assert found.parts[0].outcome is None
    (rare,) = found.lines
    assert rare.counted.startswith("1 of 100 starts with right-lib 2.0.x, ")


def test_a_question_that_states_nothing_is_told_beside_of_a_line_that_can_hang() -> None:
    (note,) = asked("1.0", {}, *PASSED, served("1.1", "1.0", 1, 100)).kinds
    assert (note.hangs, [one.can_hang for one in note.rare]) == (0, [True])
    (note,) = asked("1.0", {}, *PASSED).kinds
    assert note.rare == ()

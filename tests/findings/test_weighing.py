"""What is a reason to avoid a release, and what is not."""

from __future__ import annotations

import pytest
from grids import AXES, LEFT, RIGHT, cell, grid, rows, verdict
from packaging.version import Version
from said import advice, says, table, weighed

from interlock.findings.advice import advise
from interlock.findings.criteria import Criteria
from interlock.findings.standing import recommend
from interlock.findings.weighing import moved
from interlock.matrix.policy import Policy, Required
from interlock.model import (
    Cell,
    Outcome,
    Reason,
    Signature,
    Verdict,
)

FORK = """
       1.0   2.0
1.0    hang  hang
1.1    hang  hang
"""
"""The probe ``fork`` hangs with every pair; the baselines show the cause."""


@pytest.mark.parametrize("first", ["2.0", "2", "2.0.0"])
def test_a_release_keeps_its_spelling(first: str) -> None:
    """A cell is found by its texts, and equal versions have several."""
    pins = cell("1.0", "1.0").pins
    for text in (first, "2.0.0", "2.0", "2"):
        assert [str(pin) for pin in moved(pins, RIGHT.name, Version(text))] == [
            "left 1.0",
            f"right {text}",
        ]


def fork(whose: str) -> list[Verdict]:
    """The pairs of ``FORK``, where ``left`` or ``right`` hangs in the same way alone."""
    seen = {
        "signatures": ((Signature(locks=("Fork.lock",)), 1),),
        "reason": Reason.ORPHANED_LOCK,
        "exposures": 20,
    }

    def did(of: Cell, outcome: str) -> Verdict:
        return verdict(of, outcome, **(seen if outcome == "hang" else {}))

    pairs = [did(v.cell, "hang") for v in grid(FORK, probe="fork")]
    lefts = [cell(left, "-", probe="fork") for left in ("1.0", "1.1")]
    rights = [cell("-", right, probe="fork") for right in ("1.0", "2.0")]
    return [
        *pairs,
        *(did(c, "hang" if whose == "left" else "pass") for c in lefts),
        *(did(c, "hang" if whose == "right" else "pass") for c in rights),
    ]


def test_what_one_library_does_alone_is_no_reason_to_avoid_the_other() -> None:
    restart = grid("1.0 2.0\n1.0 hang pass\n1.1 hang pass")

    with_it = recommend(weighed([*restart, *fork("left")]), RIGHT)
    without = recommend(weighed(restart), RIGHT)

    assert table(with_it) == table(without)
    assert table(with_it) == [
        "1.0: passes -; breaks 3.10; unproven -; not safe",
        "2.0: passes 3.10; breaks -; unproven -; safe",
    ]


def test_it_is_listed_beside_the_release_all_the_same() -> None:
    restart = grid("1.0 2.0\n1.0 hang pass\n1.1 hang pass")

    (_, newer) = recommend(weighed([*restart, *fork("left")]), RIGHT).standings

    assert [(str(t.verdict.cell.pins[0]), t.attribution.whose) for t in newer.beside] == [
        ("left 1.0", "left"),
        ("left 1.1", "left"),
    ]


def test_what_a_library_does_alone_is_a_reason_to_avoid_its_own_release() -> None:
    restart = grid("1.0 2.0\n1.0 pass pass\n1.1 pass pass")

    assert [s.is_safe for s in recommend(weighed([*restart, *fork("left")]), LEFT).standings] == [
        False,
        False,
    ]


def test_what_only_the_pair_does_is_a_reason_against_both() -> None:
    restart = grid("1.0 2.0\n1.0 pass pass\n1.1 pass pass")
    verdicts = [*restart, *fork("neither")]

    assert not any(s.is_safe for axis in AXES for s in recommend(weighed(verdicts), axis).standings)


def test_advice_weighs_the_pairs_trouble_and_lists_the_rest_beside_it() -> None:
    restart = grid("1.0 2.0\n1.0 hang pass\n1.1 hang pass")

    found = advice([*restart, *fork("left")])

    assert [t.verdict.cell.probe for t in found.troubles] == ["restart"]
    assert [t.verdict.cell.probe for t in found.beside] == ["fork"]
    assert says(found.moves[0]) == "right 2.0, newest 2.0"


def test_where_all_trouble_is_one_librarys_moving_the_other_is_not_advised() -> None:
    restart = grid("1.0 2.0\n1.0 pass pass\n1.1 pass pass")

    found = advice([*restart, *fork("left")])

    assert (found.outcome, found.troubles) == (Outcome.HANG, ())
    assert [says(move) for move in found.moves] == [
        "moving right-lib changes nothing: it is left-lib alone",
        "no left-lib release that was tested helps",
    ]


def test_a_release_of_the_library_itself_that_is_free_of_it_is_advised() -> None:
    verdicts = [
        *rows("pair: hang A 1/30; left: hang A 1/30; right: pass 500"),
        verdict(cell("1.1", "1.0")),
    ]

    assert says(advice(verdicts).moves[1]) == "left 1.1, newest 1.1"


def test_what_the_dependencies_broke_is_nothing_to_move_to() -> None:
    verdicts = [
        verdict(cell("1.0", "1.0"), "hang"),
        verdict(cell("1.0", "1.1"), "fail", reason=Reason.ERROR),
        verdict(cell("1.0", "1.1", config="stock@release")),
        verdict(cell("1.0", "1.2")),
    ]

    assert says(advice(verdicts).moves[0]) == "right 1.2, newest 1.2"


@pytest.mark.parametrize("config", ["stock+workaround", "stock@release"])
@pytest.mark.parametrize("outcome", ["hang", "fail", "unproven"])
def test_what_is_run_beside_a_configuration_is_not_asked_of_a_release(
    config: str, outcome: str
) -> None:
    plain = grid("1.0 2.0\n1.0 hang pass")
    beside = grid(f"1.0 2.0\n1.0 {outcome} {outcome}", config=config)

    assert table(recommend(weighed([*plain, *beside]), RIGHT)) == table(
        recommend(weighed(plain), RIGHT)
    )
    assert {a.config for a in advise(weighed([*plain, *beside]), AXES)} == {None, "stock"}


def test_a_probe_that_was_not_meant_for_a_release_leaves_it_as_tested_as_it_was() -> None:
    restart = grid("1.0 2.0\n1.0 hang pass\n1.1 hang pass")
    narrow = grid("1.0 2.0\n1.0 hang pass\n1.1 . .", probe="serve")

    def meant(of: Cell) -> bool:
        return of.probe != "serve" or str(of.pins[0].version) == "1.0"

    both = Policy(prefer=("right", "left"), safe=Required(partners=2))
    strictly = recommend(weighed([*restart, *narrow], both), RIGHT)
    as_meant = recommend(weighed([*restart, *narrow], both, criteria=Criteria(meant=meant)), RIGHT)

    assert [s.is_safe for s in strictly.standings] == [False, False]
    assert [s.is_safe for s in as_meant.standings] == [False, True]


def test_trouble_counts_where_a_probe_was_not_meant_to_be_run_too() -> None:
    restart = grid("1.0 2.0\n1.0 pass pass")
    seen = grid("1.0 2.0\n1.0 pass hang", probe="serve")

    without = Criteria(meant=lambda of: of.probe != "serve")
    found = recommend(weighed([*restart, *seen], criteria=without), RIGHT)

    assert [s.is_safe for s in found.standings] == [True, False]


def test_a_pass_that_was_not_asked_for_makes_no_release_pass() -> None:
    found = recommend(
        weighed(grid("1.0\n1.0 pass"), criteria=Criteria(meant=lambda of: False)), RIGHT
    )

    assert not any(s.is_safe for s in found.standings)


def test_a_release_without_the_feature_is_as_good_as_its_other_probes() -> None:
    restart = grid("1.0 2.0\n1.0 pass hang")
    lacks = [
        verdict(cell("1.0", right, probe="logs"), "unsupported", reason=Reason.NO_FEATURE)
        for right in ("1.0", "2.0")
    ]

    found = recommend(weighed([*restart, *lacks]), RIGHT)

    assert [s.is_safe for s in found.standings] == [True, False]


def test_a_release_that_only_lacks_the_feature_passes_nothing() -> None:
    lacks = verdict(cell(), "unsupported", reason=Reason.NO_FEATURE)

    assert not any(s.is_safe for s in recommend(weighed([lacks]), RIGHT).standings)

"""What to move to, from grids of verdicts."""

from __future__ import annotations

import pytest
from grids import AXES, RIGHT, cell, grid, published, verdict
from said import advice, says, weighed

from interlock.findings.advice import advise, yanked
from interlock.matrix.policy import Policy
from interlock.model import (
    Basis,
)


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        (
            """
                   1.0   1.1   1.2   2.0
            1.0    hang  hang  pass  pass
            2.0    pass  .     .     .
            """,
            ["right 1.2, newest 2.0", "left 2.0, newest 2.0"],
        ),
        # never down: an older release that passes is not an upgrade
        (
            """
                   0.9   1.0
            1.0    pass  hang
            """,
            ["no newer right-lib release was tested", "no newer left-lib release was tested"],
        ),
        # one axis at a time: a pair that passes elsewhere is no help along one of them
        (
            """
                   1.0   1.1
            1.0    hang  hang
            2.0    hang  pass
            """,
            [
                "no right-lib release that was tested helps",
                "no left-lib release that was tested helps",
            ],
        ),
        # only a pass is a pass
        (
            """
                   1.0   1.1       1.2          1.3   1.4
            1.0    fail  unproven  unsupported  fail  pass
            """,
            ["right 1.4, newest 1.4", "no newer left-lib release was tested"],
        ),
    ],
)
def test_targets_are_the_nearest_and_the_newest_above_that_pass(
    verdicts: str, expected: list[str]
) -> None:
    assert [says(move) for move in advice(grid(verdicts)).moves] == expected


def test_every_combination_that_hangs_or_fails_gets_advice_and_no_other() -> None:
    verdicts = grid(
        """
               1.0   1.1   1.2       1.3
        1.0    hang  fail  unproven  pass
        """
    )
    found = advise(weighed(verdicts), AXES)
    about = {(str(a.pins[1].version), str(a.outcome)) for a in found if a.config is None}
    assert about == {("1.0", "hang"), ("1.1", "fail")}


def test_a_target_passes_every_probe_in_every_configuration() -> None:
    verdicts = [
        *grid("1.0 1.1 1.2\n1.0 pass pass pass", config="stock"),
        *grid("1.0 1.1 1.2\n1.0 hang hang pass", config="warnings"),
    ]
    assert says(advice(verdicts).moves[0]) == "right 1.2, newest 1.2"
    another = grid("1.0 1.1 1.2\n1.0 pass pass hang", config="stock", probe="other")
    assert says(advice([*verdicts, *another]).moves[0]).startswith("no right-lib release")


def test_what_was_not_tested_in_every_configuration_is_no_target() -> None:
    verdicts = [
        *grid("1.0 1.1 1.2\n1.0 hang pass pass", config="stock"),
        *grid("1.0 1.1 1.2\n1.0 hang .    pass", config="warnings"),
    ]
    assert says(advice(verdicts).moves[0]) == "right 1.2, newest 1.2"


def test_a_reader_may_ask_for_his_configuration_alone() -> None:
    verdicts = [
        *grid("1.0 1.1 1.2\n1.0 hang pass pass", config="stock"),
        *grid("1.0 1.1 1.2\n1.0 hang hang pass", config="warnings"),
    ]
    assert says(advice(verdicts, config="stock").moves[0]) == "right 1.1, newest 1.2"
    assert says(advice(verdicts, config="warnings").moves[0]) == "right 1.2, newest 1.2"


def test_a_configuration_that_passes_gets_no_advice_of_its_own() -> None:
    verdicts = [
        *grid("1.0 1.1\n1.0 pass pass", config="stock"),
        *grid("1.0 1.1\n1.0 hang pass", config="warnings"),
    ]
    assert {a.config for a in advise(weighed(verdicts), AXES)} == {None, "warnings"}


def test_what_passes_on_another_python_is_no_target() -> None:
    verdicts = [
        *grid("1.0 1.1\n1.0 hang unsupported", python="3.8"),
        *grid("1.0 1.1\n1.0 pass pass", python="3.9"),
    ]
    assert says(advice(verdicts).moves[0]) == "no right-lib release that was tested helps"


@pytest.mark.parametrize(
    ("passing", "released", "expected"),
    [
        ("1.1", "1.0 1.1!", "only yanked releases or pre-releases of right-lib help: 1.1"),
        ("2.0b1", "1.0 2.0b1", "only yanked releases or pre-releases of right-lib help: 2.0b1"),
        ("1.1", "1.0 1.1", "right 1.1, newest 1.1"),
    ],
)
def test_yanked_releases_and_pre_releases_are_never_recommended(
    passing: str, released: str, expected: str
) -> None:
    verdicts = grid(f"1.0 {passing}\n1.0 hang pass")
    excluded = yanked({"right": published(RIGHT, released)})
    found = advise(weighed(verdicts, excluded=excluded), AXES)
    assert says(found[0].moves[0]) == expected


def test_an_inferred_pass_is_never_recommended() -> None:
    verdicts = [
        verdict(cell("1.0", "1.0"), "hang"),
        verdict(cell("1.0", "1.1"), "pass", basis=Basis.INFERRED),
    ]
    assert says(advice(verdicts).moves[0]) == "no newer right-lib release was tested"


def test_a_target_rests_on_as_many_trials_as_the_policy_asks() -> None:
    verdicts = [
        verdict(cell("1.0", "1.0"), "hang"),
        verdict(cell("1.0", "1.1"), "pass", trials=1),
        verdict(cell("1.0", "1.2"), "pass", trials=3),
    ]
    careful = Policy(prefer=("right", "left"), least_trials=3)
    assert says(advise(weighed(verdicts, careful), AXES)[0].moves[0]) == "right 1.2, newest 1.2"


def test_the_recommended_move_is_the_first_of_the_policy_that_helps() -> None:
    both = grid("1.0 1.1\n1.0 hang pass\n1.1 pass pass")
    only_left = grid("1.0 1.1\n1.0 hang hang\n1.1 pass pass")
    only_neither = grid("1.0 1.1\n1.0 hang hang\n1.1 hang pass")
    moves = [advice(verdicts).recommended for verdicts in (both, only_left, only_neither)]
    assert [move and move.axis for move in moves] == ["right", "left", None]

"""What to move to, from grids of verdicts."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from grids import AXES, LEFT, RIGHT, cell, grid, published, rows, verdict
from packaging.version import Version

from interlock.findings.advice import (
    Advice,
    Move,
    Recommendation,
    advise,
    recommend,
    recommendations,
    yanked,
)
from interlock.findings.attribution import attribute
from interlock.findings.criteria import EVERYTHING, Criteria
from interlock.findings.weighing import Combinations, Excluded
from interlock.matrix.definition import Policy
from interlock.model import (
    Basis,
    Cell,
    NoTarget,
    Outcome,
    PythonVersion,
    Reason,
    Signature,
    Target,
    Verdict,
)

POLICY = Policy(prefer=("right", "left"), least_trials=1)


def weighed(
    verdicts: Iterable[Verdict],
    policy: Policy = POLICY,
    excluded: Excluded | None = None,
    criteria: Criteria = EVERYTHING,
) -> Combinations:
    verdicts = list(verdicts)
    return Combinations(verdicts, attribute(verdicts), policy, excluded, criteria)


def advice(
    verdicts: Iterable[Verdict], left: str = "1.0", right: str = "1.0", config: str | None = None
) -> Advice:
    pins = cell(left, right).pins
    (found,) = [a for a in advise(weighed(verdicts), AXES) if (a.pins, a.config) == (pins, config)]
    return found


def says(move: Move) -> str:
    """``"right 1.2, newest 2.0"``, or the reason why there is none."""
    if isinstance(move.nearest, NoTarget):
        return move.nearest.reason
    assert isinstance(move.newest, Target)
    return f"{move.axis} {move.nearest.version}, newest {move.newest.version}"


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
        # never down: what passes below is not an upgrade
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


# --- the answer over everything ------------------------------------------------------------------


def table(found: Recommendation) -> list[str]:
    """A line a release: what is said of each Python."""
    return [
        f"{s.version}: passes {' '.join(map(str, s.passes)) or '-'}; "
        f"breaks {' '.join(map(str, s.breaks)) or '-'}; "
        f"unproven {' '.join(map(str, s.unproven)) or '-'}; {'safe' if s.is_safe else 'not safe'}"
        for s in found.standings
    ]


def test_a_release_is_safe_when_it_passes_wherever_it_installs() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 hang pass unsupported\n1.1 pass pass unsupported", python="3.8"),
        *grid("1.0 2.0 3.0\n1.0 hang pass pass\n1.1 pass pass pass", python="3.9"),
    ]
    found = recommend(weighed(verdicts), RIGHT)
    assert table(found) == [
        "1.0: passes -; breaks 3.8 3.9; unproven -; not safe",
        "2.0: passes 3.8 3.9; breaks -; unproven -; safe",
        "3.0: passes 3.9; breaks -; unproven -; safe",
    ]
    assert found.safe_from == Version("2.0")
    assert found.by_python == {
        PythonVersion(3, 8): Target(axis="right", version=Version("2.0")),
        PythonVersion(3, 9): Target(axis="right", version=Version("3.0")),
    }


def test_nothing_is_safe_from_a_release_on_when_a_later_one_hangs() -> None:
    found = recommend(weighed(grid("1.0 2.0 3.0\n1.0 pass hang pass")), RIGHT)
    assert found.safe_from == Version("3.0")
    assert recommend(weighed(grid("1.0 2.0\n1.0 pass hang")), RIGHT).safe_from is None


def test_what_was_not_proven_with_one_partner_is_not_safe() -> None:
    found = recommend(weighed(grid("1.0 2.0\n1.0 pass pass\n1.1 unproven pass")), RIGHT)
    assert table(found) == [
        "1.0: passes -; breaks -; unproven 3.10; not safe",
        "2.0: passes 3.10; breaks -; unproven -; safe",
    ]


def test_a_release_has_to_be_run_with_what_the_others_were_run_with() -> None:
    """3.0 was run with one partner alone; 1.2 is a partner that hardly any release was run with."""
    found = recommend(
        weighed(grid("1.0 2.0 3.0\n1.0 pass pass pass\n1.1 pass pass .\n1.2 . pass .")), RIGHT
    )
    assert table(found) == [
        "1.0: passes 3.10; breaks -; unproven -; safe",
        "2.0: passes 3.10; breaks -; unproven -; safe",
        "3.0: passes -; breaks -; unproven 3.10; not safe",
    ]


def test_what_the_other_library_does_alone_is_no_reason_not_to_call_a_release_safe() -> None:
    """right 2.0 fails by itself: nothing is known of any left with it, and nothing need be."""
    alone = [
        verdict(cell("-", "2.0"), "fail"),
        verdict(cell("1.0", "-")),
        verdict(cell("1.1", "-")),
    ]
    verdicts = [*grid("1.0 2.0\n1.0 pass fail\n1.1 pass fail"), *alone]
    left = recommend(weighed(verdicts), LEFT)
    assert table(left) == [
        "1.0: passes 3.10; breaks -; unproven -; safe",
        "1.1: passes 3.10; breaks -; unproven -; safe",
    ]
    assert {str(t.attribution.whose) for s in left.standings for t in s.beside} == {"right"}


def test_a_partner_that_cannot_be_installed_with_it_is_none() -> None:
    found = recommend(
        weighed(grid("1.0 2.0 3.0\n1.0 pass pass pass\n1.1 pass pass unsupported")), RIGHT
    )
    assert [str(s.version) for s in found.standings if s.is_safe] == ["1.0", "2.0", "3.0"]


def test_a_release_that_installs_nowhere_is_not_called_safe() -> None:
    (standing,) = recommend(weighed(grid("1.0\n1.0 unsupported")), RIGHT).standings
    assert not standing.is_safe


def test_a_python_without_a_safe_release_is_said_so() -> None:
    found = recommend(weighed(grid("1.0\n1.0 hang")), RIGHT)
    assert found.by_python == {
        PythonVersion(3, 10): NoTarget(
            axis="right", reason="no right-lib release that was tested passes on Python 3.10"
        )
    }


def test_a_pre_release_is_neither_recommended_nor_in_the_way() -> None:
    found = recommend(weighed(grid("1.0 2.0 3.0b1\n1.0 hang pass hang")), RIGHT)
    assert found.safe_from == Version("2.0")
    assert found.by_python == {PythonVersion(3, 10): Target(axis="right", version=Version("2.0"))}


def test_a_library_alone_says_nothing_about_the_pair() -> None:
    verdicts = [verdict(cell("-", "1.0"), "pass"), verdict(cell("1.0", "1.0"), "hang")]
    (standing,) = recommend(weighed(verdicts), RIGHT).standings
    assert not standing.passes and standing.partners == 0


def test_answers_stand_in_the_order_of_the_policy() -> None:
    verdicts = grid("1.0\n1.0 pass")
    assert [a.axis for a in recommendations(weighed(verdicts), AXES)] == ["right", "left"]
    assert recommend(weighed(verdicts), LEFT).safe_from == Version("1.0")


# --- what weighs nothing ------------------------------------------------------------------------

FORK = """
       1.0   2.0
1.0    hang  hang
1.1    hang  hang
"""
"""The probe ``fork`` hangs with every pair; whose that is, the baselines say."""


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


@pytest.mark.parametrize("config", ["stock+way-out", "stock@release"])
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

    strictly = recommend(weighed([*restart, *narrow]), RIGHT)
    as_meant = recommend(weighed([*restart, *narrow], criteria=Criteria(meant=meant)), RIGHT)

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

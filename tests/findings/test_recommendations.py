"""Which releases are safe, over everything they were tested with."""

from __future__ import annotations

from grids import AXES, LEFT, RIGHT, cell, grid, verdict
from packaging.version import Version
from said import table, weighed

from interlock.findings.standing import recommend, recommendations
from interlock.matrix.policy import Policy, Required
from interlock.model import (
    NoTarget,
    PythonVersion,
    Target,
)


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


def test_what_the_other_library_does_alone_is_no_reason_not_to_call_a_release_safe() -> None:
    """right 2.0 fails by itself.

    Nothing is known of left with it, and nothing needs to be.
    """
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
    assert not standing.passes
    assert [found.partners for found in standing.by_python.values()] == [()]


def test_answers_stand_in_the_order_of_the_policy() -> None:
    verdicts = grid("1.0\n1.0 pass")
    assert [a.axis for a in recommendations(weighed(verdicts), AXES)] == ["right", "left"]
    assert recommend(weighed(verdicts), LEFT).safe_from == Version("1.0")


def test_each_release_to_run_is_named_with_its_pythons_that_of_the_newest_first() -> None:
    verdicts = [
        *grid("1.0 2.0 3.0\n1.0 pass pass unsupported", python="3.8"),
        *grid("1.0 2.0 3.0\n1.0 pass pass pass", python="3.9"),
        *grid("1.0 2.0 3.0\n1.0 pass pass pass", python="3.10"),
        *grid("1.0 2.0 3.0\n1.0 hang hang hang", python="3.11"),
    ]

    found = recommend(weighed(verdicts), RIGHT)

    assert [(str(target.version), [*map(str, on)]) for target, on in found.targets] == [
        ("3.0", ["3.9", "3.10"]),
        ("2.0", ["3.8"]),
    ]


def test_moving_along_an_axis_is_not_enough_where_each_of_its_releases_breaks() -> None:
    verdicts = weighed(grid("1.0 2.0\n1.0 hang pass\n2.0 hang pass"))

    assert recommend(verdicts, LEFT).always_breaks
    assert not recommend(verdicts, RIGHT).always_breaks
    assert not recommend(weighed([]), RIGHT).always_breaks


def test_a_release_that_was_hardly_tested_does_not_make_moving_enough() -> None:
    two = Policy(prefer=("right", "left"), safe=Required(partners=2))
    verdicts = grid("1.0 2.0\n1.0 hang pass\n2.0 hang pass\n3.0 pass .")

    assert recommend(weighed(verdicts, two), LEFT).always_breaks
    assert not recommend(weighed(grid("1.0 2.0\n1.0 . pass"), two), LEFT).always_breaks

"""The follow-ups of verdicts: their cells, their neighbours, and their end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from grids import LEFT, RIGHT, cell, grid, release, verdict
from matrices import UPLOADED, WAYS, probe, releases

from interlock.campaign.followups import FollowUps, Result, Why, followups, released
from interlock.matrix.definition import Matrix
from interlock.model import Cell, Outcome, Phase, Verdict


def follow(
    known: Sequence[Verdict],
    *,
    asked: Sequence[Cell] | None = None,
    matrix: Matrix = WAYS,
    uploaded: datetime | None = UPLOADED,
) -> FollowUps:
    """The follow-ups if all known cells were requested, or only the named ones."""
    return followups(
        asked if asked is not None else [of.cell for of in known],
        {of.cell.key: Result.of(of) for of in known},
        matrix=matrix,
        releases=releases(uploaded),
    )


def named(found: FollowUps, why: Why) -> list[str]:
    """``"1.0 2.0 warnings+quiet"``: left, right and configuration of each follow-up."""
    return sorted(
        f"{of.version('left') or '-'} {of.version('right') or '-'} {of.config}"
        for of, reason in found.cells.items()
        if reason is why
    )


def failing(of: Cell, phase: Phase) -> Verdict:
    return verdict(of, "fail", phase=phase)


WARNED = cell(config="warnings")


# --- workarounds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "tried"),
    [
        (verdict(WARNED, "hang"), ["1.0 1.0 stock", "1.0 1.0 warnings+quiet"]),
        (failing(WARNED, Phase.SERVING), ["1.0 1.0 stock", "1.0 1.0 warnings+quiet"]),
        (failing(WARNED, Phase.IMPORT), ["1.0 1.0 stock", "1.0 1.0 warnings+quiet"]),
        # no setting changes what installs
        (failing(WARNED, Phase.INSTALL), []),
        (verdict(WARNED, "pass"), []),
        (verdict(WARNED, "unproven"), []),
        (verdict(WARNED, "unsupported"), []),
        # none is named for that configuration
        (verdict(cell(), "hang"), []),
    ],
)
def test_workarounds_are_tried_on_what_did_not_pass(of: Verdict, tried: list[str]) -> None:
    assert named(follow([of]), Why.WORKAROUND) == tried


@pytest.mark.parametrize(
    ("rights", "beside"),
    [
        # a version in order, and which of them get the workaround
        ("pass hang pass pass", "1.0 1.1 1.2"),
        ("pass pass hang pass", "1.1 1.2 2.0"),
        ("hang pass pass pass", "1.0 1.1"),
        ("pass pass pass hang", "1.2 2.0"),
        # the nearest that passes, beyond those that do not
        ("pass hang hang pass", "1.0 1.1 1.2 2.0"),
        ("pass unproven hang .", "1.0 1.2"),
        ("hang fail hang hang", "1.0 1.1 1.2 2.0"),
        ("pass pass pass pass", ""),
    ],
)
def test_a_workaround_is_seen_to_break_nothing_beside_it(rights: str, beside: str) -> None:
    found = follow(
        [
            failing(of.cell, Phase.SERVING) if of.outcome is Outcome.FAIL else of
            for of in grid(f"1.0 1.1 1.2 2.0\n1.0 {rights}", config="warnings")
        ]
    )
    tried = [name for name in named(found, Why.WORKAROUND) if name.endswith("quiet")]
    assert tried == [f"1.0 {right} warnings+quiet" for right in beside.split()]


def test_beside_it_is_along_each_axis_and_nowhere_else() -> None:
    found = follow(
        grid(
            """
                 1.0   1.1   1.2
            1.0  pass  pass  pass
            1.1  pass  hang  pass
            1.2  pass  pass  pass
            """,
            config="warnings",
        )
    )
    quiet = [name for name in named(found, Why.WORKAROUND) if name.endswith("quiet")]
    assert [name.rpartition(" ")[0] for name in quiet] == [
        *("1.0 1.1", "1.1 1.0", "1.1 1.1", "1.1 1.2", "1.2 1.1")
    ]


def test_another_python_or_configuration_is_not_beside_it() -> None:
    near = [
        verdict(cell("1.0", "1.1", python="3.12", config="warnings"), "pass"),
        verdict(cell("1.0", "1.1", config="stock"), "pass"),
    ]
    found = follow([verdict(WARNED, "hang"), *near])
    assert named(found, Why.WORKAROUND) == ["1.0 1.0 stock", "1.0 1.0 warnings+quiet"]


def test_what_was_asked_for_anyway_is_no_follow_up() -> None:
    both = [verdict(WARNED, "hang"), verdict(cell(), "pass")]
    assert named(follow(both), Why.WORKAROUND) == ["1.0 1.0 warnings+quiet"]


def test_only_what_was_asked_for_is_followed_up() -> None:
    known = grid("1.0 1.1 1.2\n1.0 pass hang hang", config="warnings")
    found = follow(known, asked=[known[1].cell])
    assert {str(of.version("right")) for of in found.cells} == {"1.1", "None"}


# --- baselines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "baselines"),
    [
        # without `left` there is nothing to probe
        (verdict(cell(), "hang"), ["1.0 - stock"]),
        (failing(cell(), Phase.IMPORT), ["1.0 - stock"]),
        (failing(cell(), Phase.STARTUP), ["1.0 - stock"]),
        (failing(cell(), Phase.SHUTDOWN), ["1.0 - stock"]),
        (failing(cell(), Phase.INSTALL), []),
        (verdict(cell(), "pass"), []),
        (verdict(cell(), "unproven"), []),
    ],
)
def test_each_library_alone_is_run_where_the_pair_did_not_pass(
    of: Verdict, baselines: list[str]
) -> None:
    assert named(follow([of]), Why.BASELINE) == baselines


def test_each_library_is_left_out_where_the_probe_can_be_run_without_it() -> None:
    either = replace(WAYS, probes={"restart": probe("restart", "stock", "warnings")})
    found = follow([verdict(cell("1.0", "2.0"), "hang")], matrix=either)
    assert named(found, Why.BASELINE) == ["- 2.0 stock", "1.0 - stock"]


def test_a_baseline_is_shared_by_all_that_need_it() -> None:
    found = follow(grid("1.0 1.1 1.2\n1.0 hang hang hang"))
    assert named(found, Why.BASELINE) == ["1.0 - stock"]


# --- the dependencies of another day -------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "again"),
    [
        (failing(cell(), Phase.INSTALL), ["1.0 1.0 stock@release"]),
        (failing(cell(), Phase.IMPORT), ["1.0 1.0 stock@release"]),
        (failing(cell(), Phase.STARTUP), ["1.0 1.0 stock@release"]),
        (failing(cell(), Phase.SERVING), []),
        (failing(cell(), Phase.SHUTDOWN), []),
        (verdict(cell(), "hang", phase=Phase.STARTUP), []),
        (verdict(cell(), "pass"), []),
    ],
)
def test_what_fails_before_it_serves_is_run_with_that_days_dependencies(
    of: Verdict, again: list[str]
) -> None:
    assert named(follow([of]), Why.AT_RELEASE) == again


def test_where_the_index_does_not_say_when_nothing_is_resolved_as_of_then() -> None:
    found = follow([failing(cell(), Phase.INSTALL)], uploaded=None)
    assert named(found, Why.AT_RELEASE) == []


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1, 3, 4),
        (3, 1, 4),
        (1, None, None),
        (None, None, None),
    ],
)
def test_a_release_day_is_that_of_the_newer_one_and_a_day(
    left: int | None, right: int | None, expected: int | None
) -> None:
    def day(number: int | None) -> datetime | None:
        return UPLOADED.replace(day=number) if number else None

    published = {
        "left": [replace(release(LEFT, "1.0"), uploaded_at=day(left))],
        "right": [replace(release(RIGHT, "1.0"), uploaded_at=day(right))],
    }
    assert released(cell().pins, published) == day(expected)


def test_a_release_day_without_the_other_library_is_its_own() -> None:
    assert released(cell(right="-").pins, releases()) == UPLOADED + timedelta(days=1)


# --- rates that are compared ---------------------------------------------------------------------

ALONE = cell(right="-")


@pytest.mark.parametrize(
    ("pair", "alone", "compared"),
    [
        ("hang", "hang", True),
        ("hang", "pass", False),
        ("hang", "fail", False),
        ("hang", None, False),
    ],
)
def test_where_both_hang_both_get_more_trials(pair: str, alone: str | None, compared: bool) -> None:
    known = [verdict(cell(), pair), *([verdict(ALONE, alone)] if alone else [])]
    found = follow(known, asked=[cell()])
    assert found.trials == ({cell(): 5, ALONE: 5} if compared else {})


@pytest.mark.parametrize(
    ("hung", "alone", "trials"),
    [
        # By chance the one hang would be among 30 of 1,530 exposures in 2.0 %; of 2,030 in 1.5 %.
        ((1, 30), (1, 500), 4),
        ((1, 25), (1, 500), 3),
        ((1, 25), (3, 1500), None),
        # Among 40 of 2,540 in 1.6 %.
        ((1, 40), (1, 500), 5),
        # Among 45 of 2,545 in 1.8 %: five would not tell.
        ((1, 45), (1, 500), None),
        # Three hangs prove much more: all among 200 of 700 in 2.3 %, of 1,200 in 0.5 %.
        ((3, 200), (1, 500), 2),
        ((3, 400), (1, 300), 4),
    ],
)
def test_a_baseline_that_passes_is_run_until_it_tells(
    hung: tuple[int, int], alone: tuple[int, int], trials: int | None
) -> None:
    pair = replace(verdict(cell(), "hang"), trials=hung[0], hangs=hung[0], exposures=hung[1])
    passed = replace(verdict(ALONE), trials=alone[0], exposures=alone[1])
    found = follow([pair, passed], asked=[cell()])
    assert found.trials == ({ALONE: trials} if trials else {})


# --- the end -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "of",
    [
        verdict(cell(config="warnings+quiet"), "hang"),
        failing(cell(config="warnings@release"), Phase.IMPORT),
        verdict(cell(right="-"), "hang"),
    ],
)
def test_what_follows_is_itself_followed_by_nothing(of: Verdict) -> None:
    assert follow([of]) == FollowUps()


def test_what_is_to_help_is_tried_more_often_than_what_must_break_nothing() -> None:
    beside = cell(right="2.0", config="warnings")
    often = replace(WAYS, trials=replace(WAYS.trials, workaround=4))
    found = follow([verdict(WARNED, "hang"), verdict(beside, "pass")], matrix=often)
    tried = {
        of.key: found.trials.get(of) for of, why in found.cells.items() if why is Why.WORKAROUND
    }
    assert tried[replace(WARNED, config="warnings+quiet").key] == 4
    assert tried[replace(beside, config="warnings+quiet").key] is None

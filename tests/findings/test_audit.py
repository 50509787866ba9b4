"""Random inferred pairs, and the share of them that is wrong."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from release_grids import LETTERS, drawn

from interlock.findings.audit import ErrorRate, by_rule, draw, error_rate
from interlock.findings.inference import Known, KnownBy, Rule, TrackMap

SOME = drawn("1.0.0 1.0.1 1.0.2 1.1.0 1.1.1 1.1.2\n5.0 P . P H . H\n5.1 x x P . . P")
OTHERS = drawn("1.0.0 1.0.1 1.0.2\n5.0 P . P\n5.1 P x P")


def spots(maps: list[TrackMap], n: int, seed: int) -> list[tuple[int, tuple[int, int]]]:
    return [(one.track, one.spot) for one in draw(maps, n, seed)]


def test_only_inferred_pairs_are_drawn_and_each_once() -> None:
    assert sorted(spots([SOME, OTHERS], 10, 1)) == [(0, (0, 1)), (0, (0, 4)), (1, (0, 1))]


def test_a_draw_can_be_repeated_with_its_seed() -> None:
    draws = [spots([SOME, OTHERS], 2, seed) for seed in range(20)]
    assert draws == [spots([SOME, OTHERS], 2, seed) for seed in range(20)]
    assert len({*map(tuple, draws)}) > 1


def test_each_inferred_pair_is_as_likely_as_any_other() -> None:
    """Also those of a small map. Chi-squared is above 13.8 in one of 1,000 such tests."""
    counted = Counter(spots([SOME, OTHERS], 1, seed)[0] for seed in range(3000))
    assert len(counted) == 3
    assert sum((seen - 1000) ** 2 / 1000 for seen in counted.values()) < 13.8


def test_nothing_is_drawn_where_nothing_is_inferred() -> None:
    assert draw([drawn("1.0.0 1.1.0\n5.0 P H")], 3, 1) == []
    assert draw([], 3, 1) == []


def known(letter: str, rule: Rule = Rule.LINE) -> Known:
    return Known(basis=KnownBy.INFERRED, observation=LETTERS[letter], rule=rule)


def test_what_came_out_otherwise_is_wrong_and_what_proved_nothing_is_left_out() -> None:
    found = error_rate(
        (known(inferred), LETTERS[seen])
        for inferred, seen in ["PP", "PH", "HJ", "HH", "FE", "P?", "P-"]
    )
    assert found == ErrorRate(wrong=4, run=6, unproven=1)


def test_the_rule_that_misleads_is_named() -> None:
    found = by_rule(
        [
            (known("P", Rule.BOX), LETTERS["H"]),
            (known("P", Rule.BOX), LETTERS["P"]),
            (known("P", Rule.LINE), LETTERS["P"]),
        ]
    )
    assert {rule: (rate.wrong, rate.run) for rule, rate in found.items()} == {
        Rule.LINE: (0, 1),
        Rule.BOX: (1, 2),
    }


@pytest.mark.parametrize(
    ("wrong", "run", "low", "high"),
    [
        # quantiles of the beta distribution at 2.5 % and 97.5 %
        (0, 300, 0.0, 0.0122),
        (3, 300, 0.00207, 0.02894),
        (0, 0, 0.0, 1.0),
    ],
)
def test_an_error_rate_has_its_exact_interval(
    wrong: int, run: int, low: float, high: float
) -> None:
    found = ErrorRate(wrong=wrong, run=run).interval
    assert found == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("share", [0.004, 0.02, 0.1])
def test_the_interval_covers_the_true_share_of_errors(share: float) -> None:
    """In at least 95 of 100 audits; 1,000 of them fall below 93.3 % by chance in 1 of 100."""
    size = 5000
    wrong = set(range(round(size * share)))
    covered = 0
    for seed in range(1000):
        audited = random.Random(seed).sample(range(size), 300)
        found = error_rate((known("P"), LETTERS["H" if cell in wrong else "P"]) for cell in audited)
        low, high = found.interval
        covered += low <= share <= high
    assert covered >= 933

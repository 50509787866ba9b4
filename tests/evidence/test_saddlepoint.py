"""The approximation against the exact distribution, and where it takes over."""

from __future__ import annotations

import math
from random import Random

import pytest

from interlock.evidence import confidence
from interlock.evidence.confidence import Stratum, chance, rate_ratio
from interlock.evidence.saddlepoint import Place, reaches


def exactly(places: list[Place], number: int, ratio: float) -> float:
    """Hit by hit."""
    found = [1.0]
    for place in places:
        share = ratio * place.odds / (1 + ratio * place.odds)
        for _ in range(place.hits):
            found = [
                (1 - share) * none + share * one
                for none, one in zip([*found, 0.0], [0.0, *found], strict=True)
            ]
    return math.fsum(found[number:])


MANY = [Place(hits=1 + n % 7, odds=0.02 * (1 + n % 13) ** 2) for n in range(80)]
"""318 hits, a third of which are expected to be the first kind's."""


@pytest.mark.parametrize("number", [40, 70, 107, 108, 140, 200, 300])
@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0])
def test_it_is_right_to_three_digits(number: int, ratio: float) -> None:
    expected = exactly(MANY, number, ratio)
    assert reaches(MANY, number)(ratio) == pytest.approx(expected, rel=1e-3, abs=1e-300)


@pytest.mark.parametrize("number", [0, 318])
def test_the_ends_have_no_approximation(number: int) -> None:
    with pytest.raises(ValueError, match="at the end"):
        reaches(MANY, number)


def strata(seed: int, most_a: int, most_b: int) -> list[Stratum]:
    drawn = Random(seed)
    return [
        Stratum(
            drawn.randint(0, most_a),
            drawn.randint(20, 4000),
            drawn.randint(0, most_b),
            drawn.randint(20, 4000),
        )
        for _ in range(60)
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("most_a", "most_b"), [(9, 9), (12, 0), (12, 1), (1, 12), (0, 12)])
def test_of_many_hits_the_bounds_are_what_going_through_each_would_say(
    most_a: int, most_b: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = strata(seed, most_a, most_b)
    assert sum(place.hits_a + place.hits_b for place in some) > confidence.FEW

    quick = rate_ratio(some), chance(some)
    monkeypatch.setattr(confidence, "FEW", 10_000)
    confidence._exact_ratio.cache_clear()
    slow = rate_ratio(some), chance(some)
    confidence._exact_ratio.cache_clear()

    assert quick[0][0] == slow[0][0]
    assert quick[0][1] == pytest.approx(slow[0][1], rel=1e-4)
    assert quick[1] == pytest.approx(slow[1], rel=1e-3, abs=1e-14)

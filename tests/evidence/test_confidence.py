"""The formulas against values from their sources and against what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given, strategies as st

from interlock.evidence.confidence import (
    Interval,
    Stratum,
    chance,
    exact_interval,
    interval,
    rate_ratio,
    ruled_out_rate,
)


@pytest.mark.parametrize(
    ("exposures", "rate"),
    [
        (1, 0.95),
        # 1 - 0.05 ** (1 / n), computed with bc.
        (10, 0.258866),
        (59, 0.049508),
        (300, 0.009936),
    ],
)
def test_passes_rule_out_the_rate_that_would_have_shown(exposures: int, rate: float) -> None:
    assert ruled_out_rate(exposures) == pytest.approx(rate, abs=1e-6)


@given(st.integers(100, 10**9))
def test_the_rate_is_about_three_in_n(exposures: int) -> None:
    """Hanley and Lippman-Hand's rule of three."""
    assert ruled_out_rate(exposures) * exposures == pytest.approx(3, abs=0.05)


@given(st.integers(1, 10**6))
def test_with_that_rate_one_run_in_twenty_would_have_passed(exposures: int) -> None:
    luck = exposures * math.log1p(-ruled_out_rate(exposures))
    assert luck == pytest.approx(math.log(0.05))


@pytest.mark.parametrize("exposures", [0, -1])
def test_nothing_is_ruled_out_by_nothing(exposures: int) -> None:
    with pytest.raises(ValueError, match="rules nothing out"):
        ruled_out_rate(exposures)


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        # R: binom::binom.confint(x, n, methods = "wilson")
        (0, 10, 0.0, 0.2775),
        (3, 4, 0.3006, 0.9544),
        (10, 10, 0.7225, 1.0),
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(hits: int, trials: int, low: float, high: float) -> None:
    assert interval(hits, trials) == pytest.approx((low, high), abs=5e-5)


BOTH = pytest.mark.parametrize("bounds", [interval, exact_interval])


@BOTH
@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_what_was_seen_lies_in_the_interval(
    bounds: Callable[[int, int], Interval], seen: tuple[int, int]
) -> None:
    hits, trials = seen
    low, high = bounds(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    mirrored = bounds(trials - hits, trials)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high), abs=1e-12)


@BOTH
@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (-1, 4), (5, 4), (0, 0)])
def test_what_is_no_proportion_is_refused(
    bounds: Callable[[int, int], Interval], hits: int, trials: int
) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        bounds(hits, trials)


@pytest.mark.parametrize(
    ("hits", "tried", "low", "high"),
    [
        # SciPy: binomtest(x, n).proportion_ci(method="exact"); of one hit 1 - 0.975 ** (1 / n)
        (0, 10, 0.0, 0.3085),
        (1, 1, 0.025, 1.0),
        (1, 12, 1 - 0.975 ** (1 / 12), 0.3848),
        (1, 3000, 1 - 0.975 ** (1 / 3000), 0.001856),
        (3, 4, 0.1941, 0.9937),
        (10, 10, 0.6915, 1.0),
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 5.
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_the_exact_interval_is_clopper_and_pearsons(
    hits: int, tried: int, low: float, high: float
) -> None:
    assert exact_interval(hits, tried) == pytest.approx((low, high), abs=5e-5)


@given(st.floats(0.005, 0.5), st.integers(1, 6))
def test_who_stops_at_a_hit_is_covered_as_often_as_is_said(rate: float, hits: int) -> None:
    """All numbers of exposures until that many hits with a bound above the rate."""
    missed, tried, chance = 0.0, hits, rate**hits
    while exact_interval(hits, tried).low > rate:
        missed += chance
        chance *= (1 - rate) * tried / (tried - hits + 1)
        tried += 1
    assert missed <= 0.025 + 1e-9


TRIED = st.integers(1, 400)
PLACE = st.builds(
    lambda n, m, a, b: Stratum(min(a, n), n, min(b, m), m),
    *(TRIED, TRIED, st.integers(0, 6), st.integers(0, 6)),
)
PLACES = st.lists(PLACE, min_size=1, max_size=5)


def mirrored(strata: list[Stratum]) -> list[Stratum]:
    return [Stratum(b, m, a, n) for a, n, b, m in strata]


@given(PLACES)
def test_the_ratio_the_other_way_round_is_one_over_it(strata: list[Stratum]) -> None:
    ratio, (low, high) = rate_ratio(strata)
    other, (least, most) = rate_ratio(mirrored(strata))
    assert 0 <= low <= high
    assert other == pytest.approx(1 / ratio if ratio else math.inf, nan_ok=True)
    assert least == pytest.approx(1 / high if high else math.inf, rel=1e-4)
    assert most == pytest.approx(1 / low if low else math.inf, rel=1e-4)


@given(PLACE.filter(lambda place: place.hits_a + place.hits_b > 0))
def test_the_bounds_of_one_place_are_those_of_its_share_of_the_hits(place: Stratum) -> None:
    """Przyborowski and Wilenski: a's share of the hits is binomial."""
    ratio, found = rate_ratio([place])
    share = exact_interval(place.hits_a, place.hits_a + place.hits_b)
    as_ratio = [p / (1 - p) * place.tried_b / place.tried_a if p < 1 else math.inf for p in share]
    assert found == pytest.approx(as_ratio, rel=1e-4)
    assert found.low * (1 - 1e-9) <= ratio <= found.high * (1 + 1e-9)


def test_with_many_hits_it_is_the_interval_of_the_log_ratio() -> None:
    """exp(ln r ± z √(1/x + 1/y))"""
    _, found = rate_ratio([Stratum(450, 10_000, 300, 10_000)])
    reach = 1.959964 * math.sqrt(1 / 450 + 1 / 300)
    assert found == pytest.approx((1.5 * math.exp(-reach), 1.5 * math.exp(reach)), rel=1e-2)


def test_a_place_that_was_tried_more_is_no_difference() -> None:
    """5 % in one place and 0.5 % in the other, for both kinds.

    Counted together, that is 3.5 against 0.59 %.
    """
    strata = [Stratum(20, 400, 2, 40), Stratum(1, 200, 10, 2000)]
    ratio, (low, high) = rate_ratio(strata)
    assert ratio == pytest.approx(1)
    assert low < 0.5
    assert 2 < high < 5
    pooled, (least, _) = rate_ratio([Stratum(21, 600, 12, 2040)])
    assert pooled == pytest.approx(5.95)
    assert least > 2


def test_the_ratio_is_mantel_and_haenszels() -> None:
    """The sum of a m / N over the sum of b n / N.

    Rothman, Greenland and Lash, "Modern Epidemiology" 3, 2008, chapter 15.
    """
    ratio, _ = rate_ratio([Stratum(6, 60, 1, 200), Stratum(1, 50, 3, 400)])
    expected = (6 * 200 / 260 + 1 * 400 / 450) / (1 * 60 / 260 + 3 * 50 / 450)
    assert ratio == pytest.approx(expected)


def test_places_without_a_hit_say_nothing_of_the_ratio() -> None:
    some = [Stratum(3, 40, 1, 100)]
    assert rate_ratio([*some, Stratum(0, 9000, 0, 10)]) == rate_ratio(some)
    assert chance([*some, Stratum(0, 9000, 0, 10)]) == chance(some)


def test_without_any_hit_nothing_is_known_of_the_ratio() -> None:
    ratio, bounds = rate_ratio([Stratum(0, 5, 0, 7)])
    assert math.isnan(ratio)
    assert bounds == (0, math.inf)
    assert chance([Stratum(0, 5, 0, 7)]) == 1


@pytest.mark.parametrize(
    ("strata", "expected"),
    [
        # One hit falls to a by its share of what was tried.
        ([(1, 30, 0, 500)], 30 / 530),
        ([(2, 10, 0, 90)], 0.01),
        # Two of three or more: 3 p² (1 - p) + p³.
        ([(2, 50, 1, 50)], 0.5),
        ([(0, 50, 4, 50)], 1.0),
        # Two places, one hit each.
        ([(1, 30, 0, 500), (1, 30, 0, 500)], (30 / 530) ** 2),
        # Of three hits a has two or more: both of the first place's, or one of them and the other.
        ([(1, 10, 1, 30), (1, 10, 0, 10)], 0.0625 + 0.375 * 0.5),
    ],
)
def test_how_likely_so_many_of_the_hits_are_by_chance(
    strata: list[tuple[int, int, int, int]], expected: float
) -> None:
    assert chance(Stratum(*each) for each in strata) == pytest.approx(expected)


@given(PLACES)
def test_a_ratio_of_one_is_outside_where_chance_is_not_likely(strata: list[Stratum]) -> None:
    _, (low, _) = rate_ratio(strata, 0.9)
    likely = chance(strata)
    assert abs(likely - 0.05) < 1e-4 or (low > 1) == (likely < 0.05)


@pytest.mark.parametrize("place", [(1, 0, 1, 5), (1, 5, 1, 0), (-1, 5, 1, 5)])
def test_what_was_not_tried_is_not_compared(place: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="compares nothing"):
        rate_ratio([Stratum(*place)])

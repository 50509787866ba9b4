"""The formulas against values from their sources and against what they mean."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.confidence import Interval, exact_interval, interval, rate_ratio, ruled_out_rate


@pytest.mark.parametrize(
    ("exposures", "rate"),
    [
        (1, 0.95),
        # 1 - 0.05 ** (1 / n), worked out with bc.
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
    """Of all numbers of exposures until so many hits, those whose bound lies above the rate."""
    missed, tried, chance = 0.0, hits, rate**hits
    while exact_interval(hits, tried).low > rate:
        missed += chance
        chance *= (1 - rate) * tried / (tried - hits + 1)
        tried += 1
    assert missed <= 0.025 + 1e-9


SMALL = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(SMALL, SMALL)
def test_the_ratio_lies_in_its_interval(a: tuple[int, int], b: tuple[int, int]) -> None:
    ratio, (low, high) = rate_ratio(*a, *b)
    assert 0 <= low <= high
    assert math.isnan(ratio) or low * (1 - 1e-9) <= ratio <= high * (1 + 1e-9)


@given(SMALL, SMALL)
def test_the_ratio_the_other_way_round_is_one_over_it(
    a: tuple[int, int], b: tuple[int, int]
) -> None:
    _, (low, high) = rate_ratio(*a, *b)
    _, mirrored = rate_ratio(*b, *a)
    assert mirrored.low == pytest.approx(1 / high if high else math.inf)
    assert mirrored.high == pytest.approx(1 / low if low else math.inf)


def test_with_many_trials_it_is_the_interval_of_the_log_ratio() -> None:
    """Katz and others: exp(ln r ± z √(1/x − 1/n + 1/y − 1/m))."""
    _, found = rate_ratio(3000, 10_000, 2000, 10_000)
    reach = 1.959964 * math.sqrt(1 / 3000 - 1 / 10_000 + 1 / 2000 - 1 / 10_000)
    assert found == pytest.approx((1.5 * math.exp(-reach), 1.5 * math.exp(reach)), rel=1e-3)


def test_always_against_never_is_as_far_apart_as_so_few_trials_can_tell() -> None:
    ratio, (low, high) = rate_ratio(5, 5, 0, 5)
    assert (ratio, high) == (math.inf, math.inf)
    assert 1 < low < 5


def test_always_and_always_still_leaves_room() -> None:
    ratio, (low, high) = rate_ratio(3, 3, 3, 3)
    assert ratio == 1
    assert low < 1 < high


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        # Donner and Zou's equation 9, worked out with SciPy's exact intervals.
        ((5, 150), (5, 2000), 3.3303, 52.970),
        ((1, 30), (1, 400), 0.27681, 626.24),
        ((27, 517), (8, 1185), 3.4877, 19.086),
    ],
)
def test_the_ratios_bounds_are_made_of_the_exact_intervals(
    a: tuple[int, int], b: tuple[int, int], low: float, high: float
) -> None:
    assert rate_ratio(*a, *b)[1] == pytest.approx((low, high), rel=1e-4)


def test_without_any_hit_nothing_is_known_of_the_ratio() -> None:
    ratio, bounds = rate_ratio(0, 5, 0, 7)
    assert math.isnan(ratio)
    assert bounds == (0, math.inf)

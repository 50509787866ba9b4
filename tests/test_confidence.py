"""The formulas against values from their sources and against what they mean."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.confidence import interval, ruled_out_rate


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


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_what_was_seen_lies_in_the_interval(seen: tuple[int, int]) -> None:
    hits, trials = seen
    low, high = interval(hits, trials)
    assert 0 <= low <= hits / trials <= high <= 1
    mirrored = interval(trials - hits, trials)
    assert (1 - mirrored.high, 1 - mirrored.low) == pytest.approx((low, high))


@pytest.mark.parametrize(("hits", "trials"), [(1, 0), (-1, 4), (5, 4), (0, 0)])
def test_what_is_no_proportion_is_refused(hits: int, trials: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        interval(hits, trials)

"""What a number of passes rules out, between which bounds a rate lies, and two rates' ratio."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95


class Interval(NamedTuple):
    low: float
    high: float


def ruled_out_rate(exposures: int, level: float = LEVEL) -> float:
    """The smallest rate per exposure that so many exposures without a hang speak against.

    Had each exposure hung with this rate, none would have in only ``1 - level`` of all runs: the
    one-sided bound of Clopper and Pearson (Biometrika 26, 1934, 404–413) for no event in n, about
    ``3 / n`` (Hanley and Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249,
    1983, 1743–1745). It takes exposures to be alike and independent, as amplified by the probe.
    Raises ``ValueError`` for less than one exposure: nothing is ruled out by nothing.
    """
    if exposures < 1:
        raise ValueError("no exposure rules nothing out")
    return -math.expm1(math.log1p(-level) / exposures)


def interval(hits: int, trials: int, level: float = LEVEL) -> Interval:
    """Between which bounds the rate behind ``hits`` of ``trials`` lies: Wilson's score interval.

    Wilson, JASA 22 (1927), 209–212; for few trials recommended over the textbook's by Brown, Cai
    and DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16 (2001),
    101–133, https://doi.org/10.1214/ss/1009213286
    """
    if not 0 <= hits <= trials or trials < 1:
        raise ValueError(f"{hits} of {trials} is no proportion")
    z = NormalDist().inv_cdf(0.5 + level / 2)
    rate = hits / trials
    scale = 1 + z * z / trials
    middle = (rate + z * z / (2 * trials)) / scale
    reach = z / scale * math.sqrt(rate * (1 - rate) / trials + z * z / (4 * trials * trials))
    return Interval(
        0.0 if hits == 0 else max(0.0, middle - reach),
        1.0 if hits == trials else min(1.0, middle + reach),
    )


@lru_cache(maxsize=4096)
def exact_interval(hits: int, tried: int, level: float = LEVEL) -> Interval:
    """The same for exposures, where a trial stops at its first hit: Clopper and Pearson's interval.

    Clopper and Pearson, Biometrika 26 (1934), 404–413. Its lower bound is also the exact one of
    inverse sampling, where one goes on until so many hits were seen (Haldane, Biometrika 33 (1945),
    222–225, has the sampling); its upper bound is on the safe side there. Wilson's interval is for
    a number of trials that was fixed before: of one hit in one exposure it says 21 % at least, and
    that a first exposure hits is no wonder at 3 %.
    """
    if not 0 <= hits <= tried or tried < 1:
        raise ValueError(f"{hits} of {tried} is no proportion")
    either = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, tried, p) - either)
    high = 1.0 if hits == tried else _solve(lambda p: either - _at_most(hits, tried, p))
    return Interval(low, high)


def _at_most(hits: int, tried: int, rate: float) -> float:
    """The chance of so many hits or fewer: the sum of the binomial distribution."""
    if hits > tried / 2:
        return 1 - _at_most(tried - hits - 1, tried, 1 - rate) if hits < tried else 1.0
    if not 0 < rate < 1:
        return float(rate <= 0)
    one, none = math.log(rate), math.log1p(-rate)
    total, ways = 0.0, 0.0
    for k in range(hits + 1):
        total += math.exp(ways + k * one + (tried - k) * none)
        ways += math.log(tried - k) - math.log(k + 1)
    return min(1.0, total)


def _solve(rising: Callable[[float], float]) -> float:
    """The rate at which a rising function is 0, by halving; to 15 digits of a rate of 1."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


def rate_ratio(
    hits_a: int, trials_a: int, hits_b: int, trials_b: int, level: float = LEVEL
) -> tuple[float, Interval]:
    """How many times b's rate a's is, and between which bounds that lies.

    The bounds are made of both rates' exact intervals by the method of variance estimates recovery
    (MOVER-R: Donner and Zou, "Closed-form confidence intervals for functions of the normal mean and
    standard deviation", Statistical Methods in Medical Research 21 (2012), 347–359, equation 9;
    for proportions Fagerland, Lydersen and Laake, "Recommended confidence intervals for two
    independent binomial proportions", ibid. 24 (2015), 224–254). Unlike the interval of the log
    ratio (Katz and others, Biometrics 34 (1978), 469–474) it needs no half hits where there are
    none, and does not shrink to a point where all of both were hits.

    Without a hit of b the ratio is infinite and has no upper bound; without any hit at all it is
    not a number, and anything is possible.
    """
    low_a, high_a = exact_interval(hits_a, trials_a, level)
    low_b, high_b = exact_interval(hits_b, trials_b, level)
    a, b = hits_a / trials_a, hits_b / trials_b
    if not hits_a and not hits_b:
        return math.nan, Interval(0.0, math.inf)

    def root(of_a: float, of_b: float) -> float:
        return math.sqrt(max(0.0, (a * b) ** 2 - of_a * of_b))

    least_a, least_b = low_a * (2 * a - low_a), low_b * (2 * b - low_b)
    most_a, most_b = high_a * (2 * a - high_a), high_b * (2 * b - high_b)
    return (
        a / b if hits_b else math.inf,
        Interval(
            least_a / (a * b + root(least_a, most_b)) if hits_a else 0.0,
            (a * b + root(most_a, least_b)) / least_b if hits_b else math.inf,
        ),
    )

"""What a number of passes rules out, between which bounds a rate lies, and two rates' ratio."""

from __future__ import annotations

import math
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


def rate_ratio(
    hits_a: int, trials_a: int, hits_b: int, trials_b: int, level: float = LEVEL
) -> tuple[float, Interval]:
    """How many times b's rate a's is, and between which bounds that lies.

    The bounds are made of both rates' Wilson intervals by the method of variance estimates recovery
    (MOVER-R: Donner and Zou, "Closed-form confidence intervals for functions of the normal mean and
    standard deviation", Statistical Methods in Medical Research 21 (2012), 347–359, equation 9;
    for proportions Fagerland, Lydersen and Laake, "Recommended confidence intervals for two
    independent binomial proportions", ibid. 24 (2015), 224–254). Unlike the interval of the log
    ratio (Katz and others, Biometrics 34 (1978), 469–474) it needs no half hits where there are
    none, and does not shrink to a point where all of both were hits.

    Without a hit of b the ratio is infinite and has no upper bound; without any hit at all it is
    not a number, and anything is possible.
    """
    low_a, high_a = interval(hits_a, trials_a, level)
    low_b, high_b = interval(hits_b, trials_b, level)
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

"""What a number of passes rules out, and between which bounds a rate lies."""

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

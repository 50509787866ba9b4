"""How likely a sum of many unlike hits reaches a number, by approximation.

The exact distribution of n hits takes n² steps. This approximation takes one step for each place.
It is the saddlepoint approximation of Lugannani and Rice (Advances in Applied Probability 12, 1980,
475-490). The correction for whole numbers is that of Daniels (International Statistical Review 55,
1987, 37-48). For more than a few hundred hits it is right to three digits, far out in the tail too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

NEAR_THE_MEAN = 1e-3
"""Standard deviations from the mean within which its limit stands for the formula."""


class Place(NamedTuple):
    """So many hits, each of which is the first kind's with odds of the ratio times ``odds``."""

    hits: int
    odds: float


def reaches(places: Sequence[Place], number: int) -> Callable[[float], float]:
    """By the ratio, how likely so many of the hits or more are the first kind's.

    At least one and not all of the hits: the approximation has no value at the ends.
    """
    target = number - 0.5
    total = sum(place.hits for place in places)
    if not 0 < target < total - 0.5:
        raise ValueError(f"{number} of {total} hits is at the end of their distribution")
    tilted = _tilted(places, target)
    shares = [tilted * place.odds / (1 + tilted * place.odds) for place in places]
    spread = [p.hits * s * (1 - s) for p, s in zip(places, shares, strict=True)]
    deviation = math.sqrt(math.fsum(spread))
    skew = math.fsum(v * (1 - 2 * s) for v, s in zip(spread, shares, strict=True)) / deviation**3
    constant = _log_odds(places, tilted)

    def at(ratio: float) -> float:
        tilt = math.log(tilted / ratio)
        exponent = tilt * target - constant + _log_odds(places, ratio)
        w = math.copysign(math.sqrt(max(0.0, 2 * exponent)), tilt)
        if abs(w) < NEAR_THE_MEAN:
            return 0.5 - skew / (6 * math.sqrt(2 * math.pi))
        u = 2 * math.sinh(tilt / 2) * deviation
        density = math.exp(-w * w / 2) / math.sqrt(2 * math.pi)
        beyond = math.erfc(w / math.sqrt(2)) / 2 + density * (1 / u - 1 / w)
        return min(1.0, max(0.0, beyond))

    return at


def _log_odds(places: Sequence[Place], ratio: float) -> float:
    return math.fsum(place.hits * math.log1p(ratio * place.odds) for place in places)


def _tilted(places: Sequence[Place], target: float) -> float:
    """The ratio at which so many of the hits are expected to be the first kind's."""
    low, high = -60.0, 60.0
    for _ in range(80):
        middle = (low + high) / 2
        ratio = math.exp(middle)
        expected = math.fsum(p.hits * ratio * p.odds / (1 + ratio * p.odds) for p in places)
        low, high = (middle, high) if expected < target else (low, middle)
    return math.exp((low + high) / 2)

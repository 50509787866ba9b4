"""What passes rule out, the bounds of a rate, and the ratio of two rates."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from interlock.evidence.saddlepoint import Place, reaches

LEVEL = 0.95

FEW = 256
"""Hits up to which the exact sum is used. Its time grows with the square of the hits."""

FEW_OF_ONE = 64
"""Hits of one kind up to which the exact sum is used, however many the other kind has."""


class Interval(NamedTuple):
    low: float
    high: float


def ruled_out_rate(exposures: int, level: float = LEVEL) -> float:
    """The smallest rate per exposure that passes alone rule out.

    If each exposure hung at this rate, only ``1 - level`` of all runs would see no hang. This is
    the one-sided bound of Clopper and Pearson (Biometrika 26, 1934, 404–413) for no event in n. It
    is about ``3 / n`` (Hanley and Lippman-Hand, JAMA 249, 1983, 1743–1745).

    It assumes that exposures are alike and independent, as amplified by the probe. Raises
    ``ValueError`` for less than one exposure.
    """
    if exposures < 1:
        raise ValueError("no exposure rules nothing out")
    return -math.expm1(math.log1p(-level) / exposures)


def interval(hits: int, trials: int, level: float = LEVEL) -> Interval:
    """The bounds of the rate behind ``hits`` of ``trials``: Wilson's score interval.

    Wilson, JASA 22 (1927), 209–212. For few trials Brown, Cai and DasGupta recommend it over the
    textbook's interval (Statistical Science 16, 2001, 101–133,
    https://doi.org/10.1214/ss/1009213286).
    """
    if not 0 <= hits <= trials or trials < 1:
        raise ValueError(f"{hits} of {trials} is no proportion")
    from statistics import NormalDist  # a question never gets here, and this takes its time to load

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
    """The same for exposures, where a trial stops at its first hit.

    This is the interval of Clopper and Pearson, Biometrika 26 (1934), 404–413. Its lower bound is
    also exact for inverse sampling, which goes on until a number of hits was seen (Haldane,
    Biometrika 33, 1945, 222–225). Its upper bound is then on the safe side.

    Wilson's interval is for a number of trials that was fixed before. For one hit in one exposure
    it gives at least 21 %. But at a true rate of 3 %, a hit in the first exposure is no surprise.
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
    total, exp = 0.0, math.exp
    for k, ways in enumerate(_ways(hits, tried)):
        total += exp(ways + k * one + (tried - k) * none)
    return min(1.0, total)


@lru_cache(maxsize=8)
def _ways(hits: int, tried: int) -> Sequence[float]:
    """Of 0 to ``hits`` hits: the logarithm of how many ways there are to have so many."""
    found = [0.0]
    for k in range(hits):
        found.append(found[-1] + (math.log(tried - k) - math.log(k + 1)))
    return found


def _solve(
    rising: Callable[[float], float], low: float = 0.0, high: float = 1.0, halvings: int = 60
) -> float:
    """Where a rising function is 0, found by halving.

    Without bounds, the result is a rate to 15 digits.
    """
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


class Stratum(NamedTuple):
    """The hits and the tries of two kinds, in one place."""

    hits_a: int
    tried_a: int
    hits_b: int
    tried_b: int


def rate_ratio(strata: Iterable[Stratum], level: float = LEVEL) -> tuple[float, Interval]:
    """How many times b's rate a's is, place by place, and the bounds of that.

    Places differ in both rates, and in how often each kind was tried there. Counted together, a
    place that was tried more often would look like a difference of the kinds. So each place is
    compared with itself: a's share of the hits of a place is binomial, with the ratio and the
    tries. The hits of all places are added.

    The bounds are exact, given all hits (Breslow and Day, "Statistical Methods in Cancer Research"
    II, 1987, chapter 3; Martin and Austin, Epidemiology 7, 1996, 29-33). For one place they are
    those of Przyborowski and Wilenski (Biometrika 31, 1940, 313-323). The ratio is that of Mantel
    and Haenszel. Hits are taken to be rare; where they are not, the bounds are on the safe side.

    Without a hit of b the ratio is infinite and has no upper bound. Without any hit it is not a
    number, and anything is possible.
    """
    known = _with_hits(strata)
    if not known:
        return math.nan, Interval(0.0, math.inf)
    return _exact_ratio(known, level)


def chance(strata: Iterable[Stratum]) -> float:
    """The one-sided p-value: how likely a has so many hits, if both rates are equal.

    It has the same distribution as the bounds of ``rate_ratio``.
    """
    known = _with_hits(strata)
    hits = sum(place.hits_a for place in known)
    return _reaches(known, hits)(1.0)


def _with_hits(strata: Iterable[Stratum]) -> tuple[Stratum, ...]:
    """The places in order, without those that say nothing of the ratio."""
    known = tuple(sorted(strata))
    for place in known:
        if min(place) < 0 or not (place.tried_a and place.tried_b):
            raise ValueError(f"{place} compares nothing")
    return tuple(place for place in known if place.hits_a or place.hits_b)


@lru_cache(maxsize=4096)
def _exact_ratio(strata: tuple[Stratum, ...], level: float) -> tuple[float, Interval]:
    hits_a = sum(place.hits_a for place in strata)
    hits_b = sum(place.hits_b for place in strata)
    of_a = math.fsum(p.hits_a * p.tried_b / (p.tried_a + p.tried_b) for p in strata)
    of_b = math.fsum(p.hits_b * p.tried_a / (p.tried_a + p.tried_b) for p in strata)
    either = (1 - level) / 2
    low, high = 0.0, math.inf
    at_least, at_most = _reaches(strata, hits_a), _stays(strata, hits_a)
    if hits_a + hits_b <= FEW:
        shares = _tilted(strata, (of_a or 0.5) / (of_b or 0.5))
        at_least, at_most = _from(shares, hits_a), _up_to(shares, hits_a)
    if hits_a:
        low = _solve_ratio(lambda r: at_least(r) - either)
    if hits_b:
        high = _solve_ratio(lambda r: either - at_most(r))
    return of_a / of_b if hits_b else math.inf, Interval(low, high)


def _reaches(strata: tuple[Stratum, ...], hits: int) -> Callable[[float], float]:
    """By the ratio of the rates, how likely a has so many of the hits or more."""
    total = sum(place.hits_a + place.hits_b for place in strata)
    if total <= FEW:
        return lambda ratio: math.fsum(_shares(strata, ratio)[hits:])
    if total - hits < FEW_OF_ONE:
        other = [Stratum(p.hits_b, p.tried_b, p.hits_a, p.tried_a) for p in strata]
        return lambda ratio: math.fsum(_shares(other, 1 / ratio, total - hits))
    if hits <= FEW_OF_ONE:
        return lambda ratio: 1 - math.fsum(_shares(strata, ratio, hits - 1)) if hits else 1.0
    known = [Place(p.hits_a + p.hits_b, p.tried_a / p.tried_b) for p in strata]
    return reaches(known, hits)


def _stays(strata: tuple[Stratum, ...], hits: int) -> Callable[[float], float]:
    """By the ratio of the rates, how likely a has so many of the hits or fewer."""
    if sum(place.hits_a + place.hits_b for place in strata) <= FEW:
        return lambda ratio: math.fsum(_shares(strata, ratio)[: hits + 1])
    more = _reaches(strata, hits + 1)
    return lambda ratio: 1 - more(ratio)


def _shares(strata: Sequence[Stratum], ratio: float, most: int | None = None) -> list[float]:
    """The probabilities that a has 0, 1, 2, … hits, for one ratio of the rates.

    The list ends at ``most`` hits, if that is given.
    """
    end = None if most is None else most + 1
    found = [1.0]
    for place in strata:
        odds = ratio * place.tried_a / place.tried_b
        of_a, of_b = odds / (1 + odds), 1 / (1 + odds)
        for _ in range(place.hits_a + place.hits_b):
            longer, shifted = [*found, 0.0], [0.0, *found]
            found = [of_b * x + of_a * y for x, y in zip(longer, shifted, strict=True)][:end]
    return found


def _tilted(strata: Sequence[Stratum], start: float) -> Callable[[float], list[float]]:
    """The same by the ratio, from the probabilities at one ratio near those that are asked for.

    Another ratio multiplies the probability of k hits by its k-th power, and all of them by the
    same number. So the places are added once, and not for every step of a search.
    """
    logs = [math.log(share) if share else -math.inf for share in _shares(strata, start)]

    def at(ratio: float) -> list[float]:
        step = math.log(ratio / start)
        powers = [log + hits * step for hits, log in enumerate(logs)]
        largest = max(powers)
        weights = [math.exp(power - largest) for power in powers]
        whole = math.fsum(weights)
        return [weight / whole for weight in weights]

    return at


def _from(shares: Callable[[float], list[float]], hits: int) -> Callable[[float], float]:
    return lambda ratio: math.fsum(shares(ratio)[hits:])


def _up_to(shares: Callable[[float], list[float]], hits: int) -> Callable[[float], float]:
    return lambda ratio: math.fsum(shares(ratio)[: hits + 1])


def _solve_ratio(rising: Callable[[float], float]) -> float:
    """The ratio at which a rising function is 0, to five digits."""
    return math.exp(_solve(lambda log: rising(math.exp(log)), -30.0, 30.0, halvings=22))

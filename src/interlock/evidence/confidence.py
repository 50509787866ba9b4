"""What a number of passes rules out, between which bounds a rate lies, and two rates' ratio."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

from interlock.evidence.saddlepoint import Place, reaches

LEVEL = 0.95

FEW = 256
"""Hits up to which each of them is gone through: exactly, in a time that grows with its square."""

FEW_OF_ONE = 64
"""Hits of one kind up to which that is done too, however many the other has."""


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


def _solve(
    rising: Callable[[float], float], low: float = 0.0, high: float = 1.0, halvings: int = 60
) -> float:
    """Where a rising function is 0, by halving; without bounds, a rate to 15 digits of 1."""
    for _ in range(halvings):
        middle = (low + high) / 2
        low, high = (low, middle) if rising(middle) > 0 else (middle, high)
    return (low + high) / 2


class Stratum(NamedTuple):
    """In one place, the hits among what was tried of two kinds."""

    hits_a: int
    tried_a: int
    hits_b: int
    tried_b: int


def rate_ratio(strata: Iterable[Stratum], level: float = LEVEL) -> tuple[float, Interval]:
    """How many times b's rate a's is, place by place, and between which bounds that lies.

    Places differ in both rates, and in how much of each kind was tried there: counted together, one
    place that was tried more would pass for a difference of the kinds. So each is held against
    itself: of the hits of a place, a's share is binomial with the ratio and what was tried, and the
    hits of all places add up. The bounds are the exact ones given all hits (Breslow and Day,
    "Statistical Methods in Cancer Research" II, 1987, chapter 3; Martin and Austin, "Exact
    estimates for a rate ratio", Epidemiology 7 (1996), 29-33), for one place those of Przyborowski
    and Wilenski (Biometrika 31 (1940), 313-323); the ratio itself is that of Mantel and Haenszel.
    It takes hits to be rare in what is tried, and is on the safe side where they are not.

    Without a hit of b the ratio is infinite and has no upper bound; without any hit at all it is
    not a number, and anything is possible.
    """
    known = _with_hits(strata)
    if not known:
        return math.nan, Interval(0.0, math.inf)
    return _exact_ratio(known, level)


def chance(strata: Iterable[Stratum]) -> float:
    """How likely a would have so many of the hits or more, if both rates were the same: a one-sided
    p-value, of the same distribution as the bounds of ``rate_ratio``."""
    known = _with_hits(strata)
    hits = sum(place.hits_a for place in known)
    return _reaches(known, hits)(1.0)


def _with_hits(strata: Iterable[Stratum]) -> tuple[Stratum, ...]:
    """In order, without the places that say nothing of the ratio."""
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
    if hits_a:
        at_least = _reaches(strata, hits_a)
        low = _solve_ratio(lambda r: at_least(r) - either)
    if hits_b:
        at_most = _stays(strata, hits_a)
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
    """How likely it is, with that ratio of the rates, that a has no hit, one of them, and so on, to
    ``most`` of them."""
    end = None if most is None else most + 1
    found = [1.0]
    for place in strata:
        odds = ratio * place.tried_a / place.tried_b
        of_a, of_b = odds / (1 + odds), 1 / (1 + odds)
        for _ in range(place.hits_a + place.hits_b):
            longer, shifted = [*found, 0.0], [0.0, *found]
            found = [of_b * x + of_a * y for x, y in zip(longer, shifted, strict=True)][:end]
    return found


def _solve_ratio(rising: Callable[[float], float]) -> float:
    """The ratio at which a rising function is 0, to five digits."""
    return math.exp(_solve(lambda log: rising(math.exp(log)), -30.0, 30.0, halvings=22))

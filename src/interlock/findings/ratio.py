"""How many times as likely a pair hangs as one library alone, with bounds. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from interlock.evidence import LEVEL, Interval, Stratum, chance, rate_ratio
from interlock.findings.pools import NOTHING, Pool

MARGIN = 2.0
"""A hang of one library alone is the pair's as well if the lower bound of the ratio is above this.

It is then certainly twice as likely together, and not a little more often by chance.
"""


@dataclass(frozen=True, kw_only=True)
class Ratio:
    """The pair's rate divided by that of one library alone, with its bounds."""

    times: float
    between: Interval
    at_least: float
    """The lower bound that decides: wider where this is one of several comparisons."""
    together: Pool
    alone: Pool
    over: str = ""
    """What both were compared over, where that is more than the cell."""
    looks: int = 1
    """How many comparisons it is one of."""

    @property
    def short(self) -> str:
        """``7.7 (3.6–17)``, and the bound that decides where the interval would mislead.

        A lower bound where the library never hangs alone.
        """
        low, high = self.between
        if math.isinf(self.times):
            return f"unknown, at least {times(low)}{self._surely}"
        return f"{times(self.times)} ({times(low)}–{times(high)}){self._surely}"

    @property
    def _surely(self) -> str:
        """``, certainly above 1.9 as one of 3 comparisons``, where the interval suggests more."""
        if self.certain or self.between.low <= MARGIN:
            return ""
        # Rounded down: 1.95 is not above 2.
        least = f"{math.floor(self.at_least * 10) / 10:g}"
        among = f" as one of {self.looks} comparisons" if self.looks > 1 else ""
        return f", certainly above {least}{among}"

    @property
    def certain(self) -> bool:
        """Whether it is likelier together, by more than chance and by enough to matter."""
        return self.at_least > MARGIN

    def __str__(self) -> str:
        counted = ""
        if self.over:
            together, apart = (
                f"{p.hangs:,} of {p.exposures if p.per_exposure else p.trials:,}"
                for p in (self.together, self.alone)
            )
            counted = f" ({together} against {apart}, {self.over})"
        return (
            f"{times(self.times)} times as likely, between {times(self.between.low)} and "
            f"{times(self.between.high)}{self._surely}{counted}"
        )


@dataclass(frozen=True, kw_only=True)
class Look:
    """The pair's hangs of one kind, compared with something else place by place."""

    places: tuple[tuple[Pool, Pool], ...]
    over: str = ""
    _ratios: dict[int, Ratio | None] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def chance(self) -> float:
        """How likely the pair has so many of the hangs, if both hang equally often."""
        return chance(self.strata)

    def ratio(self, looks: int = 1) -> Ratio | None:
        """The ratio of the rates, as one of so many comparisons of the same.

        None where neither hangs, or one was not run.
        """
        if looks not in self._ratios:
            self._ratios[looks] = self._ratio(looks)
        return self._ratios[looks]

    def _ratio(self, looks: int) -> Ratio | None:
        if not any(place.hits_a or place.hits_b for place in self.strata):
            return None
        together, apart = self.sums
        middle, between = rate_ratio(self.strata)
        at_least = between.low
        if looks > 1:
            _, (at_least, _) = rate_ratio(self.strata, 1 - (1 - LEVEL) / looks)
        return Ratio(
            times=middle,
            between=between,
            at_least=at_least,
            together=together,
            alone=apart,
            over=self.over,
            looks=looks,
        )

    @cached_property
    def strata(self) -> list[Stratum]:
        """The counts per exposure, or per trial where exposures can't be counted.

        A hang before the first exposure counts as one in it.
        """
        together, alone = self.sums
        if together.per_exposure and alone.per_exposure:
            tried = [
                (max(one.exposures, one.hangs), max(other.exposures, other.hangs))
                for one, other in self.places
            ]
        else:
            tried = [(one.trials, other.trials) for one, other in self.places]
        return [
            Stratum(one.hangs, a, other.hangs, b)
            for (one, other), (a, b) in zip(self.places, tried, strict=True)
            if a and b
        ]

    @cached_property
    def sums(self) -> tuple[Pool, Pool]:
        return (
            sum((one for one, _ in self.places), NOTHING),
            sum((other for _, other in self.places), NOTHING),
        )


def ratio_of(compared: Sequence[tuple[Pool, Pool]], looks: int = 1) -> Ratio | None:
    """The ratio of the rates, place by place, as one of so many comparisons.

    None where neither hangs, or one was not run.
    """
    return Look(places=tuple(compared)).ratio(looks)


def times(number: float) -> str:
    """``0.25``, ``3.4``, ``120``: two digits, because the interval is wide."""
    if number == float("inf"):
        return "any number"
    return f"{number:,.0f}" if number >= 10 else f"{number:.2g}"

"""Whether a trial that passed was exposed enough to have hung, on a machine as busy as it was.

A busy machine makes a race rarer: the known hang that takes some 30 worker starts on an idle one
takes 300 to 2400 beside 16 busy loops on two cores. So a pass is held against the known hang under
the same load, in the same campaign: with fewer exposures than that needed, it proves nothing.

**Load** is how long the trial's tasks waited for a processor, in seconds a second (``usage``).

**Needed.** Each control that hung says what it needed under its own load. Two threads meet only
while both run. Where tasks wait ``L`` seconds a second, each runs about ``1 / (1 + L)`` of the
time, and both at once the square of that; so what was needed under a lighter load is scaled by the
square of the ratio of ``1 + L``. What was needed under a heavier load is not scaled down, and only
the lightest of those is asked, which brackets the trial's own. Of all these numbers the largest is
needed. What error is left makes it larger: a trial that hung spent a second or more of its time at
rest, while the evidence was taken, so its load is understated and its exposures scaled too far.

A hang that is no meeting of two threads (``scale_by_load: false``) counts as it is under any load:
a fork orphans the lock of a thread that waits for its turn as well as that of one that runs. It is
not seen in every trial of its control, so that what one of them took is chance: needed is what a
hang took on average, the trials without one included.

Controls on the trial's own Python are asked, and those of any Python where it has none. Where no
control hung nothing can be asked for; where one should have, the passes are doubted anyway.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from interlock.model import Probe, PythonVersion, Trial

TIME_KNOB = "seconds"
"""The knob, where a probe has it, after how many seconds it enters the situation no more."""

TIME_SHARE = 2 / 3
"""Of a probe's deadline, what its time knob may be raised to: the rest is start and end."""

MARGIN = 1.25
"""How much further than what is needed exposures are raised, so that once is enough."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How far a trial came, and under which load."""

    python: PythonVersion
    load: float
    """Seconds that its tasks waited for a processor, a second."""
    exposures: int
    scales: bool = True
    """Whether more is needed under a heavier load: ``Control.scale_by_load``."""


def reached(ran: Trial, exposures: int) -> Reached:
    return Reached(python=ran.cell.python, load=load_of(ran.events), exposures=exposures)


def load_of(events: Iterable[Mapping[str, Any]]) -> float:
    """Seconds a second that a trial's tasks waited for a processor; 0 where it says nothing."""
    usage = next((event for event in events if event["event"] == "usage"), None)
    return usage["run_queue_s"] / usage["wall_s"] if usage and usage["wall_s"] else 0.0


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What known hangs took on one Python: added as it comes, asked without a walk over all."""

    hangs: tuple[Reached, ...] = ()
    """Of those that scale, the lightest load first."""
    worst: tuple[Reached, ...] = ()
    """For each of ``hangs``: of it and the lighter ones, the one that scales furthest."""
    unscaled: tuple[int, int] = (0, 0)
    """How many hangs do not scale, and what they took in all."""

    def plus(self, one: Reached) -> Needs:
        """The same, and what one more hang took."""
        if not one.scales:
            count, total = self.unscaled
            return replace(self, unscaled=(count + 1, total + one.exposures))
        at = bisect_right(self.hangs, one.load, key=_load)
        hangs = (*self.hangs[:at], one, *self.hangs[at:])
        worst = list(self.worst[:at])
        for hang in hangs[at:]:
            worst.append(max([*worst[-1:], hang], key=_scaled_to_none))
        return replace(self, hangs=hangs, worst=tuple(worst))

    def at(self, load: float) -> int:
        """Exposures that a trial under this load needs; 0 where nothing is known."""
        lighter = bisect_right(self.hangs, load, key=_load)
        count, total = self.unscaled
        asked: list[float] = [total / count] if count else []
        if lighter:
            worst = self.worst[lighter - 1]
            asked.append(worst.exposures * scale(worst.load, load))
        asked += [heavier.exposures for heavier in self.hangs[lighter : lighter + 1]]
        return math.ceil(max(asked, default=0))


def scale(seen: float, load: float) -> float:
    """By how much more a heavier ``load`` needs than what was ``seen`` under a lighter one."""
    return ((1 + load) / (1 + seen)) ** 2


def needed(seen: Iterable[Reached], python: PythonVersion, load: float) -> int:
    """Exposures that a trial under this load needs, by what the known hang took to hang."""
    own: dict[bool, Needs] = {}
    for one in seen:
        is_own = one.python == python
        own[is_own] = own.get(is_own, Needs()).plus(one)
    return (own.get(True) or own.get(False) or Needs()).at(load)


def _load(one: Reached) -> float:
    return one.load


def _scaled_to_none(one: Reached) -> float:
    """What it would have taken without any load: who needs most needs most under every load."""
    return one.exposures * scale(one.load, 0.0)


def raised(probe: Probe, reached: int, wanted: int) -> Probe | None:
    """The probe with its knobs set for more exposures; None where they can't be raised further.

    ``reached`` is what a trial with today's knobs came to, ``wanted`` what it should have. The time
    knob is raised with the other, as far as the probe's own deadline leaves room.
    """
    knob = probe.exposure_knob
    if knob is None or reached >= probe.most_exposures:
        return None
    # With its own knobs, and time enough, a trial comes to what the probe asks for at the least.
    room = probe.most_exposures / max(reached, probe.least_exposures)
    factor = min(wanted * MARGIN / max(1, reached), room)
    knobs = {**probe.knobs, knob: _scaled(probe.knobs[knob], factor)}
    if TIME_KNOB in knobs:
        longest = probe.limits.deadline_s * TIME_SHARE
        before = probe.knobs[TIME_KNOB]
        knobs[TIME_KNOB] = max(before, min(_scaled(before, factor), longest))
    return None if knobs == probe.knobs else replace(probe, knobs=knobs)


def _scaled(value: float, factor: float) -> float:
    """A whole number stays one."""
    return math.ceil(value * factor) if isinstance(value, int) else value * factor

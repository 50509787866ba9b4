"""Whether a trial that passed had enough exposures, on a machine so busy.

A busy machine makes a race rarer. The known hang takes some 30 worker starts on an idle machine.
Beside 16 busy loops on two cores it takes 300 to 2400. So a pass is compared with the known hang
under the same load, in the same campaign. With fewer exposures than that hang needed, it proves
nothing.

**Load** is how long the trial's tasks waited for a processor, in seconds per second (``usage``).

**Needed.** Each control that hung shows what it needed under its own load. Two threads meet only
while both run. Where tasks wait ``L`` seconds per second, each runs about ``1 / (1 + L)`` of the
time. Both run at once for the square of that. So what was needed under a lighter load is multiplied
by the square of the ratio of ``1 + L``. What was needed under a heavier load is not scaled down,
and only the lightest of those loads counts. The largest of all these numbers is needed.

Any remaining error makes the estimate larger. A trial that hung rested for a second or more while
the evidence was taken. So its load is understated, and its exposures are scaled too far.

Some hangs are no meeting of two threads (``scale_by_load: false``). A fork orphans the lock of a
thread that waits for its turn as well as that of one that runs. Such a hang counts as it is, under
any load. Not every trial of its control shows it, so one trial says little. Needed is then what a
hang took on average, with the trials that did not hang included.

Controls on the trial's own Python count. Where there are none, those on any Python do. Where no
control hung, nothing is needed. Where one should have hung, the passes are doubted anyway.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from interlock.model import Probe, PythonVersion, Trial

TIME_KNOB = "seconds"
"""The knob for how many seconds a probe enters the situation, where it has one."""

TIME_SHARE = 2 / 3
"""The share of a probe's deadline that its time knob may take. Start and end need the rest."""

MARGIN = 1.25
"""How much exposures are raised beyond what is needed, so that one more trial is enough."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """How far a trial came, and under which load."""

    python: PythonVersion
    load: float
    """Seconds per second that its tasks waited for a processor."""
    exposures: int
    scales: bool = True
    """Whether more is needed under a heavier load: ``Control.scale_by_load``."""


def reached(ran: Trial, exposures: int) -> Reached:
    return Reached(python=ran.cell.python, load=load_of(ran.events), exposures=exposures)


def load_of(events: Iterable[Mapping[str, Any]]) -> float:
    """Seconds per second that a trial's tasks waited for a processor; 0 if it is not known."""
    usage = next((event for event in events if event["event"] == "usage"), None)
    return usage["run_queue_s"] / usage["wall_s"] if usage and usage["wall_s"] else 0.0


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What known hangs took on one Python.

    A hang is added as it comes. A question needs no walk over all of them.
    """

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
    """What it would have taken without any load. The order is the same under every load."""
    return one.exposures * scale(one.load, 0.0)


def raised(probe: Probe, reached: int, wanted: int) -> Probe | None:
    """The probe with its knobs set for more exposures; None if they can't be raised.

    ``reached`` is what a trial with today's knobs came to, ``wanted`` what it should come to. The
    time knob is raised with the other one, as far as the probe's deadline allows.
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

"""Decides whether a control runs once more at the end. Pure.

**A hang is as sure as before.** Its own evidence proves it, never a control.

**A pass is as sure as before.** A control at the end could reveal three faults. Each of them is
either revealed in another way, or the control runs:

- *The campaign can no longer see a hang*, because the machine, the store or an environment broke.
  That takes time. The passes between two runs of a control are trusted; that is a hundred cells.
  The passes after its last run are trusted too, if they are at most a quarter of that number and
  took only minutes. Each of them still proves by itself that both libraries were at work, and how
  often it was exposed.
- *The machine became busier, so the race became rarer.* Each pass is compared with the known hang
  under its own load (``power.py``). If that stretches the measured number by more than
  ``power.MARGIN``, the known hang runs under the new load.
- *The known hang needs more exposures than it took so far.* That number varies from run to run, and
  each run of the control measures it once more. A pass with ``SPARE`` times as many exposures is
  clear of that variation. For any other pass the control runs a second time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.evidence import power

SHARE = 4
"""A control runs again if more than 1/4 of ``controls_every`` cells followed it."""

LONGEST = timedelta(minutes=5)
"""A control runs again if its last run began this long ago."""

SPARE = 10
"""A pass with this many times the known hang's exposures needs no second look.

The number of exposures that a hang takes is about exponentially distributed. Take any pass with
more exposures than a ninth of the mean. One run of the control may hang within a tenth of that
pass's exposures. Two runs may both hang within all of them. The first is less likely than the
second.
"""


LOOKS = 2
"""After this many runs of a known hang, only passes after its last run count."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A cell that passed, by its newest trial."""

    at: datetime
    """When the trial began."""
    load: float
    exposures: int
    needed: int = 0
    """Exposures that the known hang of its probe needs under its load.

    0 if no hang is known.
    """


@dataclass(frozen=True, kw_only=True)
class Since:
    """What ran after the last run of one control."""

    cells: int
    every: int
    """``controls_every``."""
    time: timedelta
    """From the start of the control's last run to the end of the last trial."""
    passes: Sequence[Passed] = ()
    """The passes that are compared with the control; none unless it is a known hang."""
    heaviest: float = 0.0
    """The heaviest load under which a control of its probe gave its known answer."""

    @property
    def stretch(self) -> float:
        """How many times more exposures the pass under the heaviest load needs."""
        return max((power.scale(self.heaviest, one.load) for one in self.passes), default=1.0)

    @property
    def spare(self) -> float:
        """The smallest ratio, among the passes, of exposures to those needed."""
        spare = (one.exposures / one.needed for one in self.passes if one.needed)
        return min(spare, default=math.inf)


def is_due(since: Since | None) -> bool:
    """Whether the control runs again at the end.

    ``since`` is None if the control has no result.
    """
    return since is None or (
        since.cells * SHARE > since.every
        or since.time >= LONGEST
        or since.stretch > power.MARGIN
        or since.spare < SPARE
    )

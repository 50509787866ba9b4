"""Whether a control has to be run once more at the end. Pure.

**A hang is as sure as before.** It is proven by its own evidence and never by a control.

**A pass is as sure as before**, because each thing that a closing run could show is either shown
otherwise, or the control is run:

- *The campaign can no longer see a hang* (the machine, the store or an environment went bad). That
  takes time. What lies between two runs of a control is trusted, a hundred cells; now what follows
  its last run is trusted as well, while it is a quarter of that and took minutes. Each of those
  passes still proves by itself that both libraries were at work, and how often it was exposed.
- *The machine became busier, so the race became rarer.* Each pass is held against the known hang
  under its own load (``power.py``). Where that would stretch what was seen by more than
  ``power.MARGIN``, the known hang is run under the new load.
- *The known hang needs more exposures than it took so far.* That number varies from run to run, and
  each run of the control is one more look at it. A pass that has ``SPARE`` times as many stands
  above that variation; a pass that has not is given the second look.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from interlock.evidence import power

SHARE = 4
"""A control runs again if more than a quarter of ``controls_every`` cells followed it."""

LONGEST = timedelta(minutes=5)
"""A control runs again if its last run began this long ago."""

SPARE = 10
"""A pass with this many times the known hang's exposures needs no second look.

What a hang takes is about exponentially distributed. That one look at it lies below a tenth of a
pass's exposures is less likely than that two looks both lie below the whole of them, for every pass
that has more exposures than a ninth of the mean.
"""


LOOKS = 2
"""After so many runs of a known hang, only passes after its last run are asked."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """A cell that passed, by its newest trial."""

    at: datetime
    """When the trial began."""
    load: float
    exposures: int
    needed: int = 0
    """Exposures that its probe's known hang needs under its load; 0 if no hang is known."""


@dataclass(frozen=True, kw_only=True)
class Since:
    """What was run after the last run of one control."""

    cells: int
    every: int
    """``controls_every``."""
    time: timedelta
    """From the beginning of the control's last run to the end of the last trial."""
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
    """Whether the control runs again at the end; ``since`` is None if it has no result."""
    return since is None or (
        since.cells * SHARE > since.every
        or since.time >= LONGEST
        or since.stretch > power.MARGIN
        or since.spare < SPARE
    )

"""Which controls run once more at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from grids import NOON

from interlock.campaign.closing import LONGEST, SPARE, Passed, Since, is_due

SHORT = Since(cells=12, every=100, time=timedelta(seconds=20))
"""After the last run of a control that is not a known hang."""


def passed(load: float = 0.0, exposures: int = 1500, needed: int = 30) -> Passed:
    return Passed(at=NOON, load=load, exposures=exposures, needed=needed)


def since(*passes: Passed, heaviest: float = 0.0) -> Since:
    """After the last run of a known hang."""
    return replace(SHORT, passes=passes, heaviest=heaviest)


@pytest.mark.parametrize(
    ("ran", "due"),
    [
        (SHORT, False),
        # it has no result yet
        (None, True),
        # many cells: a quarter of those between two rounds
        (replace(SHORT, cells=25), False),
        (replace(SHORT, cells=26), True),
        (replace(SHORT, cells=12, every=40), True),
        # a long time
        (replace(SHORT, time=LONGEST - timedelta(seconds=1)), False),
        (replace(SHORT, time=LONGEST), True),
        # passes under the load that its probe's controls had, and beyond: (1.1 / 1)² is 1.21
        (since(), False),
        (since(passed(load=0.3), heaviest=0.3), False),
        (since(passed(load=0.1)), False),
        (since(passed(load=0.12)), True),
        (since(passed(), passed(load=0.5), passed()), True),
        (since(passed(load=0.5), heaviest=0.4), False),
        # a lighter load than the controls had is no reason
        (since(passed(), heaviest=2.0), False),
        # the pass that has the least to spare decides
        (since(passed(exposures=30 * SPARE)), False),
        (since(passed(exposures=30 * SPARE - 1)), True),
        (since(passed(), passed(exposures=40), passed()), True),
        # without a known hang, no number of exposures is needed
        (since(passed(exposures=1, needed=0)), False),
    ],
)
def test_a_control_is_run_again_where_that_could_show_something(
    ran: Since | None, due: bool
) -> None:
    assert is_due(ran) is due


def test_a_pass_with_enough_to_spare_is_held_to_no_less_than_two_looks_would_hold_it() -> None:
    """The exposures that a hang takes are exponentially distributed, with a mean of 1."""
    from math import exp

    def below(exposures: float) -> float:
        return 1 - exp(-exposures)

    more_than_a_ninth: Sequence[float] = [n / 90 for n in range(11, 900)]
    assert all(below(x / SPARE) <= below(x) ** 2 for x in more_than_a_ninth)

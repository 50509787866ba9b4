"""What the trials of a cell measured, read from their events. Pure.

Whatever the trials' outcome: one that hangs has often measured something before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import median

from interlock.model import Measure, Measured, Probe, Trial


def measured(trials: Sequence[Trial], probe: Probe) -> tuple[Measured, ...]:
    """Each of the probe's measures that any of the trials has, rounded to a thousandth."""
    if not probe.measures:
        return ()
    told = [_Told(trial) for trial in trials]
    found = []
    for measure in probe.measures:
        values = [value for one in told if (value := one.value(measure)) is not None]
        if values:
            found.append(
                Measured(
                    name=measure.name,
                    trials=len(values),
                    median=round(median(values), 3),
                    least=round(min(values), 3),
                    most=round(max(values), 3),
                )
            )
    return tuple(found)


class _Told:
    """What a trial said last of each fact, and what arrived at its intake."""

    def __init__(self, trial: Trial) -> None:
        self._facts = {e["name"]: e["value"] for e in trial.events if e["event"] == "fact"}
        paths = [e["path"].partition("?")[0] for e in trial.events if e["event"] == "intake"]
        started = any(e["event"] == "hello" for e in trial.events)
        self._arrived = paths if started else None

    def value(self, measure: Measure) -> float | None:
        """None where it had nothing to measure: the app never said so, or said no number."""
        if measure.path is not None:
            return self._requests(measure.path)
        value = self._facts.get(measure.fact)
        if measure.item is not None:
            value = value.get(measure.item) if isinstance(value, Mapping) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return value if math.isfinite(value) else None

    def _requests(self, path: str) -> int | None:
        """None for a trial whose app was never started."""
        if self._arrived is None:
            return None
        return sum(fnmatchcase(one, path) for one in self._arrived)

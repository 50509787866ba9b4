"""What the trials of a cell measured, read from their events. Pure.

Whatever the trials' outcome: one that hangs has often measured something before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from statistics import median
from typing import Any

from interlock.model import Measure, Measured, Probe, Trial


def measured(trials: Sequence[Trial], probe: Probe) -> tuple[Measured, ...]:
    """Each of the probe's measures that any of the trials has, rounded to a thousandth."""
    found = []
    for measure in probe.measures:
        values = [v for trial in trials if (v := _value(measure, trial)) is not None]
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


def _value(measure: Measure, trial: Trial) -> float | None:
    """None where the trial had nothing to measure: it never said so, or said no number."""
    if measure.path is not None:
        return _requests(measure.path, trial)
    value = _said(measure.fact, trial)
    if measure.item is not None:
        value = value.get(measure.item) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None


def _said(fact: str | None, trial: Trial) -> Any:
    """What the trial said of it last."""
    told = (e["value"] for e in trial.events if e["event"] == "fact" and e["name"] == fact)
    return next(iter([*told][-1:]), None)


def _requests(path: str, trial: Trial) -> int | None:
    """How many arrived at the intake; None for a trial whose app was never started."""
    if not any(event["event"] == "hello" for event in trial.events):
        return None
    arrived = (e["path"].partition("?")[0] for e in trial.events if e["event"] == "intake")
    return sum(fnmatchcase(one, path) for one in arrived)

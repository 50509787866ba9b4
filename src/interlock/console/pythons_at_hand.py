"""Finds the Pythons of a run that this machine lacks and can't get."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.isolation import Sandbox
from interlock.model import ImageMissing, InterpreterMissing, PythonVersion, TroubleError


def missing(box: Sandbox, pythons: Iterable[PythonVersion]) -> dict[PythonVersion, TroubleError]:
    """For each missing Python, why it is not available and what to do."""
    found: dict[PythonVersion, TroubleError] = {}
    for python in pythons:
        try:
            box.available(python)
        except (ImageMissing, InterpreterMissing) as trouble:
            found[python] = trouble
    return found

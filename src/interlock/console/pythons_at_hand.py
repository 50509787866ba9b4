"""Which of the Pythons of a run this machine does not have and can't get."""

from __future__ import annotations

from collections.abc import Iterable

from interlock.isolation import Sandbox
from interlock.model import ImageMissing, InterpreterMissing, PythonVersion, TroubleError


def missing(box: Sandbox, pythons: Iterable[PythonVersion]) -> dict[PythonVersion, TroubleError]:
    """By Python, why it can't be had and what to do."""
    found: dict[PythonVersion, TroubleError] = {}
    for python in pythons:
        try:
            box.available(python)
        except (ImageMissing, InterpreterMissing) as trouble:
            found[python] = trouble
    return found

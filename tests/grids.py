"""The little language in which tests say what a matrix of two libraries did.

``grid('''
         1.0   2.0
  1.0    hang  pass
  1.1    .     fail
''')`` are the verdicts of left 1.0 with right 1.0 and 2.0, and so on; a dot was not tested.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from packaging.version import Version

from interlock.model import (
    REASONS,
    Axis,
    Backend,
    Basis,
    Cell,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Release,
    Verdict,
    Wheel,
)

LEFT = Axis(name="left", package="left-lib")
RIGHT = Axis(name="right", package="right-lib")
AXES = (LEFT, RIGHT)
NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


def cell(
    left: str = "1.0",
    right: str = "1.0",
    python: str = "3.10",
    config: str = "stock",
    probe: str = "restart",
) -> Cell:
    return Cell(
        pins=tuple(
            Pin(
                axis=axis.name,
                package=axis.package,
                version=None if version == "-" else Version(version),
            )
            for axis, version in zip(AXES, (left, right), strict=True)
        ),
        python=PythonVersion.parse(python),
        probe=probe,
        config=config,
    )


def verdict(of: Cell, outcome: str = "pass", **changes: object) -> Verdict:
    kind = Outcome(outcome)
    reasons = sorted(REASONS[kind])
    made = Verdict(
        cell=of,
        outcome=kind,
        phase=Phase.SERVING if reasons else None,
        reason=reasons[0] if reasons else None,
        signatures=(),
        detail="",
        evidence=(),
        basis=Basis.TESTED,
        trials=1,
        hangs=int(kind is Outcome.HANG),
        exposures=100,
        seconds=2.0,
        backend=Backend.DOCKER,
        probe_digest="probe",
        config_digest="config",
        environment_digest="environment",
        image_digest="image",
        python_full=f"{of.python}.1",
        machine="x86_64",
        tested_at=NOON,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def grid(
    text: str, python: str = "3.10", config: str = "stock", probe: str = "restart"
) -> list[Verdict]:
    """Rows are versions of ``left``, columns those of ``right``."""
    head, *rows = [line.split() for line in text.strip().splitlines()]
    return [
        verdict(cell(left, right, python, config, probe), outcome)
        for left, *outcomes in rows
        for right, outcome in zip(head, outcomes, strict=True)
        if outcome != "."
    ]


def release(
    axis: Axis,
    version: str,
    *,
    wheels: str = "py3-none-any",
    yanked: bool = False,
    requires: str | None = None,
) -> Release:
    """``wheels`` are the tags of its wheels, separated by spaces."""
    from packaging.specifiers import SpecifierSet

    required = SpecifierSet(requires) if requires else None
    stem = f"{axis.package.replace('-', '_')}-{version}"
    return Release(
        package=axis.package,
        version=Version(version),
        uploaded_at=None,
        requires_python=required,
        wheels=tuple(
            Wheel(filename=f"{stem}-{tags}.whl", requires_python=required)
            for tags in wheels.split()
        ),
        has_sdist=True,
        yanked=yanked,
    )


def published(axis: Axis, text: str) -> tuple[Release, ...]:
    """``"1.0 1.1! 2.0b1"``: an exclamation mark is a yanked release."""
    return tuple(
        release(axis, word.rstrip("!"), yanked=word.endswith("!")) for word in text.split()
    )

"""A ``Verdict`` in the form that the ledger remembers: to JSON values, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from packaging.version import Version

from interlock.model import (
    ABSENT,
    Backend,
    Basis,
    Cell,
    Measured,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Verdict,
    moment_in,
)
from interlock.record import older

_AS_THEY_ARE = (
    "detail",
    "evidence",
    "trials",
    "hangs",
    "exposures",
    "seconds",
    "probe_digest",
    "config_digest",
    "environment_digest",
    "image_digest",
    "python_full",
    "machine",
    "cause",
    "failed",
)


def pins_out(pins: Sequence[Pin]) -> list[list[str]]:
    return [[pin.axis, pin.package, str(pin.version or ABSENT)] for pin in pins]


def pins_in(rows: Sequence[Sequence[str]]) -> tuple[Pin, ...]:
    return tuple(
        Pin(axis=axis, package=package, version=None if text == ABSENT else Version(text))
        for axis, package, text in rows
    )


def verdict_out(verdict: Verdict) -> dict[str, Any]:
    return {
        **{name: getattr(verdict, name) for name in _AS_THEY_ARE},
        "pins": pins_out(verdict.cell.pins),
        "python": str(verdict.cell.python),
        "probe": verdict.cell.probe,
        "config": verdict.cell.config,
        "outcome": verdict.outcome.value,
        "phase": verdict.phase and verdict.phase.value,
        "reason": verdict.reason and verdict.reason.value,
        "signatures": [[s.locks, s.stuck, count] for s, count in verdict.signatures],
        "basis": verdict.basis.value,
        "backend": verdict.backend.value,
        "tested_at": verdict.tested_at.isoformat(),
        "measured": [asdict(measured) for measured in verdict.measured],
    }


def verdict_in(stored: dict[str, Any]) -> Verdict:
    """Also reads the form of an earlier Interlock."""
    if "failed" not in stored:
        told = stored["outcome"], stored["reason"], stored["detail"]
        stored |= {"cause": older.cause(*told), "failed": older.failed(told[0], told[2])}
    return Verdict(
        cell=Cell(
            pins=pins_in(stored.pop("pins")),
            python=PythonVersion.parse(stored.pop("python")),
            probe=stored.pop("probe"),
            config=stored.pop("config"),
        ),
        outcome=Outcome(stored.pop("outcome")),
        phase=Phase(phase) if (phase := stored.pop("phase")) else None,
        reason=Reason(reason) if (reason := stored.pop("reason")) else None,
        signatures=tuple(
            (Signature(locks=tuple(locks), stuck=tuple(stuck)), count)
            for locks, stuck, count in stored.pop("signatures")
        ),
        evidence=tuple(stored.pop("evidence")),
        basis=Basis(stored.pop("basis")),
        backend=Backend(stored.pop("backend")),
        tested_at=moment_in(stored.pop("tested_at")),
        # An earlier Interlock did not remember them.
        measured=tuple(Measured(**each) for each in stored.pop("measured", ())),
        **stored,
    )

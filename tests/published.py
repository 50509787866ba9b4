"""Published verdicts and one recorded hang, as the tests of the record write them."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from packaging.version import Version

from interlock.model import (
    LEFT_BEHIND,
    REASONS,
    Axis,
    Backend,
    Basis,
    Cell,
    Hang,
    Outcome,
    Phase,
    Pin,
    PythonVersion,
    Reason,
    Signature,
    Verdict,
)
from interlock.record import rows
from interlock.record.order import coordinates
from interlock.record.signatures import Example

AXES = (Axis(name="left", package="left-pkg"), Axis(name="right", package="right-pkg"))
SELF = Signature(locks=("Worker._lock",))
CYCLE = Signature(locks=("Handler.lock", "Worker._lock"))
STUCK = Signature(stuck=("queue.get", "worker.run"))
ORPHAN = Signature(locks=("Queue.mutex", LEFT_BEHIND))


def published_rows(table: Path) -> list[dict[str, str]]:
    """The rows of a stored table in published form, without whose each trouble is."""
    with table.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    axes = [Axis(name=name, package=name) for name in header[: header.index("python")]]
    listed = rows.rows(rows.read(table, axes), axes)
    return [{name: str(value) for name, value in row.items()} for row in listed]


def cell(
    left: str | None,
    right: str | None,
    python: str = "3.10",
    probe: str = "restart",
    config: str = "stock",
) -> Cell:
    versions = zip(AXES, (left, right), strict=True)
    return Cell(
        pins=tuple(
            Pin(axis=a.name, package=a.package, version=Version(v) if v else None)
            for a, v in versions
        ),
        python=PythonVersion.parse(python),
        probe=probe,
        config=config,
    )


def verdict(of: Cell, outcome: Outcome = Outcome.PASS, **changes: object) -> Verdict:
    """A possible verdict: a signature was seen in that many hangs of that many trials."""
    seen: Any = changes.get("signatures", ((SELF, 2),) if outcome is Outcome.HANG else ())
    hangs: Any = changes.get(
        "hangs", max((times for _, times in seen), default=int(outcome is Outcome.HANG))
    )
    values: dict[str, object] = {
        "cell": of,
        "outcome": outcome,
        "phase": None if outcome is Outcome.PASS else Phase.SERVING,
        "reason": min(REASONS[outcome], default=None, key=str),
        "signatures": seen,
        "detail": "It said so.",
        "evidence": (),
        "basis": Basis.TESTED,
        "trials": max(3, hangs),
        "hangs": hangs,
        "exposures": 600,
        "seconds": 1.25,
        "backend": Backend.DOCKER,
        "probe_digest": "a" * 64,
        "config_digest": "b" * 64,
        "environment_digest": "c" * 64,
        "image_digest": "sha256:" + "d" * 64,
        "python_full": f"{of.python}.14",
        "machine": "x86_64",
        "tested_at": datetime(2025, 3, 9, 4, 5, 6, tzinfo=timezone.utc),
    }
    return Verdict(**{**values, **changes})  # type: ignore[arg-type]


def control(of: Cell) -> dict[str, Any]:
    """The result of a control, as ``controls.json`` has it."""
    return {
        "campaign": "20261125T032120Z-e925ba",
        "cell": coordinates(of, AXES),
        "expected": "hang",
        "got": {"hang": 32},
        "as_expected": 32,
        "trials": 32,
        "load": [0.02, 0.57],
        "first_at": "2026-11-25T03:21:21.502326+00:00",
        "last_at": "2026-11-25T04:37:45.232679+00:00",
        "differs": False,
        "vouches_for": None,
        "says": "",
    }


def snapshot(index: int, root: str = "/store/environments/1f/lib/python3.10") -> dict[str, object]:
    def frame(file: str) -> dict[str, object]:
        return {
            "file": f"{root}/{file}",
            "function": "f",
            "qualname": "f",
            "module": "m",
            "line": 7,
        }

    waits = {"kind": "lock", "lock": 11, "thread": None, "frame": 0, "expression": "self._lock"}
    holds = [{"lock": 11, "frame": 1, "expression": "self._lock", "how": "with"}]
    lock = {"type": "_thread.lock", "locked": True, "owner": None}
    return {
        "event": "snapshot",
        "at": 2.0 + index,
        "number": 1,
        "index": index,
        "threads": [
            {
                "ident": 1,
                "native_id": 101,
                "name": "MainThread",
                "frames": [frame("threading.py"), frame("site-packages/lib/worker.py")],
                "waits": waits,
                "holds": holds,
                "unresolved": [],
            },
            {
                "ident": 2,
                "native_id": 102,
                "name": "bystander",
                "frames": [frame("queue.py")],
                "waits": {**waits, "lock": 12},
                "holds": [],
                "unresolved": [],
            },
        ],
        "locks": {
            "11": {**lock, "names": ["Worker._lock"]},
            "12": {**lock, "names": ["Queue.mutex"]},
        },
        "tasks": [],
    }


def example(of: Cell) -> Example:
    hang = Hang(
        phase=Phase.SERVING,
        reason=Reason.SELF_DEADLOCK,
        signature=SELF,
        evidence=("MainThread waits for Worker._lock, which it holds itself.",),
        unresolved=(),
        exposures=30,
        noticed_after_s=1.2345,
    )
    return Example(cell=of, hang=hang, events=[{"event": "hello"}, snapshot(0), snapshot(1)])

"""The evidence beside the made-up verdicts: a control, an example of each hang."""

from __future__ import annotations

from made_up import CYCLE, FORK, cell

from interlock.model import Hang, Phase, Reason, Signature
from interlock.record.signatures import Example


def control(differs: bool) -> dict[str, object]:
    """A row of ``controls.json``: the known hang, which hung or did not."""
    got = "pass" if differs else "hang"
    return {
        "campaign": "20250309T040000Z-abc",
        "cell": {
            "sentry": "2.5.1",
            "ddtrace": "2.14.2",
            "python": "3.10",
            "probe": "worker_restart",
            "config": "warning-events",
        },
        "expected": "hang",
        "got": {got: 3},
        "as_expected": 0 if differs else 3,
        "trials": 3,
        "load": [0.21, 1.9],
        "first_at": "2025-03-09T04:00:00+00:00",
        "last_at": "2025-03-09T06:00:00+00:00",
        "differs": differs,
        "vouches_for": "worker_restart",
        "says": "the control should give hang and gave pass in 3 of 3" if differs else "",
    }


def example(signature: Signature) -> Example:
    """A hang in the words and events of a real one, at places that do not exist."""
    worker, handler = 11, 12
    two = signature == CYCLE
    main = _thread("MainThread", waits=handler if two else worker, holds=worker)
    other = _thread("interlock.worker", waits=worker, holds=handler)
    snapshots = [
        {
            "event": "snapshot",
            "at": 4.0 + index,
            "number": 1,
            "index": index,
            "threads": [main, other] if two else [main],
            "locks": {
                str(worker): _lock("BackgroundWorker._lock"),
                str(handler): _lock("Handler.lock"),
            },
            "tasks": [],
        }
        for index in (0, 1)
    ]
    hang = Hang(
        phase=Phase.SERVING,
        reason=Reason.LOCK_CYCLE if two else Reason.SELF_DEADLOCK,
        signature=signature,
        evidence=(
            "MainThread waits for BackgroundWorker._lock (`self._lock`, worker.py:7), which it"
            " holds itself since `with self._lock`, worker.py:3.",
        ),
        unresolved=("bystander: `thing()` (app.py:1): a call is never made",),
        exposures=30,
        noticed_after_s=1.24,
    )
    of = cell("2.5.1", "2.14.2", "3.10", "warning-events")
    if signature == FORK:
        of = cell("2.5.1", "3.2.1", "3.10", "stock", "prefork")
    return Example(cell=of, hang=hang, events=snapshots)


def _lock(name: str) -> dict[str, object]:
    return {"type": "_thread.lock", "locked": True, "owner": None, "names": [name]}


def _thread(name: str, *, waits: int, holds: int) -> dict[str, object]:
    places = ["thing/profiling/_lock.py", "logging/__init__.py", "thing/worker.py", "app.py"]
    return {
        "ident": waits * 100,
        "native_id": waits,
        "name": name,
        "frames": [
            {
                "file": f"/store/environments/1f/lib/python3.10/site-packages/{place}",
                "function": "run",
                "qualname": "Thing.run",
                "module": "thing",
                "line": 7,
            }
            for place in places
        ],
        "waits": {
            "kind": "lock",
            "lock": waits,
            "thread": None,
            "frame": 0,
            "expression": "self._lock",
        },
        "holds": [{"lock": holds, "frame": 2, "expression": "self._lock", "how": "with"}],
        "unresolved": [],
    }

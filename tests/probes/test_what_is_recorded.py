"""How many lock operations the profiler holds, as far as a release shows it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import pytest
from ours import PROBES


class Told:
    def __init__(self) -> None:
        self.facts: dict[str, object] = {}

    def fact(self, name: str, value: object) -> None:
        self.facts[name] = value


@pytest.fixture
def profiling() -> Iterator[ModuleType]:
    """``libraries.profiler``, as an app imports it."""
    sys.path.insert(0, str(PROBES))
    try:
        from libraries import profiler
    finally:
        sys.path.remove(str(PROBES))
    yield profiler


def held(**events: int) -> SimpleNamespace:
    """The contents of ``ddtrace.profiling.bootstrap`` while a profiler runs.

    The profiler has a recorder.
    """
    recorded = {type(name, (), {}): [None] * many for name, many in events.items()}
    recorder = SimpleNamespace(events=recorded)
    return SimpleNamespace(profiler=SimpleNamespace(_profiler=SimpleNamespace(_recorder=recorder)))


@pytest.mark.parametrize(
    ("bootstrap", "expected"),
    [
        # The names are those of ddtrace 1.15.2.
        (held(ThreadingLockAcquireEvent=300, ThreadingLockReleaseEvent=100), {"lock-events": 300}),
        (held(ThreadingLockAcquireEvent=3, AsyncioLockAcquireEvent=2), {"lock-events": 5}),
        (held(StackSampleEvent=40), {"lock-events": 0}),
        (held(), {"lock-events": 0}),
        # Later releases have no recorder; with profiling off there is no profiler.
        (SimpleNamespace(profiler=SimpleNamespace(_profiler=SimpleNamespace())), {}),
        (SimpleNamespace(), {}),
        (None, {}),
    ],
)
def test_acquired_locks_are_counted_where_they_can_be_seen(
    profiling: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    bootstrap: SimpleNamespace | None,
    expected: dict[str, int],
) -> None:
    monkeypatch.delitem(sys.modules, "ddtrace.profiling.bootstrap", raising=False)
    if bootstrap is not None:
        monkeypatch.setitem(sys.modules, "ddtrace.profiling.bootstrap", bootstrap)
    told = Told()

    profiling.state_recorded(told)

    assert told.facts == expected

"""Which waits for a lock at the end leave a doubt, though no cycle closes."""

from __future__ import annotations

import pytest
from looks import waits

from interlock.evidence.lingering import lingering

DOUBTS = """
T wants A; U has A awaits E => T still waits for A, and U waits to be woken
T has C wants A; U has A wants B; V has B awaits E~ =>
T wants A; U has A awaits E; V joins T => T still waits for A, and U waits to be woken
T wants A => T still waits for A, and nobody is known to hold it
T has A wants A => T still waits for A, and it may wait for itself, directly or in turn
T wants A; U has B awaits E => T still waits for A, and nobody is known to hold it

T wants A; U has A runs =>
T wants A; U has A awaits E; V runs =>
T wants A; U has A awaits E; V awaits E~ =>
T wants A; U has A calls read =>
T wants A; U runs =>
T wants A?; U has A? awaits E =>
T wants A~; U has A awaits E =>
T awaits E; U has A awaits E =>
T joins U; U awaits E =>
"""


@pytest.mark.parametrize("row", [row for row in DOUBTS.strip().splitlines() if row])
def test_a_wait_at_the_end_that_nobody_is_left_to_end(row: str) -> None:
    text, _, expected = row.partition(" =>")
    found = [
        sentence.replace(" (lib/app.py:", "@").partition("@")[0] + sentence.rpartition(")")[2]
        for sentence in lingering(waits(text), waits(text, index=1))
    ]
    assert "; ".join(found) == expected.strip()


def test_a_thread_that_moved_meanwhile_is_not_stuck() -> None:
    text = "T wants A; U has A awaits E"
    assert lingering(waits(text), waits(text, index=1, line=200)) == ()


def test_a_task_that_is_no_thread_of_python_s_may_end_any_wait() -> None:
    text = "T wants A; U has A awaits E"
    first, second = waits(text), waits(text, index=1)
    assert lingering(first, second)
    native = type(second)(**{**vars(second), "tasks": (*second.tasks, _task(second))})
    assert lingering(first, native) == ()


def _task(dump):
    return dump.tasks[0].model_copy(update={"tid": 4242})

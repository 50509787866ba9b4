"""The control that needs no library: its answers are certain on any Python."""

from __future__ import annotations

import pytest
from ours import FoundBy, probe_of_ours

from interlock.model import Hang, Pass

PROBE = probe_of_ours("own_deadlock")


@pytest.mark.parametrize(
    ("settings", "locks"),
    [
        ({}, ("Account.lock", "Ledger.lock")),
        ({"deadlock": "cycle"}, ("Account.lock", "Ledger.lock")),
        ({"deadlock": "self"}, ("Account.lock",)),
    ],
)
def test_our_own_deadlock_is_seen(
    found_by: FoundBy, settings: dict[str, str], locks: tuple[str, ...]
) -> None:
    hang = found_by(PROBE, settings=settings)
    assert isinstance(hang, Hang)
    assert hang.signature.locks == locks


def test_without_it_the_same_threads_pass(found_by: FoundBy) -> None:
    passed = found_by(PROBE, settings={"deadlock": "none"})
    assert isinstance(passed, Pass)
    assert passed.exposures == 200

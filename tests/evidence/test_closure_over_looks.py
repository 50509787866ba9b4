"""A wait over several looks, as the harness and the judge find it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from closures import SIGNALLED, Looks, found_by_harness, found_by_judge, looks, may
from looks import snapshot

ORPHANED = "MainThread wants A; gone W has A"
SEEN_AGAIN: Mapping[str, tuple[Looks, bool]] = {
    "three times in one look, for too short": (
        looks(snapshot(ORPHANED), (5.0, 5.2, 5.4)),
        False,
    ),
    "three times in one look": (looks(snapshot(ORPHANED), (5.0, 5.2, 9.0)), True),
    "once, and later closely": (looks(snapshot(ORPHANED), (5.0,), (9.0, 9.2, 9.3)), True),
    "often, but never closely": (looks(snapshot(ORPHANED), (5.0, 5.2), (9.0, 9.2)), False),
    "closely, and then for longer": (
        looks(snapshot(ORPHANED), (5.0, 5.2, 5.4), (12.0, 12.2)),
        False,
    ),
    "no wait in between": (
        [
            *looks(snapshot(ORPHANED), (5.0,)),
            *looks(snapshot("MainThread runs f"), (7.0,)),
            *looks(snapshot(ORPHANED), (9.0, 9.2, 9.3)),
        ],
        False,
    ),
    "another thread than the main one": (
        looks(snapshot("MainThread runs f; T wants A; gone W has A"), (5.0,), (9.0, 9.2, 9.3)),
        False,
    ),
    "what the last snapshot shows may be released": (
        [
            *looks(snapshot(ORPHANED), (5.0, 5.2)),
            [
                *looks(snapshot(ORPHANED), (9.0, 9.2))[0],
                (9.3, may(ORPHANED, "A", SIGNALLED)[0]),
            ],
        ],
        False,
    ),
}


@pytest.mark.parametrize(("seen", "found"), SEEN_AGAIN.values(), ids=SEEN_AGAIN)
def test_a_wait_is_judged_by_how_long_it_was_seen_over_all_looks(seen: Looks, found: bool) -> None:
    assert found_by_judge(seen) is found
    assert found_by_harness(seen) is found


def test_of_the_driver_only_one_look_counts() -> None:
    seen, _ = SEEN_AGAIN["once, and later closely"]
    assert not found_by_judge(seen, process=7)

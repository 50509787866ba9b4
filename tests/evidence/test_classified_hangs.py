"""When a closed wait is a hang: the finding of one trial."""

from __future__ import annotations

import pytest
from languages import PROBE, stream
from looks import snapshot
from stories import ENDED, KILLED, ONCE, ORPHAN, SELF, check

from interlock.evidence.classification import classify
from interlock.model import Hang, Unproven

BESIDE = "process 7 | process 8 forked | live | serving"
MEANWHILE = " | ".join(["resumed", *["40 exposures"] * 8])
TWO_LOOKS = f"{BESIDE} | stall | {ONCE} | {MEANWHILE} | stall | {ORPHAN} | resumed | {ENDED}"


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (TWO_LOOKS, "hang orphaned-lock in serving: A → a thread that the fork left behind"),
        (TWO_LOOKS.replace(f"stall | {ORPHAN}", f"stall as no end of 9 | {ORPHAN}"), "hang orph"),
        # Not for long enough, not often enough, and not closely.
        (TWO_LOOKS.replace(MEANWHILE, "resumed | 40 exposures"), "pass: 40"),
        (TWO_LOOKS.replace(f"stall | {ORPHAN}", f"stall | {ONCE}"), "pass: 40"),
        # It moved in between, or it is another wait, or another thread of it works.
        (TWO_LOOKS.replace(ONCE, f"{ONCE[:-1]} elsewhere]", 1), "pass: 40"),
        (TWO_LOOKS.replace(ONCE, "8:[MainThread wants B; gone W has B]", 1), "pass: 40"),
        (TWO_LOOKS.replace("[MainThread", "[MainThread runs f; T"), "pass: 40"),
        # The driver went on, so its own wait was not closed.
        (TWO_LOOKS.replace("8:[", "7:["), "pass: 40"),
    ],
)
def test_a_closed_wait_of_a_child_counts_over_looks_between_which_the_driver_goes_on(
    story: str, expected: str
) -> None:
    check(story, expected)


def test_a_hang_over_several_looks_says_for_how_long_it_was_seen() -> None:
    hang = classify(stream(TWO_LOOKS), PROBE)
    assert isinstance(hang, Hang)
    assert hang.evidence[:2] == (
        "It was in the same wait for 6 s, whatever the driver did.",
        "It is in a process that the app forked.",
    )
    assert hang.noticed_after_s == 6.0


def test_a_hang_says_when_it_was_noticed_and_why() -> None:
    hang = classify(stream(f"live | serving | 30 exposures | stall | {SELF} | {KILLED}"), PROBE)
    assert isinstance(hang, Hang)
    # Silent for 1.0 s when the stall was told, and the second snapshot came two events later.
    assert hang.noticed_after_s == 2.0
    assert hang.exposures == 30
    assert hang.evidence[0].startswith("M waits for A (`A`, lib/app.py:100 in wants_A)")


def test_a_closed_wait_needs_a_third_snapshot_since_there_is_one() -> None:
    told = stream(f"live | serving | 30 exposures | stall | {SELF} | {KILLED}")
    two = [event for event in told if event.get("index") != 2]
    assert isinstance(classify(told, PROBE), Hang)
    assert isinstance(classify(two, PROBE), Unproven)
    before = [{**e, "protocol": 3} if e["event"] == "hello" else e for e in two]
    assert isinstance(classify(before, PROBE), Hang)


@pytest.mark.parametrize("gone", ["free", "moved", "another"])
def test_a_wait_that_is_over_in_the_third_snapshot_is_not_closed(gone: str) -> None:
    *rest, third = (e for e in stream(f"serving | stall | {SELF}"))
    assert third["index"] == 2
    other = {"free": "M has A? wants A?", "moved": "M has A wants A", "another": "M wants B"}[gone]
    last = {**snapshot(other, index=2, line=200 if gone == "moved" else 100), "at": third["at"]}
    ended = stream(f"live | serving | stall | {KILLED}")
    killed = ended[[e["event"] for e in ended].index("stall") + 1 :]
    late = [{**event, "at": event["at"] + 10} for event in killed]
    assert not isinstance(classify([*rest, last, *late], PROBE), Hang)
    assert isinstance(classify([*rest, third, *late], PROBE), Hang)

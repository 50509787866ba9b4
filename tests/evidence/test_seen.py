"""What a look at all threads before the end says about a trial, and what its absence says."""

from __future__ import annotations

from typing import Any

import pytest
from languages import PROBE, stream
from stories import ASIDE, KILLED, check

from interlock.evidence.classification import classify
from interlock.model import Hang, Pass, Unproven

APP = "process 7 | live | serving | 40 exposures"
IN_A_DAEMON = "[MainThread runs f; T has A wants A] | [MainThread runs f; T has A wants A]"
ENDED = "done | exit 0 | end"


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (f"{APP} | stall as no answer | {IN_A_DAEMON} | looked closer | {KILLED}", "hang self"),
        (f"{APP} | stall as no answer | {ASIDE} | looked closer | {KILLED}", "hang orphaned-lock"),
        # It stays closed, whatever the driver went on to do.
        (f"{APP} | stall as no answer | {IN_A_DAEMON} | looked closer | {ENDED}", "hang self"),
        (
            f"{APP} | stall as no answer | [T wants A] | [T wants A] | looked closer | {ENDED}",
            "unproven slow in serving: T still waits for A",
        ),
        (
            f"{APP} | stall as no answer | [T wants A; U runs] | [T wants A; U runs] | "
            f"looked closer | {ENDED}",
            "pass",
        ),
        (
            f"{APP} | stall as no answer | [T wants A] | [T wants A] | looked closer | looked | "
            f"{ENDED}",
            "pass",
        ),
        #
        (f"{APP} | looked | {ENDED}", "pass: 40"),
        (f"{APP} | looked before the exit handlers | looked | {ENDED}", "pass: 40"),
        (f"{APP} | looked without 7 | {ENDED}", "unproven slow in serving: it ended before all"),
        (
            f"{APP} | process 8 forked | looked without 8 | {ENDED}",
            "unproven slow in serving: the look at all threads had no answer from process 8",
        ),
        (
            f"{APP} | process 8 forked | looked before exit handlers without 8 | looked | {ENDED}",
            "pass: 40",
        ),
        (
            f"{APP} | process 8 forked | stall as no answer | 8:[M runs f] | 8:[M runs f] | "
            f"looked closer without 8 | {ENDED}",
            "pass: 40",
        ),
    ],
)
def test_what_the_look_before_the_end_shows(story: str, expected: str) -> None:
    check(story, expected)


def test_a_closed_wait_without_its_third_snapshot_leaves_a_pass_unproven() -> None:
    story = f"{APP} | stall as no answer | {IN_A_DAEMON} | looked closer | {ENDED}"
    told = [event for event in stream(story) if event.get("index") != 2]
    found = classify(told, PROBE)
    assert isinstance(found, Unproven)
    assert "the third one did not come" in found.detail
    # It may have run in between, so that it may go on.
    second = next(event for event in told if event.get("index") == 1)
    second["tasks"] = [{**task, "run_ns": 2 * 10**9} for task in second["tasks"]]
    assert isinstance(classify(told, PROBE), Pass)


def test_the_evidence_says_that_the_driver_still_ran() -> None:
    looked = "looked closer before the exit handlers"
    hang = classify(
        stream(f"{APP} | stall as no answer | {IN_A_DAEMON} | {looked} | {KILLED}"), PROBE
    )
    assert isinstance(hang, Hang)
    assert hang.evidence[0] == (
        "It was found in the look before the exit handlers: the driver still ran."
    )


def test_a_process_that_never_answered_and_is_gone_leaves_a_pass_unproven() -> None:
    first = "process 8 forked | looked before exit handlers without 8"
    last: dict[str, Any] = {"before": "its end", "last": True, "number": None}
    last |= {"processes": [7], "unanswered": [], "unjoined": []}
    events = [
        {**event, **last} if event["event"] == "looked" and event["last"] else event
        for event in stream(f"{APP} | {first} | {ENDED}")
    ]
    assert not isinstance(classify(events, PROBE), Pass)


def as_recorded_before() -> list[dict[str, Any]]:
    """A stream of protocol 3, in which nobody looked."""
    told = [dict(event) for event in stream(f"{APP} | {ENDED}") if event["event"] != "looked"]
    told[0]["protocol"] = 3
    return told


def test_a_pass_that_was_recorded_before_stands_and_does_not_say_that_it_was_looked_at() -> None:
    then, now = classify(as_recorded_before(), PROBE), classify(stream(f"{APP} | {ENDED}"), PROBE)
    assert isinstance(then, Pass) and isinstance(now, Pass)
    assert [proof.name for proof in then.proofs] == ["profiled"]
    assert [proof.name for proof in now.proofs] == ["profiled", "looked-around"]


def test_today_an_end_without_a_look_proves_nothing() -> None:
    told = [event for event in stream(f"{APP} | {ENDED}") if event["event"] != "looked"]
    assert not isinstance(classify(told, PROBE), Pass)

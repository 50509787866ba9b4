"""Stories of one trial in the language of ``stream``, with the expected results."""

from __future__ import annotations

from languages import PROBE, stream
from looks import Raw

from interlock.evidence.classification import classify
from interlock.model import Fail, Finding, Hang, Pass, Unproven, Unsupported


def told(finding: Finding) -> str:
    match finding:
        case Pass():
            return f"pass: {finding.exposures}"
        case Hang():
            return f"hang {finding.reason} in {finding.phase}: {finding.signature}"
        case Fail():
            return f"fail {finding.reason} in {finding.phase}: {finding.detail}"
        case Unsupported():
            return f"unsupported {finding.reason} in {finding.phase}: {finding.detail}"
        case Unproven():
            return f"unproven {finding.reason} in {finding.phase}: {finding.detail}"


def check(story: str, expected: str) -> None:
    """``expected`` may leave out the end of the detail."""
    finding = told(classify(stream(story), PROBE))
    assert finding.startswith(expected), finding


WELL = "live | serving | 40 exposures | shutdown | done | exit 0 | end"
SELF = "[M has A wants A] | [M has A wants A]"
ENDED = "shutdown | done | exit 0 | end"
ONCE = "8:[MainThread wants A; gone W has A]"
ORPHAN = f"{ONCE} | {ONCE}"
ASIDE = ORPHAN.replace("[MainThread", "[MainThread runs f; T")
KILLED = "sent SIGTERM | sent SIGKILL | exit SIGKILL | end"
OPEN = "[MainThread has A awaits E; T wants A]"
STILL = f"serving | 30 exposures | deadline | stall | {OPEN} | stood 2.0 s still | {OPEN}"

CHILD = "process 7 | serving | process 8 forked"
LATE = "deadline | stall | [MainThread runs poll] | 8:[MainThread awaits E]"


def told_of_child(
    *at: float, enters: bool = True, busy: bool = False, woken: bool = False, beside: str = ""
) -> tuple[Raw, ...]:
    """A child that is looked at at these times, the last one after the deadline.

    Its parent is at work, so not everything stands still. ``beside`` is another thread of it.
    """
    looks = " | ".join(["stall | 8:[MainThread awaits E]"] * (len(at) - 1))
    story = f"{CHILD} | {looks} | {LATE} | {KILLED}"
    if beside:
        story = story.replace("8:[MainThread awaits E]", f"8:[MainThread awaits E; {beside}]")
    told = [dict(event) for event in stream(story)]
    taken = [e for e in told if e["event"] == "snapshot" and e["process"] == 8]
    for number, (snapshot, moment) in enumerate(zip(taken, at, strict=True)):
        task = {"state": "S", "wait_ns": 0, "voluntary": 1, "involuntary": 0}
        ran = int(moment * 10**9) if busy else 0
        main = {**task, "tid": 8, "run_ns": number if woken else 0}
        snapshot.update(at=moment, tasks=[main, {**task, "tid": 9, "run_ns": ran}])
        if enters:
            thread = snapshot["threads"][0]
            thread["waits"] = None  # like a lock that does not show that it is locked
            thread["frames"][0]["function"] = "__enter__"
    return tuple(told)

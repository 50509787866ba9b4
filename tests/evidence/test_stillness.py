"""Standing still, as tables: when it is a hang, and when it is only a detail."""

from __future__ import annotations

from typing import Any

import pytest
from languages import PROBE, stream
from stories import ENDED, KILLED, OPEN, STILL, check, told_of_child

from interlock.evidence.classification import classify
from interlock.model import Hang, Reason, Unproven


def found(process: str, how: str, did: str) -> str:
    """``STILL`` with one process more, which never joined."""
    return STILL.replace(
        "s still", f"s still | process {process} found {how} | {process}:stood 2.0 s {did}"
    )


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            f"{STILL} | {KILLED}",
            "hang no-progress in serving: stuck in lib.app.awaits_E",
        ),
        (
            "shutdown | deadline | stall | [MainThread joins T; T runs poll] | stood 2.5 s still "
            f"| [MainThread joins T; T runs poll] | {KILLED}",
            "hang no-progress in shutdown: stuck in lib.app.joins_T, lib.app.runs_poll",
        ),
        # The app waits for a child, so both stand still where the child does.
        (
            STILL.replace(f" | {OPEN}", f" | {OPEN} | 8:[MainThread runs f]").replace(
                "still", "still | 8:stood 2.0 s still"
            )
            + f" | {KILLED}",
            "hang no-progress in serving: stuck in lib.app.runs_f",
        ),
        (
            STILL.replace(f" | {OPEN}", f" | {OPEN} | 8:[MainThread runs f]").replace(
                "still", "still | 8:stood 2.0 s running"
            )
            + f" | {KILLED}",
            "unproven slow in serving",
        ),
        # So does one that never joined, and names the hang where it was said to be overdue.
        (
            f"{found('8', 'forked', 'still')} | {KILLED}",
            "hang no-progress in serving: stuck in lib",
        ),
        (f"{found('8', 'forked', 'running')} | {KILLED}", "unproven slow in serving"),
        (
            f"stall as no end of 8 | {found('8', 'forked', 'still')} | {KILLED}",
            "hang no-progress in serving: stuck in fork() in the child",
        ),
        (
            f"stall as no end of 8 | {found('8', 'starts /bin/spam --eggs', 'still')} | {KILLED}",
            "hang no-progress in serving: stuck in the program spam",
        ),
        # No look was taken at processes that had never joined.
        (f"stall as no end of 8 | {STILL} | {KILLED}", "unproven slow in serving"),
        (f"{STILL} | exit SIGKILL | guard wall", "fail crash"),
        (f"{STILL} | guard wall", "hang no-progress"),
        #
        (STILL.replace("deadline | ", "") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("2.0 s", "1.9 s") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("still", "running") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("still", "starved") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("still", "polling") + f" | {KILLED}", "unproven slow in serving"),
        # Another of its threads, which the main one waits for or not, is at work.
        (STILL.replace("still", "beside") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("awaits E", "awaits E~") + f" | {KILLED}", "unproven slow in serving"),
        # A sleep ends by itself; so may what nobody knows.
        (STILL.replace("awaits E", "calls sleep~") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.replace("awaits E", "guesses it") + f" | {KILLED}", "unproven slow in serving"),
        # Another thread goes on by itself, and may then do what the main one waits for.
        (
            STILL.replace("T wants A]", "T wants A; S calls sleep~]") + f" | {KILLED}",
            "unproven slow in serving: no sign of life for 1.0 s in serving, but no proof of a "
            "hang: another of its threads waits with a timeout",
        ),
        (
            STILL.replace("T wants A]", "T wants A; S awaits F~]") + f" | {KILLED}",
            "unproven slow in serving",
        ),
        (STILL.replace("T wants A]", "T wants A~]") + f" | {KILLED}", "unproven slow in serving"),
        (
            STILL.replace("T wants A]", "T wants A; S guesses it]") + f" | {KILLED}",
            "unproven slow in serving: no sign of life for 1.0 s in serving, but no proof of a "
            "hang: what another of its threads waits for is not known",
        ),
        (
            STILL.replace("T wants A]", "T wants A; S awaits F]") + f" | {KILLED}",
            "hang no-progress in serving: stuck in lib.app.awaits_E",
        ),
        # So may a program that cannot be looked into, if nobody says that it is overdue.
        (
            f"{found('8', 'starts /bin/spam --eggs', 'still')} | {KILLED}",
            "unproven slow in serving: no sign of life for 1.0 s in serving, but no proof of a "
            "hang: a program that cannot be looked into may still end the wait",
        ),
        (
            STILL.replace("awaits E", "calls waitpid") + f" | {KILLED}",
            "hang no-progress in serving: stuck in lib.app.calls_waitpid",
        ),
        (
            "process 7 | serving | process 9 forked | process 8 forked | stall as no end of 9 | "
            f"deadline | stall | [MainThread awaits E] | 9:[MainThread runs stuck] | "
            "8:[MainThread runs idle] | stood 2.0 s still | 9:stood 2.0 s still | "
            "8:stood 2.0 s still | [MainThread awaits E] | 9:[MainThread runs stuck] | "
            f"8:[MainThread runs idle] | {KILLED}",
            "hang no-progress in serving: stuck in lib.app.runs_stuck",
        ),
        (STILL.removesuffix(f" | {OPEN}") + f" | {KILLED}", "unproven slow in serving"),
        (STILL.removesuffix("]") + f" elsewhere] | {KILLED}", "unproven slow in serving"),
        (f"live | {STILL} | resumed | done | exit 0 | end", "pass: 30"),
        #
        (
            "serving | deadline | stall | dump in spin | stood 2.0 s still | dump in spin "
            f"| {KILLED}",
            "hang no-progress in serving: stuck in spin in lib/native.py",
        ),
        (
            "serving | deadline | stall | dump in spin | stood 2.0 s still | dump in other "
            f"| {KILLED}",
            "unproven slow",
        ),
        (
            "serving | deadline | stall | dump in spin | stood 2.0 s running | dump in spin "
            f"| {KILLED}",
            "unproven slow",
        ),
        (
            f"serving | deadline | stall | dump in spin | stood 2.0 s still | {KILLED}",
            "unproven slow",
        ),
        (
            "serving | deadline | stall | dump in spin | stood 2.0 s beside | dump in spin "
            f"| {KILLED}",
            "unproven slow",
        ),
        # It waits for the answer to what it asked of the supervisor: that is no wait of the app
        (
            "serving | deadline | stall | dump in _answered | stood 2.0 s still "
            f"| dump in _answered | {KILLED}",
            "unproven slow",
        ),
    ],
)
def test_standing_still_is_a_hang_only_past_the_deadline_and_unmoved(
    story: str, expected: str
) -> None:
    check(story, expected)


def test_a_child_that_takes_a_lock_for_ten_seconds_hangs_whatever_others_do() -> None:
    hang = classify(told_of_child(20, 24, 30), PROBE)
    assert isinstance(hang, Hang)
    assert (hang.reason, hang.signature.stuck) == (Reason.NO_PROGRESS, ("lib.app.__enter__",))
    assert hang.evidence[0] == "It is in a process that the app forked."
    assert hang.evidence[-1] == "It is about to take a lock, and was not run for 10 s."


@pytest.mark.parametrize(
    ("at", "how", "lasting"),
    [
        ((20, 24, 30), {"enters": False}, True),
        ((20, 24, 30), {"busy": True}, True),
        ((21, 24, 30), {}, False),
        ((20, 24, 30), {"woken": True}, False),
        ((20, 24, 30), {"beside": "T calls sleep~"}, True),
        ((20, 24, 30), {"beside": "T guesses it"}, True),
    ],
)
def test_what_stood_to_the_end_is_told_where_it_proves_no_hang(
    at: tuple[float, ...], how: dict[str, Any], lasting: bool
) -> None:
    finding = classify(told_of_child(*at, **how), PROBE)
    assert isinstance(finding, Unproven)
    assert (finding.reason, finding.lasting) == (Reason.SLOW, lasting)
    assert ("stood at lib/app.py:100 in" in finding.detail) == lasting


def test_a_child_beside_a_thread_that_waits_to_be_woken_hangs_all_the_same() -> None:
    assert isinstance(classify(told_of_child(20, 24, 30, beside="T awaits F"), PROBE), Hang)


@pytest.mark.parametrize(
    ("signal", "expected"), [("signal 14", Unproven), (None, Hang)], ids=["timer", "nothing"]
)
def test_a_timer_whose_handler_may_end_the_wait_is_no_proof(
    signal: str | None, expected: type
) -> None:
    told = [dict(event) for event in stream(f"{STILL} | {KILLED}")]
    for snapshot in (event for event in told if event["event"] == "snapshot"):
        waits = snapshot["threads"][0]["waits"]
        waits["lock"] = int(next(iter(snapshot["locks"])))
        releaser = {"thread": None, "signal": signal, "what": "a timer is set"}
        snapshot["locks"][str(waits["lock"])]["could_release"] = [releaser]
    assert isinstance(classify(told, PROBE), expected)


@pytest.mark.parametrize(
    ("protocol", "function", "expected"),
    [
        (4, "work", Unproven),
        (4, "__enter__", Hang),
        # No wait in C code was read then: a call of waitpid looked like this.
        (3, "work", Hang),
    ],
)
def test_a_thread_that_stands_where_no_wait_is_read_may_go_on(
    protocol: int, function: str, expected: type
) -> None:
    told = [dict(event) for event in stream(f"{STILL} | {KILLED}")]
    told[0]["protocol"] = protocol
    for snapshot in (event for event in told if event["event"] == "snapshot"):
        snapshot["threads"][0]["waits"] = None
        snapshot["threads"][0]["frames"][0]["function"] = function
    assert isinstance(classify(told, PROBE), expected)


def frozen(why: str, how: str) -> str:
    """Two looks at process 8, which never joined and stands still for four seconds."""
    look = f"stall as {why} | process 8 found {how} | 8:no dump still"
    return f"serving | {look}{' | live' * 7} | {look} | degraded killed | {ENDED}"


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # A process that no look could get into, where its main thread stood in each
        (
            "serving | stall as no answer | 7:dump in flush | 7:dump in flush | stall as no end | "
            f"7:dump in flush | degraded killed | {ENDED}",
            "fail degraded in serving: killed; no Python code of a process could run in looks "
            "over 2 s, and its main thread stood at lib/native.py:9 in flush",
        ),
        (
            "serving | stall as no answer | 7:dump in flush | stall as no end | 7:dump in other | "
            f"degraded killed | {ENDED}",
            "fail degraded in serving: killed",
        ),
        # The same, where its main task was not run for four seconds either: a hang
        (
            "live | serving | 40 exposures | stall as no answer | 7:dump in flush still | "
            "live | live | live | live | live | live | stall as no end | 7:dump in flush still | "
            f"degraded killed | {ENDED}",
            "hang no-progress in serving: stuck in flush in lib/native.py",
        ),
        (
            "live | serving | 40 exposures | stall as no answer | 7:dump in flush still | "
            "live | live | live | live | live | stall as no end | 7:dump in flush still | "
            f"degraded killed | {ENDED}",
            "fail degraded in serving: killed; no Python code of a process could run",
        ),
        (
            "live | serving | 40 exposures | stall as no answer | 7:dump in flush running | "
            "live | live | live | live | live | live | stall as no end | 7:dump in flush running | "
            f"degraded killed | {ENDED}",
            "fail degraded in serving: killed; no Python code of a process could run",
        ),
        (
            "live | serving | 40 exposures | stall as no answer | 7:dump in flush still | "
            "live | live | live | live | live | live | stall as no end | 7:dump in flush still | "
            f"7:[M idles] | degraded killed | {ENDED}",
            "fail degraded in serving: killed",
        ),
        # One that never joined, if the app says that it should have ended
        (
            f"live | {frozen('no end of 8', 'forked')}",
            "hang no-progress in serving: stuck in fork()",
        ),
        (f"live | {frozen('no answer', 'forked')}", "fail degraded in serving: killed"),
        (
            f"live | {frozen('no end of 8', 'forked')} | process 8 forked",
            "fail degraded in serving",
        ),
    ],
)
def test_a_process_that_no_look_gets_into_is_told_by_where_it_stood(
    story: str, expected: str
) -> None:
    check(story, expected)


def test_standing_still_is_told_with_whoever_waits_for_it() -> None:
    hang = classify(stream(f"{STILL} | {KILLED}"), PROBE)
    assert isinstance(hang, Hang)
    main, other = hang.evidence
    assert main.startswith("MainThread waits for an event that nobody is known to set")
    assert other.startswith("T waits for A") and "which MainThread holds" in other

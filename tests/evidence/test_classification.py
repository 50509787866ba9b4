"""The finding of one trial, as tables: pass, closed wait, failure, or no proof."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st
from languages import PROBE, stream
from stories import ASIDE, ENDED, KILLED, ORPHAN, SELF, STILL, WELL, check

from interlock.evidence.classification import classify
from interlock.model import Fail, Hang, Pass, ProtocolError, Reason, Unproven


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (WELL, "pass: 40"),
        (f"installed at install | {WELL}", "pass: 40"),
        ("live | serving | 40 exposures | stall | resumed | done | exit 0 | end", "pass: 40"),
        (
            f"live | serving | 40 exposures | stall | {SELF} | resumed | done | exit 0 | end",
            "pass: 40",
        ),
        ("live | serving | 40 exposures | done | exit 0 | sent SIGKILL | end", "pass: 40"),
        # A look that the app asked for is over when it is done.
        (WELL.replace("40 exp", "stall as no answer | [M runs f] | 40 exp"), "pass: 40"),
        (WELL.replace("40 exp", "process 8 forked | child 8 exit 1 | 40 exp"), "pass: 40"),
        ("live | serving | 40 exposures | deadline | done | exit 0 | end", "pass: 40"),
    ],
)
def test_an_app_that_comes_to_its_end_alive_passes(story: str, expected: str) -> None:
    check(story, expected)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            f"live | serving | 30 exposures | stall | {SELF} | {KILLED}",
            "hang self-deadlock in serving: A → A",
        ),
        (
            "startup | stall | [M has A wants B; T has B wants A] "
            f"| [M has A wants B; T has B wants A] | {KILLED}",
            "hang lock-cycle in startup: A → B → A",
        ),
        (f"shutdown | stall | {SELF} | {KILLED}", "hang self-deadlock in shutdown"),
        # What was seen stays true, even if all processes and the container are gone.
        (f"not live | serving | stall | {SELF} | guard wall", "hang self-deadlock"),
        (f"live | serving | stall | {SELF} | cut {{'event': 'wi | guard memory", "hang self"),
        # A process that outlived the supervisor's signals was stuck before them.
        (
            f"live | serving | stall | {SELF} | sent SIGTERM | resumed | done | exit 0 | end",
            "hang self-deadlock",
        ),
        (f"serving | stall | resumed | stall | {SELF} | {KILLED}", "hang self-deadlock"),
        (f"serving | RuntimeError: odd | stall | {SELF} | {KILLED}", "hang self-deadlock"),
        # In whichever process it is.
        (
            f"process 7 | process 8 forked | serving | stall | [M runs f] | [M runs f] | {ORPHAN} "
            f"| {KILLED}",
            "hang orphaned-lock in serving: A → a thread that the fork left behind",
        ),
        # What the app asked for is seen while it lives, and nothing that it does takes it back.
        (f"serving | stall as no answer | {ORPHAN} | {KILLED}", "hang orphaned-lock in serving"),
        (f"serving | stall as no answer | {ORPHAN} | {ENDED}", "hang orphaned-lock in serving"),
        (
            f"serving | stall as no answer | [M runs f] | {KILLED}",
            "unproven slow in serving: no an",
        ),
        # Another thread than the main one accounts for no answer, but not for a child's not ending.
        (f"process 7 | serving | stall as no answer | {ASIDE} | {KILLED}", "hang orphaned-lock"),
        (f"process 7 | serving | stall | {ASIDE} | {KILLED}", "unproven slow"),
        (f"process 7 | serving | stall as no end of 8 | {ASIDE} | {KILLED}", "unproven slow"),
        (f"process 7 | serving | stall as no end of 8 | {ORPHAN} | {KILLED}", "hang orphaned"),
        (f"process 7 | serving | stall as no end of 9 | {ORPHAN} | {KILLED}", "unproven slow"),
        #
        (
            f"serving | stall | [M has A wants A] | [M runs f] | {KILLED}",
            "unproven slow in serving: no sign of life for 1.0 s",
        ),
        (f"serving | stall | [M has A wants A] | {KILLED}", "unproven slow"),
        (
            f"serving | stall | [M has A wants A] | [M has A wants A elsewhere] | {KILLED}",
            "unproven slow",
        ),
    ],
)
def test_a_closed_wait_that_stands_is_a_hang(story: str, expected: str) -> None:
    check(story, expected)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            "unsupported no-wheel: no wheel for Python 3.10",
            "unsupported no-wheel in install: no wheel for Python 3.10",
        ),
        ("unsupported requires-python: needs >=3.9", "unsupported requires-python in install"),
        (
            "startup | missing lock profiler: came with 0.40 | exit 0 | end",
            "unsupported no-feature in startup: no lock profiler: came with 0.40",
        ),
        #
        (
            "install failed at resolve: nothing satisfies both",
            "fail resolution in install: resolve: nothing satisfies both",
        ),
        ("install failed at build: gcc is missing", "fail build in install: build: gcc"),
        ("install failed at install", "fail build in install: install: it said nothing"),
        #
        (
            "startup | ImportError for lock profiler: no _lock | serving | done | exit 0 | end",
            "fail inactive in startup: lock profiler does not start: ImportError: no _lock",
        ),
        ("KeyError: 'x' | exit 1 | end", "fail error in import: KeyError: 'x'"),
        (
            "serving | RuntimeError: can't start new thread | exit 1 | end",
            "fail error in serving: RuntimeError: can't start new thread",
        ),
        ("import | exit 3 | end", "fail error in import: ended with exit code 3 before it was"),
        (
            "serving | exit 0 | stderr Fatal: gone | end",
            "fail error in serving: ended with exit code 0 before it was done: Fatal: gone",
        ),
        ("live | 40 exposures | done | exit 120 | end", "fail error in import: ended with exit"),
        #
        ("serving | exit SIGSEGV | end", "fail crash in serving: killed by SIGSEGV"),
        ("shutdown | done | exit SIGABRT | end", "fail crash in shutdown: killed by SIGABRT"),
        ("serving | exit SIGKILL | end", "fail crash in serving: killed by SIGKILL"),
        ("serving | stall | sent SIGTERM | exit SIGSEGV | end", "fail crash in serving"),
        ("startup | ValueError: x | exit SIGSEGV | end", "fail crash"),
        (
            "process 7 | serving | 7 crashed in free | exit SIGSEGV | end",
            "fail crash in serving: killed by SIGSEGV at lib/native.py:9 in free",
        ),
        (
            "process 7 | serving | process 8 forked | 8 crashed in free | child 8 exit SIGSEGV "
            "| done | exit 0 | end",
            "fail crash in serving: a child was killed by SIGSEGV at lib/native.py:9 in free",
        ),
        (
            "process 7 | serving | 8 crashed in free | exit SIGABRT | end",
            "fail crash in serving: killed by SIGABRT",
        ),
        #
        ("serving | 9 exposures | guard memory", "fail degraded in serving: it went over the"),
        ("serving | exit SIGKILL | guard memory", "fail degraded in serving: it went over the"),
        ("serving | cut {'event': 'ou | guard output", "fail degraded in serving"),
        # A task that was refused may show nothing, an exception, or a crash.
        (
            "live | serving | 40 exposures | done | exit 0 | refused 2 tasks | end",
            "fail degraded in serving: it went over the limit on pids (tasks refused: 2)",
        ),
        (
            "startup | RuntimeError for tracer: can't start | exit 1 | refused 1 tasks | end",
            "fail degraded in startup: it went over the limit on pids (tasks refused: 1)",
        ),
        ("serving | exit SIGABRT | refused 2 tasks | end", "fail degraded in serving"),
        ("live | serving | 40 exposures | done | exit 0 | refused 0 tasks | end", "pass"),
        (
            f"live | serving | 40 exposures | degraded p50 6.0 times as slow, 5 allowed | {ENDED}",
            "fail degraded in serving: p50 6.0 times as slow, 5 allowed",
        ),
        (f"serving | degraded a | degraded b | {ENDED}", "fail degraded in serving: a; b"),
        (f"serving | degraded slow | degraded slow | {ENDED}", "fail degraded in serving: slow"),
        (f"not live | serving | degraded slow | {ENDED}", "fail degraded"),
        (
            f"serving | degraded a but who knows | degraded b | {ENDED}",
            "fail degraded in serving: b",
        ),
        (f"serving | degraded slow | deadline | {KILLED}", "fail degraded"),
        (f"serving | degraded slow | {STILL} | {KILLED}", "hang no-progress"),
        ("serving | degraded slow | exit SIGSEGV | end", "fail crash"),
    ],
)
def test_what_goes_wrong_is_told_apart(story: str, expected: str) -> None:
    check(story, expected)


@pytest.mark.parametrize(
    ("story", "cause"),
    [
        ("install failed at resolve: TypeError", None),
        ("install failed at build: SIGSEGV", None),
        #
        ("startup | ImportError for lock profiler: no | exit 1 | end", "ImportError"),
        ("startup | a.b.Odd for lock profiler: no | exit 1 | end", "a.b.Odd"),
        ("KeyError: 'TypeError' | exit 1 | end", "KeyError"),
        ("requests.exceptions.Timeout: no | exit 1 | end", "requests.exceptions.Timeout"),
        #
        ("serving | exit SIGSEGV | end", "SIGSEGV"),
        ("process 7 | serving | child 8 exit SIGABRT | done | exit 0 | end", "SIGABRT"),
        ("startup | ValueError: x | exit SIGSEGV | end", "SIGSEGV"),
        # Its last output proves nothing.
        ("import | exit 3 | stderr ValueError: x | end", None),
        #
        ("serving | 9 exposures | guard memory", "memory"),
        ("serving | guard output", "output"),
        ("serving | RuntimeError: no thread | exit 1 | refused 2 tasks | end", "pids"),
        # The signal is the probe's own.
        (f"serving | degraded 10 s after SIGTERM | {ENDED}", None),
    ],
)
def test_the_cause_of_a_failure_is_what_its_events_state(story: str, cause: str | None) -> None:
    fail = classify(stream(story), PROBE)
    assert isinstance(fail, Fail)
    assert fail.cause == cause


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            "live | serving | 40 exposures | guard wall",
            "unproven slow in serving: only the outer time limit ended it, after 60 s",
        ),
        ("import | guard wall", "unproven slow in import"),
        ("installed at install | guard wall", "unproven slow in import"),
        ("live | serving | cut {'event': 'pro | guard wall", "unproven slow in serving"),
        (
            f"live | serving | 40 exposures | deadline | {KILLED}",
            "unproven slow in serving: still at work when its time was over",
        ),
        #
        (
            WELL.replace("live", "not live"),
            "unproven not-live in serving: profiled: profiled-lock is false",
        ),
        (
            WELL.removeprefix("live | "),
            "unproven not-live in serving: profiled: the app never said profiled-lock",
        ),
        #
        (
            WELL.replace("40", "9"),
            "unproven too-few-exposures in serving: 9 worker starts, at least 10 are needed",
        ),
        (WELL.replace("40", "10"), "pass: 10"),
        #
        (
            f"live | serving | 40 exposures | degraded slower but the machine was busy | {ENDED}",
            "unproven slow in serving: slower, but the machine was busy",
        ),
        (f"serving | degraded a but busy | {STILL} | {KILLED}", "hang no-progress"),
    ],
)
def test_what_proves_nothing_is_never_a_pass_and_never_a_hang(story: str, expected: str) -> None:
    check(story, expected)


@pytest.mark.parametrize(
    ("story", "mistake"),
    [
        ("live | serving | 40 exposures", "stops after progress"),
        ("live | serving | cut {'event': 'pro", "stops after truncated"),
        ("installed at install", "stops after install"),
        ("live | serving | sent SIGTERM | exit SIGTERM | end", "what became of the app"),
        ("live | serving | end", "what became of the app"),
    ],
)
def test_a_stream_that_does_not_say_how_it_ended_leaves_the_cell_open(
    story: str, mistake: str
) -> None:
    with pytest.raises(ProtocolError, match=mistake):
        classify(stream(story), PROBE)


def test_a_probe_without_proofs_never_passes() -> None:
    finding = classify(stream(WELL), replace(PROBE, live=()))
    assert isinstance(finding, Unproven)
    assert finding.reason is Reason.NOT_LIVE


@pytest.mark.parametrize(
    ("when", "passes"),
    [
        ({}, True),
        ({"profiling": True}, True),
        ({"profiling": False}, False),
    ],
)
def test_a_pass_needs_a_proof_of_each_library_whatever_settings_the_app_states(
    when: dict[str, bool], passes: bool
) -> None:
    (live,) = PROBE.live
    left, right = replace(live, needs=("left",)), replace(live, needs=("right",), when=when)
    told = list(stream(WELL))
    told.insert(1, {"event": "fact", "at": 0.0, "name": "settings", "value": {"profiling": True}})
    finding = classify(told, replace(PROBE, live=(left, right)))
    assert isinstance(finding, Pass) is passes
    if isinstance(finding, Unproven):
        assert finding.reason is Reason.NOT_LIVE
        assert finding.detail == "the probe asks for no proof that right worked with these settings"


CLAUSES = st.sampled_from(
    [
        "import",
        "startup",
        "serving",
        "shutdown",
        "40 exposures",
        "live",
        "not live",
        "stall",
        "resumed",
        "[M has A wants A]",
        "[MainThread awaits E]",
        "dump in f",
        "stood 2.0 s still",
        "deadline",
        "sent SIGTERM",
        "exit 0",
        "exit 1",
        "exit SIGSEGV",
        "exit SIGTERM",
        "TypeError: x",
        "TypeError for f: x",
        "missing f: x",
        "degraded x",
        "done",
        "end",
        "guard wall",
        "guard memory",
        "guard output",
        "cut {",
        "install failed at build",
        "unsupported no-wheel: x",
    ]
)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            "live | serving | 40 exposures | broken: beat.beat: 'x' is not an integer "
            "| sent SIGTERM | exit SIGTERM | end",
            "fail error in serving: it broke the event protocol: beat.beat: 'x' is not an integer",
        ),
        # What it does besides is passed over, but for a hang that was proven before.
        (
            f"startup | TypeError: x | broken: x | missing f: x | {KILLED}",
            "fail error in startup: it",
        ),
        (f"serving | broken: x | exit SIGSEGV | {ENDED}", "fail error in serving: it broke"),
        (f"serving | stall | {SELF} | broken: x | {KILLED}", "hang self-deadlock"),
        ("serving | broken: x | guard memory", "fail degraded in serving"),
    ],
)
def test_an_app_that_breaks_the_protocol_fails(story: str, expected: str) -> None:
    check(story, expected)


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ("intake counts 0", "pass: 40"),
        (
            "intake gone",
            "unproven not-live in serving: the intake did not answer any more when the app had "
            "ended",
        ),
        (
            "intake counts 3",
            "unproven not-live in serving: the intake reported 3 requests, and 0 of them came "
            "through",
        ),
    ],
)
def test_a_pass_needs_an_intake_that_was_there_to_the_end(counted: str, expected: str) -> None:
    check(WELL.replace("| end", f"| {counted} | end"), expected)


def test_an_intake_that_was_never_asked_is_no_doubt_in_what_was_recorded_before() -> None:
    told = [event for event in stream(WELL) if event["event"] != "intake-end"]
    assert isinstance(classify(told, PROBE), Unproven)
    assert isinstance(classify([{**told[0], "protocol": 2}, *told[1:]], PROBE), Pass)


@settings(max_examples=300)
@given(st.lists(CLAUSES, max_size=12))
def test_every_story_is_a_finding_or_a_broken_protocol(clauses: list[str]) -> None:
    try:
        finding = classify(stream(" | ".join(["import", *clauses])), PROBE)
    except ProtocolError:
        return
    if isinstance(finding, Hang):
        assert "stall" in clauses
    if isinstance(finding, Pass):
        assert "done" in clauses
        assert "live" in clauses
        assert not {"guard wall", "guard memory", "exit SIGSEGV", "TypeError: x"} & set(clauses)

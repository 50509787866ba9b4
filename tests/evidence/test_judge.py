"""What a trial shows and what a cell's trials say together, as tables."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from languages import CELL, PROBE, STORIES, Raw, stream, trials

from interlock.evidence.classification import classify
from interlock.evidence.events import read
from interlock.evidence.judge import PRECEDENCE, decide, doubt
from interlock.model import (
    LEFT_BEHIND,
    Fail,
    Finding,
    Hang,
    Outcome,
    Pass,
    ProofRule,
    ProtocolError,
    Reason,
    Unproven,
    Unsupported,
)

JUDGED = Path(__file__).parents[1] / "data" / "judged"


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
ORPHAN = "8:[MainThread wants A; gone W has A] | 8:[MainThread wants A; gone W has A]"
ASIDE = ORPHAN.replace("[MainThread", "[MainThread runs f; T")
KILLED = "sent SIGTERM | sent SIGKILL | exit SIGKILL | end"
OPEN = "[MainThread has A awaits E; T wants A]"


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
        # Nobody has to be alive, nor the container, for what was seen to be true.
        (f"not live | serving | stall | {SELF} | guard wall", "hang self-deadlock"),
        (f"live | serving | stall | {SELF} | cut {{'event': 'wi | guard memory", "hang self"),
        # One that got away from the supervisor's signals was stuck before they came.
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


STILL = f"serving | 30 exposures | deadline | stall | {OPEN} | stood 2.0 s still | {OPEN}"


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
        # The app waits for a child: where that stands still is where they do.
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
        # Nobody looked for those that had not joined once.
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
    ],
)
def test_standing_still_is_a_hang_only_past_the_deadline_and_unmoved(
    story: str, expected: str
) -> None:
    check(story, expected)


CHILD = "process 7 | serving | process 8 forked"
LATE = "deadline | stall | [MainThread runs poll] | 8:[MainThread awaits E]"


def told_of_child(
    *at: float, enters: bool = True, busy: bool = False, woken: bool = False
) -> tuple[Raw, ...]:
    """A child that is looked at at these times, the last time when the deadline has passed; its
    parent is at work, so that not everything stands still."""
    looks = " | ".join(["stall | 8:[MainThread awaits E]"] * (len(at) - 1))
    told = [dict(event) for event in stream(f"{CHILD} | {looks} | {LATE} | {KILLED}")]
    taken = [e for e in told if e["event"] == "snapshot" and e["process"] == 8]
    for number, (snapshot, moment) in enumerate(zip(taken, at, strict=True)):
        task = {"state": "S", "wait_ns": 0, "voluntary": 1, "involuntary": 0}
        ran = int(moment * 10**9) if busy else 0
        main = {**task, "tid": 8, "run_ns": number if woken else 0}
        snapshot.update(at=moment, tasks=[main, {**task, "tid": 9, "run_ns": ran}])
        if enters:
            thread = snapshot["threads"][0]
            thread["waits"] = None  # as of a lock that does not tell that it is locked
            thread["frames"][0]["function"] = "__enter__"
    return tuple(told)


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
    ],
)
def test_what_stood_to_the_end_is_told_where_it_proves_no_hang(
    at: tuple[float, ...], how: dict[str, bool], lasting: bool
) -> None:
    finding = classify(told_of_child(*at, **how), PROBE)
    assert isinstance(finding, Unproven)
    assert (finding.reason, finding.lasting) == (Reason.SLOW, lasting)
    assert ("stood at lib/app.py:100 in" in finding.detail) == lasting


def frozen(why: str, how: str) -> str:
    """Two looks at process 8, which never joined and does not run in the four seconds between."""
    look = f"stall as {why} | process 8 found {how} | 8:no dump still"
    return f"serving | {look}{' | live' * 7} | {look} | degraded killed | {ENDED}"


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
        # What a task refused may come to: nothing to see, an exception, a crash.
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


RESTART = replace(
    PROBE,
    live=(
        ProofRule(name="lock", says="", fact="profiled-lock"),
        ProofRule(name="samples", says="", path="*/profiling/v1/input", pprof=("lock-acquire",)),
        ProofRule(
            name="event",
            says="",
            path="/api/*",
            contains="interlock proof of life: worker_restart",
        ),
    ),
    least_exposures=250,
)
WORKER = "BackgroundWorker._lock"


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        (
            "sentry-2.5.1-ddtrace-2.14.2-self",
            f"hang self-deadlock in serving: {WORKER} → {WORKER}",
        ),
        (
            "sentry-2.5.1-ddtrace-2.14.2-cycle",
            f"hang lock-cycle in serving: {WORKER} → Handler.lock → {WORKER}",
        ),
        ("sentry-2.5.1-ddtrace-3.2.1-pass", "pass: 500"),
        # The worker's lock made re-entrant, which one thread may take twice, and two may not.
        (
            "sentry-2.5.1-ddtrace-2.14.2-rlock",
            f"hang lock-cycle in serving: {WORKER} → Handler.lock → {WORKER}",
        ),
        (
            "sentry-2.30.0-ddtrace-2.14.2-logs",
            "hang self-deadlock in serving: LogBatcher._lock → LogBatcher._lock",
        ),
        (
            "own-cycle",
            "hang lock-cycle in serving: Account.lock → Ledger.lock → Account.lock",
        ),
        #
        ("sentry-2.5.1-orphan", f"hang orphaned-lock in serving: Queue.mutex → {LEFT_BEHIND}"),
        (
            "sentry-2.5.1-ddtrace-2.14.2-orphan",
            f"hang orphaned-lock in serving: Queue.mutex → {LEFT_BEHIND}",
        ),
        ("orphan", f"hang orphaned-lock in serving: Worker._lock → {LEFT_BEHIND}"),
        ("child", "fail crash in serving: a child was killed by SIGSEGV at ctypes/__init__.py:"),
        ("waits", "hang no-progress in serving: stuck in app.run"),
        #
        ("event", "hang no-progress in serving: stuck in app.run"),
        ("gil", "hang no-progress in serving: stuck in run in "),
        ("busy", "unproven slow in serving: no sign of life for "),
        ("poll", "unproven slow in serving: no sign of life for "),
        ("segv", "fail crash in serving: killed by SIGSEGV"),
    ],
)
def test_real_streams_are_judged_as_what_they_were(recorded: str, expected: str) -> None:
    lines = (JUDGED / f"{recorded}.jsonl").read_text().splitlines()
    finding = told(classify(read(lines), RESTART))
    assert finding.startswith(expected), finding


@pytest.mark.parametrize(
    ("recorded", "did"),
    [
        ("sentry-2.5.1-orphan", "was just taking"),
        ("sentry-2.5.1-ddtrace-2.14.2-orphan", "was inside of"),
    ],
)
def test_a_real_orphan_is_told_with_who_had_it_at_the_fork(recorded: str, did: str) -> None:
    lines = (JUDGED / f"{recorded}.jsonl").read_text().splitlines()
    hang = classify(read(lines), RESTART)
    assert isinstance(hang, Hang)
    where, waits, held = hang.evidence
    assert where == "It is in a process that the app forked."
    assert "MainThread of a forked child waits for Queue.mutex" in waits
    assert "sentry_sdk/_queue.py:202 in put" in waits
    assert f"of the parent {did} Queue.mutex" in held


def test_a_real_deadlock_is_told_with_its_code() -> None:
    lines = (JUDGED / "sentry-2.5.1-ddtrace-2.14.2-self.jsonl").read_text().splitlines()
    hang = classify(read(lines), RESTART)
    assert isinstance(hang, Hang)
    # The lines are those of sentry-sdk 2.5.1.
    assert hang.evidence == (
        "MainThread waits for BackgroundWorker._lock (`self._lock`, sentry_sdk/worker.py:62 in "
        "start), which it holds itself since `with self._lock`, sentry_sdk/worker.py:69 in start.",
    )
    assert 0.5 < hang.noticed_after_s < 1.5


def test_a_probe_without_proofs_never_passes() -> None:
    finding = classify(stream(WELL), replace(PROBE, live=()))
    assert isinstance(finding, Unproven)
    assert finding.reason is Reason.NOT_LIVE


def test_a_hang_says_when_it_was_noticed_and_why() -> None:
    hang = classify(stream(f"live | serving | 30 exposures | stall | {SELF} | {KILLED}"), PROBE)
    assert isinstance(hang, Hang)
    # Silent for 1.0 s when the stall was told, and the second snapshot came two events later.
    assert hang.noticed_after_s == 2.0
    assert hang.exposures == 30
    assert hang.evidence[0].startswith("M waits for A (`A`, lib/app.py:100 in wants_A)")


def test_standing_still_is_told_with_whoever_waits_for_it() -> None:
    hang = classify(stream(f"{STILL} | {KILLED}"), PROBE)
    assert isinstance(hang, Hang)
    main, other = hang.evidence
    assert main.startswith("MainThread waits for an event that nobody is known to set")
    assert other.startswith("T waits for A") and "which MainThread holds" in other


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


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("pass*3", "pass"),
        ("pass*19 hang", "hang"),
        ("hang pass*19", "hang"),
        ("hang crash error", "hang"),
        #
        ("pass crash pass", "fail"),
        ("slow crash", "fail"),
        ("no-wheel", "unsupported"),
        #
        ("slow", "unproven"),
        ("pass*2 slow", "unproven"),
        ("slow pass", "pass"),
        ("pass slow pass", "pass"),
        ("slow hang pass", "hang"),
        ("not-live*3", "unproven"),
    ],
)
def test_the_first_outcome_of_the_precedence_speaks_for_the_cell(story: str, expected: str) -> None:
    assert str(decide(trials(story), PROBE).outcome) == expected


def test_every_outcome_has_its_place_in_the_precedence() -> None:
    assert sorted(PRECEDENCE) == sorted(Outcome)


def test_a_pass_says_what_rate_its_exposures_rule_out() -> None:
    verdict = decide(trials("pass*3"), PROBE)
    assert verdict.exposures == 120
    # 1 - 0.05 ** (1 / 120) is one in 40.6.
    assert verdict.detail == (
        "3 trials without a hang in 120 worker starts: more than one hang in 41 worker starts is "
        "ruled out at 95% confidence."
    )
    assert (verdict.phase, verdict.reason, verdict.signature) == (None, None, None)


def test_a_pass_rests_on_the_exposures_of_trials_that_passed() -> None:
    verdict = decide(trials("not-live slow pass"), PROBE)
    assert (verdict.trials, verdict.exposures) == (1, 40)
    assert "; 2 trials before that proved nothing." in verdict.detail


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        # 40 exposures a pass, where each trial needed 60
        ("pass", ("unproven", 40)),
        ("pass*2", ("pass", 80)),
        ("pass slow pass", ("pass", 80)),
        ("pass hang pass", ("hang", 110)),
        # what was not shown to be at work was not exposed
        ("pass not-live", ("unproven", 80)),
        ("not-live*3", ("unproven", 120)),
        ("slow*3", ("unproven", 90)),
    ],
)
def test_trials_with_too_few_exposures_each_are_parts_of_one(
    story: str, expected: tuple[str, int]
) -> None:
    verdict = decide(trials(story), PROBE, lambda ran: 60)
    assert (str(verdict.outcome), verdict.exposures) == expected


def test_what_stood_to_the_end_is_cleared_by_no_pass() -> None:
    told = told_of_child(20, 24, 30, busy=True)
    passed, again = trials("pass*2")
    slow = replace(passed, events=told, started_at=passed.started_at - timedelta(hours=1))
    verdict = decide([slow, passed, again], PROBE)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNPROVEN, Reason.SLOW)
    assert verdict.detail.startswith("1 of 3 trials proved nothing: no sign of life")


def test_parts_are_measured_by_what_each_trial_needed() -> None:
    needs = iter([80, 100, 80, 50])
    # 40 of 80 and 40 of 100 are 0.9 of what is needed; of 80 and 50 it is 1.3.
    assert decide(trials("pass*2"), PROBE, lambda ran: next(needs)).outcome is Outcome.UNPROVEN
    assert decide(trials("pass*2"), PROBE, lambda ran: next(needs)).outcome is Outcome.PASS


def test_a_cell_keeps_all_its_signatures_and_shows_the_most_frequent() -> None:
    verdict = decide(trials("cycle hang*2 pass"), PROBE)
    assert [(str(s), n) for s, n in verdict.signatures] == [("A → A", 2), ("A → B → A", 1)]
    assert verdict.reason is Reason.SELF_DEADLOCK
    assert (verdict.hangs, verdict.trials, verdict.exposures) == (3, 4, 3 * 30 + 40)
    assert "M waits for A" in verdict.evidence[0]
    # Wilson's interval for 3 of 4.
    assert verdict.detail == (
        "3 of 4 trials hung (30% to 95% at 95% confidence), in serving: A → A."
    )


def test_the_order_of_trials_does_not_change_which_signature_is_shown() -> None:
    one, other = decide(trials("cycle hang"), PROBE), decide(trials("hang cycle"), PROBE)
    assert one.signatures == other.signatures
    assert one.signature == other.signature


def test_a_verdict_carries_what_the_newest_trial_ran_in() -> None:
    ran = trials("pass*3")
    verdict = decide(list(reversed(ran)), PROBE)
    assert verdict.tested_at == ran[2].started_at
    assert verdict.environment_digest == "e2"
    assert verdict.seconds == 3.0


def test_a_control_that_differs_takes_the_proof_from_a_pass_alone() -> None:
    passed, hung = decide(trials("pass"), PROBE), decide(trials("hang"), PROBE)
    doubted = doubt(passed, "the known hang did not hang tonight.")
    assert (doubted.outcome, doubted.reason) == (Outcome.UNPROVEN, Reason.CONTROL_DIFFERS)
    assert doubted.detail.endswith("the known hang did not hang tonight.")
    assert doubt(hung, "the known hang did not hang tonight.") == hung


def test_trials_of_two_cells_are_refused() -> None:
    one, two = trials("pass*2")
    with pytest.raises(ValueError, match="of one cell"):
        decide([one, replace(two, cell=replace(CELL, config="other"))], PROBE)
    with pytest.raises(ValueError, match="needs trials"):
        decide([], PROBE)


@given(st.lists(st.sampled_from(sorted(STORIES)), min_size=1, max_size=6))
def test_one_proven_hang_makes_the_cell_hang(words: list[str]) -> None:
    verdict = decide(trials(" ".join(words)), PROBE)
    hung = sum(word in ("hang", "cycle") for word in words)
    assert verdict.hangs == hung
    assert (verdict.outcome is Outcome.HANG) == (hung > 0)
    assert sum(count for _, count in verdict.signatures) == hung


@given(st.lists(st.sampled_from(sorted(STORIES)), min_size=1, max_size=6))
def test_a_passing_cell_saw_nothing_go_wrong_and_passed_last(words: list[str]) -> None:
    verdict = decide(trials(" ".join(words)), PROBE)
    clean = {"pass", "slow", "not-live"}
    assert (verdict.outcome is Outcome.PASS) == (set(words) <= clean and words[-1] == "pass")

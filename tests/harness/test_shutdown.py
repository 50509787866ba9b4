"""The probe of interpreters that exit, with made-up ones: no library is needed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ours import PROBES, FoundBy, probe_of_ours

from interlock.model import Fail, Finding, Hang, Phase, Reason, outcome_of

LEAVES = """\
import atexit, json, os, signal, threading, time
from libraries.child import Child

class Exit:
    def __init__(self):
        self.lock = threading.Lock()

    def takes_its_lock_twice(self):
        with self.lock, self.lock:
            pass

def crash():
    os.kill(os.getpid(), signal.SIGSEGV)

child = Child.here()
child.say("started")
{how}
child.say("leaving")
"""

Left = Callable[[str], Finding]


@pytest.fixture
def left(tmp_path: Path, found_by: FoundBy) -> Left:
    """What the probe finds where every interpreter does this before it leaves."""
    probe = replace(probe_of_ours("shutdown"), live=())
    for part in ("app.py", "slow.py", "starved.py"):
        shutil.copy(PROBES / probe.name / part, tmp_path)

    def run(how: str) -> Finding:
        (tmp_path / "leaver.py").write_text(LEAVES.format(how=how))
        knobs = {"exits": 3, "exit_s": 1.5}
        return found_by(probe, tmp_path / "app.py", knobs=knobs, deadline_s=15)

    return run


def test_exits_that_end_are_counted(left: Left) -> None:
    finding = left("")
    # No proof of life is required here, so it is no pass. The test is about the exits.
    assert (str(outcome_of(finding)), getattr(finding, "exposures", 0)) == ("unproven", 3)


def test_an_exit_that_never_ends_is_a_hang_of_that_interpreter(left: Left) -> None:
    hang = left("atexit.register(Exit().takes_its_lock_twice)")
    assert isinstance(hang, Hang)
    assert (hang.phase, hang.reason) == (Phase.SHUTDOWN, Reason.SELF_DEADLOCK)
    assert hang.signature.locks == ("Exit.lock",)
    assert "a process that the app started" in hang.evidence[0]


@pytest.mark.parametrize(
    ("how", "reason", "detail", "cause"),
    [
        ("atexit.register(time.sleep, 2)", Reason.DEGRADED, "1.5 s are allowed", None),
        ("atexit.register(crash)", Reason.CRASH, "a child was killed by SIGSEGV", "SIGSEGV"),
        ("atexit.register(os._exit, 3)", Reason.ERROR, "ended with 3 at its exit", "app.Broken"),
        ("os._exit(4)", Reason.ERROR, "ended with 4 before it was to", "app.Broken"),
        (
            "child.error(OSError('no'), feature='x')",
            Reason.INACTIVE,
            "x does not start: OSError: no",
            "OSError",
        ),
        (
            "child.error(json.JSONDecodeError('no', '', 0), feature='x')",
            Reason.INACTIVE,
            "x does not start: json.decoder.JSONDecodeError: no: line 1",
            "json.decoder.JSONDecodeError",
        ),
    ],
)
def test_an_exit_that_goes_wrong_fails(
    left: Left, how: str, reason: Reason, detail: str, cause: str | None
) -> None:
    fail = left(how)
    assert isinstance(fail, Fail)
    assert fail.reason is reason
    assert detail in fail.detail
    assert fail.cause == cause


def test_an_exit_that_waits_for_nothing_that_comes_is_a_hang_without_a_cycle(left: Left) -> None:
    hang = left("atexit.register(threading.Event().wait)")
    assert isinstance(hang, Hang)
    assert (hang.phase, hang.reason) == (Phase.SHUTDOWN, Reason.NO_PROGRESS)

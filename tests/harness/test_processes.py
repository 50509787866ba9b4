"""What is reported of the processes that an app forks and starts."""

from __future__ import annotations

import pytest
from ours import PROBES

from interlock.model import Fail, Hang, Reason


@pytest.mark.parametrize("place", ["pids.events", "pids/pids.events"])
def test_how_often_the_kernel_refused_a_task_is_read_from_the_control_group(
    tmp_path, place, monkeypatch
):
    monkeypatch.syspath_prepend(PROBES)
    from harness import processes

    assert processes.refused_tasks(tmp_path) == 0
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    file.write_text("max 3\n")
    assert processes.refused_tasks(tmp_path) == 3
    file.write_text("max 4\nmax.imposed 9\n")
    assert processes.refused_tasks(tmp_path) == 4


def test_every_process_joins_by_itself(run_app):
    told = run_app(
        """
        import os, subprocess, sys
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                os._exit(0)
            os.waitpid(child, 0)
            program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.1)"])
            program.wait()
            trial.fact("pids", [os.getpid(), child, program.pid])
        """,
        stall_s=5,
    )
    app, child, program = told.all("process")
    assert [event["process"] for event in (app, child, program)] == told.fact["pids"]
    assert [event["app"] for event in (app, child, program)] == [True, False, False]
    assert [event["forked"] for event in (app, child, program)] == [False, True, False]
    assert child["parent"] == program["parent"] == app["process"]
    assert program["command"][1:] == ["-c", "import time; time.sleep(0.1)"]


def test_a_look_that_shows_nothing_closed_lets_the_app_go_on(run_app):
    told = run_app(
        """
        import os, time
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                time.sleep(2)
                os._exit(0)
            time.sleep(0.3)
            trial.fact("closed", trial.look("a child is slow"))
            os.waitpid(child, 0)
            trial.expose(20)
        """,
        stall_s=2,
    )
    assert told.fact["closed"] is False
    assert {event["process"] for event in told.all("snapshot")} == {
        event["process"] for event in told.all("process")
    }
    assert told.one("exit")["code"] == 0 and not told.all("signal")
    assert told.judged().reason is Reason.NOT_LIVE


def test_a_child_in_which_nothing_can_run_is_frozen_though_the_app_lives(run_app):
    told = run_app(
        """
        import ctypes, os, signal, time
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                mutex = ctypes.create_string_buffer(64)
                for _ in range(2):  # a native lock, taken twice with the GIL held
                    ctypes.PyDLL(None).pthread_mutex_lock(mutex)
            time.sleep(0.3)
            trial.fact("closed", trial.look("a child does not answer"))
            until = time.monotonic() + 4
            while time.monotonic() < until:
                trial.beat()
                time.sleep(0.05)
            trial.look("a child does not end")
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        """,
        stall_s=5,
        answer_s=0.5,
    )
    assert told.fact["closed"] is False
    assert told.one("exit")["code"] == 0
    hang = told.judged()
    assert isinstance(hang, Hang)
    assert hang.reason is Reason.NO_PROGRESS
    (stuck,) = hang.signature.stuck
    assert stuck.startswith("run in ") and stuck.endswith("/app.py")
    assert hang.evidence[0] == "It is in a process that the app forked."
    assert "its main thread was not run" in hang.evidence[-1]


def test_what_the_app_leaves_behind_is_reaped_when_it_ends(run_app):
    told = run_app(
        """
        import os, time
        def run(trial):
            trial.phase("serving")
            for _ in range(5):
                child = os.fork()
                if child == 0:
                    if os.fork() == 0:
                        time.sleep(0.1)
                    os._exit(0)
                os.waitpid(child, 0)
            until = time.monotonic() + 3
            while time.monotonic() < until:
                trial.beat()
                time.sleep(0.05)
                states = []
                for pid in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
                    except OSError:
                        continue
                    if int(fields[3]) == os.getsid(0):
                        states.append(fields[0])
                if "Z" not in states and len(states) == 1:
                    break
            trial.fact("states", states)
        """
    )
    assert [state for state in told.fact["states"] if state == "Z"] == []
    assert len(told.fact["states"]) == 1


def test_a_cycle_in_a_child_is_proven_as_in_the_app(run_app):
    told = run_app(
        """
        import os, threading
        class Worker: lock = threading.Lock()
        def again():
            with Worker.lock:
                Worker.lock.acquire()
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                again()
            os.waitpid(child, 0)
        """
    )
    hang = told.judged()
    assert (hang.reason, hang.signature.locks) == (Reason.SELF_DEADLOCK, ("Worker.lock",))
    assert hang.evidence[0] == "It is in a process that the app forked."


def test_a_cycle_in_a_program_that_the_app_starts_is_proven_as_in_the_app(run_app):
    told = run_app(
        """
        import os, subprocess, sys, tempfile
        def run(trial):
            trial.phase("serving")
            file = os.path.join(os.path.dirname(__file__), "program.py")
            with open(file, "w") as out:
                print("import threading", file=out)
                print("class Worker: lock = threading.Lock()", file=out)
                print("with Worker.lock: Worker.lock.acquire()", file=out)
            subprocess.run([sys.executable, file])
        """
    )
    hang = told.judged()
    assert (hang.reason, hang.signature.locks) == (Reason.SELF_DEADLOCK, ("Worker.lock",))
    name = told.all("process")[1]["command"][0].rpartition("/")[2]
    assert hang.evidence[0] == f"It is in a process that the app started: `{name} program.py`."


def test_a_child_that_stands_still_for_no_known_reason_is_where_the_app_stands_still(run_app):
    told = run_app(
        """
        import os, threading
        def wait_for_ever(): threading.Event().wait()
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                wait_for_ever()
            os.waitpid(child, 0)
        """,
        deadline_s=1,
        still_s=2,
    )
    hang = told.judged()
    assert (hang.reason, hang.signature.stuck) == (Reason.NO_PROGRESS, ("app.wait_for_ever",))


def test_an_app_that_waits_for_a_child_at_work_does_not_hang(run_app):
    told = run_app(
        """
        import os
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            while child == 0: pass
            os.waitpid(child, 0)
        """,
        deadline_s=1,
        still_s=2,
    )
    assert told.judged().reason is Reason.SLOW


@pytest.mark.alone
@pytest.mark.parametrize("session", [False, True], ids=["same session", "new session"])
@pytest.mark.parametrize(
    "program",
    ["while True: pass", "import time; [time.sleep(0.01) for _ in iter(int, 1)]"],
)
def test_an_app_that_waits_for_a_program_at_work_that_never_joined_does_not_hang(
    run_app, program, session
):
    told = run_app(
        f"""
        import subprocess, sys
        def run(trial):
            trial.phase("serving")
            command = [sys.executable, "-I", "-c", {program!r}]
            subprocess.run(command, start_new_session={session})
        """,
        deadline_s=1,
        still_s=2,
    )
    assert told.judged().reason is Reason.SLOW
    assert [event["joined"] for event in told.all("process")] == [True, False]


NATIVE_FORK = """
import ctypes, os, signal, time
def fork_and_pause():
    \"\"\"A child that no fork handler of Python's was run in, and that rests.\"\"\"
    libc = ctypes.PyDLL(None)
    child = libc.fork()
    while child == 0:
        libc.pause()
    return child
"""


def test_a_fork_that_never_comes_to_python_is_what_the_app_waits_for(run_app):
    told = run_app(
        NATIVE_FORK
        + """
def run(trial):
    trial.phase("serving")
    child = fork_and_pause()
    trial.look("a child has not ended", 1.0, process=child)
    os.waitpid(child, 0)
""",
        deadline_s=2,
        still_s=2,
    )
    hang = told.judged()
    assert (hang.reason, hang.signature.stuck) == (Reason.NO_PROGRESS, ("fork() in the child",))
    assert hang.evidence == (
        "It is in a process that the app forked.",
        "No Python code is known to have run.",
    )


@pytest.mark.parametrize("overdue", [True, False])
def test_a_fork_that_never_comes_to_python_is_frozen_where_it_is_overdue(run_app, overdue):
    told = run_app(
        NATIVE_FORK
        + f"""
def run(trial):
    trial.phase("serving")
    child = fork_and_pause()
    for look in range(2):
        trial.look("a child has not ended", 1.0, process=child if {overdue} else None)
        until = time.monotonic() + 4.2
        while time.monotonic() < until:
            trial.beat()
            time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
""",
    )
    assert told.one("exit")["code"] == 0
    finding = told.judged()
    if overdue:
        assert finding.signature.stuck == ("fork() in the child",)
        assert "its main thread was not run" in finding.evidence[-1]
    else:
        assert finding.reason is Reason.NOT_LIVE


CRASHING = """
import ctypes, os, signal
def crash(): ctypes.string_at(0)
def run(trial):
    trial.phase("serving")
    child = os.fork()
    if child == 0:
        crash()
    _, status = os.waitpid(child, 0)
    trial.child_ended(child, status)
"""


def test_a_child_that_crashes_is_a_crash_with_the_place_it_happened_at(run_app):
    told = run_app(CRASHING)
    assert told.one("child") == {**told.one("child"), "code": None, "signal": "SIGSEGV"}
    assert told.one("crash")["process"] == told.one("child")["process"]
    found = told.judged()
    assert isinstance(found, Fail)
    assert (found.reason, found.phase.value) == (Reason.CRASH, "serving")
    assert found.detail.startswith("a child was killed by SIGSEGV at ")
    assert found.detail.endswith(" in string_at")


def test_the_app_s_own_crash_is_told_with_its_place(run_app):
    told = run_app("import ctypes\ndef run(trial): ctypes.string_at(0)")
    assert told.one("crash")["text"].startswith("Fatal Python error: Segmentation fault")
    assert told.judged().detail.startswith("killed by SIGSEGV at ")


def test_a_child_that_the_app_ends_itself_is_no_crash(run_app):
    told = run_app(
        """
        import os, signal, time
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            if child == 0:
                time.sleep(60)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            trial.expose(20)
        """
    )
    assert told.judged().reason is Reason.NOT_LIVE

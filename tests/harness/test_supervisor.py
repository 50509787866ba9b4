"""How each kind of end is reported, and what the app reports before it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from languages import PROBE

from interlock.evidence.classification import classify
from interlock.model import Reason


@pytest.mark.alone
def test_an_app_that_does_its_work_says_so_last(run_app):
    told = run_app(
        """
        def run(trial):
            trial.fact("knob", trial.knobs["times"])
            trial.phase("startup")
            trial.phase("serving")
            for _ in range(trial.knobs["times"]):
                trial.expose()
            trial.phase("shutdown")
        """
    )
    assert [event["phase"] for event in told.all("phase")] == [
        "import",
        "startup",
        "serving",
        "shutdown",
    ]
    assert told.fact == {"knob": 3}
    assert told.one("done")["exposures"] == 3
    assert told.all("progress")[-1]["exposures"] == 3
    assert told.one("exit") == {**told.one("exit"), "code": 0, "signal": None}
    assert told.raw[-1]["event"] == "end"
    assert not told.all("stall")


def test_an_app_gets_its_environment_and_no_word_of_the_supervisor(run_app):
    told = run_app(
        """
        import os
        def run(trial):
            trial.fact("colour", os.environ.get("APP_COLOUR"))
            trial.fact("intake", os.environ["INTERLOCK_INTAKE"] == trial.intake)
            trial.fact("rest", sorted(n for n in os.environ if n.startswith("INTERLOCK")))
        """
    )
    assert told.fact == {
        "colour": "green",
        "intake": True,
        "rest": ["INTERLOCK_INTAKE", "INTERLOCK_SUPERVISOR"],
    }


def test_an_app_that_works_beyond_the_deadline_is_stopped_without_a_stall(run_app):
    told = run_app(
        """
        import time
        def run(trial):
            trial.phase("serving")
            while True:
                time.sleep(0.01)
                trial.expose()
        """,
        deadline_s=0.6,
    )
    assert told.one("deadline") and told.all("signal")[0]["reason"] == "deadline"
    assert not told.all("stall") and not told.all("stood")


def test_an_app_that_ignores_sigterm_is_killed(run_app):
    told = run_app(
        """
        import signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        def run(trial):
            trial.phase("serving")
            while True:
                time.sleep(0.01)
                trial.beat()
        """,
        deadline_s=0.5,
    )
    assert [event["signal"] for event in told.all("signal")] == ["SIGTERM", "SIGKILL"]
    assert told.one("exit")["signal"] == "SIGKILL"


def test_a_segmentation_fault_is_told_by_its_signal(run_app):
    told = run_app(
        """
        import ctypes
        def run(trial):
            trial.phase("startup")
            ctypes.string_at(0)
        """
    )
    assert told.one("exit") == {
        **told.one("exit"),
        "code": None,
        "signal": "SIGSEGV",
        "phase": "startup",
    }
    assert not told.all("signal")


def test_an_exception_at_import_is_kept_with_its_traceback(run_app):
    told = run_app("import a_module_that_is_not_there")
    error = told.one("error")
    assert (error["phase"], error["type"], error["feature"]) == (
        "import",
        "ModuleNotFoundError",
        None,
    )
    assert "app.py" in error["traceback"]
    assert told.one("exit")["code"] == 1
    assert not told.all("done")


def test_a_feature_that_does_not_start_is_named_with_its_exception(run_app):
    told = run_app(
        """
        def run(trial):
            try:
                raise OSError("no such extension")
            except OSError as error:
                trial.error(error, feature="profiling")
        """
    )
    assert told.one("error")["feature"] == "profiling"
    assert told.one("error")["message"] == "no such extension"
    assert not told.all("done")


@pytest.mark.parametrize(
    ("raised", "name"),
    [
        ("TypeError('x')", "TypeError"),
        ("json.JSONDecodeError('x', '', 0)", "json.decoder.JSONDecodeError"),
        ("Own.Odd('x')", "app.Own.Odd"),
    ],
)
def test_an_exception_is_told_by_its_qualified_name(run_app, raised, name):
    told = run_app(
        f"""
        import json
        class Own:
            class Odd(Exception):
                pass
        def run(trial):
            trial.phase("startup")  # Before that, it would be a mistake of ours.
            raise {raised}
        """
    )
    assert told.one("error")["type"] == name


def test_what_the_app_finds_too_slow_of_itself_is_told_with_its_phase(run_app):
    told = run_app(
        """
        def run(trial):
            trial.phase("serving")
            trial.degraded("took 9 s, 5 s allowed")
            trial.degraded("took 8 s, 5 s allowed", doubt="the machine was busy")
        """
    )
    told_of = [(e["phase"], e["detail"], e["doubt"]) for e in told.all("degraded")]
    assert told_of == [
        ("serving", "took 9 s, 5 s allowed", None),
        ("serving", "took 8 s, 5 s allowed", "the machine was busy"),
    ]
    assert told.one("done")


def test_a_flood_on_standard_output_neither_blocks_the_app_nor_reaches_the_events(run_app):
    told = run_app(
        """
        import sys
        def run(trial):
            for _ in range(2000):
                sys.stdout.write('{"event": "end"}' * 100)
            sys.stderr.write("the last word")
        """
    )
    assert told.one("done")
    tails = {event["stream"]: event for event in told.all("output")}
    assert len(tails["stdout"]["text"]) == 2000
    assert tails["stdout"]["dropped_bytes"] == 16 * 100 * 2000 - 2000
    assert tails["stderr"]["text"] == "the last word"


def test_nothing_is_left_behind_by_an_app_whose_children_run_away(run_app):
    told = run_app(
        """
        import os, time
        def run(trial):
            ready, said = os.pipe()
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    os.write(said, b"%d" % os.getpid())
                    time.sleep(60)
                os._exit(0)
            trial.fact("runaway", int(os.read(ready, 20)))
        """
    )
    assert told.fact["left-behind"] >= 1
    assert not Path(f"/proc/{told.fact['runaway']}").exists()


@pytest.mark.parametrize("phase", ["startup", "serving", "shutdown"])
@pytest.mark.parametrize(
    ("leave", "detail"),
    [
        ("sys.exit(3)", "SystemExit: 3"),
        ("sys.exit('no more')", "SystemExit: no more"),
        ("os._exit(0)", "ended with exit code 0 before it was done"),
        ("os._exit(3)", "ended with exit code 3 before it was done"),
    ],
)
def test_an_app_that_leaves_is_judged_in_the_phase_that_it_left_in(run_app, phase, leave, detail):
    told = run_app(
        f"""
        import os, sys
        def run(trial):
            trial.phase("{phase}")
            trial.expose(100)
            {leave}
        """
    )
    found = classify(told.raw, PROBE)
    assert (found.phase.value, found.reason, found.detail) == (phase, Reason.ERROR, detail)


def test_a_forked_child_does_not_speak_for_the_app(run_app):
    told = run_app(
        """
        import os
        def run(trial):
            trial.phase("serving")
            child = os.fork()
            trial.expose()
            if child == 0:
                trial.fact("child", True)
                os._exit(0)
            os.waitpid(child, 0)
        """
    )
    assert told.fact == {}
    assert told.one("done")["exposures"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda n: n.name)
def test_nothing_is_left_behind_by_a_supervisor_that_is_stopped(start_app, number):
    supervisor: subprocess.Popen[str] = start_app(
        """
        import os, threading
        def run(trial):
            trial.fact("pid", os.getpid())
            threading.Event().wait()
        """
    )
    line = ""
    while '"pid"' not in line:
        line = supervisor.stdout.readline()
    children = _descendants(supervisor.pid)
    assert json.loads(line)["value"] in children and len(children) == 2
    supervisor.send_signal(number)
    supervisor.communicate(timeout=10)
    assert _eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def _descendants(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def _eventually(true: Callable[[], bool], within_s: float = 3) -> bool:
    until = time.monotonic() + within_s
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


def test_a_mistake_of_ours_is_no_event_but_an_exit_code(start_app):
    supervisor = start_app('def run(trial): trial.misuse("there is no such setting")')
    stdout, stderr = supervisor.communicate(timeout=10)
    assert supervisor.returncode == 64
    assert stderr.strip() == "there is no such setting"
    assert '"end"' not in stdout


def test_cpu_and_the_wait_for_it_are_told(run_app):
    told = run_app(
        """
        import time
        def run(trial):
            trial.phase("serving")
            until = time.process_time() + 0.3
            while time.process_time() < until: trial.beat()
        """
    )
    usage = told.one("usage")
    assert usage["cpu_s"] >= 0.3
    assert usage["run_queue_s"] >= 0
    assert usage["wall_s"] >= 0.3
    assert usage["refused_tasks"] == 0

"""Python code of an app that nobody can ask: it may be in a deadlock, and so it is no pass."""

from __future__ import annotations

import pytest

from interlock.model import Pass, Unproven

DEADLOCK = """
import threading
class Account:
    lock = threading.Lock()
    def pay(self):
        with self.lock: self.pay()
"""


def test_an_app_that_has_used_up_its_files_was_not_looked_at(run_app):
    """No source can be read then, and so no wait."""
    unproven = run_app(
        DEADLOCK
        + """
import os, resource, time
def run(trial):
    trial.phase("serving")
    trial.fact("profiled-lock", True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    trial.kept = []
    try:
        while True: trial.kept.append(os.dup(0))
    except OSError: pass
    threading.Thread(target=Account().pay, daemon=True).start()
    time.sleep(0.1)
    trial.expose(20)
""",
        stall_s=5,
    ).judged()
    assert isinstance(unproven, Unproven)


SPEECHLESS = {
    "a daemon that closes all it has inherited": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 4096)
                Account().pay()
            os._exit(0)
        """,
    "a fork by a function of C": """
        if ctypes.PyDLL(None).fork() == 0:
            Account().pay()
        """,
    "a program that closes all but its streams": """
        code = "import os, time; os.closerange(3, 4096); time.sleep(60)"
        subprocess.Popen([sys.executable, "-c", code])
        time.sleep(0.7)
        """,
}


@pytest.mark.parametrize("act", SPEECHLESS.values(), ids=SPEECHLESS)
def test_python_code_that_nobody_can_ask_leaves_a_pass_unproven(run_app, act):
    unproven = run_app(
        DEADLOCK
        + "import ctypes, os, subprocess, sys, time\ndef act():"
        + act
        + """
def run(trial):
    trial.phase("serving")
    trial.fact("profiled-lock", True)
    act()
    time.sleep(0.3)
    trial.expose(20)
""",
        stall_s=5,
    ).judged()
    assert isinstance(unproven, Unproven)
    assert "had no answer from process" in unproven.detail


def test_a_fork_that_becomes_another_program_is_not_asked(run_app):
    told = run_app(
        """
        import os, time
        def run(trial):
            trial.phase("serving")
            trial.fact("profiled-lock", True)
            if os.fork() == 0:
                time.sleep(0.1)
                os.execvp("sleep", ["sleep", "60"])
            time.sleep(0.4)
            trial.expose(20)
        """,
        stall_s=5,
    )
    assert isinstance(told.judged(), Pass)

"""Apps that replace functions of the standard library: the harness keeps those that it needs."""

from __future__ import annotations

import pytest

from interlock.model import Hang, Pass, Unproven

APP = """
import ast, builtins, contextlib, dis, errno, gc, itertools, json, json.decoder, json.encoder
import linecache, os, select, signal, socket, sys, threading, time, traceback, types, _thread
class Account:
    def __init__(self): self.lock = threading.Lock()
    def pay(self):
        with self.lock: self.pay()
def broken(*args, **kwargs): raise RuntimeError("it was replaced")
def replace(module):
    for name, value in list(vars(module).items()):
        if callable(value) and not name.startswith("__") and not isinstance(value, type):
            setattr(module, name, broken)
sleep, Thread = time.sleep, threading.Thread
def run(trial):
    trial.phase("serving")
    trial.fact("profiled-lock", True)
    {start}
    sleep(0.1)
    {change}
    trial.fact("numbers", [1, 2.5, None, "x"])
    trial.fact("an object", object())
    trial.expose(40)
"""
CHANGES = [
    "json.JSONEncoder.iterencode = json.JSONEncoder.encode = broken",
    "json.JSONEncoder.default = json.JSONEncoder.__init__ = broken",
    "json.encoder.c_make_encoder = None",
    "[replace(it) for it in (json, json.encoder, json.decoder)]",
    "[replace(it) for it in (time, select, contextlib, itertools, errno, types, socket)]",
    "[replace(it) for it in (os, signal, traceback, linecache, _thread)]",
    "sys._current_frames = sys.getswitchinterval = sys.setswitchinterval = sys.exit = broken",
    "threading.Lock = threading.RLock = threading.current_thread = threading.get_ident = broken",
    "builtins.open = os.path.join = os.path.abspath = broken",
    "sys.path[:] = []",
    "sys.stdout = sys.stderr = None",
]
OF_THE_LOOK = [f"replace({module})" for module in ("ast", "dis", "gc")]


@pytest.mark.parametrize("change", [*CHANGES, *OF_THE_LOOK])
def test_an_app_that_replaces_a_function_passes_as_ever(run_app, change):
    told = run_app(APP.format(start="pass", change=change), stall_s=5)
    assert told.fact["numbers"] == [1, 2.5, None, "x"]
    assert told.fact["an object"].startswith("<object object at ")
    assert isinstance(told.judged(), Pass)


@pytest.mark.parametrize("change", CHANGES)
def test_a_deadlock_of_an_app_that_replaces_a_function_is_found_as_ever(run_app, change):
    start = "Thread(target=Account().pay, daemon=True).start()"
    told = run_app(APP.format(start=start, change=change), stall_s=5)
    assert isinstance(told.judged(), Hang)


@pytest.mark.parametrize("change", OF_THE_LOOK)
def test_a_deadlock_that_can_not_be_read_any_more_is_no_pass(run_app, change):
    start = "Thread(target=Account().pay, daemon=True).start()"
    told = run_app(APP.format(start=start, change=change), stall_s=5)
    assert isinstance(told.judged(), Unproven)

"""Which deadlocks beside a driver are found, which only leave a doubt, and which are missed."""

from __future__ import annotations

import re
import textwrap

import pytest
from beside import DOUBTED, FOUND, HEAD, MISSED, RUN
from ours import PROBES

from interlock.model import Hang, Pass, Reason, Unproven

PAGES = (PROBES.parent / "site" / "method.md", PROBES / "harness" / "PROTOCOL.md")


def found(run_app, play: str):
    return run_app(HEAD + textwrap.dedent(play) + RUN, stall_s=10, answer_s=5).judged()


@pytest.mark.parametrize("play", FOUND.values(), ids=FOUND)
def test_a_closed_wait_beside_the_driver_is_a_hang(run_app, play):
    assert isinstance(found(run_app, play), Hang)


@pytest.mark.parametrize("play", DOUBTED.values(), ids=DOUBTED)
def test_a_thread_that_waits_for_a_lock_at_the_end_leaves_a_doubt(run_app, play):
    unproven = found(run_app, play)
    assert isinstance(unproven, Unproven)
    assert unproven.reason is Reason.SLOW
    assert " still waits for " in unproven.detail


@pytest.mark.parametrize(
    "play",
    [
        pytest.param(play, id=f"{kind} {number}")
        for kind, plays in MISSED.items()
        for number, play in enumerate(plays)
    ],
)
def test_what_a_pass_does_not_rule_out_passes(run_app, play):
    """When one is found by now, it leaves the list of the pages."""
    assert isinstance(found(run_app, play), Pass)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_pages_list_what_a_pass_does_not_rule_out(page):
    _, _, rest = page.read_text("utf-8").partition("# What a pass does not rule out\n")
    section = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)[0]
    listed = re.findall(r"^- (.*?)[;.]$", section, re.MULTILINE)
    assert listed == list(MISSED)


IN_TURN = {
    "workers that take work in turn": """
        def work():
            with box.lock: box.queue.get()
        def play():
            box.lock, box.queue = threading.Lock(), queue.Queue()
            start(work)
            start(work)
        """,
    "a thread that waits for a lock as for a signal": """
        def wait(): box.lock.acquire()
        def play():
            box.lock = threading.Lock()
            box.lock.acquire()
            start(wait)
        """,
    "a thread that waits for one that waits for a third at work": """
        def work():
            time.sleep(0.9)
            box.event.set()
        def ask():
            with box.lock: box.event.wait()
        def other():
            with box.lock: pass
        def play():
            box.lock, box.event = threading.Lock(), threading.Event()
            start(work)
            start(ask)
            start(other)
        """,
    "a contextmanager around some work": """
        def work():
            with inside(box.lock): time.sleep(0.9)
        def other():
            with inside(box.lock): pass
        def play():
            box.lock = threading.Lock()
            start(work)
            start(other)
        """,
    "a module that takes long to import": """
        def load():
            import other_module
        def play():
            folder = os.path.dirname(os.path.abspath(__file__))
            with open(os.path.join(folder, "other_module.py"), "w") as out:
                print("import time; time.sleep(0.9)", file=out)
            start(load)
            start(load)
        """,
}


@pytest.mark.parametrize("play", IN_TURN.values(), ids=IN_TURN)
def test_who_waits_for_one_that_will_go_on_leaves_no_doubt(run_app, play):
    assert isinstance(found(run_app, play), Pass)

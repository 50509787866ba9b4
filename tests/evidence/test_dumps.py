"""Thread dumps of both witnesses, as data."""

from __future__ import annotations

import faulthandler
import tempfile
import threading
from typing import Any

import pytest
from hypothesis import given, strategies as st
from looks import HELLO, Raw, snapshot, waits

from interlock.evidence import dumps, events, wire
from interlock.evidence.dumps import place, read_witness
from interlock.model import ProtocolError


def read(raw: Raw) -> dumps.Dump:
    (*_, event) = events.parse([HELLO, raw])
    assert isinstance(event, events.Snapshot)
    return dumps.read(event)


def with_names(*names: str, expression: str = "self._lock") -> Raw:
    raw = snapshot("T1 has A wants A")
    (lock,) = raw["locks"].values()
    lock["names"] = list(names)
    (thread,) = raw["threads"]
    thread["waits"]["expression"] = expression
    thread["holds"][0]["expression"] = expression
    return raw


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Worker._lock"], "Worker._lock"),
        (["lib.worker._lock", "Worker._lock"], "Worker._lock"),
        (["Worker.start._lock", "Worker._lock"], "Worker._lock"),
        (["_ProfiledLock.__wrapped__", "Worker._lock"], "Worker._lock"),
        (["ObjectProxy.__wrapped__", "Worker._lock"], "Worker._lock"),
        (["Worker._lock", "Base._lock"], "Base._lock"),
        (["lib.run.lock", "lib.lock"], "lib.lock"),
        ([], "unnamed _thread.lock"),
    ],
)
def test_a_lock_known_by_several_names_always_gets_the_same_one(
    names: list[str], expected: str
) -> None:
    for order in (names, list(reversed(names))):
        (lock,) = read(with_names(*order)).locks.values()
        assert lock.name == expected
        assert set(lock.aliases) >= set(names)


def broken(**changes: Any) -> Raw:
    raw = snapshot("T1 has A wants A; T2 runs f")
    raw["threads"][0]["waits"].update(changes)
    return raw


@pytest.mark.parametrize(
    ("raw", "mistake"),
    [
        (broken(lock=5), "`A`: lock 5 is not described"),
        (broken(frame=9), "`A`: there is no frame 9"),
        (
            {**snapshot("T1 runs f"), "threads": snapshot("T1 runs f")["threads"] * 2},
            r"threads\[1\].ident: .* is there twice",
        ),
        (
            {
                **snapshot("T1 runs f"),
                "locks": {"x": {"type": "_thread.lock", "locked": True, "owner": None}},
            },
            "'x' is not the id of an object",
        ),
    ],
)
def test_a_reference_to_what_is_not_there_is_no_evidence(raw: Raw, mistake: str) -> None:
    with pytest.raises(ProtocolError, match=mistake):
        read(raw)


def test_the_main_thread_is_known() -> None:
    main = waits("T1 runs f; MainThread runs g").main
    assert main is not None
    assert main.name == "MainThread"
    assert waits("T1 runs f").main is None


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("/env/lib/python3.10/site-packages/lib/worker.py", "lib/worker.py:62 in start"),
        ("/usr/local/lib/python3.12/threading.py", "threading.py:62 in start"),
        ("/env/lib/python3.12/site-packages/lib/probes/a.py", "lib/probes/a.py:62 in start"),
        ("/interlock/probes/restart/app.py", "restart/app.py:62 in start"),
        ("/elsewhere/app.py", "/elsewhere/app.py:62 in start"),
        ("<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>:62 in start"),
    ],
)
def test_a_place_is_told_as_it_is_imported(file: str, expected: str) -> None:
    frame = wire.Frame(file=file, function="start", qualname="W.start", module="w", line=62)
    assert place(frame) == expected


def test_faulthandlers_own_dump_is_read() -> None:
    ready, leave = threading.Event(), threading.Event()

    def second() -> None:
        ready.set()
        leave.wait(30)

    thread = threading.Thread(target=second)
    thread.start()
    ready.wait(30)
    with tempfile.TemporaryFile("w+") as file:
        faulthandler.dump_traceback(file, all_threads=True)
        file.seek(0)
        text = file.read()
    leave.set()
    thread.join()

    threads = {found.ident: found for found in read_witness(text)}
    mine = threads[threading.get_ident()]
    assert mine.current
    assert mine.frames[0].function == "test_faulthandlers_own_dump_is_read"
    assert mine.frames[0].file == __file__
    other = threads[thread.ident or 0]
    assert not other.current
    assert [frame.function for frame in other.frames][:3] == ["wait", "wait", "second"]
    assert other.frames[0].line is not None


def test_a_dump_with_what_is_no_stack_is_read_all_the_same() -> None:
    """Thread names as from 3.14, a line that is not known, and a stack of C frames."""
    threads = read_witness(
        "Thread 0x00007f01 [worker] (most recent call first):\n"
        '  File "/a.py", line ??? in f\n'
        '  File "<string>", line 3 in <module>\n'
        "\n"
        "Current thread 0x00007f02 (most recent call first):\n"
        "  <no Python frame>\n"
        "\n"
        "Current thread's C stack trace (most recent call first):\n"
        '  Binary file "/usr/bin/python", at _PyFoo+0x1\n'
    )
    assert [thread.ident for thread in threads] == [0x7F01, 0x7F02]
    assert [frame.line for frame in threads[0].frames] == [None, 3]
    assert threads[0].place == "/a.py:? in f"
    assert threads[1].current
    assert threads[1].standing == "no Python frame"


@pytest.mark.parametrize("text", ["", "\n\n", "Fatal Python error: Aborted\n", "Thread 0x"])
def test_a_text_without_threads_has_none(text: str) -> None:
    assert read_witness(text) == ()


DUMP = st.lists(
    st.sampled_from(
        [
            *(
                "Thread 0x",
                "Current thread 0x",
                "7f",
                "f" * 5000,
                " (most recent call first):",
                "\n",
            ),
            *('  File "', "/lib/python3.", '", line ', "9", "9" * 5000, "²", "???", " in f"),
            *("Stack (most recent call first):", "Fatal Python error: ", "\x1b[31m"),
        ]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)


@given(DUMP)
def test_whatever_a_process_writes_as_its_dump_is_read(text: str) -> None:
    for thread in read_witness(text):
        assert isinstance(thread.standing + thread.place, str)

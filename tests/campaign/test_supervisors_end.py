"""What a supervisor's end makes of its stream: only a good end, or our own guard, counts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from interlock.campaign.trial import _read
from interlock.isolation import Ended
from interlock.model import Backend, ProtocolError, TroubleError

HELLO = {
    "event": "hello",
    "at": 0.0,
    "protocol": 3,
    "python": "3.10.1",
    "implementation": "cpython",
    "machine": "x86_64",
    "supervisor_pid": 1,
}
WHOLE, CUT = (HELLO, {"event": "end", "at": 1.0}), (HELLO,)
IN_CONTAINER = "in a container, where it can't (--backend docker)"


def read(
    stream: Any, code: int | None, guard: str | None, backend: Backend = Backend.DOCKER
) -> Any:
    ended = Ended(exit_code=code, seconds=2.0, guard=guard)
    return _read([json.dumps(event) for event in stream], [], ended, backend, "restart")


@pytest.mark.parametrize(
    ("stream", "code", "guard", "last"),
    [
        (WHOLE, 0, None, "end"),
        # One process of the app was killed for the memory; the supervisor went on to its end.
        (WHOLE, 0, "memory", "guard"),
        (CUT, None, "memory", "guard"),
        (CUT, None, "wall", "guard"),
        (CUT, None, "output", "guard"),
    ],
)
def test_a_stream_counts(stream: Any, code: int | None, guard: str | None, last: str) -> None:
    assert read(stream, code, guard)[-1]["event"] == last


@pytest.mark.parametrize(
    ("stream", "code", "guard", "what"),
    [
        (WHOLE, 1, None, "ended (exit code 1) after its stream did"),
        (WHOLE, 137, None, "was killed by SIGKILL after its stream did"),
        # Whoever says `end` has to end: an app may have said it, and then used all memory.
        (WHOLE, None, "memory", "went over the limit on memory after its stream did"),
        (WHOLE, None, "wall", "went over the limit on wall after its stream did"),
        (CUT, 0, None, "ended (exit code 0) before its stream did"),
        (CUT, 137, None, "was killed by SIGKILL before its stream did"),
        (CUT, 143, None, "was killed by SIGTERM before its stream did"),
    ],
)
def test_a_stream_is_our_trouble(
    stream: Any, code: int | None, guard: str | None, what: str
) -> None:
    with pytest.raises(ProtocolError) as trouble:
        read(stream, code, guard)
    assert str(trouble.value) == f"the supervisor {what}"


@pytest.mark.parametrize(("code", "killed"), [(137, True), (1, False)])
def test_a_supervisor_that_was_killed_in_processes_belongs_in_a_container(
    code: int, killed: bool
) -> None:
    with pytest.raises(ProtocolError) as trouble:
        read(CUT, code, None, Backend.PROCESS)
    assert str(trouble.value).endswith(IN_CONTAINER) is killed


def test_a_mistake_of_the_probe_is_named_with_its_place() -> None:
    ended = Ended(exit_code=64, seconds=2.0, guard=None)
    with pytest.raises(ProtocolError, match=r"the probe restart made a mistake.*: app\.py:3: no"):
        _read([json.dumps(HELLO)], ["app.py:3: no\n"], ended, Backend.PROCESS, "restart")


EXIT = {"event": "exit", "at": 1.0, "code": None, "signal": "SIGKILL", "phase": "serving"}
CHILD = {"event": "child", "at": 1.0, "process": 7, "code": None, "signal": "SIGKILL"}
OURS = {"event": "signal", "at": 0.5, "signal": "SIGKILL", "reason": "deadline"}
TERM = {**OURS, "signal": "SIGTERM"}


@pytest.mark.parametrize(
    ("stream", "backend", "who"),
    [
        # The kernel's choice when the machine has no memory left, or the app of another cell.
        ([EXIT], Backend.PROCESS, "the app"),
        ([CHILD], Backend.PROCESS, "a process of the app"),
        ([TERM, EXIT], Backend.PROCESS, "the app"),
        #
        ([OURS, EXIT], Backend.PROCESS, None),
        ([{**EXIT, "signal": "SIGSEGV"}], Backend.PROCESS, None),
        ([{**CHILD, "signal": None, "code": 9}], Backend.PROCESS, None),
        ([EXIT], Backend.DOCKER, None),
        ([CHILD], Backend.DOCKER, None),
    ],
)
def test_who_was_killed_in_processes_may_have_been_killed_by_anybody(
    stream: list[Any], backend: Backend, who: str | None
) -> None:
    whole = [HELLO, *stream, {"event": "end", "at": 2.0}]
    if who is None:
        assert read(whole, 0, None, backend)[-1]["event"] == "end"
        return
    with pytest.raises(TroubleError, match=f"^{who} was killed by SIGKILL"):
        read(whole, 0, None, backend)

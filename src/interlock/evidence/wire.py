"""The parts of the harness's events: frames, threads, locks and kernel tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError

from interlock.model import ProtocolError, all_printable

T = TypeVar("T")
Many: TypeAlias = Annotated[tuple[T, ...], Strict(False)]
"""A JSON array; its items stay strict."""
Count: TypeAlias = Annotated[int, Field(ge=0)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


_LINES = frozenset({"text", "message", "traceback", "output"})
"""Fields of several lines."""


def as_printable(event: Any) -> Any:
    """An event with all its text printable; raises ``ProtocolError`` for a very deep one."""
    try:
        return all_printable(event, _LINES)
    except ValueError as mistake:
        raise ProtocolError(f"an event: {mistake}") from None


def mistakes(error: ValidationError) -> str:
    """Every field that is wrong, and why."""
    return "; ".join(f"{_place(e['loc'])}: {e['msg']}" for e in error.errors(include_url=False))


def _place(location: tuple[int | str, ...]) -> str:
    """``('snapshot', 'threads', 2, 'name')`` as ``snapshot.threads[2].name``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return text.lstrip(".") or "event"


class Wire(BaseModel):
    """What all parts of an event share: immutable, no coercion, no field that is not described."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", hide_input_in_errors=True)


class TimedEvent(Wire):
    at: Seconds = 0.0
    """Seconds since the supervisor started."""


class Frame(Wire):
    file: str
    function: str
    qualname: str
    module: str
    line: Count


class Wait(Wire):
    """What a thread's innermost frame waits for; ``lock`` and ``thread`` as far as resolved."""

    kind: Literal["lock", "rlock", "condition", "event", "join", "call", "unresolved"]
    lock: int | None = None
    thread: int | None = None
    frame: Count
    """Which of the thread's frames says so, counted from the innermost."""
    expression: str
    bounded: bool = False
    """It has a timeout, or one that could not be read: it may come to an end by itself."""
    gives_back: bool = False
    """The function also releases the lock. One that is only taken may be a signal."""


class Hold(Wire):
    """A lock that a frame of the thread is inside of, and how that was read."""

    lock: int
    frame: Count
    expression: str
    how: Literal["with", "finally", "owner", "entering", "leaving"]
    """``entering`` and ``leaving`` are found at a fork alone.

    The thread was just taking the lock, or releasing it, and the child can't get it.
    """


class Unresolved(Wire):
    frame: Count
    expression: str
    why: str


class Thread(Wire):
    ident: int
    native_id: int | None = None
    name: str
    frames: Many[Frame]
    """Innermost first."""
    waits: Wait | None = None
    holds: Many[Hold] = ()
    unresolved: Many[Unresolved] = ()


class Releaser(Wire):
    """Code that could release a plain lock, beside the thread that reads as holding it."""

    thread: int | None = None
    """The thread that may do it; None if any may."""
    signal: str | None = None
    """The signal whose handler may do it."""
    what: str


class Lock(Wire):
    type: str
    locked: bool | None = None
    """None where the lock cannot be asked."""
    owner: int | None = None
    """A thread's ident, for lock types that know their owner."""
    names: Many[str] = ()
    could_release: Many[Releaser] = ()


class Task(Wire):
    """One kernel task of the app, from ``/proc/PID/task/*/schedstat`` and ``status``."""

    tid: int
    state: str
    run_ns: Count
    wait_ns: Count
    """Time spent on a run queue: a starved thread's grows, a deadlocked one's does not."""
    voluntary: Count
    involuntary: Count

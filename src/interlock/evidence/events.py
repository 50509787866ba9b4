"""The harness's event stream, parsed and validated.

``probes/harness/PROTOCOL.md`` describes it. The orchestrator adds events of its own. The supervisor
writes the others, and checks first what the app sent. So a malformed event is a mistake of ours,
and raises ``ProtocolError``. Text may come from the app, and is made printable here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, Strict, TypeAdapter, ValidationError

from interlock.evidence import wire
from interlock.evidence.outside import (
    Guard as Guard,
    Install as Install,
    NotSupported as NotSupported,
    Truncated as Truncated,
)
from interlock.evidence.wire import Count, Lock, Many, Seconds, Task, Thread, TimedEvent
from interlock.model import Phase, ProtocolError, printable

PROTOCOL = 4
"""What the harness speaks now."""

READ = (1, 2, 3, 4)
"""Versions that are read. In 1 there is one process, and no event names it."""

InPhase: TypeAlias = Annotated[Phase, Strict(False)]


class Process(TimedEvent):
    """A process of the app: the driver, a fork, or a program."""

    event: Literal["process"]
    process: int
    parent: int
    app: bool
    """Whether it is the driver."""
    forked: bool
    """Whether it was forked, and not started as a program."""
    joined: bool = True
    """Whether it joined by itself. Of a process that a look found only its tasks are known."""
    command: Many[str]
    """Empty where it had ended before it could be asked."""


class Hello(TimedEvent):
    event: Literal["hello"]
    protocol: int
    python: str
    implementation: str
    machine: str
    supervisor_pid: int


class PhaseBegan(TimedEvent):
    event: Literal["phase"]
    phase: InPhase


class Fact(TimedEvent):
    """What the app says of itself: a version, a type of lock."""

    event: Literal["fact"]
    name: str
    value: Any


class Progress(TimedEvent):
    event: Literal["progress"]
    exposures: Count


class Error(TimedEvent):
    """An exception of the app; ``feature`` names what did not start, where that is what failed."""

    event: Literal["error"]
    phase: InPhase
    type: str
    """Its qualified name; builtins go bare. A stream recorded before has the bare name always."""
    message: str
    traceback: str
    feature: str | None = None


class Missing(TimedEvent):
    """The release has no such feature."""

    event: Literal["missing"]
    feature: str
    detail: str


class Degraded(TimedEvent):
    """It works, but worse than its probe allows; ``detail`` has the measure and the threshold."""

    event: Literal["degraded"]
    phase: InPhase
    detail: str
    doubt: str | None = None
    """Why that may not be the app's doing: then it proves nothing."""


class Breach(TimedEvent):
    """The app sent something that the protocol does not allow; ``detail`` says what."""

    event: Literal["breach"]
    phase: InPhase
    detail: str


class Stall(TimedEvent):
    """The heartbeat stopped, or the app has asked for a look at its processes."""

    event: Literal["stall"]
    number: Count
    phase: InPhase
    silent_s: Seconds
    exposures: Count
    asked: str | None = None
    """Why the app asked for it: what does not answer, while the app itself lives."""
    process: int | None = None
    """The one that should have ended, where the app asked because of that."""


class Snapshot(TimedEvent):
    """A look at every thread of one process, by the watcher inside of it."""

    event: Literal["snapshot"]
    number: Count
    """Of the stall that it belongs to."""
    index: Literal[0, 1, 2]
    """The third is there only where a wait was closed in the first two."""
    threads: Many[Thread]
    locks: dict[str, Lock]
    """By ``str(id)`` of the lock object."""
    tasks: Many[Task] = ()
    process: int | None = None
    at_fork: Many[Thread] = ()
    """Threads that the fork left behind, with the locks of theirs that are still taken."""


class Witness(TimedEvent):
    """faulthandler's dump, for when no Python thread of the app can run."""

    event: Literal["witness"]
    number: Count
    text: str
    process: int | None = None
    tasks_before: Many[Task] = ()
    """Before it was called: the call itself wakes the main task."""
    tasks_after: Many[Task] = ()
    """When it had spoken."""


class Stood(TimedEvent):
    """What the kernel's tasks did over some seconds, once the deadline had passed."""

    event: Literal["stood"]
    number: Count
    seconds: Seconds
    tasks_before: Many[Task]
    tasks_after: Many[Task]
    process: int | None = None


class Waiting(TimedEvent):
    """A wait is closed in two snapshots; until the third, the silence has to last for so long."""

    event: Literal["waiting"]
    number: Count
    """Of the stall that it belongs to."""
    seconds: Seconds


class Looked(TimedEvent):
    """A look at every thread of every process, for which the app waited. ``before`` says why."""

    event: Literal["looked"]
    before: str
    last: bool
    seconds: Seconds
    """How long it took."""
    number: Count | None
    """The stall with the evidence, where a thread waited or a process did not answer."""
    processes: Many[int]
    """Those that answered. ``unanswered`` had joined and did not, and ``unjoined`` never joined."""
    unanswered: Many[int]
    unjoined: Many[int]


class Resumed(TimedEvent):
    event: Literal["resumed"]
    number: Count
    silent_s: Seconds


class Deadline(TimedEvent):
    """The supervisor's own deadline passed."""

    event: Literal["deadline"]
    phase: InPhase
    exposures: Count


class SignalSent(TimedEvent):
    """What the supervisor sent to the app's process group: ``SIGTERM``."""

    event: Literal["signal"]
    signal: str
    reason: str


class Crash(TimedEvent):
    """faulthandler's last words in a process that a signal ended: Python's stacks, and C's."""

    event: Literal["crash"]
    process: int
    text: str


class ChildEnded(TimedEvent):
    """How a child of the app ended, as the app says; not those that it ended itself."""

    event: Literal["child"]
    process: int
    code: int | None = None
    signal: str | None = None


class Exit(TimedEvent):
    """How the app ended: an exit code or a signal's name, never both."""

    event: Literal["exit"]
    code: int | None = None
    signal: str | None = None
    phase: InPhase


class Output(TimedEvent):
    event: Literal["output"]
    stream: Literal["stdout", "stderr"]
    text: str
    dropped_bytes: Count = 0


class IntakeRequest(TimedEvent):
    """One request that the intake got; ``body`` is base64, None where it was over the limits."""

    event: Literal["intake"]
    method: str
    path: str
    headers: dict[str, str]
    length: Count
    body: str | None = None


class IntakeEnd(TimedEvent):
    """The intake was asked for its count when the app had ended; None: it did not answer."""

    event: Literal["intake-end"]
    requests: Count | None


class Usage(TimedEvent):
    event: Literal["usage"]
    cpu_s: Seconds
    run_queue_s: Seconds
    wall_s: Seconds
    refused_tasks: Count = 0


class Done(TimedEvent):
    """The app's own last word: every exposure done, and shut down in good order."""

    event: Literal["done"]
    exposures: Count


class End(TimedEvent):
    event: Literal["end"]


Event: TypeAlias = (
    Hello
    | Process
    | PhaseBegan
    | Fact
    | Progress
    | Error
    | Missing
    | Degraded
    | Breach
    | Stall
    | Snapshot
    | Witness
    | Stood
    | Waiting
    | Looked
    | Resumed
    | Deadline
    | SignalSent
    | Crash
    | ChildEnded
    | Exit
    | Output
    | IntakeRequest
    | IntakeEnd
    | Usage
    | Done
    | End
    | NotSupported
    | Install
    | Guard
    | Truncated
)

OURS = (NotSupported, Install, Guard, Truncated)
"""Events of the orchestrator, which stand before and after the harness's own."""

_ADAPTER: TypeAdapter[Event] = TypeAdapter(Annotated[Event, Field(discriminator="event")])
_QUOTED = 200


def read(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """JSON lines as raw events with printable text, validated one by one as they come.

    Only the last line may be cut off: it becomes a ``truncated`` event. Raises ``ProtocolError``
    for any other line that is not JSON, and for an event that the protocol does not have.
    """
    cut: str | None = None
    number = 0
    for line in lines:
        if not line.strip():
            continue
        if cut is not None:
            raise ProtocolError(f"line {number}: not JSON: {cut[:_QUOTED]!r}")
        number += 1
        try:
            raw = wire.as_printable(json.loads(line))
        except RecursionError:
            raise ProtocolError(f"line {number}: nested too deeply") from None
        except ValueError:
            cut = line
            continue
        _validate(raw, number)
        yield raw
    if cut is not None:
        yield {"event": "truncated", "at": 0.0, "text": printable(cut)[:_QUOTED]}


def parse(events: Iterable[Mapping[str, Any]]) -> tuple[Event, ...]:
    """Raw events, as a trial keeps them, as typed values.

    Raises ``ProtocolError`` for an unknown or malformed event and for another version. So it does
    for a harness that does not say hello first. The message names line and field.
    """
    parsed = tuple(
        _validate(wire.as_printable(raw), number) for number, raw in enumerate(events, 1)
    )
    for number, event in enumerate(parsed, 1):
        if isinstance(event, OURS):
            continue
        if not isinstance(event, Hello):
            raise ProtocolError(f"line {number}: {event.event} comes before hello")
        break
    return parsed


def _validate(raw: object, number: int) -> Event:
    try:
        event = _ADAPTER.validate_python(raw)
    except ValidationError as error:
        raise ProtocolError(f"line {number}: {wire.mistakes(error)}") from None
    if isinstance(event, Hello) and event.protocol not in READ:
        raise ProtocolError(
            f"line {number}: hello.protocol is {event.protocol}, "
            f"this reads {READ[0]} to {READ[-1]}: harness and package are of different versions"
        )
    if isinstance(event, (Exit, ChildEnded)) and (event.code is None) == (event.signal is None):
        raise ProtocolError(
            f"line {number}: {event.event}.code: exactly one of code and signal is needed"
        )
    return event

"""What a trial's looks around saw: every thread of every process, while the app was alive. Pure.

A driver can go on while another thread or process of the app is in a deadlock. So the supervisor
looks at all of them before the end. Up to protocol 3 nobody did.
"""

from __future__ import annotations

from collections.abc import Iterator

from interlock.evidence import events
from interlock.evidence.history import History
from interlock.evidence.lingering import lingering
from interlock.evidence.waits import closed_at_rest
from interlock.model import Proof

LOOKED_AROUND = "looked-around"
"""The name of the proof that a pass has since protocol 4."""

_FROM = 4
"""The first protocol in which an app's end is believed only after a look at all its threads."""


def found_in(history: History, stall: events.Stall) -> tuple[str, ...]:
    """A sentence that says that the driver went on beside the hang, if it did."""
    for looked in history.all(events.Looked):
        if looked.number == stall.number:
            return (f"It was found in the look before {looked.before}: the driver still ran.",)
    return ()


def wanting(history: History) -> str:
    """Why not all threads were seen, in words. Empty if they were, or if nobody had to look."""
    hello = history.first(events.Hello)
    if hello is None or hello.protocol < _FROM:
        return ""
    looks = history.all(events.Looked)
    at_end = [look.processes for look in looks if look.last]
    if not any(history.app in seen if history.app else seen for seen in at_end):
        return "it ended before all its threads could be looked at"
    silent = _silent(history, looks)
    if silent:
        named = ", ".join(map(str, sorted(silent)))
        return f"the look at all threads had no answer from process {named}"
    return "; ".join(dict.fromkeys(_still_waiting(history, looks)))


def proof(history: History) -> Proof | None:
    """Which processes were looked at. None if nobody had to look."""
    looks = history.all(events.Looked)
    if not looks or wanting(history):
        return None
    seen = {process for look in looks for process in look.processes}
    joined = {p.process for p in history.all(events.Process) if p.joined}
    unjoined = {process for look in looks for process in look.unjoined} - joined
    return Proof(
        name=LOOKED_AROUND,
        ok=True,
        detail=(
            f"processes looked at: {len(seen)}; ended before a look: {len(joined - seen)}; "
            f"not joined, so only seen from outside: {len(unjoined)}"
        ),
    )


def _still_waiting(history: History, looks: tuple[events.Looked, ...]) -> Iterator[str]:
    """What waits for a lock in the last look at each process, and nobody knows until when."""
    last = {process: look.number for look in looks for process in look.processes}
    for stall in history.all(events.Stall):
        third = history.closing_dumps(stall)
        for process, taken in history.dumps(stall).items():
            if process is not None and last.get(process) == stall.number:
                yield from lingering(*taken)
                if process not in third and closed_at_rest(*taken):
                    yield "a wait was closed in two snapshots, and the third one did not come"


def _silent(history: History, looks: tuple[events.Looked, ...]) -> set[int]:
    """The processes without an answer in the last look that they were asked in."""
    silent: set[int] = set()
    stalls = {stall.number: stall for stall in history.all(events.Stall)}
    for look in looks:
        answered = set(look.processes)
        if look.number in stalls:
            # It was late, but both snapshots of it could be taken.
            answered |= {p for p in history.dumps(stalls[look.number]) if p is not None}
        silent = (silent | set(look.unanswered)) - answered
    return silent

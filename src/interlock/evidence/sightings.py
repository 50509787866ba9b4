"""The closed waits that a trial's looks saw often enough, and for long enough. Pure.

Within one look the same wait is in all of its snapshots. But a look at a silence is over as soon as
the driver goes on, and it may go on for another process. A process in a closed wait stays in it. So
for every process but the driver's, its snapshots count together over all looks. The supervisor
counts the same to stop the app early: ``probes/harness/sightings.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from interlock.evidence import dumps, events, seen, waits
from interlock.evidence.dumps import Dump
from interlock.evidence.history import THIRD_FROM, History

LEAST = 3
"""How many snapshots show the wait; the last one also says what else could release a lock."""
CLOSED_S = 4.0
"""How long the wait was seen at least, over several looks."""


class Sighted(NamedTuple):
    """Closed waits of one process, which the last dump shows."""

    stall: events.Stall
    """The first look that saw them."""
    process: int | None
    closed: tuple[waits.Closed, ...]
    dump: Dump
    noticed_after_s: float
    how: tuple[str, ...]
    """A sentence that says what the driver did meanwhile, if it went on."""


def sighted(history: History) -> Iterator[Sighted]:
    yield from _in_one_look(history)
    yield from _over_looks(history)


def _in_one_look(history: History) -> Iterator[Sighted]:
    """A closed wait, the same in all snapshots of one look at a process.

    A silence that ended by itself does not count. A look that the app asked for always does: a
    closed wait stays closed, whatever the app goes on to do.
    """
    looks = {stall.number: stall for stall in (*history.open_stalls, *history.asked_looks)}
    for _, stall in sorted(looks.items()):
        for process, taken in history.closing_dumps(stall).items():
            if stall.process not in (None, process):
                continue
            closed = waits.closed(*taken)
            if history.only_main(stall, process):
                closed = tuple(wait for wait in closed if waits.keeps_main(wait))
            if closed:
                how = seen.found_in(history, stall)
                after_s = history.noticed_after_s(stall)
                yield Sighted(stall, process, closed, taken[-1], after_s, how)


def _over_looks(history: History) -> Iterator[Sighted]:
    """A closed wait of another process than the driver's, none of whose threads ran meanwhile.

    The main thread has to end up in it: what other threads do does not keep a process from ending.
    """
    taken: dict[int, list[events.Snapshot]] = {}
    for snapshot in history.all(events.Snapshot) if history.protocol >= THIRD_FROM else ():
        if snapshot.process not in (None, history.app):
            taken.setdefault(snapshot.process, []).append(snapshot)
    looks = {stall.number: stall for stall in history.all(events.Stall)}
    for process, snapshots in taken.items():
        for last, snapshot in enumerate(snapshots):
            run = _lasting(snapshots[: last + 1]) if snapshot.index == LEAST - 1 else ()
            read = [dumps.read(each) for each in run]
            closed = tuple(filter(waits.keeps_main, waits.closed_at_rest(*read))) if read else ()
            if closed:
                seconds = round(run[-1].at - run[0].at, 3)
                how = f"It was in the same wait for {seconds:.0f} s, whatever the driver did."
                stall = looks[run[0].number]
                yield Sighted(stall, process, closed, read[-1], seconds, (how,))


def _lasting(snapshots: Sequence[events.Snapshot]) -> Sequence[events.Snapshot]:
    """The fewest of the last snapshots that are enough to believe them; empty if all are not."""
    for first in range(len(snapshots) - LEAST, -1, -1):
        if snapshots[-1].at - snapshots[first].at >= CLOSED_S:
            return snapshots[first:]
    return ()

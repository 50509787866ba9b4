"""Thread dumps: threads, their frames, the locks they await and hold.

There are two sources. The watcher inside the app sends a snapshot, which names each lock by the
identity of its object. ``faulthandler`` writes a text with stacks alone, and still works when no
Python thread of the app can run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from interlock.evidence import wire
from interlock.evidence.events import Snapshot
from interlock.evidence.wire import Frame, Hold, Releaser, Task, Unresolved, Wait
from interlock.model import ProtocolError

MAIN = "MainThread"
"""What CPython calls the thread that the interpreter began in."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """One lock object; two of the same name are two locks."""

    ident: int
    name: str
    """The first of its aliases."""
    aliases: tuple[str, ...]
    """Every name that it is known by, the best first; see ``_aliases``."""
    type: str
    locked: bool | None
    owner: int | None
    could_release: tuple[Releaser, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Thread:
    ident: int
    native_id: int | None
    name: str
    frames: tuple[Frame, ...]
    """Innermost first."""
    waits: Wait | None
    holds: tuple[Hold, ...]
    unresolved: tuple[Unresolved, ...]

    @property
    def enters_lock(self) -> bool:
        """Whether it stands where a lock is taken, with no timeout, as far as can be seen."""
        if self.waits is not None:
            return self.waits.kind in ("lock", "rlock") and not self.waits.bounded
        return bool(self.frames) and self.frames[0].function == "__enter__"

    @property
    def stack(self) -> tuple[tuple[str, str, int], ...]:
        """Where it stands, to be compared with where it stood."""
        return tuple((frame.file, frame.function, frame.line) for frame in self.frames)


@dataclass(frozen=True, kw_only=True)
class Dump:
    """Every thread of one process at (nearly) one moment."""

    threads: Mapping[int, Thread]
    locks: Mapping[int, Lock]
    tasks: tuple[Task, ...] = ()
    left: tuple[Thread, ...] = ()
    """Threads that a fork left behind, as they stood then. A new one may have got an ident."""

    @property
    def main(self) -> Thread | None:
        return next((t for t in self.threads.values() if t.name == MAIN), None)


def read(snapshot: Snapshot) -> Dump:
    """A snapshot with its references checked.

    Raises ``ProtocolError`` where a wait or a hold names a lock or a frame that is not in it. The
    supervisor checks the same before it writes the event.
    """
    # What a fork left behind stood anywhere, inside of a wrapper too: it names nothing.
    edges = [edge for thread in snapshot.threads for edge in _edges(thread)]
    locks: dict[int, Lock] = {}
    for key, lock in snapshot.locks.items():
        if not key.isdecimal():
            raise ProtocolError(f"snapshot.locks: {key!r} is not the id of an object")
        ident = int(key)
        names = _aliases(lock, [edge for edge in edges if edge.lock == ident])
        locks[ident] = Lock(
            ident=ident,
            name=names[0],
            aliases=names,
            type=lock.type,
            locked=lock.locked,
            owner=lock.owner,
            could_release=lock.could_release,
        )
    threads: dict[int, Thread] = {}
    for number, thread in enumerate(snapshot.threads):
        where = f"snapshot.threads[{number}]"
        if thread.ident in threads:
            raise ProtocolError(f"{where}.ident: {thread.ident} is there twice")
        threads[thread.ident] = _thread(thread, locks, where)
    left = tuple(
        _thread(thread, locks, f"snapshot.at_fork[{number}]")
        for number, thread in enumerate(snapshot.at_fork)
    )
    return Dump(threads=threads, locks=locks, tasks=snapshot.tasks, left=left)


def _thread(thread: wire.Thread, locks: Mapping[int, Lock], where: str) -> Thread:
    _check_references(thread, locks, where)
    return Thread(
        ident=thread.ident,
        native_id=thread.native_id,
        name=thread.name or "a thread without a name",
        frames=thread.frames,
        waits=thread.waits,
        holds=thread.holds,
        unresolved=thread.unresolved,
    )


def place(frame: Frame) -> str:
    """``sentry_sdk/worker.py:62 in start``: where a reader finds it, whatever the machine."""
    return f"{_short(frame.file)}:{frame.line} in {frame.function}"


@dataclass(frozen=True, kw_only=True)
class WitnessFrame:
    file: str
    line: int | None
    """None where the interpreter no longer knew."""
    function: str


@dataclass(frozen=True, kw_only=True)
class WitnessThread:
    ident: int | None
    """None where the only thread in the dump is the one that wrote it."""
    current: bool
    """Whether it was the one that wrote the dump, or held the GIL."""
    frames: tuple[WitnessFrame, ...]
    """Innermost first; faulthandler stops at 100."""

    @property
    def standing(self) -> str:
        """The innermost frame outside of the standard library, if there is one.

        Its line is left out: it differs between Python versions.
        """
        if not self.frames:
            return "no Python frame"
        frame = next((f for f in self.frames if not _STDLIB.match(f.file)), self.frames[0])
        return f"{frame.function} in {_short(frame.file)}"

    @property
    def in_harness(self) -> bool:
        """Whether it stands in the harness: there it waits for the supervisor's answer."""
        return bool(self.frames) and self.frames[0].file.endswith(OF_HARNESS)

    @property
    def place(self) -> str:
        if not self.frames:
            return "no Python frame"
        frame = self.frames[0]
        return f"{_short(frame.file)}:{frame.line or '?'} in {frame.function}"


OF_HARNESS = ("/harness/bootstrap.py", "/harness/trial.py")
"""How the files of the harness end in which the app's own threads may be."""

# "Thread 0x00007f (most recent call first):", from 3.14 with "[name]" behind the number. Python/
# traceback.c; where only the thread that writes is dumped: "Stack (most recent call first):".
# https://docs.python.org/3/library/faulthandler.html
_HEAD = re.compile(
    r"^(?:(?P<current>Current thread|Thread) 0x(?P<ident>[0-9a-f]+)\b.*|Stack \(.*\)):$"
)
_STDLIB = re.compile(r".*/lib/python3\.\d+/(?!site-packages/|dist-packages/)")
_LINE = re.compile(r'^  File "(?P<file>.*)", line (?P<line>[0-9]{1,9}|\?\?\?) in (?P<function>.*)$')


def read_witness(text: str) -> tuple[WitnessThread, ...]:
    """faulthandler's text; lines that are not part of a stack are passed over."""
    threads: list[WitnessThread] = []
    for head, lines in _blocks(text):
        frames = tuple(
            WitnessFrame(
                file=match["file"],
                line=int(match["line"]) if match["line"].isdigit() else None,
                function=match["function"],
            )
            for match in map(_LINE.match, lines)
            if match
        )
        threads.append(
            WitnessThread(
                ident=int(head["ident"], 16) if head["ident"] else None,
                current=head["current"] != "Thread",
                frames=frames,
            )
        )
    return tuple(threads)


def _blocks(text: str) -> Iterator[tuple[re.Match[str], Sequence[str]]]:
    head: re.Match[str] | None = None
    lines: list[str] = []
    for line in text.splitlines():
        if match := _HEAD.match(line):
            if head:
                yield head, lines
            head, lines = match, []
        else:
            lines.append(line)
    if head:
        yield head, lines


def _check_references(thread: wire.Thread, locks: Mapping[int, Lock], where: str) -> None:
    for part in (*_edges(thread), *thread.unresolved):
        if part.frame >= len(thread.frames):
            raise ProtocolError(f"{where}: `{part.expression}`: there is no frame {part.frame}")
    for edge in _edges(thread):
        if edge.lock is not None and edge.lock not in locks:
            raise ProtocolError(f"{where}: `{edge.expression}`: lock {edge.lock} is not described")


def _edges(thread: wire.Thread) -> tuple[Wait | Hold, ...]:
    return (*([thread.waits] if thread.waits else []), *thread.holds)


def _aliases(lock: wire.Lock, edges: Sequence[Wait | Hold]) -> tuple[str, ...]:
    """Every name of a lock, in an order that is the same in every run.

    First come the names that the waiting or holding code itself uses, then names inside of a
    wrapper. A class's attribute (``Worker._lock``) comes before a module's, and a local variable
    last.
    """
    used = {edge.expression.rpartition(".")[2] for edge in edges}

    def rank(name: str) -> tuple[bool, bool, int, str]:
        owner, _, attribute = name.rpartition(".")
        of_class = "." not in owner and owner.lstrip("_")[:1].isupper()
        return attribute not in used, not of_class, name.count("."), name

    return tuple(sorted(set(lock.names), key=rank)) or (f"unnamed {lock.type}",)


def _short(file: str) -> str:
    """The path as it is imported: what stands behind ``site-packages``, and the like."""
    for folder in (r"(?:site|dist)-packages", r"lib/python3\.\d+", "probes"):
        match = re.match(rf".*/{folder}/(.+)", file)
        if match:
            return match[1]
    return file

"""The processes of the app, each with two connections of its own.

The watcher is asked on one connection, and answers there. ``faulthandler`` writes into the other
one, the witness's: when it is signalled, and when the process crashes. All that fork from one
process would share a pipe. The kernel tells who has connected, whatever the process says; one that
is not below the supervisor is sent away.
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct

from harness import answers
from harness.processes import descends
from harness.shapes import Broken
from harness.streams import Lines, each, more

CRASH = b"Fatal Python error: "
"""How ``faulthandler`` begins when a process crashes."""
WAITING = 512
"""Connections that may wait to be accepted: many processes may fork at once."""
MOST_OF_ONE = 16
"""Connections of one process. Two are needed, and four while it becomes another program."""
SPARE = 64
"""Descriptors that no connection may take: the supervisor needs some for its own work."""
LONGEST_COMMAND = 400
LONGEST_CRASH = 64 << 10
LONGEST_DUMP = 256 << 10
"""What is kept of one witness's text; the rest is dropped."""


class Process:
    """What one process of the app has told of itself."""

    def __init__(self, pid: int, fd: int) -> None:
        self.pid = pid
        self.fd = fd
        self.parent = None
        self.watcher = None
        """The watcher's own task, which is left out wherever tasks are counted."""
        self.answers: dict = {}
        self.closely = None
        """The number of a close look that it has not answered yet. It may take its time."""
        self.here = True
        """Whether it lived when it was met. If not, nobody can tell whose process it was."""


class Roster:
    """The processes that have joined and not ended yet."""

    def __init__(self, readers: dict, joined, crashed, broken) -> None:
        """``joined(process, forked)`` and ``crashed(pid, text)`` are called as it happens.

        ``broken(what)`` is called when an answer is not what the protocol allows.
        """
        self.processes: dict = {}
        self.commands: dict = {}
        """The arguments of each process that has ever joined, as they were then."""
        self._opened: dict = {}
        """All connections of each process that are open, by pid; the newest is believed."""
        self._readers = readers
        self._joined = joined
        self._crashed = crashed
        self._broken = broken
        self._said: dict = {}
        self._connections: dict = {}
        """How many connections of each process are open, of both kinds."""
        self._asked = 0
        name = f"interlock-{os.getpid()}-{os.urandom(8).hex()}"
        self.addresses = {"watchers": f"{name}-watchers", "witnesses": f"{name}-witnesses"}
        for kind, meet in (("watchers", self._meet), ("witnesses", self._hear)):
            self._listen(self.addresses[kind], meet)

    def _listen(self, address: str, meet) -> None:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        # Abstract: it needs no writable folder, and ends with the network it is in.
        listening.bind(b"\0" + address.encode())
        listening.listen(WAITING)
        listening.setblocking(False)

        def accept() -> bool:
            # It may be gone already, or the app has used up all descriptors.
            with contextlib.suppress(OSError):
                connection, _ = listening.accept()
                connection.setblocking(False)
                size = struct.calcsize("3i")
                peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
                pid = struct.unpack("3i", peer)[0]
                ours = descends(pid, os.getpid())
                if ours is False or self._has_too_many(pid):
                    connection.close()
                    return True
                fd = connection.detach()
                self._readers[fd] = self._counted(pid, meet(pid, fd, ours is not None))
            return True

        self._readers[listening.fileno()] = accept

    def _has_too_many(self, pid: int) -> bool:
        """Whether the app could use up the supervisor's descriptors with one connection more."""
        most = os.sysconf("SC_OPEN_MAX")
        is_full = most != -1 and len(self._readers) >= most - SPARE
        return is_full or self._connections.get(pid, 0) >= MOST_OF_ONE

    def _counted(self, pid: int, read):
        """The reader of a connection, which counts as one of its process until it ends."""
        self._connections[pid] = self._connections.get(pid, 0) + 1

        def counted() -> bool:
            alive = read()
            if not alive:
                self._connections[pid] -= 1
                if not self._connections[pid]:
                    del self._connections[pid]
            return alive

        return counted

    # -- who is there ---------------------------------------------------------------------------

    def _meet(self, pid: int, fd: int, here: bool):
        process = self.processes[pid] = Process(pid, fd)
        process.here = here
        opened = self._opened.setdefault(pid, [])
        opened.append(process)
        lines = Lines(fd, answers.LONGEST_LINE)

        def read() -> bool:
            alive = each(lines, lambda line: self._answer(process, line))
            if not alive:
                opened.remove(process)
                # Any code of a process may connect again: its watcher is still there then.
                if opened:
                    self.processes[pid] = opened[-1]
                else:
                    del self.processes[pid], self._opened[pid]
            return alive

        return read

    def _answer(self, process: Process, line: bytes | None) -> None:
        try:
            key, said = answers.read(line)
        except Broken as broken:
            self._broken(f"an answer of process {process.pid}: {broken}")
            return
        if key == "parent":
            if process.parent is None:
                process.parent = said["parent"]
                self.commands[process.pid] = command(process.pid)
                self._joined(process, said["forked"])
        elif key == "watcher":
            process.watcher = said["watcher"]
        elif said["ask"] in (self._asked, process.closely):
            kept = process.answers.get(process.closely)
            process.answers = {} if kept is None else {process.closely: kept}
            process.answers[said["ask"]] = said
        # Another number is that of an answer for which nobody waits any more.

    def _hear(self, pid: int, fd: int, here: bool):
        said = self._said[pid] = bytearray()

        def keep(data: bytes) -> None:
            said.extend(data[: max(0, LONGEST_DUMP - len(said))])

        def read() -> bool:
            alive = more(fd, keep)
            if not alive:
                if self._said.get(pid) is said:
                    del self._said[pid]
                _, fatal, text = bytes(said).partition(CRASH)
                if fatal:
                    self._crashed(pid, (fatal + text)[:LONGEST_CRASH].decode("utf-8", "replace"))
            return alive

        return read

    # -- asking ---------------------------------------------------------------------------------

    def ask(self, pids, how: bytes = b"") -> tuple:
        """Ask watchers for a snapshot; return whom, and the number of their answers.

        ``how`` is nothing, or a sign that the watcher knows: see ``watcher.py``.
        """
        self._asked += 1
        asked = [pid for pid in pids if pid in self.processes and self.processes[pid].here]
        for pid in asked:
            with contextlib.suppress(OSError):
                os.write(self.processes[pid].fd, b"%s%d\n" % (how, self._asked))
        return asked, self._asked

    def answered(self, pids, number: int) -> bool:
        """Whether all of them have answered, or are gone."""
        return all(
            pid not in self.processes or number in self.processes[pid].answers for pid in pids
        )

    def answers(self, pids, number: int, key: str) -> dict:
        """Each process's answer, where there is one with what was asked for."""
        found = {}
        for pid in pids:
            process = self.processes.get(pid)
            answer = process.answers.pop(number, None) if process else None
            if answer is not None and key in answer:
                found[pid] = answer
        return found

    def ask_closely(self, pid: int, how: bytes) -> None:
        """Ask a watcher for what may take a while. It is asked again when it has answered."""
        process = self.processes.get(pid)
        if process is not None and process.closely is None:
            asked, number = self.ask([pid], how)
            process.closely = number if asked else None

    def awaits(self, pid: int) -> bool:
        """Whether a close look at a process is under way, and its answer has not come."""
        process = self.processes.get(pid)
        return process is not None and process.closely not in (None, *process.answers)

    def close_answer(self, pid: int) -> dict | None:
        """The answer to a close look, once, when it has come."""
        process = self.processes.get(pid)
        if process is None or process.closely not in process.answers:
            return None
        answer, process.closely = process.answers.pop(process.closely), None
        return answer

    def call(self, pids, number: int) -> None:
        """Have ``faulthandler`` dump; ``said`` returns what came of it."""
        for pid in pids:
            # One that has put its handler away, or has just become another program, would end.
            if pid in self._said and catches(pid, number):
                self._said[pid].clear()
                with contextlib.suppress(OSError):
                    os.kill(pid, number)

    def said(self, pid: int) -> bytes:
        return bytes(self._said.get(pid, b""))

    def watcher(self, pid: int) -> int | None:
        """The task of a process's watcher, where it has one."""
        process = self.processes.get(pid)
        return process.watcher if process else None


def command(pid: int) -> list:
    """A process's arguments, as the kernel has them."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            text = file.read(LONGEST_COMMAND)
    except OSError:
        return []
    return text.decode("utf-8", "replace").rstrip("\0").split("\0")


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("SigCgt:"):
                    return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    except (OSError, ValueError, IndexError):
        pass
    return False

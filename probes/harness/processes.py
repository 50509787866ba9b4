"""The app's processes, seen from outside: measure them, and leave none behind.

Linux only, by way of ``/proc``. Reading it costs a process nothing, and works while no thread of
the process runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

from harness import privileges

_PR_SET_CHILD_SUBREAPER = 36
_PF_FORKNOEXEC = 0x40
"""Of the flags in ``/proc/PID/stat``, proc(5): forked, and has not become another program."""
_PROC = Path("/proc")
_CGROUP = Path("/sys/fs/cgroup")


def adopt_orphans() -> None:
    """Make what the app leaves behind a child of ours, to find and reap it."""
    privileges.prctl(_PR_SET_CHILD_SUBREAPER, 1)


def tasks(pid: int, without: int | None = None) -> list:
    """Every kernel task of a process: its state, clocks and counters."""
    found = []
    try:
        tids = sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return []
    for tid in tids:
        if tid == without:
            continue
        task = _PROC / str(pid) / "task" / str(tid)
        try:
            run_ns, wait_ns = _schedstat(task)
            status = dict(line.split(":", 1) for line in _text(task / "status").split("\n") if line)
        except (OSError, ValueError):
            continue  # It has just ended.
        found.append(
            {
                "tid": tid,
                "state": status.get("State", "?").split()[0],
                "run_ns": run_ns,
                "wait_ns": wait_ns,
                "voluntary": int(status.get("voluntary_ctxt_switches", 0)),
                "involuntary": int(status.get("nonvoluntary_ctxt_switches", 0)),
            }
        )
    return found


def _text(file: Path) -> str:
    """What the kernel says; a name in it may hold any bytes."""
    return file.read_bytes().decode("utf-8", "replace")


def _schedstat(task: Path) -> tuple:
    run_ns, wait_ns, _ = (task / "schedstat").read_text().split()
    return int(run_ns), int(wait_ns)


class RunQueue:
    """How long the tasks of processes waited for a processor, in all."""

    def __init__(self) -> None:
        self._wait_ns: dict = {}

    def sample(self, pids) -> None:
        for pid in pids:
            try:
                tids = os.listdir(f"/proc/{pid}/task")
            except OSError:
                continue
            for tid in tids:
                with contextlib.suppress(OSError, ValueError):
                    task = _PROC / str(pid) / "task" / tid
                    self._wait_ns[pid, tid] = _schedstat(task)[1]

    @property
    def seconds(self) -> float:
        return sum(self._wait_ns.values()) / 1e9


def refused_tasks(cgroup: Path = _CGROUP) -> int:
    """How many processes or threads the kernel refused our group; 0 if unknown.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#pid: `max` in `pids.events`, which version 1
    has in the folder of its controller.
    """
    for file in (cgroup / "pids.events", cgroup / "pids" / "pids.events"):
        with contextlib.suppress(OSError, ValueError):
            return int(dict(line.split() for line in file.read_text().splitlines())["max"])
    return 0


def reap_adopted(spared: set) -> None:
    """Reap what the app has left behind: a zombie counts against every limit."""
    while True:
        try:
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if dead is None:
                return
            if dead.si_pid in spared:  # It stays the first one, and others may be behind it.
                _reap(spared)
                return
            os.waitpid(dead.si_pid, 0)
        except ChildProcessError:
            return


class Relative(NamedTuple):
    """A process of the app, as the kernel tells of it."""

    pid: int
    parent: int
    forked: bool
    """Whether it is still the program that it was forked from."""


def relatives(group: int, spared: set) -> list:
    """The living processes of the app, and all that descend from them.

    They are in its group or session, or are children that we have adopted.
    """
    me = os.getpid()
    near, others = [], {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in spared or int(entry) == me:
            continue
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything; what follows it does not.
            text = _text(_PROC / entry / "stat")
            state, *numbers = text.rpartition(")")[2].split()[:7]
            parent, process_group, session, _, _, flags = map(int, numbers)
            if state == "Z":
                continue
            relative = Relative(int(entry), parent, bool(flags & _PF_FORKNOEXEC))
            if group in (process_group, session, relative.pid) or parent == me:
                near.append(relative)
            else:
                others.setdefault(parent, []).append(relative)
    for relative in near:  # which grows meanwhile
        near.extend(others.pop(relative.pid, ()))
    return near


def descends(pid: int, ancestor: int) -> bool | None:
    """Whether a process is below another one; None if it has ended and was reaped."""
    for _ in range(3):  # One between them may end, and its children have another parent then.
        at = pid
        while at not in (0, ancestor):
            at = _parent(at)
        if at == ancestor:
            return True
    return False if _parent(pid) else None


def _parent(pid: int) -> int:
    """0 where there is none, or the process is being reaped."""
    try:
        return int(_text(_PROC / str(pid) / "stat").rpartition(")")[2].split()[1])
    except OSError:
        return 0


def kill_left_behind(group: int, spared: set, within_s: float = 2.0) -> int:
    """Kill until nothing is left; return how many were killed.

    Children of the killed become ours.
    """
    killed: set = set()
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        remaining = relatives(group, spared)
        if not remaining:
            break
        for pid, _, _ in remaining:
            killed.add(pid)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        _reap(spared)
        time.sleep(0.01)
    _reap(spared)
    return len(killed)


def _reap(spared: set) -> None:
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) in spared:
            continue
        with contextlib.suppress(OSError):
            os.waitpid(int(entry), os.WNOHANG)

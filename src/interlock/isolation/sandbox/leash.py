"""Holds one command and all its processes, and ends them when told or left alone.

Runs between the orchestrator and the command. Standard input is the leash. It closes if the
orchestrator closes it or is killed, and then everything is killed. On Linux, orphans of the command
come to this process and not to init (``PR_SET_CHILD_SUBREAPER``), so daemons are found too.
Standard library only, one thread.

``python -I leash.py REPORT_FD INPUT_FD MEMORY_BYTES PIDS ARGUMENT…`` writes one line of JSON on the
report's descriptor: how the command ended, and which limit it exceeded.

No ``RLIMIT_AS``: it counts address space, and allocators and thread stacks reserve gigabytes that
they never use. No ``RLIMIT_NPROC``: it counts everything else that the user runs. Memory in use and
tasks are read from ``/proc`` instead, a few times a second.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PERIOD_S = 0.5
PATIENCE_S = 10.0
"""How long killed processes may take to go. After that, they are not ours to kill."""
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
PROC = Path("/proc")
LARGEST_FILE_BYTES = 4 << 30

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36


def main() -> None:
    report, given, memory_bytes, pids = map(int, sys.argv[1:5])
    command = sys.argv[5:]
    on_linux = sys.platform == "linux"
    libc = ctypes.CDLL(None, use_errno=True) if on_linux else None
    if libc:
        libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        # The command can't open the report then, nor write into it.
        libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    woken, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for wanted in (signal.SIGINT, signal.SIGHUP):
        signal.signal(wanted, signal.SIG_IGN)  # the orchestrator handles Ctrl-C
    child = os.fork()
    if child == 0:
        become(command, report, given, libc)
    os.close(given)
    # The output ends with the command's last process, not with this one.
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nothing, stream)
    status, guard = watch(child, woken, memory_bytes, pids)
    end_all(child)
    code = None if status is None else os.waitstatus_to_exitcode(status)
    said = {"exit_code": 128 - code if code is not None and code < 0 else code, "guard": guard}
    os.write(report, json.dumps(said).encode() + b"\n")


def become(command: list[str], report: int, given: int, libc: ctypes.CDLL | None) -> None:
    """Turn into the command, in a session of its own. Never returns."""
    try:
        os.close(report)
        os.setsid()
        if libc:
            libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        # Ignored signals stay ignored after exec. Python itself ignores the last two.
        for wanted in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(wanted, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE_BYTES, LARGEST_FILE_BYTES))
        os.dup2(given, 0)
        os.close(given)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def watch(child: int, woken: int, memory_bytes: int, pids: int) -> tuple[int | None, str | None]:
    """Wait for the command. Returns its wait status, or the limit it exceeded."""
    while True:
        ready, _, _ = select.select([0, woken], [], [], PERIOD_S)
        if woken in ready:
            os.read(woken, 4096)
        if (status := reap(child)) is not None:
            return status, None
        if 0 in ready and not os.read(0, 4096):
            return None, None
        family = list(descendants(os.getpid()))
        if sum(map(tasks, family)) > pids:
            return None, "pids"
        # First each process counts its shared pages. If that is too much, count exactly, and
        # slower.
        at_most = sum(map(resident_bytes, family))
        if at_most > memory_bytes and sum(map(proportional_bytes, family)) > memory_bytes:
            return None, "memory"


def reap(child: int) -> int | None:
    """Reap ended processes. Returns the command's own status, if it was among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            found = status


def end_all(child: int) -> None:
    """Kill until no process is left: one may fork between being seen and being killed."""
    if not (PROC / "self" / "stat").exists():
        kill(-child)
        return
    deadline = time.monotonic() + PATIENCE_S
    while (family := list(descendants(os.getpid()))) and time.monotonic() < deadline:
        for pid in family:
            kill(pid)
        reap(child)
        select.select([], [], [], 0.005)


def kill(pid: int) -> None:
    # Gone already, or it changed its user and we may not kill it.
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def descendants(root: int) -> Iterator[int]:
    """All processes below one. A zombie counts until it is reaped."""
    below: dict[int, list[int]] = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            # The name, in parentheses, may hold anything. The parent is the second field after it.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        below.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [root]
    while waiting:
        for pid in below.get(waiting.pop(), ()):
            yield pid
            waiting.append(pid)


def resident_bytes(pid: int) -> int:
    """Its private memory. Shared pages of files do not count."""
    try:
        _, resident, shared, *_ = (PROC / str(pid) / "statm").read_text().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * PAGE_BYTES


def proportional_bytes(pid: int) -> int:
    """The same, with each shared page divided among its sharers (``smaps_rollup``)."""
    try:
        told = (PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        return resident_bytes(pid)  # It has ended, or is not to be looked into.
    sizes = dict(line.split()[:2] for line in told.splitlines()[1:])
    return 1024 * (int(sizes.get("Pss_Anon:", 0)) or int(sizes.get("Pss:", 0)))


def tasks(pid: int) -> int:
    try:
        return sum(1 for _ in (PROC / str(pid) / "task").iterdir())
    except OSError:
        return 0


if __name__ == "__main__":
    main()

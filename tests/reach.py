"""An app that tries to reach the processes above and beside it, and says what it could do.

It runs in the tested Python, under the real supervisor. ``WAYS`` has what it tries. The names of
what worked become a fact: there should be none.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import stat
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
FORGED = b'{"event": "end", "at": 9.0}\n'
OWN = ["/dev/stdout", "/proc/self/fd/2"]
"""Its own output by name, as programs log to it. That works."""
PROC = Path("/proc")


def run(trial) -> None:
    trial.phase("serving")
    way = trial.settings["way"]
    trial.fact("reached", ALONE[way]() if way in ALONE else reached(WAYS[way]))
    trial.fact("others", len(others()))
    trial.expose()


def others() -> list:
    """The supervisor and the intake, and as many more ancestors as are ours."""
    above, pid = [], os.getppid()
    while pid > 0 and len(above) < int(os.environ.get("REACH_DEPTH", "1")):
        above.append(pid)
        pid = parent_of(pid)
    pids = [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()]
    beside = [pid for pid in pids if parent_of(pid) == os.getppid() and pid != os.getpid()]
    return [*above, *beside]


def parent_of(pid: int) -> int:
    try:
        return int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def reached(ways: dict) -> list:
    """The ways that worked, each tried on each of the others."""
    done = []
    for pid in others():
        for name, way in ways.items():
            try:
                way(pid)
            except OSError:
                continue
            done.append(f"{name} {pid}")
    return done


def check(result: int) -> int:
    if result == -1:
        raise OSError(ctypes.get_errno(), "")
    return result


# Each of them raises OSError where it may not --------------------------------------------------


def write_into(number: int):
    def write(pid: int) -> None:
        fd = os.open(f"/proc/{pid}/fd/{number}", os.O_WRONLY | os.O_NONBLOCK)
        os.write(fd, FORGED)

    return write


def write_memory(pid: int) -> None:
    os.open(f"/proc/{pid}/mem", os.O_RDWR)


def copy_memory(pid: int) -> None:
    local = ctypes.create_string_buffer(b"x" * 8)
    vector = (ctypes.c_size_t * 2)(ctypes.addressof(local), 8)
    check(LIBC.process_vm_readv(pid, vector, 1, vector, 1, 0))


def attach(pid: int) -> None:
    check(LIBC.ptrace(16, pid, None, None))


def seize(pid: int) -> None:
    check(LIBC.ptrace(0x4206, pid, None, None))


def take_descriptor(pid: int) -> None:
    pidfd_open, pidfd_getfd = 434, 438
    fd = check(LIBC.syscall(pidfd_open, pid, 0))
    check(LIBC.syscall(pidfd_getfd, fd, 1, 0))


def send(number: int):
    return lambda pid: os.kill(pid, number)


WAYS = {
    "descriptors": {f"fd {number} of": write_into(number) for number in range(40)},
    "memory": {"memory of": write_memory, "bytes of": copy_memory},
    "tracing": {"attach to": attach, "seize": seize, "a descriptor of": take_descriptor},
    "signals": {
        f"{number.name} to": send(number)
        for number in (
            signal.SIGSTOP,
            signal.SIGTERM,
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGXCPU,
            signal.SIGSEGV,
            signal.SIGKILL,
        )
    },
    "settings": {
        "environment of": lambda pid: (PROC / str(pid) / "environ").read_bytes(),
        "limits of": lambda pid: resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, 3)),
        "niceness of": lambda pid: os.setpriority(os.PRIO_PROCESS, pid, 19),
        "cores of": lambda pid: os.sched_setaffinity(pid, {0}),
        "score of": lambda pid: (PROC / str(pid) / "oom_score_adj").write_text("1000"),
    },
}


# What it is itself -----------------------------------------------------------------------------


def rights() -> list:
    """Rights that are left, or that it may get."""
    lines = (PROC / "self" / "status").read_text().splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    names = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    left = [name for name in names if int(status[name], 16)]
    return left if status["NoNewPrivs"] == "1" else [*left, "new privileges"]


def root() -> list:
    """Its ids that are root's."""
    ids = [*os.getresuid(), *os.getresgid(), *os.getgroups()]
    try:
        os.setuid(0)
    except OSError:
        return [number for number in ids if number == 0]
    return ["setuid"]


def inherited() -> list:
    """The kinds of its descriptors beside the three streams."""
    kinds = []
    for number in range(3, 256):
        with contextlib.suppress(OSError):
            kinds.append(stat.S_IFMT(os.fstat(number).st_mode))
    return sorted({stat.S_IFIFO: "pipe", stat.S_IFSOCK: "socket"}.get(kind, "?") for kind in kinds)


def own_output() -> list:
    done = []
    for path in OWN:
        with Path(path).open("w") as stream:
            stream.write("own\n")
        done.append(path)
    return done


ALONE = {"rights": rights, "root": root, "inherited": inherited, "own_output": own_output}

"""How much of the machine other work took meanwhile, by the kernel's accounts.

On a machine that is busy with other work, times in seconds prove little about an app.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time

HZ = os.sysconf("SC_CLK_TCK")


class Share:
    """Of all processors, from now on."""

    def __init__(self) -> None:
        self._began = time.monotonic(), _busy_s(), _own_s()

    def of_others(self) -> float:
        """Between 0 and 1. The trial's own processes are subtracted after their end."""
        then, busy_s, own_s = self._began
        capacity_s = (time.monotonic() - then) * (os.cpu_count() or 1)
        others_s = (_busy_s() - busy_s) - (_own_s() - own_s)
        return min(1.0, max(0.0, others_s / capacity_s)) if capacity_s else 0.0


def _busy_s() -> float:
    """The work of all processors since the machine's start, for everybody."""
    with open("/proc/stat") as file:
        return busy_of(file.readline()) / HZ


def busy_of(line: str) -> int:
    """The line ``cpu`` of ``/proc/stat``, without idle, waiting for disks, and guests.

    Guests are part of ``user`` already: https://docs.kernel.org/filesystems/proc.html
    """
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, line.split()[1:9])
    return user + nice + system + irq + softirq + steal


def _own_s() -> float:
    """This process and its ended children, the supervisor, and its child, the intake."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own_s = sum(one.ru_utime + one.ru_stime for one in used)
    me, supervisor = os.getpid(), os.getppid()
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != me:
            with contextlib.suppress(OSError):
                with open(f"/proc/{entry}/stat") as file:
                    parent, ticks = times_of(file.read())
                if supervisor in (int(entry), parent):
                    own_s += ticks / HZ
    return own_s


def times_of(text: str) -> tuple:
    """Parent and ticks of ``/proc/PID/stat``. The name there may hold anything."""
    fields = text.rpartition(")")[2].split()
    return int(fields[1]), int(fields[11]) + int(fields[12])

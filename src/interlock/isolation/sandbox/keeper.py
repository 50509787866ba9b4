"""Removes the containers of a killed command, from a process beside the command.

A container does not know the command that started it, and a command that gets SIGKILL can't remove
it. So each run has a keeper. It waits for the lock that the run holds while it lives. The kernel
drops the lock with the process, however it ends. Then the keeper removes the run's containers.

The keeper does not belong to the terminal, and ignores the signals of a session that ends. No part
of it runs in a container, so it changes nothing that a probe measures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path
from typing import Any

from interlock.isolation.sandbox import strays
from interlock.model import TroubleError

GRACE_S = 5.0
"""A pause for a command that follows at once: it sweeps by itself, and reports it."""
PATIENCE_S = 45.0
"""How long to wait for an engine that does not answer."""
PERIOD_S = 1.0

_PROGRAM = "from interlock.isolation.sandbox import keeper; keeper.main()"
# Imports come later, when they are needed. Until then the keeper takes a few megabytes.
_START = (
    "import fcntl, json, signal, sys\n"
    "for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):\n"
    "    signal.signal(number, signal.SIG_IGN)\n"
    "path = json.loads(sys.argv[1])\n"
    "with open(sys.argv[2]) as lock:\n"
    "    print(flush=True)\n"
    "    fcntl.flock(lock, fcntl.LOCK_SH)\n"
    "sys.path[:] = path\n"
    f"{_PROGRAM}"
)


class Keeper:
    """The keeper of a run. It starts with the first container, ends with its owner."""

    def __init__(self, lock: Path, label: str) -> None:
        """``lock`` is the run's file, ``label`` the label of its containers."""
        self._lock_file = lock
        self._label = label
        self._starting = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it if it does not run. Raises ``TroubleError`` if it can't be started."""
        with self._starting:
            if self._process is not None:
                return
            path = [str(Path(folder).absolute()) for folder in sys.path]
            arguments = [json.dumps(path), str(self._lock_file.absolute()), self._label]
            try:
                self._process = strays.started(
                    lambda: subprocess.Popen(
                        [sys.executable, "-I", "-S", "-c", _START, *arguments],
                        cwd="/",
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    ),
                    lambda process: process.pid,
                )
            except OSError as error:
                raise TroubleError(f"can't start a process: {error}") from error
            assert self._process.stdout is not None
            with self._process.stdout as ready:
                ready.readline()
            weakref.finalize(self, _end, self._process, os.getpid())


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:  # a fork of it has a copy of this
        return
    process.kill()
    process.wait()
    strays.ended(process.pid)


def main() -> None:
    """Remove the run's containers until there are none, and none come after."""
    _, _, lock, label = sys.argv
    time.sleep(GRACE_S)
    latest = time.monotonic() + PATIENCE_S
    rounds_without = 0
    while rounds_without < 2 and time.monotonic() < latest:
        try:
            rounds_without = 0 if _remove(label) else rounds_without + 1
        except Exception:  # the engine may answer again
            rounds_without = 0
        time.sleep(PERIOD_S)
    if rounds_without:
        Path(lock).unlink(missing_ok=True)


def _remove(label: str) -> int:
    """Returns how many there were."""
    from interlock.isolation.sandbox import engine

    client = engine.connect()
    try:
        found: list[Any] = client.containers(all=True, filters={"label": label})
        for container in found:
            try:
                client.remove_container(container["Id"], force=True, v=True)
            except Exception:  # gone already, or it is tried again
                continue
        return len(found)
    finally:
        client.close()

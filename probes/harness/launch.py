"""Starting the two programs of a trial: the intake, and the app."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from typing import NamedTuple

from harness import privileges
from harness.forks import ENDING, Fork, fork
from harness.privileges import User
from harness.streams import pipe

WITNESS_SIGNAL = signal.SIGRTMIN + 7
"""A real-time signal: the libraries under test take SIGUSR1, SIGPROF and their like."""
_HERE = os.path.dirname(os.path.abspath(__file__))


class Intake(NamedTuple):
    process: Fork
    url: str
    requests: int
    """Where its lines are read."""
    questions: int
    """Where it is asked for its count."""


class App(NamedTuple):
    process: subprocess.Popen
    events: int
    stdout: int
    stderr: int
    replies: int
    """Where the answers to the looks that it asks for are written."""


def start_intake(kept_bytes: int, user: User | None) -> Intake:
    """Fork the intake. As a fork of this process, it is never in the app's reach."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    port = listening.getsockname()[1]
    read, write = pipe()
    asked, questions = os.pipe()
    process = fork(lambda: _serve(listening, kept_bytes), user, asked, write, listening.fileno())
    os.close(write)
    os.close(asked)
    listening.close()
    return Intake(process, f"http://127.0.0.1:{port}", read, questions)


def _serve(listening: socket.socket, kept_bytes: int) -> None:
    from harness.intake import serve  # In the fork alone: meanwhile the app is started.

    serve(listening, kept_bytes)


def start_app(spec: dict, intake: str, addresses: dict, user: User | None) -> App:
    """Start ``bootstrap.py`` with the environment's Python, in a session of its own."""
    events, events_w = pipe()
    stdout, stdout_w = pipe()
    stderr, stderr_w = pipe()
    replies_r, replies = os.pipe()
    os.set_blocking(events_w, False)
    os.set_blocking(replies, False)
    if user is not None:
        for fd in (events_w, stdout_w, stderr_w, replies_r):
            os.fchmod(fd, 0o666)  # An app may open /dev/stdout.
    process = subprocess.Popen(
        [spec["python"], os.path.join(_HERE, "bootstrap.py")],
        stdin=subprocess.DEVNULL,
        stdout=stdout_w,
        stderr=stderr_w,
        env=_environment(spec, intake, addresses, {"events": events_w, "replies": replies_r}),
        pass_fds=(events_w, replies_r),
        preexec_fn=lambda: _as_app(user),
        start_new_session=True,
    )
    for fd in (events_w, stdout_w, stderr_w, replies_r):
        os.close(fd)
    return App(process, events, stdout, stderr, replies)


def _environment(spec: dict, intake: str, addresses: dict, fds: dict) -> dict:
    trial = {
        "app": spec["app"],
        "settings": spec["settings"],
        "knobs": spec["knobs"],
        "versions": spec["versions"],
        "intake": intake,
        "fds": fds,
    }
    environment = {k: v for k, v in os.environ.items() if k != "INTERLOCK_SPEC"}
    environment.update(spec["environment"])
    environment["INTERLOCK_TRIAL"] = json.dumps(trial)
    environment["INTERLOCK_INTAKE"] = intake
    # What every process of the app needs to join, however it is started.
    environment["INTERLOCK_SUPERVISOR"] = "{watchers} {witnesses} {signal}".format(
        signal=int(WITNESS_SIGNAL), **addresses
    )
    paths = [os.path.join(_HERE, "inject"), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment


def _as_app(user: User | None) -> None:
    """Between fork and exec: give up all rights, and ignore the witness's signal.

    The signal would end the app. This disposition holds before ``bootstrap.py`` has registered
    faulthandler. It holds again when the interpreter has removed faulthandler at its end.
    """
    privileges.become(user)
    privileges.die_with_parent(signal.SIGKILL)
    for number in ENDING:  # An ignored signal stays ignored.
        signal.signal(number, signal.SIG_DFL)
    signal.signal(WITNESS_SIGNAL, signal.SIG_IGN)

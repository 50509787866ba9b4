"""The supervisor: starts the app, hears its heartbeat, takes evidence when it falls silent.

Run by the base interpreter as ``python -I supervisor.py``, with the trial in ``INTERLOCK_SPEC``;
its standard output is the event stream of ``PROTOCOL.md`` and nothing else. It never imports what
is tested, and it judges nothing: it records what happened, and stops what will not move again.
"""

from __future__ import annotations

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import contextlib
import fcntl
import json
import select
import signal
import socket
import subprocess
import time

from harness.closure import closed_waits
from harness.processes import (
    RunQueue,
    adopt_orphans,
    die_with_parent,
    kill_left_behind,
    tasks,
)

PROTOCOL = 1
APART_S = 0.2
"""Between the two snapshots of one look."""
STILL_S = 2.0
"""How long the tasks are watched once the deadline has passed."""
ANSWER_S = 3.0
"""How long the watcher may take; silent longer, it cannot run, and faulthandler speaks alone."""
QUIET_PHASES = ("import", "startup")
"""Where nothing can be counted, so that silence means less: four times ``stall_s``."""
LONGEST_LINE = 16 << 20
EXIT_MISUSE = 64
EXIT_TROUBLE = 70
WITNESS_SIGNAL = signal.SIGRTMIN + 7
"""A real-time signal: the libraries under test take SIGUSR1, SIGPROF and their like."""


class Lines:
    """A pipe's reading end, taken apart into lines."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._rest = b""

    def read(self) -> list | None:
        """The lines that have come; None at the end."""
        data = _read(self.fd)
        if data is None:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            self._rest = b""
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                value = json.loads(line)
                if isinstance(value, dict):
                    found.append(value)
        return found


class Tail:
    """The last bytes of an output stream, and how many came before them."""

    def __init__(self, limit: int) -> None:
        self.data = b""
        self.dropped = 0
        self._limit = limit

    def add(self, data: bytes) -> None:
        data = self.data + data
        over = max(0, len(data) - self._limit)
        self.dropped += over
        self.data = data[over:]


def _read(fd: int) -> bytes | None:
    """What has come, at most a megabyte; None at the end."""
    parts = []
    for _ in range(16):
        try:
            part = os.read(fd, 1 << 16)
        except BlockingIOError:
            break
        if not part:
            return b"".join(parts) or None
        parts.append(part)
    return b"".join(parts)


def _pipe() -> tuple:
    """A pipe whose reading end never blocks."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(read, 1031, 1 << 20)  # F_SETPIPE_SZ: room for a whole snapshot
    return read, write


def _as_app() -> None:
    """Between fork and exec: what is asked of the app too early or too late must not end it.

    Before ``bootstrap.py`` has registered faulthandler, and again once the interpreter has taken it
    away at its end, the witness's signal has the disposition set here.
    """
    die_with_parent()
    signal.signal(WITNESS_SIGNAL, signal.SIG_IGN)


class Supervisor:
    """One trial, from its first event to its last."""

    def __init__(self, spec: dict) -> None:
        self.spec = spec
        self.limits = spec["limits"]
        self.started = time.monotonic()
        self.phase = "import"
        self.exposures = 0
        self.told_exposures = 0
        self.told_at = 0.0
        self.heard_at = self.started
        self.looks = 0
        self.stalled = False
        self.silent_s = 0.0
        self.watcher_tid = None
        self.answers: dict = {}
        self.asked = 0
        self.misuse = None
        self.terminated = False
        self.status = None
        self.witness = b""
        self.readers: dict = {}
        tail_bytes = int(self.limits.get("output_bytes", 1 << 16)) // 2
        self.tails = {"stdout": Tail(tail_bytes), "stderr": Tail(tail_bytes)}

    # -- saying ---------------------------------------------------------------------------------

    def now(self) -> float:
        return time.monotonic() - self.started

    def emit(self, event: str, **fields: object) -> None:
        line = json.dumps({"event": event, "at": round(self.now(), 4), **fields})
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(1, data) :]

    def progress(self) -> None:
        if self.exposures != self.told_exposures:
            self.told_exposures = self.exposures
            self.told_at = self.now()
            self.emit("progress", exposures=self.exposures)

    # -- starting -------------------------------------------------------------------------------

    def start(self) -> None:
        self.emit(
            "hello",
            protocol=PROTOCOL,
            python=".".join(map(str, sys.version_info[:3])),
            implementation=sys.implementation.name,
            machine=os.uname().machine,
            supervisor_pid=os.getpid(),
        )
        adopt_orphans()
        wake, woken = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(woken, False)
        signal.set_wakeup_fd(woken)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self.readers[wake] = lambda: _read(wake)
        url = self._start_intake()
        self._start_app(url)

    def _start_intake(self) -> str:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        read, write = _pipe()
        self.intake = subprocess.Popen(
            [
                sys.executable,
                "-I",
                os.path.join(os.path.dirname(os.path.abspath(__file__)), "intake.py"),
                str(listening.fileno()),
                str(self.limits.get("intake_bytes", 8 << 20)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=write,
            pass_fds=(listening.fileno(),),
            preexec_fn=die_with_parent,
            start_new_session=True,
        )
        os.close(write)
        listening.close()
        lines = Lines(read)
        self.readers[read] = lambda: self._each(lines, lambda line: self.emit("intake", **line))
        return f"http://127.0.0.1:{port}"

    def _start_app(self, url: str) -> None:
        spec = self.spec
        events, events_w = _pipe()
        answers, answers_w = _pipe()
        witness, witness_w = _pipe()
        stdout, stdout_w = _pipe()
        stderr, stderr_w = _pipe()
        asks_r, self.asks = os.pipe()
        os.set_blocking(events_w, False)
        trial = {
            "app": spec["app"],
            "settings": spec["settings"],
            "knobs": spec["knobs"],
            "versions": spec["versions"],
            "intake": url,
            "witness_signal": int(WITNESS_SIGNAL),
            "fds": {
                "events": events_w,
                "answers": answers_w,
                "witness": witness_w,
                "asks": asks_r,
            },
        }
        environment = {k: v for k, v in os.environ.items() if k != "INTERLOCK_SPEC"}
        environment.update(spec["environment"])
        environment["INTERLOCK_TRIAL"] = json.dumps(trial)
        environment["INTERLOCK_INTAKE"] = url
        bootstrap = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bootstrap.py")
        self.app = subprocess.Popen(
            [spec["python"], bootstrap],
            stdin=subprocess.DEVNULL,
            stdout=stdout_w,
            stderr=stderr_w,
            env=environment,
            pass_fds=tuple(trial["fds"].values()),
            preexec_fn=_as_app,
            start_new_session=True,
        )
        self.run_queue = RunQueue(self.app.pid)
        self.spared = {os.getpid(), self.intake.pid}
        for fd in (events_w, answers_w, witness_w, stdout_w, stderr_w, asks_r):
            os.close(fd)
        from_app, from_watcher = Lines(events), Lines(answers)
        self.readers[events] = lambda: self._each(from_app, self._hear)
        self.readers[answers] = lambda: self._each(from_watcher, self._answer)
        self.readers[witness] = lambda: self._more(witness, self._dump)
        self.readers[stdout] = lambda: self._more(stdout, self.tails["stdout"].add)
        self.readers[stderr] = lambda: self._more(stderr, self.tails["stderr"].add)

    # -- hearing --------------------------------------------------------------------------------

    @staticmethod
    def _each(lines: Lines, handle) -> bool:
        found = lines.read()
        for line in found or ():
            handle(line)
        return found is not None

    @staticmethod
    def _more(fd: int, handle) -> bool:
        data = _read(fd)
        if data:
            handle(data)
        return data is not None

    def _dump(self, data: bytes) -> None:
        self.witness += data

    def _answer(self, answer: dict) -> None:
        if isinstance(answer.get("watcher"), int):
            self.watcher_tid = answer["watcher"]
        elif isinstance(answer.get("ask"), int):
            self.answers[answer["ask"]] = answer
        # Anything else is not the watcher's: the app found the pipe.

    def _hear(self, said: dict) -> None:
        """One line of the app; whatever it says, it lives."""
        self.heard_at = self.now() + self.started
        if self.stalled:
            self.stalled = False
            self.emit("resumed", number=self.looks, silent_s=round(self.silent_s, 3))
        if "beat" in said:
            self.exposures = said["beat"]
            if self.now() - self.told_at >= 0.5:
                self.progress()
        elif "fact" in said:
            self.emit("fact", name=said["fact"], value=said["value"])
        elif "error" in said:
            self.emit(
                "error",
                phase=said["phase"],
                type=said["error"],
                message=said["message"],
                traceback=said["traceback"],
                feature=said["feature"],
            )
        elif said.keys() == {"phase"}:
            self.progress()
            self.phase = said["phase"]
            self.emit("phase", phase=self.phase)
        elif "missing" in said:
            self.emit("missing", feature=said["missing"], detail=said["detail"])
        elif "degraded" in said:
            self.emit("degraded", phase=self.phase, detail=str(said["degraded"]))
        elif "done" in said:
            self.exposures = said["done"]
            self.progress()
            self.emit("done", exposures=self.exposures)
        elif "misuse" in said:
            self.misuse = said["misuse"]

    def pump(self, timeout_s: float) -> None:
        """Read what has come, waiting for it at most so long; reap the app if it has ended."""
        ready, _, _ = select.select(list(self.readers), [], [], max(0.0, timeout_s))
        for fd in ready:
            if self.readers[fd]() is False:
                del self.readers[fd]
                os.close(fd)
        if self.status is None:
            pid, status, usage = os.wait4(self.app.pid, os.WNOHANG)
            if pid:
                self.status, self.usage = status, usage

    def pump_until(self, done, within_s: float) -> bool:
        """Pump until ``done()``, the app's end, or for so long; whether it is done."""
        until = time.monotonic() + within_s
        while not done():
            left = until - time.monotonic()
            if left <= 0 or self.status is not None:
                break
            self.pump(min(left, 0.05))
        return done()

    # -- watching -------------------------------------------------------------------------------

    def watch(self) -> None:
        """Until the app has ended, by itself or by us."""
        next_look, pause_s, next_sample = None, 1.0, 0.0
        while self.status is None:
            self.pump(0.05)
            # Many beats are one waking: this process shares the cores with what it watches.
            time.sleep(0.005)
            now = self.now()
            if now >= next_sample:
                self.run_queue.sample()
                next_sample = now + 0.25
            if self.status is not None or self.misuse is not None:
                break
            allowed = self.limits["stall_s"] * (4 if self.phase in QUIET_PHASES else 1)
            silent_s = time.monotonic() - self.heard_at
            if silent_s < allowed:
                next_look, pause_s = None, 1.0
            if self._too_late():
                self._at_deadline(silent_s >= allowed)
                return
            if silent_s >= allowed and (next_look is None or now >= next_look):
                if self._look(silent_s):
                    self.terminate("the same closed wait in two snapshots")
                    return
                next_look, pause_s = self.now() + pause_s, min(pause_s * 2, 8.0)

    def _too_late(self) -> bool:
        if self.phase in QUIET_PHASES and self.now() >= self.limits["startup_s"]:
            return True
        return self.now() >= self.limits["deadline_s"]

    def _stall(self, silent_s: float) -> None:
        self.looks += 1
        self.stalled = True
        self.silent_s = silent_s
        self.progress()
        self.emit(
            "stall",
            number=self.looks,
            phase=self.phase,
            silent_s=round(silent_s, 3),
            exposures=self.exposures,
        )

    def _look(self, silent_s: float) -> bool:
        """Two snapshots and a witness of one silence; whether both show the same closed wait."""
        self._stall(silent_s)
        first = self._snapshot(0)
        if first is None:
            # The watcher cannot run: the witness is asked twice instead.
            self._witness()
        if self._pause(APART_S):
            return False
        second = self._snapshot(1) if first is not None else None
        if self.stalled:
            self._witness()
        return self.stalled and bool(first and second and closed_waits(first, second))

    def _at_deadline(self, silent: bool) -> None:
        self.progress()
        self.emit("deadline", phase=self.phase, exposures=self.exposures)
        if silent:
            self._stall(time.monotonic() - self.heard_at)
            first = self._snapshot(0)
            if first is None:
                self._witness()
            before = tasks(self.app.pid, without=self.watcher_tid)
            began = time.monotonic()
            if not self._pause(self.limits.get("still_s", STILL_S)):
                self.emit(
                    "stood",
                    number=self.looks,
                    seconds=round(time.monotonic() - began, 3),
                    tasks_before=before,
                    tasks_after=tasks(self.app.pid, without=self.watcher_tid),
                )
                if first is not None:
                    self._snapshot(1)
                self._witness()
        if self.status is None:
            self.terminate("deadline")

    def _pause(self, seconds: float) -> bool:
        """Wait; True, and early, if the app was heard or has ended."""
        return self.pump_until(lambda: not self.stalled, seconds) or self.status is not None

    def _snapshot(self, index: int) -> dict | None:
        """Ask the watcher; None where it cannot answer, or the app has been heard meanwhile."""
        if self.status is not None or not self.stalled:
            return None
        self.asked += 1
        number = self.asked
        with contextlib.suppress(OSError):
            os.write(self.asks, b"%d\n" % number)
        within_s = self.limits.get("answer_s", ANSWER_S)
        self.pump_until(lambda: number in self.answers or not self.stalled, within_s)
        answer = self.answers.pop(number, None)
        if answer is None or "failed" in answer or not self.stalled:
            return None
        snapshot = {"threads": answer["threads"], "locks": answer["locks"]}
        self.emit(
            "snapshot",
            number=self.looks,
            index=index,
            tasks=tasks(self.app.pid, without=self.watcher_tid),
            **snapshot,
        )
        return snapshot

    def _witness(self) -> None:
        if self.status is not None:
            return
        self.witness = b""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.app.pid, WITNESS_SIGNAL)
        if self.pump_until(lambda: bool(self.witness), 1.0):
            # It has no last line: it is over when nothing more comes.
            length = 0
            while length != len(self.witness):
                length = len(self.witness)
                so_far = length
                self.pump_until(lambda: len(self.witness) != so_far, 0.03)  # noqa: B023
        self.emit("witness", number=self.looks, text=self.witness.decode("utf-8", "replace"))

    # -- ending ---------------------------------------------------------------------------------

    def terminate(self, reason: str) -> None:
        """SIGTERM, time to end in good order, SIGKILL."""
        self.terminated = True
        for name, within_s in (("SIGTERM", self.limits["grace_s"]), ("SIGKILL", 5.0)):
            if self.status is not None:
                return
            self.emit("signal", signal=name, reason=reason)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.app.pid, getattr(signal, name))
            self.pump_until(lambda: self.status is not None, within_s)
            reason = f"still there {within_s:g} s after SIGTERM"

    def finish(self) -> None:
        """What is left to be told once the app has ended, and nothing of it left behind."""
        self.run_queue.sample()
        killed = kill_left_behind(self.app.pid, self.spared)
        until = time.monotonic() + 0.05
        while time.monotonic() < until:
            self.pump(0.01)
        self.intake.kill()
        self.intake.wait()
        self.pump(0)
        self.progress()
        if self.stalled and not self.terminated:
            # It was silent and then ended by itself: whatever it was, it was no hang.
            self.emit("resumed", number=self.looks, silent_s=round(self.silent_s, 3))
        signaled = os.WIFSIGNALED(self.status)
        self.emit(
            "exit",
            code=None if signaled else os.WEXITSTATUS(self.status),
            signal=_signal_name(os.WTERMSIG(self.status)) if signaled else None,
            phase=self.phase,
        )
        if killed:
            # Not a signal to the app, which had ended by then.
            self.emit("fact", name="left-behind", value=killed)
        for stream, tail in self.tails.items():
            if tail.data or tail.dropped:
                text = tail.data.decode("utf-8", "replace")
                self.emit("output", stream=stream, text=text, dropped_bytes=tail.dropped)
        self.emit(
            "usage",
            cpu_s=round(self.usage.ru_utime + self.usage.ru_stime, 3),
            run_queue_s=round(self.run_queue.seconds, 3),
            wall_s=round(self.now(), 3),
        )
        self.emit("end")

    def abandon(self) -> None:
        """On a way out that is not a trial's end: leave no process behind."""
        for process in ("app", "intake"):
            if hasattr(self, process):
                with contextlib.suppress(OSError):
                    os.killpg(getattr(self, process).pid, signal.SIGKILL)
        if hasattr(self, "app"):
            kill_left_behind(self.app.pid, {os.getpid()})


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"SIG{number}"


def main() -> int:
    try:
        spec = json.loads(os.environ["INTERLOCK_SPEC"])
        if spec["protocol"] != PROTOCOL:
            raise ValueError("protocol {} is not {}".format(spec["protocol"], PROTOCOL))
        supervisor = Supervisor(spec)
    except (KeyError, ValueError) as error:
        sys.stderr.write(f"INTERLOCK_SPEC: {error!r}\n")
        return EXIT_MISUSE
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        supervisor.start()
        supervisor.watch()
        if supervisor.misuse is not None:
            sys.stderr.write(f"{supervisor.misuse}\n")
            return EXIT_MISUSE
        supervisor.finish()
        return 0
    finally:
        supervisor.abandon()


if __name__ == "__main__":
    sys.exit(main())

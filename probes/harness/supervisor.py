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
    reap_adopted,
    refused_tasks,
    relatives,
    tasks,
)
from harness.roster import Process, Roster, command
from harness.streams import Lines, Tail, each, more, pipe, read_some

PROTOCOL = 2
APART_S = 0.2
"""Between the two snapshots of one look."""
STILL_S = 2.0
"""How long the tasks are watched once the deadline has passed."""
ANSWER_S = 3.0
"""How long the watcher may take; silent longer, it cannot run, and faulthandler speaks alone."""
QUIET_PHASES = ("import", "startup")
"""Where nothing can be counted, so that silence means less: four times ``stall_s``."""
EXIT_MISUSE = 64
EXIT_TROUBLE = 70
WITNESS_SIGNAL = signal.SIGRTMIN + 7
"""A real-time signal: the libraries under test take SIGUSR1, SIGPROF and their like."""


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
        self.wanted: list = []
        """Looks that the driver asks for."""
        self.looking = False
        """Whether one of them is being taken: no heartbeat ends it."""
        self.strangers: dict = {}
        """What was told of processes of the app that were found without having joined."""
        self.misuse = None
        self.terminated = False
        self.status = None
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
        self.readers[wake] = lambda: read_some(wake)
        self.roster = Roster(self.readers, self._joined, self._crashed)
        url = self._start_intake()
        self._start_app(url)

    def _start_intake(self) -> str:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        read, write = pipe()
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
        self.readers[read] = lambda: each(lines, lambda line: self.emit("intake", **line))
        return f"http://127.0.0.1:{port}"

    def _start_app(self, url: str) -> None:
        spec = self.spec
        events, events_w = pipe()
        stdout, stdout_w = pipe()
        stderr, stderr_w = pipe()
        replies_r, self.replies = os.pipe()
        os.set_blocking(events_w, False)
        os.set_blocking(self.replies, False)
        trial = {
            "app": spec["app"],
            "settings": spec["settings"],
            "knobs": spec["knobs"],
            "versions": spec["versions"],
            "intake": url,
            "fds": {"events": events_w, "replies": replies_r},
        }
        here = os.path.dirname(os.path.abspath(__file__))
        environment = {k: v for k, v in os.environ.items() if k != "INTERLOCK_SPEC"}
        environment.update(spec["environment"])
        environment["INTERLOCK_TRIAL"] = json.dumps(trial)
        environment["INTERLOCK_INTAKE"] = url
        # What every process of the app needs to join, however it is started.
        addresses = self.roster.addresses
        environment["INTERLOCK_SUPERVISOR"] = "{watchers} {witnesses} {signal}".format(
            signal=int(WITNESS_SIGNAL), **addresses
        )
        paths = [os.path.join(here, "inject"), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self.app = subprocess.Popen(
            [spec["python"], os.path.join(here, "bootstrap.py")],
            stdin=subprocess.DEVNULL,
            stdout=stdout_w,
            stderr=stderr_w,
            env=environment,
            pass_fds=tuple(trial["fds"].values()),
            preexec_fn=_as_app,
            start_new_session=True,
        )
        self.run_queue = RunQueue()
        self.refused_before = refused_tasks()
        self.spared = {os.getpid(), self.intake.pid}
        for fd in (events_w, stdout_w, stderr_w, replies_r):
            os.close(fd)
        from_app = Lines(events)
        self.readers[events] = lambda: each(from_app, self._hear)
        self.readers[stdout] = lambda: more(stdout, self.tails["stdout"].add)
        self.readers[stderr] = lambda: more(stderr, self.tails["stderr"].add)

    # -- hearing --------------------------------------------------------------------------------

    def _joined(self, process: Process, forked: bool) -> None:
        self.emit(
            "process",
            process=process.pid,
            parent=process.parent,
            app=process.pid == self.app.pid,
            forked=forked,
            joined=True,
            command=command(process.pid),
        )

    def _crashed(self, pid: int, text: str) -> None:
        self.emit("crash", process=pid, text=text)

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
            detail, doubt = said["degraded"], said["doubt"]
            self.emit("degraded", phase=self.phase, detail=detail, doubt=doubt)
        elif "done" in said:
            self.exposures = said["done"]
            self.progress()
            self.emit("done", exposures=self.exposures)
        elif "look" in said:
            self.wanted.append(said)
        elif "child" in said:
            number = said["signal"]
            name = None if number is None else _signal_name(number)
            self.emit("child", process=said["child"], code=said["code"], signal=name)
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
        reap_adopted({self.app.pid, *self.spared})

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
                self.run_queue.sample(self._everyone())
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
            if self.wanted:
                if self._look_as_asked(self.wanted.pop(0)):
                    self.terminate("the same closed wait in two snapshots")
                    return
                continue
            if silent_s >= allowed and (next_look is None or now >= next_look):
                if self._look(silent_s):
                    self.terminate("the same closed wait in two snapshots")
                    return
                next_look, pause_s = self.now() + pause_s, min(pause_s * 2, 8.0)

    def _too_late(self) -> bool:
        if self.phase in QUIET_PHASES and self.now() >= self.limits["startup_s"]:
            return True
        return self.now() >= self.limits["deadline_s"]

    def _everyone(self) -> list:
        """Every process of the app that has joined; the app itself first, joined or not."""
        return [self.app.pid, *(pid for pid in self.roster.processes if pid != self.app.pid)]

    def _present(self) -> list:
        """The same and those that have not joined: other programs than Python, and forks in which
        no Python code could run yet. What the app waits for may be one of them."""
        everyone = self._everyone()
        for pid, parent, forked in relatives(self.app.pid, self.spared):
            if pid in everyone:
                continue
            everyone.append(pid)
            told = {"parent": parent, "forked": forked, "command": command(pid)}
            if self.strangers.get(pid) != told:
                self.strangers[pid] = told
                self.emit("process", process=pid, app=False, joined=False, **told)
        return everyone

    def _stall(self, silent_s: float, asked: dict | None = None) -> None:
        self.looks += 1
        if asked is None:
            self.stalled = True
            self.silent_s = silent_s
        self.progress()
        self.emit(
            "stall",
            number=self.looks,
            phase=self.phase,
            silent_s=round(silent_s, 3),
            exposures=self.exposures,
            asked=asked and asked["look"],
            process=asked and asked["process"],
        )

    def _look_as_asked(self, wanted: dict) -> bool:
        """A look that the driver asks for, who waits for its end and says nothing meanwhile."""
        self.looking = True
        closed = self._look(wanted["silent_s"], wanted)
        self.looking = False
        self.heard_at = time.monotonic()
        with contextlib.suppress(OSError):
            os.write(
                self.replies, b"%d %s\n" % (wanted["number"], b"closed" if closed else b"open")
            )
        return closed

    def _look(self, silent_s: float, asked: dict | None = None) -> bool:
        """Two snapshots of every process; whether both of one show the same closed wait."""
        self._stall(silent_s, asked)
        everyone = self._present()
        first = self._snapshots(everyone, 0)
        # Where the watcher cannot run the witness is asked twice instead.
        self._witnesses([pid for pid in everyone if pid not in first])
        if self._pause(APART_S):
            return False
        second = self._snapshots(list(first), 1)
        if self._over():
            return False
        self._witnesses([pid for pid in everyone if pid not in second])
        return any(self._closed(pid, asked, first[pid], second[pid]) for pid in second)

    def _closed(self, pid: int, asked: dict | None, first: dict, second: dict) -> bool:
        """Whether a process stands in a closed wait that accounts for what is looked into.

        The app's silence may be due to any thread of its own; of another process that it waits for
        in silence, or says is overdue, to the main thread.
        """
        overdue = asked and asked["process"]
        if overdue is not None and pid != overdue:
            return False
        of_main = pid == overdue or (asked is None and pid != self.app.pid)
        return closed_waits(first, second, of_main)

    def _at_deadline(self, silent: bool) -> None:
        self.progress()
        self.emit("deadline", phase=self.phase, exposures=self.exposures)
        if silent:
            self._stall(time.monotonic() - self.heard_at)
            everyone = self._present()
            first = self._snapshots(everyone, 0)
            self._witnesses([pid for pid in everyone if pid not in first])
            before = {pid: self._tasks(pid) for pid in everyone}
            began = time.monotonic()
            if not self._pause(self.limits.get("still_s", STILL_S)):
                for pid in everyone:
                    self.emit(
                        "stood",
                        number=self.looks,
                        process=pid,
                        seconds=round(time.monotonic() - began, 3),
                        tasks_before=before[pid],
                        tasks_after=self._tasks(pid),
                    )
                second = self._snapshots(list(first), 1)
                self._witnesses([pid for pid in everyone if pid not in second])
        if self.status is None:
            self.terminate("deadline")

    def _tasks(self, pid: int) -> list:
        return tasks(pid, without=self.roster.watcher(pid))

    def _over(self) -> bool:
        """Whether there is no longer anything to look at: the app was heard, or has ended."""
        return self.status is not None or not (self.stalled or self.looking)

    def _pause(self, seconds: float) -> bool:
        """Wait; True, and early, if the look is over."""
        self.pump_until(self._over, seconds)
        return self._over()

    def _snapshots(self, pids: list, index: int) -> dict:
        """Ask the watchers; the snapshot of each process whose watcher can answer."""
        if self._over():
            return {}
        asked, number = self.roster.ask(pids)
        within_s = self.limits.get("answer_s", ANSWER_S)
        self.pump_until(lambda: self.roster.answered(asked, number) or self._over(), within_s)
        if self._over():
            return {}
        found = {}
        for pid, answer in self.roster.answers(asked, number).items():
            found[pid] = {key: answer[key] for key in ("threads", "locks", "at_fork")}
            found[pid]["tasks"] = self._tasks(pid)
            self.emit("snapshot", number=self.looks, index=index, process=pid, **found[pid])
        return found

    def _witnesses(self, pids: list) -> None:
        if self._over() or not pids:
            return
        before = {pid: self._tasks(pid) for pid in pids}
        self.roster.call(pids, WITNESS_SIGNAL)
        called = [pid for pid in pids if pid in self.roster.processes]
        self.pump_until(lambda: all(map(self.roster.said, called)), 1.0)
        # A dump has no last line: all are over when nothing more comes.
        length = -1
        while length != (length := self._said_bytes(pids)):
            so_far = length
            self.pump_until(lambda: self._said_bytes(pids) != so_far, 0.03)  # noqa: B023
        for pid in pids:
            text = self.roster.said(pid).decode("utf-8", "replace")
            self.emit(
                "witness",
                number=self.looks,
                process=pid,
                text=text,
                tasks_before=before[pid],
                tasks_after=self._tasks(pid),
            )

    def _said_bytes(self, pids: list) -> int:
        return sum(len(self.roster.said(pid)) for pid in pids)

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
        self.run_queue.sample([self.app.pid])
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
            refused_tasks=refused_tasks() - self.refused_before,
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

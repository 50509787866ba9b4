"""One course: start a server, send it requests, and end it in the middle of them."""

from __future__ import annotations

import dataclasses
import json
import os
import time

from clients import Clients
from libraries import ABSENT
from libraries.settings import Settings
from machine import Share
from measures import Measured
from server import Server

TICK_S = 0.02
AMPLIFIERS = ("DD_PROFILING_CAPTURE_PCT", "DD_TRACE_LOGGING_RATE")
"""The part of the environment in ``probe.yaml`` that makes the race likelier."""
SPARED = {
    "DD_PROFILING_ENABLE_CODE_PROVENANCE": "false",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
}
"""For workers that live only for a moment.

Without it, each would list all files of all packages with its first profile, and read the versions
of all packages at its end. That is as much work as everything else that it does.
"""
BOUND = 1 << 20
"""The most requests of the clients. A course's time is over long before."""


@dataclasses.dataclass(frozen=True)
class Course:
    name: str
    path: str
    """The path that clients request."""
    seconds: float
    max_requests: int = 0
    """A worker is replaced after this many requests; 0 means never."""
    plain: bool = False
    """The same app without the two libraries."""
    counted: bool = False
    """The probe is about its workers: amplified, and counted as exposures."""


class Trouble(Exception):
    """The trial ends here. The reason was already reported."""


class Broken(Exception):
    """A service did not start, and did not report why."""


class Drive:
    """A course that runs. It reports to ``trial`` as it goes."""

    def __init__(
        self, trial, settings: Settings, course: Course, before: Measured | None = None
    ) -> None:
        """``before`` holds the measurements of courses with the same name."""
        self.trial = trial
        self.settings = settings
        self.course = course
        self.before = before or Measured()
        self.knobs = trial.knobs
        self.server: Server
        self.clients: Clients
        self.looked = 0
        """Looks that were requested during the current silence."""

    def run(self) -> Measured:
        """The measurements. Raises ``Trouble`` if the trial has to stop."""
        if not self.course.plain and self.trial.current_phase != "serving":
            self.trial.phase("serving")
        share = Share()
        self.server = self._start()
        try:
            self._come_up()
            self._ask()
            exit_s = self._end()
            self._hear_crashes()
            return dataclasses.replace(self._measured(exit_s), others=share.of_others())
        finally:
            self.server.abandon()

    # -- the way of a server --------------------------------------------------------------------

    def _start(self) -> Server:
        trial, course = self.trial, self.course
        versions = {a: ABSENT if course.plain else v for a, v in trial.versions.items()}
        traced = versions.get("ddtrace", ABSENT) != ABSENT
        environment = dict(os.environ)
        if not course.counted:
            for name in AMPLIFIERS:
                environment.pop(name, None)
        if traced:
            environment["DD_TRACE_AGENT_URL"] = trial.intake
            environment["DD_PROFILING_ENABLED"] = str(self.settings.profiling).lower()
            if not self.settings.lock_profiling:
                environment["DD_PROFILING_LOCK_ENABLED"] = "false"
        warm = []
        if course.counted:
            environment.update(SPARED)
            warm = ["flask"]
            if versions.get("sentry", ABSENT) != ABSENT:
                warm += [f"sentry_sdk{name}" for name in ("", ".integrations.flask")]
        told = {
            "settings": trial.settings,
            "versions": versions,
            "intake": trial.intake,
            "switch_interval_s": self.knobs["switch_interval_s"] if course.counted else None,
            "warm": warm,
            "workers": self.knobs["workers"],
            "threads": self.knobs["threads"],
            "max_requests": course.max_requests,
            "graceful_timeout_s": self.knobs["graceful_timeout_s"],
        }
        return Server(told, environment, traced)

    def _come_up(self) -> None:
        """Wait until the service answers, and pass on its report about itself."""
        # For as long as it takes: importing everything takes long on a busy machine. A server that
        # never answers is left to the supervisor, at its deadline.
        while True:
            self.clients = Clients(self.server.port, "/about", threads=1, timeout_s=None, at_most=1)
            self.clients.start()
            while self.clients.under_way():
                waited_s = self.clients.longest_wait_s()
                self._tick(waited_s, self.knobs["up_s"], "the first request has no answer")
            # A worker that is replaced may close a connection before it reads from it.
            if not self.clients.refused or self.server.ended():
                break
        if not self.clients.last:
            self._fail(f"the server for {self.course.name} does not answer: {self.clients.outcome}")
        said = json.loads(self.clients.last)
        if not self.course.plain:
            for name, value in said["facts"].items():
                self.trial.fact(name, value)
        for feature, detail in said["lacks"]:
            self.trial.missing(feature, detail)
        for error in said["errors"]:
            self.trial.pass_on(error)
        if said["lacks"] or said["errors"]:
            raise Trouble

    def _fail(self, message: str) -> None:
        self._hear_crashes()
        self.trial.error(Broken(message))
        raise Trouble

    def _ask(self) -> None:
        knobs = self.knobs
        self.clients = Clients(
            self.server.port,
            self.course.path,
            threads=knobs["clients"],
            timeout_s=knobs["timeout_s"],
            at_most=BOUND,
        )
        self.clients.start()
        until = time.monotonic() + self.course.seconds
        while time.monotonic() < until and not self.server.ended():
            waited_s = self.clients.longest_wait_s()
            self._tick(waited_s, knobs["patience_s"], "a request has no answer")

    def _end(self) -> float:
        """Send SIGTERM during requests. Returns the seconds until the master ended."""
        if self.trial.look_around("the server's end"):
            raise Trouble
        if not self.course.plain:
            self.trial.phase("shutdown")
        self.clients.stop()
        began = time.monotonic()
        self.server.terminate()
        knobs = self.knobs
        limit_s = 2 * (knobs["graceful_timeout_s"] + knobs["exit_margin_s"])
        self.looked = 0
        waited_s = 0.0
        while waited_s < limit_s and not self.server.ended():
            self._tick(waited_s, knobs["patience_s"], "the server has not ended since SIGTERM")
            waited_s = self.server.ended_at() - began
        while self.clients.under_way():
            self._tick(0.0, knobs["patience_s"], "")
        self.server.listen()
        return waited_s

    # -- what goes on meanwhile -----------------------------------------------------------------

    def _tick(self, waited_s: float, patience_s: float, what: str) -> None:
        """Wait a moment: hear the server, count, and request a look during a silence.

        The first look is after ``patience_s``, each further one after twice as long a wait.
        """
        time.sleep(TICK_S)
        reported = self.server.listen()
        if reported and self.course.counted:
            self.trial.expose(reported)
        else:
            self.trial.beat()
        if waited_s < patience_s:
            self.looked = 0
        elif waited_s >= patience_s * 2**self.looked:
            self.looked += 1
            self.trial.fact(self.course.name, (self.before + self._measured()).facts())
            if self.trial.look(f"{what} for {waited_s:.1f} s", waited_s):
                raise Trouble

    def _measured(self, exit_s: float | None = None) -> Measured:
        """So far."""
        server, clients = self.server, self.clients
        return Measured(
            answered_ms=tuple(clients.answered_ms),
            failed=clients.failed,
            timed_out=clients.timed_out,
            refused=clients.refused,
            waiting=clients.waiting(),
            exit_s=exit_s,
            given_up=exit_s is not None and not server.ended(),
            workers=len(server.forked),
            killed=len(server.killed),
            reported=server.reported,
        )

    def _hear_crashes(self) -> None:
        """Pass on which processes ended by an unexpected signal."""
        crashes = self.server.crashes()
        for pid, status in crashes:
            self.trial.child_ended(pid, status)
        if crashes:
            raise Trouble

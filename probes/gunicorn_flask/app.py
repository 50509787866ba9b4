"""gunicorn and flask under ``ddtrace-run``, with Sentry: started, asked, and told to end.

This file drives, and imports neither library. The servers are processes of their own, and so are
their workers, each of which starts Sentry's background worker once: when it reports its first
error. Workers are replaced after a few requests, so that many of them do.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import time

from clients import Clients
from libraries import ABSENT
from libraries.settings import Settings
from measures import Allowed, Measured, not_graceful, ratio, too_slow, unanswered
from server import Server

TICK_S = 0.02
AMPLIFIERS = ("DD_PROFILING_CAPTURE_PCT", "DD_TRACE_LOGGING_RATE")
"""What ``probe.yaml`` puts into the environment to make the race likelier."""


@dataclasses.dataclass(frozen=True)
class Course:
    """One server: what it is, what is asked of it, and for how long."""

    name: str
    libraries: bool
    """Whether the two libraries are there; without them it is the plain app."""
    amplified: bool
    path: str
    max_requests: int
    """After so many a worker is replaced; 0 for never."""
    seconds: float


class Trouble(Exception):
    """Something in a server that ends the trial: said already."""


class Broken(Exception):
    """What the service says that it raised while it started."""


class Crash(Exception):
    """A process of the server was ended by a signal that nobody had sent on purpose."""


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None:
        return
    knobs = trial.knobs
    trial.phase("startup")
    try:
        plain = serve(trial, settings, Course("plain", False, False, "/", 0, knobs["steady_s"]))
        trial.phase("serving")
        steady = serve(trial, settings, Course("steady", True, False, "/", 0, knobs["steady_s"]))
        compare(trial, steady, plain)
        rounds, until = Measured(), time.monotonic() + knobs["seconds"]
        each = Course("rounds", True, True, "/report", knobs["max_requests"], knobs["round_s"])
        for number in range(knobs["rounds"]):
            if time.monotonic() >= until:
                break
            rounds += serve(trial, settings, each)
            trial.fact("rounds", {"rounds": number + 1, **rounds.facts()})
    except Trouble:
        pass
    if trial.current_phase != "shutdown":
        trial.phase("shutdown")


def compare(trial, steady: Measured, plain: Measured) -> None:
    """State how the server with the libraries compares, and whether that is too slow."""
    for percent in (50, 99):
        times = ratio(steady, plain, percent)
        trial.fact(f"p{percent} ratio", None if times is None else round(times, 2))
    for found in too_slow(steady, plain, allowed(trial)):
        trial.degraded(found)


def allowed(trial) -> Allowed:
    knobs = trial.knobs
    return Allowed(knobs["slower"], knobs["graceful_timeout_s"], knobs["exit_margin_s"])


def serve(trial, settings: Settings, course: Course) -> Measured:
    """Start a server, have it asked, end it in the middle of that, and say what was measured.

    Raises ``Trouble`` where the trial is not to go on.
    """
    if course.libraries and trial.current_phase == "shutdown":
        trial.phase("serving")
    server = start(trial, settings, course)
    try:
        about(trial, server, course)
        clients = Clients(server.port, course.path, **asking(trial)).start()
        until = time.monotonic() + course.seconds
        while time.monotonic() < until and not server.ended():
            tick(trial, server, course, clients.longest_wait_s())
        if course.libraries:
            trial.phase("shutdown")
        exit_s = end(trial, server, course, clients)
        measured = Measured(
            answered_ms=tuple(clients.answered_ms),
            failed=clients.failed,
            timed_out=clients.timed_out,
            refused=clients.refused,
            exit_s=exit_s,
            given_up=not server.ended(),
            workers=len(server.forked),
            killed=len(server.killed),
            reported=server.reported,
        )
    finally:
        server.abandon()
    trial.fact(course.name, measured.facts())
    judge(trial, server, measured, course)
    return measured


def start(trial, settings: Settings, course: Course) -> Server:
    present = {a: v if course.libraries else ABSENT for a, v in trial.versions.items()}
    traced = present.get("ddtrace", ABSENT) != ABSENT
    environment = dict(os.environ)
    if not course.amplified:
        for name in AMPLIFIERS:
            environment.pop(name, None)
    if traced:
        environment["DD_TRACE_AGENT_URL"] = trial.intake
        environment["DD_PROFILING_ENABLED"] = str(settings.profiling).lower()
        if not settings.lock_profiling:
            environment["DD_PROFILING_LOCK_ENABLED"] = "false"
    warm = []
    if course.amplified:
        environment["DD_PROFILING_ENABLE_CODE_PROVENANCE"] = "false"
        warm = ["flask"]
        if present.get("sentry", ABSENT) != ABSENT:
            warm += ["sentry_sdk", "sentry_sdk.integrations.flask", "sentry_sdk.integrations.logging"]
    told = {
        "warm": warm if trial.knobs["warm"] else [],
        "settings": trial.settings,
        "versions": present,
        "intake": trial.intake,
        "switch_interval_s": trial.knobs["switch_interval_s"] if course.amplified else None,
        "workers": trial.knobs["workers"],
        "threads": trial.knobs["threads"],
        "max_requests": course.max_requests,
        "graceful_timeout_s": trial.knobs["graceful_timeout_s"],
    }
    return Server(told, environment, traced)


def asking(trial) -> dict:
    knobs = trial.knobs
    return {"threads": knobs["clients"], "timeout_s": knobs["timeout_s"], "at_most": 1 << 20}


def about(trial, server: Server, course: Course) -> None:
    """Wait until the service answers, and pass on what it says of itself."""
    asking = Clients(server.port, "/about", threads=1, timeout_s=trial.knobs["timeout_s"], at_most=1)
    asking.start()
    while asking.under_way():
        # The first answer takes as long as everything takes to be imported.
        tick(trial, server, course, asking.longest_wait_s() - trial.knobs["timeout_s"] / 2)
    trial.fact(f"{course.name} up s", round(time.monotonic() - server.began, 2))
    if not asking.last:
        trial.error(Broken(f"the server for {course.name} does not come up: {asking.outcome}"))
        raise Trouble
    said = json.loads(asking.last)
    for feature, detail in said["lacks"]:
        trial.missing(feature, detail)
    for message, feature in said["errors"]:
        trial.error(Broken(message), feature)
    if said["lacks"] or said["errors"]:
        raise Trouble
    if course.libraries:
        for name, value in said["facts"].items():
            trial.fact(name, value)


def tick(trial, server: Server, course: Course, waited_s: float) -> None:
    """A moment of waiting: hear the server, count, and have a look where nothing comes."""
    time.sleep(TICK_S)
    reported = server.listen()
    if reported and course.amplified:
        trial.expose(reported)
    else:
        trial.beat()
    if waited_s > trial.knobs["patience_s"]:
        trial.look(f"a request has had no answer for {waited_s:.1f} s")


def end(trial, server: Server, course: Course, clients: Clients) -> float:
    """SIGTERM while requests are under way; the seconds until the master had ended."""
    clients.stop()
    began = time.monotonic()
    server.terminate()
    knobs = trial.knobs
    limit_s = 2 * (knobs["graceful_timeout_s"] + knobs["exit_margin_s"])
    waited_s = 0.0
    while waited_s < limit_s and not server.ended():
        tick(trial, server, course, 0.0)
        waited_s = time.monotonic() - began
        if waited_s > knobs["patience_s"]:
            trial.look(f"the server has not ended {waited_s:.1f} s after SIGTERM")
    while clients.under_way():
        tick(trial, server, course, 0.0)
    server.listen()
    return waited_s


def judge(trial, server: Server, measured: Measured, course: Course) -> None:
    """Say what went wrong, if anything did, and raise ``Trouble`` then."""
    crashed = [f"worker {pid} by {signal.Signals(number).name}" for pid, number in server.crashed]
    if crashed:
        trial.error(Crash(f"{course.name}: killed: " + ", ".join(crashed)))
        raise Trouble
    found = unanswered(measured) + not_graceful(measured, allowed(trial))
    for sentence in found:
        trial.degraded(f"{course.name}: {sentence}")
    if found:
        raise Trouble

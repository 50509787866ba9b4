"""gunicorn and flask under ``ddtrace-run``, with Sentry: started, asked, and told to end.

This file drives, and imports neither library. The servers are processes of their own, and so are
their workers, each of which starts Sentry's background worker once: when it reports its first
error. Workers are replaced after a few requests, so that many of them do.
"""

from __future__ import annotations

import time

from course import Course, Drive, Trouble
from libraries.settings import Settings
from measures import Allowed, Measured, not_graceful, ratio, too_slow, unanswered


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None:
        return
    try:
        serve_all(trial, settings)
    except Trouble:
        pass  # It has been said.
    if trial.current_phase != "shutdown":
        trial.phase("shutdown")


def serve_all(trial, settings: Settings) -> None:
    """The plain app, the app with the libraries, and then round after round of the latter."""
    knobs = trial.knobs
    steady = Course(name="steady", path="/", seconds=knobs["steady_s"])
    without = Course(name="plain", path="/", seconds=knobs["steady_s"], plain=True)
    a_round = Course(
        name="rounds",
        path="/report",
        seconds=knobs["round_s"],
        max_requests=knobs["max_requests"],
        counted=True,
    )
    trial.phase("startup")
    plain = Drive(trial, settings, without).run()
    trial.fact("plain", plain.facts())

    served = Drive(trial, settings, steady).run()
    trial.fact("steady", served.facts())
    judge(trial, "steady", served, plain)
    compare(trial, served, plain)

    until = time.monotonic() + knobs["seconds"]
    together = Measured()
    while time.monotonic() < until:
        one = Drive(trial, settings, a_round, before=together).run()
        together += one
        trial.fact("rounds", together.facts())
        judge(trial, "rounds", one, plain)


def compare(trial, served: Measured, plain: Measured) -> None:
    """State how the server with the libraries compares, and stop where that is too slow."""
    for percent in (50, 99):
        times = ratio(served, plain, percent)
        trial.fact(f"p{percent} ratio", None if times is None else round(times, 2))
    say(trial, too_slow(served, plain, allowed(trial)))


def judge(trial, name: str, served: Measured, plain: Measured) -> None:
    """Say where a server was worse than it may be, and stop there.

    Where the app without the libraries was no better it is the machine's doing, and says nothing.
    """
    limits = allowed(trial)
    if unanswered(plain) or not_graceful(plain, limits):
        return
    found = unanswered(served) + not_graceful(served, limits)
    say(trial, [f"{name}: {sentence}" for sentence in found])


def allowed(trial) -> Allowed:
    knobs = trial.knobs
    return Allowed(
        slower=knobs["slower"],
        graceful_timeout_s=knobs["graceful_timeout_s"],
        exit_margin_s=knobs["exit_margin_s"],
    )


def say(trial, sentences: list) -> None:
    for sentence in sentences:
        trial.degraded(sentence)
    if sentences:
        raise Trouble

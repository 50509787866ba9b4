"""Start, load and end servers: gunicorn, flask and Sentry under ``ddtrace-run``.

This file drives the servers, and imports neither library. The servers are processes of their own,
and so are their workers. Each worker starts Sentry's background worker once, when it reports its
first error. Workers are replaced after a few requests, so many of them do so.
"""

from __future__ import annotations

import contextlib
import time

from course import Course, Drive, Trouble
from libraries.settings import Settings
from measures import (
    Allowed,
    Measured,
    another_round,
    doubt,
    not_graceful,
    ratio,
    too_slow,
    unanswered,
)


def run(trial) -> None:
    settings = Settings.of(trial)
    if settings is None:
        return
    with contextlib.suppress(Trouble):  # It has been said.
        serve_all(trial, settings)
    if trial.current_phase != "shutdown":
        trial.phase("shutdown")


def serve_all(trial, settings: Settings) -> None:
    """The plain app, the app with the libraries, then rounds of the latter."""
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
    judge(trial, "unamplified", served, plain)
    compare(trial, served, plain)

    began, together = time.monotonic(), Measured()
    while another_round(knobs, time.monotonic() - began, together):
        one = Drive(trial, settings, a_round, before=together).run()
        together += one
        trial.fact("rounds", together.facts())
        judge(trial, "under load", one, plain)


def compare(trial, served: Measured, plain: Measured) -> None:
    """State how the server with the libraries compares, and stop if it is too slow."""
    limits = allowed(trial)
    for percent in (50, 99):
        times = ratio(served, plain, percent)
        trial.fact(f"p{percent} ratio", None if times is None else round(times, 2))
    say(trial, too_slow(served, plain, limits), doubt((served, plain), limits))


def judge(trial, when: str, served: Measured, plain: Measured) -> None:
    """Report where a server is worse than the limit, and stop there."""
    limits = allowed(trial)
    why = doubt((served, plain), limits)
    if unanswered(plain) or not_graceful(plain, limits):
        why = why or "the app without the libraries was no better"
    found = unanswered(served) + not_graceful(served, limits)
    say(trial, [f"{when}, {'; '.join(found)}"] if found else [], why)


def allowed(trial) -> Allowed:
    knobs = trial.knobs
    return Allowed(
        slower=knobs["slower"],
        graceful_timeout_s=knobs["graceful_timeout_s"],
        exit_margin_s=knobs["exit_margin_s"],
        others=knobs["others"],
    )


def say(trial, sentences: list, why: str | None) -> None:
    """Stop if there is a certain problem. A hang may still be found."""
    for sentence in sentences:
        trial.degraded(sentence, doubt=why)
    if sentences and why is None:
        raise Trouble

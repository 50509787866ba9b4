"""The application that is served: flask, with Sentry as the trial's settings have it.

Loaded by gunicorn in each worker. What it is told stands in ``INTERLOCK_SERVICE``; what it says of
itself is answered at ``/about``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import threading

import flask

from harness.trial import described
from libraries import profiler, sentry
from libraries.settings import Settings

PROBE = "gunicorn_flask"
TOLD = json.loads(os.environ["INTERLOCK_SERVICE"])
"""``settings``, ``versions``, ``intake``, ``switch_interval_s``, and ``words``: whom to tell."""

log = logging.getLogger("service")


class About:
    """What a probe's app says to its trial, said to whoever asks instead."""

    def __init__(self, told: dict) -> None:
        self.settings: dict = told["settings"]
        self.versions: dict = told["versions"]
        self.intake: str = told["intake"]
        self.facts: dict = {}
        self.errors: list = []
        self.lacks: list = []

    def fact(self, name: str, value: object) -> None:
        self.facts[name] = value

    def error(self, error: BaseException, feature: str | None = None) -> None:
        self.errors.append(described(error, feature))

    def missing(self, feature: str, detail: str) -> None:
        self.lacks.append([feature, detail])

    def misuse(self, message: str) -> None:
        raise ValueError(message)


def start() -> tuple:
    about = About(TOLD)
    settings = Settings.of(about)
    assert settings is not None  # a misuse has raised
    sentry_sdk = None
    try:
        # It has been started before gunicorn was imported, by ``ddtrace-run``: this looks at it.
        profiler.start(about, settings)
        sentry_sdk = sentry.start(about, settings)
    except Exception as error:
        about.error(error)
    if settings.amplified and TOLD["switch_interval_s"]:
        # For all of a worker's life, which is short where this is asked for.
        sys.setswitchinterval(TOLD["switch_interval_s"])
    return about, settings, sentry_sdk


about, settings, sentry_sdk = start()
app = flask.Flask("service")
visits = 0
counting = threading.Lock()
"""A lock of the app's own: where ddtrace leaves out those of the standard library and there is no
Sentry, it is the one that profiles show."""
first = [json.dumps({"word": "reported", "pid": os.getpid()}).encode() + b"\n"]
"""What the first request that reports takes out and tells."""


@app.before_request
def count() -> None:
    global visits
    with counting:
        visits += 1


@app.route("/about")
def tell_about():
    profiler.state_recorded(about)
    return flask.jsonify(facts=about.facts, errors=about.errors, lacks=about.lacks)


@app.route("/")
def greet():
    """What a request costs that nothing goes wrong in."""
    log.info("greeting")
    return flask.jsonify(greeting="hello")


@app.route("/report")
def report():
    """A request in which something goes wrong: the error is logged, and Sentry hears of it."""
    message = f"{sentry.PROOF}: {PROBE}"
    if sentry_sdk is not None and not settings.sentry_logging_integration:
        sentry_sdk.capture_message(message)
    log.error(message)
    tell_once()
    return flask.jsonify(reported=True)


def tell_once() -> None:
    """Of several first requests at the same time, one tells the driver."""
    with contextlib.suppress(IndexError, BrokenPipeError):
        line = first.pop()
        os.write(TOLD["words"], line)

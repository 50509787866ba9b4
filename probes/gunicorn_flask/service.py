"""The served application: flask, and Sentry with the trial's settings.

gunicorn loads it in each worker. Its input is in ``INTERLOCK_SERVICE``. ``/about`` answers with its
report about itself.
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
"""``settings``, ``versions``, ``intake``, ``switch_interval_s``, pipe ``words``."""

log = logging.getLogger("service")


class About:
    """The reports of a probe's app to its trial, kept for requests instead."""

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
        # ``ddtrace-run`` has started it before gunicorn was imported: this only checks it.
        profiler.start(about, settings)
        sentry_sdk = sentry.start(about, settings)
    except Exception as error:
        about.error(error)
    if settings.amplified and TOLD["switch_interval_s"]:
        # For a worker's whole life, which is short if this is requested.
        sys.setswitchinterval(TOLD["switch_interval_s"])
    return about, settings, sentry_sdk


about, settings, sentry_sdk = start()
app = flask.Flask("service")
visits = 0
counting = threading.Lock()
"""A lock of the app's own.

If ddtrace leaves out the locks of the standard library and there is no Sentry, only this one is in
profiles.
"""
first = [json.dumps({"word": "reported", "pid": os.getpid()}).encode() + b"\n"]
"""The first request that reports takes it out and sends it."""


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
    """The cost of a request without an error."""
    log.info("greeting")
    return flask.jsonify(greeting="hello")


@app.route("/report")
def report():
    """A request with an error: the error is logged, and Sentry gets it."""
    message = f"{sentry.PROOF}: {PROBE}"
    if sentry_sdk is not None and not settings.sentry_logging_integration:
        sentry_sdk.capture_message(message)
    log.error(message)
    tell_once()
    return flask.jsonify(reported=True)


def tell_once() -> None:
    """Of several first requests at the same time, only one reports to the driver."""
    with contextlib.suppress(IndexError, BrokenPipeError):
        line = first.pop()
        os.write(TOLD["words"], line)

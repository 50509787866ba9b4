"""The measurements of one server, and whether one is worse than its limit. Pure."""

from __future__ import annotations

import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Measured:
    """One server, from its start to its end."""

    answered_ms: tuple = ()
    """The time of each answered request, in the order of the answers."""
    failed: int = 0
    timed_out: int = 0
    refused: int = 0
    waiting: int = 0
    """Requests under way. None are left once a server has ended."""
    exit_s: float | None = None
    """Seconds from SIGTERM to the end of the master, or of the wait. None before."""
    given_up: bool = False
    """The master still existed then."""
    workers: int = 0
    killed: int = 0
    """Workers that the master ended by a signal that can't be refused, or for silence."""
    others: float | None = None
    """The share of all processors that went to other work. None while unknown."""
    reported: int = 0
    """Workers that reported an error, so that Sentry had an event to send."""

    def __add__(self, other: Measured) -> Measured:
        """Both together: the longer of two exits, the larger of two shares."""
        return Measured(
            answered_ms=self.answered_ms + other.answered_ms,
            failed=self.failed + other.failed,
            timed_out=self.timed_out + other.timed_out,
            refused=self.refused + other.refused,
            waiting=self.waiting + other.waiting,
            exit_s=_larger(self.exit_s, other.exit_s),
            given_up=self.given_up or other.given_up,
            workers=self.workers + other.workers,
            killed=self.killed + other.killed,
            others=_larger(self.others, other.others),
            reported=self.reported + other.reported,
        )

    def facts(self) -> dict:
        """In the form of the trial's facts. null if nothing was measured (yet)."""
        return {
            "answered": len(self.answered_ms),
            "failed": self.failed,
            "timed out": self.timed_out,
            "refused": self.refused,
            "waiting": self.waiting,
            "p50 ms": _rounded(percentile(self.answered_ms, 50)),
            "p99 ms": _rounded(percentile(self.answered_ms, 99)),
            "exit s": _rounded(self.exit_s),
            "workers": self.workers,
            "workers killed": self.killed,
            "workers that reported": self.reported,
            "others %": None if self.others is None else round(self.others * 100),
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _larger(one: float | None, other: float | None) -> float | None:
    return max((value for value in (one, other) if value is not None), default=None)


def percentile(values: tuple, percent: float) -> float | None:
    """The smallest value that this share of values does not exceed (nearest rank)."""
    if not values:
        return None
    rank = max(1, math.ceil(len(values) * percent / 100))
    return sorted(values)[rank - 1]


def ratio(served: Measured, plain: Measured, percent: float) -> float | None:
    """The ratio of request times to the plain server's, at that percentile."""
    with_both, without = (percentile(m.answered_ms, percent) for m in (served, plain))
    return None if with_both is None or not without else with_both / without


@dataclasses.dataclass(frozen=True)
class Allowed:
    """The thresholds."""

    slower: float
    """How much longer than the plain server's the median request may take."""
    graceful_timeout_s: float
    exit_margin_s: float
    """What a master needs beside its graceful timeout: to kill, to reap, to end."""
    others: float
    """Above this share of other work, measured times prove nothing."""


def doubt(measured: tuple, allowed: Allowed) -> str | None:
    """Why the machine may be to blame for a measurement. None if it is not."""
    most = max(one.others or 0.0 for one in measured)
    if most <= allowed.others:
        return None
    return f"{most:.0%} of the machine went to something else, {allowed.others:.0%} are allowed"


def too_slow(served: Measured, plain: Measured, allowed: Allowed) -> list:
    """The latencies above their limits, each in a sentence with the limit."""
    times = ratio(served, plain, 50)
    if times is None or times <= allowed.slower:
        return []
    took, without = percentile(served.answered_ms, 50), percentile(plain.answered_ms, 50)
    return [
        f"the median request took {took:.1f} ms, {times:.1f} times the {without:.1f} ms of the "
        f"same app without the libraries; {allowed.slower:g} times are allowed"
    ]


def unanswered(served: Measured) -> list:
    """The same for requests and workers."""
    found = []
    if served.timed_out:
        found.append(f"requests that timed out: {served.timed_out} (none may)")
    if served.failed:
        found.append(f"requests answered with an error: {served.failed} (none may)")
    return found


def not_graceful(served: Measured, allowed: Allowed) -> list:
    """The same for the time from SIGTERM to the end."""
    found = []
    if served.killed:
        found.append(
            f"workers that had to be killed: {served.killed} of {served.workers} (none may)"
        )
    limit_s = allowed.graceful_timeout_s + allowed.exit_margin_s
    if served.given_up or (served.exit_s or 0.0) > limit_s:
        still = "was still there" if served.given_up else "ended"
        found.append(
            f"the server {still} {served.exit_s:.1f} s after SIGTERM, with a graceful timeout of "
            f"{allowed.graceful_timeout_s:g} s; {limit_s:g} s are allowed"
        )
    return found


def another_round(knobs: dict, passed_s: float, so_far: Measured) -> bool:
    """Whether to begin a round. On a busy machine, enough reports take longer."""
    enough = so_far.reported >= knobs["reports"]
    return passed_s < (knobs["seconds"] if enough else knobs["longest_s"])

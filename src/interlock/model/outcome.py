"""What a cell did, when, and why: the three enums of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Outcome(str, Enum):
    """What a cell did. ``site/method.md`` defines the words."""

    PASS = "pass"
    HANG = "hang"
    FAIL = "fail"
    UNSUPPORTED = "unsupported"
    UNPROVEN = "unproven"

    def __str__(self) -> str:
        return self.value


PRECEDENCE = (
    Outcome.HANG,
    Outcome.FAIL,
    Outcome.UNSUPPORTED,
    Outcome.UNPROVEN,
    Outcome.PASS,
)
"""Which outcome stands for several trials: the first of these that any had."""


class Phase(str, Enum):
    """When it happened."""

    INSTALL = "install"
    IMPORT = "import"
    STARTUP = "startup"
    SERVING = "serving"
    SHUTDOWN = "shutdown"

    def __str__(self) -> str:
        return self.value


class Reason(str, Enum):
    """What happened. ``REASONS`` lists the reasons of each outcome."""

    SELF_DEADLOCK = "self-deadlock"
    LOCK_CYCLE = "lock-cycle"
    ORPHANED_LOCK = "orphaned-lock"
    """A forked child waits for a lock of a thread that the fork did not copy."""
    NO_PROGRESS = "no-progress"

    RESOLUTION = "resolution"
    BUILD = "build"
    ERROR = "error"
    CRASH = "crash"
    INACTIVE = "inactive"
    DEGRADED = "degraded"

    NO_WHEEL = "no-wheel"
    REQUIRES_PYTHON = "requires-python"
    NO_FEATURE = "no-feature"

    NOT_LIVE = "not-live"
    TOO_FEW_EXPOSURES = "too-few-exposures"
    CONTROL_DIFFERS = "control-differs"
    SLOW = "slow"

    def __str__(self) -> str:
        return self.value


REASONS: Mapping[Outcome, frozenset[Reason]] = {
    Outcome.PASS: frozenset(),
    Outcome.HANG: frozenset(
        {Reason.SELF_DEADLOCK, Reason.LOCK_CYCLE, Reason.ORPHANED_LOCK, Reason.NO_PROGRESS}
    ),
    Outcome.FAIL: frozenset(
        {
            Reason.RESOLUTION,
            Reason.BUILD,
            Reason.ERROR,
            Reason.CRASH,
            Reason.INACTIVE,
            Reason.DEGRADED,
        }
    ),
    Outcome.UNSUPPORTED: frozenset({Reason.NO_WHEEL, Reason.REQUIRES_PYTHON, Reason.NO_FEATURE}),
    Outcome.UNPROVEN: frozenset(
        {Reason.NOT_LIVE, Reason.TOO_FEW_EXPOSURES, Reason.CONTROL_DIFFERS, Reason.SLOW}
    ),
}


def check(outcome: Outcome, reason: Reason) -> None:
    if reason not in REASONS[outcome]:
        raise ValueError(f"{outcome} cannot carry the reason {reason}")

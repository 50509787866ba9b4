"""What one trial shows: findings, signatures, and the trial itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.model.outcome import REASONS, Outcome, Phase, Reason, check
from interlock.model.specification import Backend, Cell, digest_of

LEFT_BEHIND = "a thread that the fork left behind"
"""What stands in a signature for the holder of an orphaned lock, who is no longer there."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What identifies a hang: who waits for which lock while holding which.

    ``locks`` is the cycle of lock names, starting at its smallest; a single name is a thread that
    waits for what it holds itself. Where it ends at ``LEFT_BEHIND`` it is no cycle, but the lock
    that a forked child waits for. For a stall without a closed wait it is empty and ``stuck``
    names where the threads stand.
    """

    locks: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()

    @property
    def orphaned(self) -> bool:
        """Whether it is of a lock that a fork orphaned."""
        return self.locks[-1:] == (LEFT_BEHIND,)

    def __str__(self) -> str:
        if self.orphaned:
            return " → ".join(self.locks)
        if self.locks:
            return " → ".join([*self.locks, self.locks[0]])
        return "stuck in " + ", ".join(self.stuck)

    @property
    def slug(self) -> str:
        """A file name for the signature's page: readable, and unique by a short digest."""
        words = "-".join(self.locks or self.stuck)
        safe = "".join(c if c.isalnum() else "-" for c in words.lower()).strip("-")
        return f"{safe[:60].strip('-')}-{digest_of([self.locks, self.stuck])[:6]}"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One proof of life that a probe asks for, and what a trial showed of it."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Nothing went wrong, and it could have: exposures, and proof that both libraries worked."""

    exposures: int
    proofs: tuple[Proof, ...]

    def __post_init__(self) -> None:
        if self.exposures <= 0 or not self.proofs or not all(p.ok for p in self.proofs):
            raise ValueError("a pass needs exposures and proof of life")


@dataclass(frozen=True, kw_only=True)
class Hang:
    """A hang, with the evidence it was read from."""

    phase: Phase
    reason: Reason
    signature: Signature
    evidence: tuple[str, ...]
    """The explanation, one sentence an edge of the wait-for graph; the prose of the evidence."""
    unresolved: tuple[str, ...]
    """What could not be resolved in the same snapshots."""
    exposures: int
    noticed_after_s: float
    """Seconds from the last heartbeat to the second snapshot."""

    def __post_init__(self) -> None:
        if self.reason not in REASONS[Outcome.HANG] or not self.evidence:
            raise ValueError("a hang needs evidence")


@dataclass(frozen=True, kw_only=True)
class Fail:
    phase: Phase
    reason: Reason
    detail: str
    cause: str | None = None
    """What can be compared with another failure's: the exception's qualified name
    (``requests.exceptions.Timeout``; a builtin's is bare), the signal (``SIGSEGV``), or the limit
    that it went over (``memory``). None where the events state none of them."""
    exposures: int = 0

    def __post_init__(self) -> None:
        check(Outcome.FAIL, self.reason)


@dataclass(frozen=True, kw_only=True)
class Unsupported:
    phase: Phase
    reason: Reason
    detail: str

    def __post_init__(self) -> None:
        check(Outcome.UNSUPPORTED, self.reason)


@dataclass(frozen=True, kw_only=True)
class Unproven:
    """Nothing went wrong, but the run does not prove that it could have."""

    phase: Phase
    reason: Reason
    detail: str
    exposures: int = 0
    proofs: tuple[Proof, ...] = ()
    """That both libraries worked, where nothing but exposures was wanting."""
    lasting: bool = False
    """Something stood where it was to the end: that another trial passes does not clear it."""

    def __post_init__(self) -> None:
        check(Outcome.UNPROVEN, self.reason)


Finding = Pass | Hang | Fail | Unsupported | Unproven
"""What one trial says: a closed union."""


def outcome_of(finding: Finding) -> Outcome:
    return {
        Pass: Outcome.PASS,
        Hang: Outcome.HANG,
        Fail: Outcome.FAIL,
        Unsupported: Outcome.UNSUPPORTED,
        Unproven: Outcome.UNPROVEN,
    }[type(finding)]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One run of a cell: a fact. What it says is in ``events``, and can be judged again."""

    cell: Cell
    campaign: str
    started_at: datetime
    seconds: float
    events: tuple[Mapping[str, Any], ...]
    """The harness's events and our own about installing, as ``events.py`` validates them."""
    backend: Backend
    probe_digest: str
    config_digest: str
    environment_digest: str
    image_digest: str
    python_full: str
    machine: str
    """``platform.machine()`` of where it ran: ``x86_64``."""

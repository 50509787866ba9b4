"""The result of one trial: findings, signatures, and the trial itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from interlock.model.outcome import REASONS, Outcome, Phase, Reason, check
from interlock.model.specification import Backend, Cell, digest_of

LEFT_BEHIND = "a thread that the fork left behind"
"""The name in a signature for an orphaned lock's holder, which no longer exists."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Identifies a hang: which thread waits for which lock while holding which.

    ``locks`` is the cycle of lock names, from the smallest on. A single name is a thread that waits
    for a lock that it holds itself. If ``LEFT_BEHIND`` ends it, it is not a cycle, but the lock
    that a forked child waits for. For a stall without a cycle it is empty, and ``stuck`` names
    where the threads stand.
    """

    locks: tuple[str, ...] = ()
    stuck: tuple[str, ...] = ()

    @property
    def orphaned(self) -> bool:
        """Whether a fork orphaned its lock."""
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
        # A file's name has at most 255 bytes, and a letter may have four.
        safe = "".join(c if c.isascii() and c.isalnum() else "-" for c in words.lower()).strip("-")
        return f"{safe[:60].strip('-')}-{digest_of([self.locks, self.stuck])[:6]}"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """One proof of life that a probe asks for, and its result in a trial."""

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True, kw_only=True)
class Pass:
    """Nothing went wrong although it could have, and both libraries worked.

    It has exposures, and a proof of life for each library.
    """

    exposures: int
    proofs: tuple[Proof, ...]

    def __post_init__(self) -> None:
        if self.exposures <= 0 or not self.proofs or not all(p.ok for p in self.proofs):
            raise ValueError("a pass needs exposures and proof of life")


@dataclass(frozen=True, kw_only=True)
class Hang:
    """A hang, with the evidence for it."""

    phase: Phase
    reason: Reason
    signature: Signature
    evidence: tuple[str, ...]
    """The explanation in prose, one sentence for each edge of the wait-for graph."""
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
    """The part that can be compared with another failure's.

    It is the exception's qualified name (``requests.exceptions.Timeout``, but a builtin's is bare),
    the signal (``SIGSEGV``), or the exceeded limit (``memory``). None if no event has any of them.
    """
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
    """Nothing went wrong, but the trial does not prove that it could have."""

    phase: Phase
    reason: Reason
    detail: str
    exposures: int = 0
    proofs: tuple[Proof, ...] = ()
    """Proof that both libraries worked, if only exposures were missing."""
    lasting: bool = False
    """A thread did not move until the end. A later pass does not clear this."""

    def __post_init__(self) -> None:
        check(Outcome.UNPROVEN, self.reason)


Finding = Pass | Hang | Fail | Unsupported | Unproven
"""The result of one trial: a closed union."""


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
    """One run of a cell: a fact. Its ``events`` can be judged again."""

    cell: Cell
    campaign: str
    started_at: datetime
    seconds: float
    events: tuple[Mapping[str, Any], ...]
    """The harness's events and our install events, as ``events.py`` validates them."""
    backend: Backend
    probe_digest: str
    config_digest: str
    environment_digest: str
    image_digest: str
    python_full: str
    machine: str
    """``platform.machine()`` of where it ran: ``x86_64``."""

"""The combined result of a cell's trials, and what a reader can do about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from packaging.version import Version

from interlock.model.evidence import Signature
from interlock.model.outcome import Outcome, Phase, Reason
from interlock.model.specification import Backend, Cell


class Basis(str, Enum):
    """The basis of a verdict."""

    TESTED = "tested"
    INFERRED = "inferred"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, kw_only=True)
class Measured:
    """The values of one ``Measure`` over the trials of a cell, in its unit."""

    name: str
    trials: int
    """How many trials measured it. A trial that hangs may end before."""
    median: float
    least: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """The combined result of all trials of a cell."""

    cell: Cell
    outcome: Outcome
    phase: Phase | None
    """None for a pass."""
    reason: Reason | None
    """None for a pass."""
    signatures: tuple[tuple[Signature, int], ...]
    """Every signature with its count, most frequent first."""
    detail: str
    """One sentence for a reader."""
    evidence: tuple[str, ...]
    """From the first trial of the most frequent signature."""
    basis: Basis
    trials: int
    hangs: int
    exposures: int
    """How often the guarded situation was entered, over all trials that count."""
    seconds: float
    """Median of the trials."""
    backend: Backend
    probe_digest: str
    config_digest: str
    environment_digest: str
    image_digest: str
    python_full: str
    machine: str
    tested_at: datetime
    """When the newest trial that counts began, in UTC."""
    cause: str | None = None
    """The cause of a failure, as in ``Fail.cause``: an exception, a signal or a limit."""
    failed: int = 0
    """How many of the trials failed, whatever the outcome."""
    measured: tuple[Measured, ...] = ()
    """In the probe's order, whatever the outcome of the trials."""

    @property
    def signature(self) -> Signature | None:
        return self.signatures[0][0] if self.signatures else None

    @property
    def was_run(self) -> bool:
        """False if the package index alone decided."""
        return self.reason not in (Reason.NO_WHEEL, Reason.REQUIRES_PYTHON)


@dataclass(frozen=True, kw_only=True)
class Window:
    """A maximal run of releases with the same outcome along one axis, the rest fixed."""

    axis: str
    first: Version
    last: Version
    outcome: Outcome
    count: int


@dataclass(frozen=True, kw_only=True)
class Target:
    """A release to move to along one axis, with everything else as the reader has it."""

    axis: str
    version: Version


@dataclass(frozen=True, kw_only=True)
class NoTarget:
    """There is no release to move to, and why."""

    axis: str
    reason: str
    is_open: bool = False
    """Whether no newer release was tested, so a test may find one."""

"""The typed events of a running campaign, which the command line draws."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.campaign.controls import ControlResult
from interlock.campaign.jobs import Installed, Installing, Kept, Probing
from interlock.campaign.planning import Plan
from interlock.matrix import Control
from interlock.model import Cell, Verdict


@dataclass(frozen=True, kw_only=True)
class Planned:
    """The plan that runs next."""

    plan: Plan
    round: int
    """Counted from 1."""
    follows: bool
    """Whether it follows from verdicts; otherwise it was requested."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A cell is done: its trials are recorded and judged."""

    cell: Cell
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class ControlRan:
    """A control has a result."""

    control: Control
    result: ControlResult


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A later control made this pass worthless."""

    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """Trouble of our own: the cells have no outcome, and the next run retries them."""

    cells: tuple[Cell, ...]
    trouble: Exception


Progress = (
    Planned | Installing | Installed | Kept | Probing | Judged | ControlRan | Withdrawn | LeftOpen
)

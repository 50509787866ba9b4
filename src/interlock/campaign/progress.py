"""What a campaign says of itself while it runs: typed events, which the command line draws."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.campaign.controls import ControlResult
from interlock.campaign.jobs import Installed, Installing, Kept, Probing
from interlock.campaign.planning import Plan
from interlock.matrix import Control
from interlock.model import Cell, Verdict


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is run next."""

    plan: Plan
    round: int
    """From 1."""
    follows: bool
    """Whether the verdicts so far call for it; else it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """All trials of a cell are recorded, and this is what they say."""

    cell: Cell
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class ControlRan:
    """A control has given its result."""

    control: Control
    result: ControlResult


@dataclass(frozen=True, kw_only=True)
class Withdrawn:
    """A pass that proves nothing after all, by what a later control gave."""

    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class LeftOpen:
    """Trouble of our own: no outcome, the cells are tried again by the next run."""

    cells: tuple[Cell, ...]
    trouble: Exception


Progress = (
    Planned | Installing | Installed | Kept | Probing | Judged | ControlRan | Withdrawn | LeftOpen
)

"""What is handed to a worker, and what it says: plain data, which pickles.

A **job** is everything to run that shares one environment. Whatever it needs to know is in it;
sandbox, environments and index settings are built where it runs (``workplace.py``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from interlock.campaign.workplace import Place
from interlock.evidence import power
from interlock.matrix import Control
from interlock.model import (
    Cell,
    Configuration,
    Environment,
    Finding,
    Pin,
    Probe,
    PythonVersion,
    Trial,
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A cell, and how many trials of it."""

    cell: Cell
    trials: int
    control: Control | None = None
    """Where it is run to vouch for others."""
    asked: bool = True
    """Whether its verdict was asked for; a control may be both."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Tasks that share one environment: what a job is made of."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    requirements: tuple[str, ...]
    as_of: datetime | None
    """When its dependencies are resolved, where that is not today."""
    tasks: tuple[Task, ...]
    attempt: int = 1

    @property
    def combination(self) -> str:
        return self.tasks[0].cell.combination

    @property
    def is_control(self) -> bool:
        """Whether nothing is run in it but controls."""
        return not any(task.asked for task in self.tasks)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A piece, and all that a worker has to know to run it."""

    number: int
    """Of the run; what the worker says comes home with it."""
    place: Place
    piece: Piece
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    needs: Mapping[str, power.Needs] = field(default_factory=dict)
    """By probe, what the known hang took, as far as it was known when the job was handed out."""
    most_trials: int
    """Of a cell that proves nothing."""


@dataclass(frozen=True, kw_only=True)
class Installing:
    cell: Cell
    """The first of those that are run in it."""
    is_control: bool = False
    """Whether nothing but controls is run in it."""


@dataclass(frozen=True, kw_only=True)
class Installed:
    cell: Cell
    """As in ``Installing``."""
    seconds: float
    cached: bool


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An environment that failed to install, left where it is to be looked at."""

    combination: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Probing:
    cell: Cell
    number: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Ran:
    """One trial is over."""

    task: Task
    trial: Trial
    environment: Environment | None
    finding: Finding | None
    """What the trial says by itself; None where the judge crashed over it."""
    passes: bool
    """Whether the cell passes with it, by what its worker knew of the controls."""
    last: bool


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The job is over; its future says how. Nobody but the campaign's own process says this."""


Said = Installing | Installed | Kept | Probing | Ran | Ended

"""Jobs for workers, and what a worker says: plain data that pickles.

A **job** is the work that shares one environment. It holds all that a worker must know. Sandbox,
environments and index settings are built where it runs (``workplace.py``).
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
    """A cell, and how many trials to run."""

    cell: Cell
    trials: int
    control: Control | None = None
    """The control that it is run as, if any."""
    asked: bool = True
    """Whether its verdict was asked for; a control may be both."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Tasks that share one environment."""

    pins: tuple[Pin, ...]
    python: PythonVersion
    requirements: tuple[str, ...]
    as_of: datetime | None
    """The day for which dependencies are resolved; None is today."""
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
    """A piece, and all that a worker must know to run it."""

    number: int
    """Counted in the run; all that the worker says carries it."""
    place: Place
    piece: Piece
    probes: Mapping[str, Probe]
    configurations: Mapping[str, Configuration]
    needs: Mapping[str, power.Needs] = field(default_factory=dict)
    """By probe, what the known hang needed, as known when the job was handed out."""
    most_trials: int
    """For a cell that stays unproven."""


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
    """An environment that failed to install and was kept, to be looked at."""

    combination: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Probing:
    cell: Cell
    number: int
    of: int


@dataclass(frozen=True, kw_only=True)
class Ran:
    """A trial has ended."""

    task: Task
    trial: Trial
    environment: Environment | None
    finding: Finding | None
    """What the trial shows by itself; None if the judge crashed."""
    passes: bool
    """Whether the cell passes with it, by the controls that its worker knew."""
    last: bool


@dataclass(frozen=True, kw_only=True)
class Ended:
    """The job is over, and its future holds the result; only the campaign itself says it."""


Said = Installing | Installed | Kept | Probing | Ran | Ended
